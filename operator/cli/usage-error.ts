/** The command line cannot be understood; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit codes of the verbs for people. */
export const exitCodes = { clean: 0, findings: 1, failed: 2 } as const;
