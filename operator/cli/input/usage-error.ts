/** The command line cannot be understood; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit codes of the verbs for people. */
export const exitCodes = { clean: 0, findings: 1, failed: 2 } as const;

/** What is wrong with the flags, as one sentence. */
export function flagProblem(failure: unknown): string {
  const message = failure instanceof Error ? failure.message : String(failure);
  return message.replace(/\. To specify a positional argument.*$/s, '');
}
