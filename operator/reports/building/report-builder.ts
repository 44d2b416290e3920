import { ownEntry } from '../../api/own-entry.ts';
import { definedEntries } from '../../api/defined-entries.ts';
import { isDeepStrictEqual } from 'node:util';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import type { ObjectMeta } from '../../api/metadata.ts';
import type { PolicyReport, ReportResult } from '../../api/kinds/policy-report.ts';
import { generationOf } from '../../engine/evaluation-revision.ts';
import { STALE, type Finding } from '../../findings/finding.ts';
import { isExcepted } from '../../findings/waivers/apply-waivers.ts';
import { foreignEntries } from '../identity/field-owners.ts';
import { countResults, priorReport, type PriorReport } from '../identity/prior-report.ts';
import { bounded } from './report-bound.ts';
import { reportDigest } from '../identity/report-digest.ts';
import { isNotice } from '../identity/report-notice.ts';
import { ownVerdictFingerprint, withIdentities } from '../identity/result-identity.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { readLedger, type PolicyLedger } from '../identity/policy-ledger.ts';
import { extendedHistory, withoutHistory, writeHistory } from './change-history.ts';
import { addChanges, recordedChange, reportChange, writeChange, type ComparedPolicies } from './report-change.ts';
import { exceptionHistory } from './exception-history.ts';
import { policyLabel, policyLabels, reportName } from '../identity/report-name.ts';
import { reportLocation } from './report-location.ts';
import { reportResult } from './report-result.ts';
import { recountedEntry, waivedResults, type AppliedWaivers } from './waived-results.ts';

/** The inputs of the report about one object. */
export interface ReportInput {
  readonly source: string;
  readonly target: RecordTarget;
  /** The policies that evaluated the object now. The results of other policies in the report do not change. */
  readonly policies: readonly EvaluatedPolicy[];
  readonly results: readonly Finding[];
  /**
   * Called for each earlier result of a policy that evaluated the object now. Returns the result to keep beside the new results, or undefined
   * to remove it. Default: all earlier results are removed.
   */
  readonly carryOver?: (result: ReportResult) => ReportResult | undefined;
  /** Policies whose scope no longer includes the object. Their results are removed. */
  readonly withdrawn?: readonly string[];
  /** The timestamp of new verdicts, in seconds since the epoch. For a scan, its start: a repetition builds the same report. */
  readonly seconds: number;
  /**
   * The id of the scan. The report stores the changes of this scan, so that a repetition returns the same counts. If undefined, the report
   * stores a dated history of its changes instead.
   */
  readonly scan?: string;
  /** The exceptions in force. Undefined: results are written without exceptions. */
  readonly waivers?: AppliedWaivers | undefined;
  /** The current report in the cluster. */
  readonly existing: PolicyReport | undefined;
  /** The name of the report. Default: {@link reportName}. */
  readonly name?: string;
}

/** A policy that evaluated the object. */
export interface EvaluatedPolicy {
  readonly name: string;
  /** The evaluated revision; see `evaluationRevision`. */
  readonly revision: string;
  readonly passes: number;
  readonly listPasses: boolean;
  readonly ownerLabels: readonly string[];
  /**
   * The time at which all targets were last evaluated for this generation of the policy, in seconds since the epoch. Undefined if they were
   * not. Later changes count as new and fixed, also in reports of an earlier generation that did not change, and for objects created later.
   */
  readonly evaluatedSince?: number;
}

export { MAXIMUM_REPORT } from './report-bound.ts';

/**
 * Builds the report about an object. Returns undefined if the report in the cluster has the same content, or was made from a newer
 * resourceVersion of the object. Pure: the same input returns the same bytes.
 */
