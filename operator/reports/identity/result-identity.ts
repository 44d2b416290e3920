import { createHash } from 'node:crypto';
import type { PolicyReport, ReportResult } from '../../api/kinds/policy-report.ts';
import { fingerprint } from '../../findings/fingerprint.ts';
import { isExcepted } from '../../findings/waivers/apply-waivers.ts';

/** The property that consumers such as Policy Reporter use as the identity of a result. */
export const RESULT_ID = 'resultID';

/** Returns the fingerprint of a result's finding. Two results about one object have the same fingerprint if they are about the same finding. */
export const resultFingerprint = ({ policy, rule = '', properties }: ReportResult): string =>
  fingerprint({ policy, check: rule, ...(properties ? { properties } : {}) });

/** Returns the fingerprint of a result's finding and verdict. A result keeps the timestamp of an earlier result with the same fingerprint. */
export const verdictFingerprint = (result: ReportResult): string => `${resultFingerprint(result)}\0${result.result ?? ''}`;

/** Returns {@link verdictFingerprint} for the verdict without exceptions: a failure keeps its timestamp while an exception covers it. */
export const ownVerdictFingerprint = (result: ReportResult): string =>
  isExcepted(result.properties) ? `${resultFingerprint(result)}\0fail` : verdictFingerprint(result);

/** The object of a report, as used in the identity of its results. */
export type IdentifiedObject = NonNullable<PolicyReport['scope']>;

/**
 * Returns the identity of a result: a hash of its object, the finding, the verdict, and the time at which the verdict first appeared. It does
 * not change when the report is written again. A finding that is fixed and appears again has another identity.
 */
function identityOf(object: IdentifiedObject, result: ReportResult): string {
  const { uid = [object.apiVersion, object.kind, object.namespace, object.name].join('/') } = object;
  const parts = [uid, result.source, verdictFingerprint(result), result.timestamp?.seconds];
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 20);
}

/** Whether the identity of a result is the one that Vigil computes. */
export function hasIdentity(object: IdentifiedObject, result: ReportResult): boolean {
  const [id, number = '1'] = result.properties?.[RESULT_ID]?.split('-') ?? [];
  return id === identityOf(object, result) && /^[1-9][0-9]*$/.test(number);
}

/** Returns a text that distinguishes several results of one finding: by pod, package version, line, platform and message. */
const within = ({ message, properties }: ReportResult): string =>
  [...['pod', 'installed', 'line', 'platform', 'path'].map((name) => properties?.[name]), message].join('\0');

/** Adds a unique identity to each result. If several results have the same finding, a number is added from the second one on. */
export function withIdentities(object: IdentifiedObject, results: readonly ReportResult[]): readonly ReportResult[] {
  const identified = new Map<ReportResult, string>();
  for (const [id, same] of Map.groupBy(results, (result) => identityOf(object, result))) {
    const ordered = same.length === 1 ? same : same.toSorted((a, b) => (within(a) < within(b) ? -1 : Number(within(a) > within(b))));
    for (const [index, result] of ordered.entries()) identified.set(result, index === 0 ? id : `${id}-${index + 1}`);
  }
  return results.map((result) => ({ ...result, properties: { ...result.properties, [RESULT_ID]: identified.get(result) ?? '' } }));
}
