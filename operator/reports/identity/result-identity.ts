import { createHash } from 'node:crypto';
import type { PolicyReport, ReportResult } from '../../api/policy-report.ts';
import { fingerprint } from '../../findings/fingerprint.ts';

/** The property that consumers such as Policy Reporter take for the identity of a result. */
export const RESULT_ID = 'resultID';

/** What says of two results of reports about one object whether they are of the same finding. */
export const resultFingerprint = ({ policy, rule = '', properties }: ReportResult): string =>
  fingerprint({ policy, check: rule, ...(properties ? { properties } : {}) });

/** Results with this in common are the same finding with the same verdict: the later one goes on from the earlier one's date. */
export const verdictFingerprint = (result: ReportResult): string => `${resultFingerprint(result)}\0${result.result ?? ''}`;

/** The object of a report, as far as the identity of its results goes. */
export type IdentifiedObject = NonNullable<PolicyReport['scope']>;

/**
 * The identity of a result: its object, the finding, the verdict, and when that first appeared, so that one that comes back is another one. It is
 * the same in every write of the report.
 */
function identityOf(object: IdentifiedObject, result: ReportResult): string {
  const { uid = [object.apiVersion, object.kind, object.namespace, object.name].join('/') } = object;
  const parts = [uid, result.source, verdictFingerprint(result), result.timestamp?.seconds];
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 20);
}

/** Whether a result has an identity that Vigil gave it. */
export function hasIdentity(object: IdentifiedObject, result: ReportResult): boolean {
  const [id, number = '1'] = result.properties?.[RESULT_ID]?.split('-') ?? [];
  return id === identityOf(object, result) && /^[1-9][0-9]*$/.test(number);
}

/** What tells results of one finding from each other: pods, versions of a package, lines of a file. */
const within = ({ message, properties }: ReportResult): string =>
  [...['pod', 'installed', 'line', 'platform', 'path'].map((name) => properties?.[name]), message].join('\0');

/** The results, each with an identity of its own; of several of one finding, those after the first have a number behind it. */
export function withIdentities(object: IdentifiedObject, results: readonly ReportResult[]): readonly ReportResult[] {
  const identified = new Map<ReportResult, string>();
  for (const [id, same] of Map.groupBy(results, (result) => identityOf(object, result))) {
    const ordered = same.length === 1 ? same : same.toSorted((a, b) => (within(a) < within(b) ? -1 : Number(within(a) > within(b))));
    for (const [index, result] of ordered.entries()) identified.set(result, index === 0 ? id : `${id}-${index + 1}`);
  }
  return results.map((result) => ({ ...result, properties: { ...result.properties, [RESULT_ID]: identified.get(result) ?? '' } }));
}