export function buildReport(input: ReportInput): PolicyReport | undefined {
  const { existing, target } = input;
  if (existing && isStale(existing, target, input.policies)) return undefined;
  const prior = priorReport(existing);
  const dates = datesOf(prior.results);
  const found = input.results.map((finding) => dated(reportResult(input.source, finding, input.seconds), dates));
  const earlier = carriedOver(input, prior, found);
  const policies = input.policies.filter(({ name }) => !earlier.unknown.has(name));
  const renewed = new Set([...policies.map(({ name }) => name), ...(input.withdrawn ?? [])]);
  const fresh = found.filter(({ policy }) => !earlier.unknown.has(policy));
  const waived = (results: readonly ReportResult[]): readonly ReportResult[] =>
    withIdentities(scopeOf(target), input.waivers ? waivedResults(results, target, input.waivers) : results);
  const made = waived([...fresh, ...earlier.results]);
  const others = prior.results.filter(({ policy }) => !renewed.has(policy));
  const kept = waived(others);
  const ledger: PolicyLedger = {
    ...recounted(Object.fromEntries(Object.entries(prior.ledger).filter(([policy]) => !renewed.has(policy))), others, kept),
    ...Object.fromEntries(policies.map((policy) => [policy.name, entryFor(policy, made)])),
  };
  const report = ifChanged(existing, assemble({ ...input, policies }, ledger, [...kept, ...made]));
  return report && withChange(report, input);
}

/** Returns the counts of policies after exceptions changed their listed results. */
function recounted(ledger: PolicyLedger, before: readonly ReportResult[], after: readonly ReportResult[]): PolicyLedger {
  const of = (results: readonly ReportResult[], policy: string): readonly ReportResult[] =>
    results.filter((result) => result.policy === policy);
  return Object.fromEntries(
    Object.entries(ledger).map(([policy, entry]) => [policy, recountedEntry(entry, of(before, policy), of(after, policy))]),
  );
}

/**
 * Returns a report with the exceptions in force, from what it contains. Returns undefined if nothing changes. The report is not made from a
 * newer resourceVersion of its object: only exceptions change. `target` is the object of the report.
 */
export function withWaivers(existing: PolicyReport, target: RecordTarget, waivers: AppliedWaivers): PolicyReport | undefined {
  const prior = priorReport(existing);
  const results = withIdentities(scopeOf(target), waivedResults(prior.results, target, waivers));
  const ledger = recounted(prior.ledger, prior.results, results);
  const report = ifChanged(existing, withDigest(bounded({ ...existing, results: [...results] }, ledger)));
  return report && withNotes(report, exceptionHistory(existing, report, Math.floor(waivers.now / 1000)));
}

const withNotes = (report: PolicyReport, notes: Readonly<Record<string, string>>): PolicyReport => ({
  ...report,
  metadata: { ...report.metadata, annotations: { ...report.metadata.annotations, ...notes } },
});

/** Returns the time at which each verdict first appeared. A finding in another pod or another version of the package keeps its time. */
function datesOf(results: readonly ReportResult[]): ReadonlyMap<string, number> {
  const dates = new Map<string, number>();
  for (const result of results) {
    const key = ownVerdictFingerprint(result);
    if (result.timestamp) dates.set(key, Math.min(dates.get(key) ?? Number.POSITIVE_INFINITY, result.timestamp.seconds));
  }
  return dates;
}

function dated(result: ReportResult, dates: ReadonlyMap<string, number>): ReportResult {
  const before = dates.get(ownVerdictFingerprint(result));
  return before === undefined ? result : { ...result, timestamp: { seconds: before, nanos: 0 } };
}

/**
 * Returns the earlier results that are kept beside the new results. `unknown` contains the policies whose earlier results are incomplete,
 * because some were omitted for the size of the report.
 */
function carriedOver(
  { policies, carryOver = () => undefined }: ReportInput,
  prior: PriorReport,
  found: readonly ReportResult[],
): { readonly results: readonly ReportResult[]; readonly unknown: ReadonlySet<string> } {
  const evaluated = new Set(policies.map(({ name }) => name));
  const stale = staleIfNotEvaluated(found);
  const kept = prior.results.filter(({ policy }) => evaluated.has(policy)).flatMap((result) => carryOver(result) ?? stale(result) ?? []);
  const unknown = new Set(kept.map(({ policy }) => policy).filter((policy) => (ownEntry(prior.ledger, policy)?.omitted ?? 0) > 0));
  return { results: kept.filter(({ policy }) => !unknown.has(policy)), unknown };
}

