/** How much a failure matters, most first. `info` is only ever reached by lowering. */
export const severityOrder = ['critical', 'high', 'medium', 'low', 'info'] as const;

/** One of {@link severityOrder}. */
export type Severity = (typeof severityOrder)[number];

/** The next severity down; `info` stays. */
export function lowered(severity: Severity): Severity {
  return severityOrder[severityOrder.indexOf(severity) + 1] ?? 'info';
}

/** Whether `severity` is at least as severe as `threshold`. */
export function atLeast(severity: Severity, threshold: Severity): boolean {
  return severityOrder.indexOf(severity) <= severityOrder.indexOf(threshold);
}
