import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Page, expect } from '@playwright/test';
import { MovableClock } from './clock';
import { type Settings, freePort } from './program';

const SCRIPT = fileURLToPath(new URL('identity-provider.mjs', import.meta.url));
const CLIENT = { id: 'latchkey', secret: 'a-secret-of-both-sides' };

/** An organisation's identity provider: the certified oidc-provider. */
export class IdentityProvider {
  private readonly folder = mkdtempSync(join(tmpdir(), 'identity-'));
  private readonly clock = new MovableClock(this.folder);
  private process?: ChildProcess;
  private issuer = '';

  constructor(
    /** Whether it takes what is asked of it directly (PAR), where nobody at the browser can take anything away. */
    private readonly pushed: boolean,
  ) {}

  /** For a portal at this address, which is set up as told. */
  async start(portal: string): Promise<Settings> {
    await this.stopProcess();
    this.issuer = `http://127.0.0.1:${await freePort()}`;
    this.process = fork(SCRIPT, {
      env: {
        ...process.env,
        ...this.clock.variables(),
        ISSUER: this.issuer,
        PORTAL: portal,
        CLIENT: CLIENT.id,
        SECRET: CLIENT.secret,
        PUSHED: this.pushed ? '1' : '0',
      },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let said = '';
    this.process.stderr?.on('data', (words) => (said += words));
    const ended = once(this.process, 'exit').then(() => 'ended');
    if ((await Promise.race([once(this.process, 'message'), ended])) === 'ended') {
      throw new Error(`The identity provider ended instead of serving: ${said}`);
    }
    return {
      LATCHKEY_OIDC__WORK__NAME: 'Example ID',
      LATCHKEY_OIDC__WORK__ISSUER: this.issuer,
      LATCHKEY_OIDC__WORK__CLIENT_ID: CLIENT.id,
      LATCHKEY_OIDC__WORK__CLIENT_SECRET: CLIENT.secret,
    };
  }

  jump(seconds: number): void {
    this.clock.jump(seconds);
  }

  /** From now on it signs in whoever is signed in there, whatever it is asked. */
  async obeys(obeys: boolean): Promise<void> {
    this.process!.send({ obeys });
    await once(this.process!, 'message');
  }

  /** Types an account and a password there. */
  async signIn(page: Page, account = 'ana'): Promise<void> {
    await expect(page.getByRole('heading', { name: 'Example ID' })).toBeVisible();
    await page.getByLabel('Account').fill(account);
    await page.getByLabel('Secret').fill('whatever');
    await Promise.all([page.waitForEvent('domcontentloaded'), page.getByRole('button', { name: 'Continue' }).click()]);
  }

  async confirmSignOut(page: Page): Promise<void> {
    await expect(page.getByRole('heading', { name: 'Sign out?' })).toBeVisible();
    await page.getByRole('button', { name: 'Yes, sign out' }).click();
  }

  /** Without having been at the portal. */
  async signOutThere(page: Page): Promise<void> {
    await page.goto(`${this.issuer}/session/end`);
    await this.confirmSignOut(page);
    await expect(page.getByRole('heading', { name: 'Signed out' })).toBeVisible();
  }

  async stop(): Promise<void> {
    await this.stopProcess();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async stopProcess(): Promise<void> {
    if (!this.process || this.process.exitCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}
