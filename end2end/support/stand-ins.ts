import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Settings } from './program';

export type Mdm = 'intune' | 'nanomdm' | 'android' | 'fleet';

/** As people are told of them. */
export const NAMES: Record<Mdm, string> = {
  intune: 'Microsoft Intune',
  nanomdm: 'NanoMDM',
  android: 'Android Management',
  fleet: 'Fleet',
};
const OWNER = 'ana@example.com';
const WEBHOOK_SECRET = 'a-secret-of-nanomdm-and-the-portal';

type One = { settings: Settings; phone: { serial: string } };
type Described = Record<Mdm, One> & { control: string };

/** Stand-ins of all the MDMs that are not the demo's own, with one phone of Ana's each. */
export class StandIns {
  private process?: ChildProcess;
  private described?: Described;
  private said = '';

  /** For a portal at this address, which is set up as told. */
  async start(portal: string): Promise<Settings> {
    await this.stop();
    const binary = process.env.STAND_INS;
    if (!binary) throw new Error('Set STAND_INS to the program with the stand-ins of the MDMs, as make test does');
    const child = spawn(binary, {
      env: { ...process.env, OWNER, WEBHOOK_URL: `${portal}/webhooks/nanomdm`, WEBHOOK_SECRET },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.process = child;
    this.said = '';
    child.stderr.on('data', (words) => (this.said += words));
    const ended = new Promise<undefined>((resolve) => {
      child.once('exit', () => resolve(undefined));
      child.once('error', (error) => {
        this.said += error.message;
        resolve(undefined);
      });
    });
    const line = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
    if (!line) throw new Error(`The stand-ins ended instead of serving: ${this.said}`);
    this.described = JSON.parse(line[0]);
    return this.settings();
  }

  /** Tells the portal of NanoMDM's phone, which it has to be up for. */
  async enrol(): Promise<void> {
    await this.ask('POST', 'event/enrol');
  }

  /** Whether its phone opens with this, or without anything. */
  async opens(mdm: Mdm, passcode?: string): Promise<boolean> {
    return this.ask('GET', 'opens', { kind: mdm, ...(passcode === undefined ? {} : { passcode }) });
  }

  /** How often its phone has reset its passcode. */
  async executions(mdm: Mdm): Promise<number> {
    return this.ask('GET', 'executions', { kind: mdm });
  }

  /** Whether its phone has a network. */
  async online(mdm: Mdm, online: boolean): Promise<void> {
    await this.ask('POST', 'online', { kind: mdm, online: String(online) });
  }

  async stop(): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = once(child, 'exit');
    // It ends by itself then, and takes its files away.
    child.stdin!.end();
    await ended;
  }

  private settings(): Settings {
    const settings: Settings = {
      LATCHKEY_OWNER__0__PERSON: OWNER,
      LATCHKEY_OWNER__0__SERIAL: this.described!.nanomdm.phone.serial,
    };
    for (const mdm of Object.keys(NAMES) as Mdm[]) {
      const own = { kind: mdm, name: NAMES[mdm], ...this.described![mdm].settings };
      for (const [key, value] of Object.entries(own)) {
        settings[`LATCHKEY_FLEET__${mdm.toUpperCase()}__${key.toUpperCase()}`] = value;
      }
    }
    return settings;
  }

  private async ask(method: string, path: string, asked: Record<string, string> = {}): Promise<any> {
    const address = new URL(path, this.described!.control);
    address.search = new URLSearchParams(asked).toString();
    const answer = await fetch(address, { method });
    if (!answer.ok) throw new Error(`The stand-ins answer ${answer.status} to ${path}: ${this.said}`);
    return answer.json();
  }
}