/** Keeps a failure as stale if its check could not be evaluated now: an error does not replace a failure. */
function staleIfNotEvaluated(found: readonly ReportResult[]): (result: ReportResult) => ReportResult | undefined {
  const check = ({ policy, rule = '' }: ReportResult): string => `${policy}\0${rule}`;
  const evaluated = new Set(found.filter(({ result }) => result !== 'error').map(check));
  const notEvaluated = new Set(found.map(check).filter((key) => !evaluated.has(key)));
  return (result) => {
    const isFailure = result.result === 'fail' || isExcepted(result.properties);
    if (!isFailure || !notEvaluated.has(check(result))) return undefined;
    return { ...result, properties: { ...result.properties, ...STALE } };
  };
}

/** Adds the new and fixed failures of the scan to the report, including earlier writes of the same scan. Without a scan, adds the history. */
function withChange(report: PolicyReport, input: ReportInput): PolicyReport {
  const { existing, scan, seconds } = input;
  const compared = comparedPolicies(input);
  const note = definedEntries({
    [ANNOTATIONS.changes]: scan === undefined ? writeHistory(extendedHistory(existing, report, { seconds, compared })) : undefined,
    [ANNOTATIONS.change]: scan && writeChange(scan, addChanges(recordedChange(existing, scan), reportChange(existing, report, compared))),
  });
  return withNotes(report, { ...note, ...exceptionHistory(existing, report, seconds) });
}

/** Returns the policies whose failures can be compared although the reports have different revisions. */
export function comparedPolicies({ policies, target }: Pick<ReportInput, 'policies' | 'target'>): ComparedPolicies {
  const created = target.created === undefined ? Number.NEGATIVE_INFINITY : Date.parse(target.created) / 1000;
  const since = policies.filter(({ evaluatedSince }) => evaluatedSince !== undefined);
  return {
    before: new Set(since.map(({ name }) => name)),
    fromNothing: new Set(since.filter(({ evaluatedSince = 0 }) => created > evaluatedSince).map(({ name }) => name)),
  };
}

/** Removes policies from a report. Returns undefined if no policy remains, and the same object if the report contains none of them. */
export function withoutPolicies(report: PolicyReport, policies: readonly string[]): PolicyReport | undefined {
  const gone = new Set(policies);
  const prior = priorReport(report);
  const { labels = {} } = report.metadata;
  const dropped = new Set(policies.flatMap(policyLabels));
  const rest = Object.entries(labels).filter(([label]) => !dropped.has(label));
  const ledger = Object.fromEntries(Object.entries(prior.ledger).filter(([policy]) => !gone.has(policy)));
  if (Object.keys(ledger).length === 0 && !rest.some(([label]) => label.startsWith(LABELS.policyPrefix))) return undefined;
  if (rest.length === Object.keys(labels).length && policies.every((policy) => !Object.hasOwn(prior.ledger, policy))) return report;
  const metadata: ObjectMeta = {
    ...report.metadata,
    labels: { ...Object.fromEntries(rest), [LABELS.managedBy]: MANAGED_BY },
    annotations: policies.reduce((annotations, policy) => withoutHistory(annotations, policy), report.metadata.annotations ?? {}),
  };
  return withDigest(bounded({ ...report, metadata, results: prior.results.filter(({ policy }) => !gone.has(policy)) }, ledger));
}

/** Returns the counts of one policy. The number of passes comes from the worker and includes passes that are not listed. */
function entryFor({ name, revision, passes }: EvaluatedPolicy, results: readonly ReportResult[]): PolicyLedger[string] {
  return countResults(
    results.filter(({ policy }) => policy === name),
    { revision, passes },
  );
}

