import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The command line is not valid. The message states how to correct it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit codes of the commands for users. */
export const exitCodes = { clean: 0, findings: 1, failed: 2 } as const;

/** Parses the flags of a command. Throws {@link UsageError}. */
export function parseFlags<T extends ParseArgsConfig>(args: readonly string[], config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs<T>({ ...config, args: [...args] });
  } catch (failure) {
    const message = failure instanceof Error ? failure.message : String(failure);
    throw new UsageError(message.replace(/\. To specify a positional argument.*$/s, ''));
  }
}
