import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's faketime, told by a file. Without it a program runs on the machine's clock. */
export class MovableClock {
  /** By how many seconds it is ahead. */
  private ahead = 0;

  constructor(private readonly folder: string) {}

  /** What a program that goes by it is started with. */
  variables(): Record<string, string> {
    const library = readdirSync('/usr/lib')
      .map((name) => join('/usr/lib', name, 'faketime'))
      .find((place) => safeList(place).includes('libfaketimeMT.so.1'));
    if (!library) return {};
    writeFileSync(this.file, '+0\n');
    return {
      LD_PRELOAD: join(library, 'libfaketimeMT.so.1'),
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DISABLE_SHM: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Moves the wall clock of that program on, and nobody else's. */
  jump(seconds: number): void {
    this.ahead += seconds;
    // Renamed into its place, so that no reading meets half of it.
    writeFileSync(`${this.file}.new`, `+${this.ahead}\n`);
    renameSync(`${this.file}.new`, this.file);
  }

  private get file(): string {
    return join(this.folder, 'faketime');
  }
}

function safeList(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
