import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MovableClock } from './clock';

/** Variables, as an operator sets them. */
export type Settings = Record<string, string>;
/** Or what follows from the program's own address. */
export type Setup = Settings | ((url: string) => Promise<Settings>);

/** `latchkey demo` on ports and data of its own. */
export class Program {
  /** What it complained of, on its error output. */
  said = '';

  private constructor(
    private readonly process: ChildProcess,
    private readonly binary: string,
    private readonly settings: Settings,
    private readonly folder: string,
    private readonly clock: MovableClock,
    readonly url: string,
    private readonly health: string,
  ) {
    process.stderr?.on('data', (words) => {
      this.said += words;
    });
  }

  /** Somebody else may take a free port before the program does: then it is tried again with others. */
  static async start(settings: Setup = {}, tries = 3): Promise<Program> {
    const program = await Program.spawn(settings);
    if (await program.isReady()) return program;
    await program.stop();
    if (tries === 1) throw new Error(`The program ended instead of serving: ${program.said}`);
    return Program.start(settings, tries - 1);
  }

  private static async spawn(settings: Setup): Promise<Program> {
    const binary = process.env.LATCHKEY_BIN;
    if (!binary) throw new Error('Set LATCHKEY_BIN to the program, as make test does');
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-'));
    const [pages, management] = await Promise.all([freePort(), freePort()]);
    const url = `http://127.0.0.1:${pages}`;
    const set = typeof settings === 'function' ? await settings(url) : settings;
    const clock = new MovableClock(folder);
    const listen = ['--listen', `127.0.0.1:${pages}`, '--management-listen', `127.0.0.1:${management}`];
    const child = spawn(binary, ['demo', ...listen, '--data', join(folder, 'data')], {
      env: { ...process.env, ...set, ...clock.variables(), RUST_LOG: 'warn' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return new Program(child, binary, set, folder, clock, url, `http://127.0.0.1:${management}/health/ready`);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    if (this.process.exitCode === null) {
      this.process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Moves the program's wall clock on, and nobody else's. */
  jump(seconds: number): void {
    this.clock.jump(seconds);
  }

  /** What `latchkey doctor` says, a line a thing. It ends with an error, because everybody knows the demo's passwords. */
  doctor(): string[] {
    const own = { LATCHKEY_DATABASE__URL: `sqlite:${join(this.folder, 'data', 'portal.db')}`, LATCHKEY_SERVER__PUBLIC_URL: this.url };
    const { stdout } = spawnSync(this.binary, ['doctor'], { env: { ...process.env, ...this.settings, ...own }, encoding: 'utf8' });
    return stdout.trim().split('\n');
  }

  /** How many commands for this phone the fleet has taken. */
  commands(phone: string): number {
    return this.journal(phone).filter((event) => event === 'received').length;
  }

  /** The fleet's own record of what it was told and did, oldest first. */
  journal(phone: string): string[] {
    const id = phone.replace(/^virtual\./, '');
    return this.rows('fleet.db', `SELECT event FROM journal WHERE phone = '${id}' ORDER BY seq`).map((row) => row.event);
  }

  /** When the newest command of the portal ended, in milliseconds of the epoch. */
  settledAt(): number {
    return this.rows('portal.db', "SELECT max(at) AS at FROM command_steps WHERE state = 'done'")[0].at;
  }

  /** Until the person has as many devices, all of the kind of their first. */
  addPhones(owner: string, count: number): void {
    const more = `WITH RECURSIVE more(n) AS (
        SELECT count(*) + 1 FROM phones WHERE owner = '${owner}' UNION ALL SELECT n + 1 FROM more WHERE n < ${count}
      )
      INSERT INTO phones (id, name, model, system, platform, min_length, owner, locked, online, last_seen)
      SELECT lower(hex(randomblob(16))), 'Phone ' || n, model, system, platform, min_length, owner, 0, 1, last_seen
      FROM more, (SELECT * FROM phones WHERE owner = '${owner}' ORDER BY rowid LIMIT 1) WHERE n <= ${count}`;
    execFileSync('sqlite3', ['-cmd', '.timeout 5000', join(this.folder, 'data', 'fleet.db'), more]);
  }

  private rows(database: string, question: string): any[] {
    const file = `file:${join(this.folder, 'data', database)}?mode=ro`;
    const answer = execFileSync('sqlite3', ['-json', file, question], { encoding: 'utf8' });
    return answer === '' ? [] : JSON.parse(answer);
  }

  private async isReady(): Promise<boolean> {
    while (this.process.exitCode === null) {
      const answer = await fetch(this.health).catch(() => undefined);
      if (answer?.ok) return true;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return false;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
