import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../operator/cli/input/io.ts';
import type { CliCommand } from '../../operator/cli/input/cli-command.ts';

/** The output and the exit code of a command. */
export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs a command in this process. */
export async function runCommand(command: CliCommand, args: readonly string[], input: string | Uint8Array = ''): Promise<CommandResult> {
  const ran = { code: -1, out: '', error: '' };
  const io: Io = {
    out: (text) => void (ran.out += text),
    error: (text) => void (ran.error += text),
    input: () => Promise.resolve(typeof input === 'string' ? new TextEncoder().encode(input) : input),
    terminal: false,
    environment: {},
  };
  ran.code = await command(args, io);
  return ran;
}

const removed: string[] = [];
process.once('exit', () => {
  for (const path of removed) rmSync(path, { recursive: true, force: true });
});

/** A temporary folder. Call `remove` after the suite. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'vigil-'));

  /** Writes a file. Returns its path. */
  file(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  /** Removes the folder when the process ends: mutation tests run a suite many times in one process. */
  remove(): void {
    removed.push(this.path);
  }
}
