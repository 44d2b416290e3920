import type { AnomalyFinding } from '../results/anomaly-finding.ts';

/** The most characters of the message of an Event. */
const LIMIT = 1024;

/** The Event about a new finding: at its object, or in the namespace default for a user. */
export const anomalyEvent = (found: AnomalyFinding): { readonly type: 'Warning'; readonly reason: 'Anomaly'; readonly message: string } => {
  const text = `${found.detection} (${found.severity}): ${found.seen}, by ${found.actor}; ${found.normal}`;
  return { type: 'Warning', reason: 'Anomaly', message: text.length <= LIMIT ? text : `${text.slice(0, LIMIT - 1)}…` };
};
