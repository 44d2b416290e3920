import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../operator/cli/input/io.ts';
import type { PersonVerb } from '../../operator/cli/input/verb.ts';

/** What a verb for people printed, and its exit code. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs a verb in this process. */
export async function runVerb(verb: PersonVerb, args: readonly string[], input: string | Uint8Array = ''): Promise<Ran> {
  const ran = { code: -1, out: '', error: '' };
  const io: Io = {
    out: (text) => void (ran.out += text),
    error: (text) => void (ran.error += text),
    input: () => Promise.resolve(typeof input === 'string' ? new TextEncoder().encode(input) : input),
    terminal: false,
    environment: {},
  };
  ran.code = await verb(args, io);
  return ran;
}

/** A folder that is gone after the suite. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'vigil-'));

  /** Writes a file, and returns its path. */
  file(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