/** Returns the scope of a report. The scope of a Namespace has that Namespace as its namespace, because consumers find reports by it. */
function scopeOf(target: RecordTarget): NonNullable<PolicyReport['scope']> {
  const { apiVersion, kind, name, uid } = target;
  return { apiVersion, kind, name, ...definedEntries({ namespace: reportLocation(target).namespace, uid }) };
}

function assemble(input: ReportInput, ledger: PolicyLedger, results: readonly ReportResult[]): PolicyReport {
  const { source, target, policies, existing } = input;
  const { apiVersion, kind, name, uid, resourceVersion } = target;
  const metadata: ObjectMeta = {
    name: input.name ?? reportName(source, target),
    ...definedEntries({
      namespace: reportLocation(target).namespace,
      uid: existing?.metadata.uid,
      resourceVersion: existing?.metadata.resourceVersion,
    }),
    labels: {
      ...foreignEntries(existing, 'labels'),
      ...ownerLabels(target, policies),
      [LABELS.managedBy]: MANAGED_BY,
      [LABELS.source]: source,
      ...Object.fromEntries(Object.keys(ledger).map((policy) => [policyLabel(policy), 'true'])),
    },
    annotations: {
      ...foreignEntries(existing, 'annotations'),
      ...definedEntries({ [ANNOTATIONS.resourceVersion]: resourceVersion, [ANNOTATIONS.except]: target.inline }),
    },
    ...(existing?.metadata.finalizers ? { finalizers: existing.metadata.finalizers } : {}),
    ...(uid === undefined ? {} : { ownerReferences: [{ apiVersion, kind, name, uid }] }),
  };
  return withDigest(bounded({ metadata, scope: scopeOf(target), results: [...results] }, ledger));
}

/** Adds the identity of the notice and the digest to a report. */
function withDigest(report: PolicyReport): PolicyReport {
  const { scope = {}, results = [] } = report;
  const whole = { ...report, results: results.flatMap((result) => (isNotice(result) ? withIdentities(scope, [result]) : [result])) };
  const annotations = { ...report.metadata.annotations, [ANNOTATIONS.digest]: reportDigest(whole) };
  return { ...whole, metadata: { ...report.metadata, annotations } };
}

function ownerLabels({ labels = {} }: RecordTarget, policies: readonly EvaluatedPolicy[]): Record<string, string> {
  const keys = policies.flatMap((policy) => policy.ownerLabels).filter((key) => labels[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, labels[key] ?? '']));
}

/**
 * Returns the wanted report if it differs from the existing one. The resourceVersion of the object and the revisions of the policies do not
 * count as a difference.
 */
function ifChanged(existing: PolicyReport | undefined, wanted: PolicyReport): PolicyReport | undefined {
  if (!existing) return wanted;
  // The digest covers the results and the counts.
  const about = ({ labels = {}, ownerReferences = [], annotations }: ObjectMeta): unknown => [
    Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ownerReferences.map(({ apiVersion, kind, name, uid }) => [apiVersion, kind, name, uid]),
    annotations?.[ANNOTATIONS.digest],
    annotations?.[ANNOTATIONS.except],
  ];
  return priorReport(existing).intact && isDeepStrictEqual(about(existing.metadata), about(wanted.metadata)) ? undefined : wanted;
}

/** Whether the report was made from a newer resourceVersion of the same object, with the same revisions or later generations of the policies. */
function isStale({ metadata, scope }: PolicyReport, target: RecordTarget, policies: readonly EvaluatedPolicy[]): boolean {
  const before = metadata.annotations?.[ANNOTATIONS.resourceVersion];
  if (before === undefined || target.resourceVersion === undefined || scope?.uid !== target.uid) return false;
  if (!/^[0-9]+$/.test(before) || !/^[0-9]+$/.test(target.resourceVersion) || BigInt(target.resourceVersion) >= BigInt(before))
    return false;
  const ledger = readLedger(metadata.annotations?.[ANNOTATIONS.policies]);
  return policies.every(({ name, revision }) => {
    const known = ledger[name]?.revision;
    return known !== undefined && (known === revision || generationOf(known) > generationOf(revision));
  });
}
