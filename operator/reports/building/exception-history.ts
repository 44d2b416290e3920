import { ANNOTATIONS } from '../../api/group.ts';
import type { PolicyReport, ReportResult } from '../../api/kinds/policy-report.ts';
import { isExcepted } from '../../findings/waivers/apply-waivers.ts';
import { priorReport } from '../identity/prior-report.ts';
import { resultFingerprint } from '../identity/result-identity.ts';
import { extendedRows, readHistory, writeHistory } from './change-history.ts';
import { noChange, type ReportChange } from './report-change.ts';

/** Returns the failures of a report by fingerprint, and whether an exception covers them. */
function failuresIn(report: PolicyReport | undefined): ReadonlyMap<string, ReportResult> {
  const failing = priorReport(report).results.filter(({ result, properties }) => result === 'fail' || isExcepted(properties));
  return new Map(failing.map((result) => [resultFingerprint(result), result]));
}

/**
 * Returns the failures that are in both reports and that an exception covers in one of them, by policy: `new` counts those that became excepted, `fixed`
 * those that are no longer. Pure.
 */
function exceptionChanges(before: PolicyReport, after: PolicyReport): ReadonlyMap<string, ReportChange> {
  const changes = new Map<string, ReportChange>();
  const earlier = failuresIn(before);
  for (const [key, { policy, severity, properties }] of failuresIn(after)) {
    const known = earlier.get(key);
    const [was, is] = [isExcepted(known?.properties), isExcepted(properties)];
    if (!known || was === is || severity === undefined || severity === 'info') continue;
    changes.getOrInsertComputed(policy, noChange)[is ? 'new' : 'fixed'][severity]++;
  }
  return changes;
}

/** Returns the annotation of a report with the dated changes of its exceptions. Empty if there were none. */
export function exceptionHistory(
  before: PolicyReport | undefined,
  after: PolicyReport,
  seconds: number,
): { readonly [ANNOTATIONS.exceptionChanges]?: string } {
  if (!before) return {};
  const known = readHistory(before.metadata.annotations?.[ANNOTATIONS.exceptionChanges]);
  const text = writeHistory(extendedRows(known, { after, changes: exceptionChanges(before, after), seconds }));
  return text === undefined ? {} : { [ANNOTATIONS.exceptionChanges]: text };
}
