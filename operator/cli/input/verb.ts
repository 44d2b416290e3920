import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Io, processIo } from './io.ts';

/** A verb for people: given its arguments and the streams, it resolves to the exit code. */
export type PersonVerb = (args: readonly string[], io: Io) => Promise<number>;

/** Runs a verb on the process's own streams, and waits until everything is written. */
export function onProcess(run: PersonVerb): (args: readonly string[]) => Promise<number> {
  return async (args) => {
    const io = processIo();
    const code = await run(args, io);
    await io.flush();
    return code;
  };
}

/**
 * Lets V8 keep what it compiled, in the user's own cache: the next start takes half the time. Does nothing where there is no such folder,
 * or where NODE_DISABLE_COMPILE_CACHE says so; never in a shared folder, where others could put code.
 */
export function rememberCode(environment: Readonly<Record<string, string | undefined>> = process.env): void {
  const given = environment['XDG_CACHE_HOME'] ?? '';
  const home = homedir();
  if (given === '' && (home === '' || home === '/')) return;
  enableCompileCache(join(given === '' ? join(home, '.cache') : given, 'vigil', 'code'));
}
