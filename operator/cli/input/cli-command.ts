import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Io, processIo } from './io.ts';

/** A command for users. Resolves to the exit code. */
export type CliCommand = (args: readonly string[], io: Io) => Promise<number>;

/** Runs a command on the streams of the process. Resolves after all output is written. */
export function runOnProcess(run: CliCommand): (args: readonly string[]) => Promise<number> {
  return async (args) => {
    const io = processIo();
    const code = await run(args, io);
    await io.flush();
    return code;
  };
}

/**
 * Enables the compile cache of V8 in the cache folder of the user. It halves the time of the next start. Does nothing without a home
 * folder, or with NODE_DISABLE_COMPILE_CACHE. Never uses a shared folder, because other users could store code there.
 */
export function enableCodeCache(environment: Readonly<Record<string, string | undefined>> = process.env): void {
  const given = environment['XDG_CACHE_HOME'] ?? '';
  const home = homedir();
  if (given === '' && (home === '' || home === '/')) return;
  enableCompileCache(join(given === '' ? join(home, '.cache') : given, 'vigil', 'code'));
}
