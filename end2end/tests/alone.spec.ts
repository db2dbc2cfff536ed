import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { freePort } from '../support/program';
import { expect, openAlive, test } from '../support/test';

const PASSWORD = 'a password of hers alone';

test('the program alone in an empty folder serves everything', async ({ page, portal }) => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-alone-'));
  const [pages, management] = await Promise.all([freePort(), freePort()]);
  const url = `http://127.0.0.1:${pages}`;
  copyFileSync(process.env.LATCHKEY_BIN!, join(folder, 'latchkey'));
  writeFileSync(
    join(folder, 'latchkey.toml'),
    `[server]
listen = "127.0.0.1:${pages}"
management_listen = "127.0.0.1:${management}"
public_url = "${url}"
[organisation]
name = "Alone"
`,
  );
  // Nothing of this machine is told to it, and nothing of the build lies around it.
  const elsewhere = { cwd: folder, env: {} };
  const words = ['--config', 'latchkey.toml'];
  const add = [...words, 'user', 'add', 'ana', '--email', 'ana@example.com', '--password-stdin'];
  execFileSync('./latchkey', add, { ...elsewhere, input: PASSWORD });
  const program = spawn('./latchkey', [...words, 'serve'], { ...elsewhere, stdio: 'ignore' });
  try {
    await ready(program, `http://127.0.0.1:${management}/health/ready`);
    const html = await (await fetch(`${url}/sign-in`)).text();
    const script = html.match(/\/pkg\/[\w-]+\/latchkey\.js/)![0];
    expect(brotliDecompressSync(await asSent(`${url}${script}`, 'br')).toString()).toContain('WebAssembly');
    expect((await fetch(`${url}/favicon.svg`)).headers.get('content-type')).toBe('image/svg+xml');

    await page.goto(`${url}/sign-in`);
    await portal.signIn('ana', PASSWORD);
    await openAlive(page, `${url}/account`);
    await expect(page.getByRole('link', { name: 'Alone' })).toBeVisible();
    const colour = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--accent'));
    expect(colour).not.toBe('');
    expect(readdirSync(folder).filter((name) => !/^latchkey(\.toml|\.db.*)?$|^seal\.key$/.test(name))).toEqual([]);
  } finally {
    if (program.exitCode === null) {
      program.kill('SIGKILL');
      await once(program, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  }
});

async function ready(program: ChildProcess, health: string): Promise<void> {
  await expect
    .poll(async () => program.exitCode ?? (await fetch(health).then((answer) => answer.status, () => 'not yet')))
    .toBe(200);
}

/** The bytes on the wire, which fetch would unpack. */
async function asSent(address: string, encoding: string): Promise<Buffer> {
  const [answer] = await once(get(address, { headers: { 'accept-encoding': encoding } }), 'response');
  expect(answer.headers['content-encoding']).toBe(encoding);
  return Buffer.concat(await answer.toArray());
}
