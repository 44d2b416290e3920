import { ANNOTATIONS } from '../../api/group.ts';
import type { PolicyReport } from '../../api/kinds/policy-report.ts';
import { isOwnKey } from '../identity/field-owners.ts';
import { priorReport } from '../identity/prior-report.ts';

/**
 * Whether a report belonged to another tool before Vigil wrote into it. Vigil before 0.2 added its results to reports that had the same name.
 * Only such a report has results of other writers and no digest.
 */
export const isTakenOver = (report: PolicyReport): boolean =>
  report.metadata.annotations?.[ANNOTATIONS.digest] === undefined && priorReport(report).foreign.length > 0;

/** Restores such a report for its owner: keeps the owner's results, and removes Vigil's labels, annotations and owner reference. */
export function returnedReport(report: PolicyReport): PolicyReport {
  const { labels = {}, annotations = {}, ownerReferences = [] } = report.metadata;
  const results = priorReport(report).foreign;
  const others = (entries: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(entries).filter(([key]) => !isOwnKey(key)));
  const summary = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
  for (const { result } of results) if (result) summary[result]++;
  const metadata = {
    ...report.metadata,
    labels: others(labels),
    annotations: others(annotations),
    ownerReferences: ownerReferences.filter(({ uid }) => uid !== report.scope?.uid),
  };
  return { ...report, metadata, summary, results: [...results] };
}
