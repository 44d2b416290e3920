/** The severities, highest first. No control has the severity `info`: it only results from {@link lowered}. */
export const severityOrder = ['critical', 'high', 'medium', 'low', 'info'] as const;

/** One of {@link severityOrder}. */
export type Severity = (typeof severityOrder)[number];

/** Returns the next lower severity. `info` remains `info`. */
export function lowered(severity: Severity): Severity {
  return severityOrder[severityOrder.indexOf(severity) + 1] ?? 'info';
}

/** Returns whether `severity` is at least as high as `threshold`. */
export function atLeast(severity: Severity, threshold: Severity): boolean {
  return severityOrder.indexOf(severity) <= severityOrder.indexOf(threshold);
}
