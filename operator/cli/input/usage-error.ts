/** The command line is not valid. The message states how to correct it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit codes of the commands for users. */
export const exitCodes = { clean: 0, findings: 1, failed: 2 } as const;

/** Returns the message of a failure of `parseArgs` as one sentence. */
export function flagProblem(failure: unknown): string {
  const message = failure instanceof Error ? failure.message : String(failure);
  return message.replace(/\. To specify a positional argument.*$/s, '');
}
