import { parseArgs, type ParseArgsConfig } from 'node:util';
import { didYouMean } from '../../catalogue/suggestion.ts';

/** The command line is not valid. The message states how to correct it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit codes of the commands for users. */
export const exitCodes = { clean: 0, findings: 1, failed: 2 } as const;

/** Returns ` (did you mean '--x'?)`, or the empty string if no flag is similar. */
const flagLike = (name: string, flags: readonly string[]): string =>
  didYouMean(
    `--${name}`,
    flags.map((flag) => `--${flag}`),
  );

/** Parses the flags of a command. Throws {@link UsageError}. */
export function parseFlags<T extends ParseArgsConfig>(args: readonly string[], config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs<T>({ ...config, args: [...args] });
  } catch (failure) {
    const message = failure instanceof Error ? failure.message : String(failure);
    const text = message.replace(/\. To specify a positional argument.*$/s, '');
    const unknown = /^Unknown option '--([^']+)'$/.exec(text)?.[1];
    throw new UsageError(unknown === undefined ? text : `no flag '--${unknown}'${flagLike(unknown, Object.keys(config.options ?? {}))}`);
  }
}
