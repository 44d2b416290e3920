import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Io, processIo } from './io.ts';
import { exitCodes, UsageError } from './usage-error.ts';

/** A command for users. Resolves to the exit code. */
export type CliCommand = (args: readonly string[], io: Io) => Promise<number>;

/** The parts of a command for users. */
export interface CommandParts<T> {
  readonly name: string;
  /** What --help prints. */
  readonly usage: string;
  /** Throws {@link UsageError} for a command line that is not valid. */
  readonly parse: (args: readonly string[]) => T;
  /** Returns the exit code. Throws {@link UsageError} for what the user must correct. */
  readonly run: (parsed: T, io: Io) => Promise<number> | number;
}

/** Returns a command that prints its usage for --help, and how to correct a {@link UsageError}. */
export function cliCommand<T extends { readonly help?: boolean | undefined }>({ name, usage, parse, run }: CommandParts<T>): CliCommand {
  return async (args, io) => {
    try {
      const parsed = parse(args);
      if (parsed.help !== true) return await run(parsed, io);
      io.out(usage);
      return exitCodes.clean;
    } catch (failure) {
      if (!(failure instanceof UsageError)) throw failure;
      io.error(`vigil ${name}: ${failure.message}\nRun vigil ${name} --help for usage.\n`);
      return exitCodes.failed;
    }
  };
}

/** Runs a command on the streams of the process. Resolves after all output is written, to 2 if output was lost. */
export function runOnProcess(run: CliCommand): (args: readonly string[]) => Promise<number> {
  return async (args) => {
    const io = processIo();
    const code = await run(args, io);
    const loss = await io.flush();
    if (loss === undefined) return code;
    io.error(`vigil: the output is not complete, because standard output cannot be written: ${loss}\n`);
    return exitCodes.failed;
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
