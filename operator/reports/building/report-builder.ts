import { isDeepStrictEqual } from 'node:util';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import type { ObjectMeta } from '../../api/metadata.ts';
import type { PolicyReport, ReportResult } from '../../api/policy-report.ts';
import { generationOf } from '../../engine/evaluation-revision.ts';
import { STALE, type Finding } from '../../findings/finding.ts';
import { foreignEntries } from '../identity/field-owners.ts';
import { countResults, priorReport, type PriorReport } from '../identity/prior-report.ts';
import { bounded } from './report-bound.ts';
import { reportDigest } from '../identity/report-digest.ts';
import { isNotice } from '../identity/report-notice.ts';
import { verdictFingerprint, withIdentities } from '../identity/result-identity.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { readLedger, type PolicyLedger } from '../identity/policy-ledger.ts';
import { extendedHistory, withoutHistory, writeHistory } from './change-history.ts';
import { addChanges, recordedChange, reportChange, writeChange, type ComparedPolicies } from './report-change.ts';
import { policyLabel, policyLabels, reportName } from '../identity/report-name.ts';
import { reportLocation } from './report-location.ts';
import { reportResult } from './report-result.ts';

/** What was found about one object, by the policies of one scan. */
export interface ReportInput {
  readonly source: string;
  readonly target: RecordTarget;
  /** The policies that judged it now; others' results in the report stay as they are. */
  readonly policies: readonly EvaluatedPolicy[];
  readonly results: readonly Finding[];
  /**
   * Of what the report says by policies that judged now, what stays beside the results, and as what: nothing new is known in its place
   * yet. Undefined: it goes. Default: all of it goes.
   */
  readonly carryOver?: (result: ReportResult) => ReportResult | undefined;
  /** Policies that do not look at the object any more: what they said goes. */
  readonly withdrawn?: readonly string[];
  /** Seconds since the epoch that a verdict which was not there before is dated with: the scan's start, so that a repetition gives the same. */
  readonly seconds: number;
  /** What tells the scan from others: the report keeps what it changed, so that a repetition counts the same. None: no Scan makes it,
   * and it keeps when what came and went. */
  readonly scan?: string;
  /** The report as it is in the cluster. */
  readonly existing: PolicyReport | undefined;
  /** The name of the report. Default: {@link reportName}. */
  readonly name?: string;
}

/** A policy in whose scope the object is. */
export interface EvaluatedPolicy {
  readonly name: string;
  /** What it judged by: see `evaluationRevision`. */
  readonly revision: string;
  readonly passes: number;
  readonly listPasses: boolean;
  readonly ownerLabels: readonly string[];
  /**
   * When all targets were last evaluated by this generation of the policy, in seconds since the epoch; absent: never yet. What comes and goes since
   * is new and fixed, also in reports that are from before the generation and were right, and of objects that are younger.
   */
  readonly evaluatedSince?: number;
}

export { MAXIMUM_REPORT } from './report-bound.ts';

/**
 * The report about an object, or undefined when the one in the cluster says the same already. Pure: the same input gives
 * the same bytes. A verdict made from an older state of the object than the report's never replaces it.
 */
export function buildReport(input: ReportInput): PolicyReport | undefined {
  const { existing, target } = input;
  if (existing && isStale(existing, target, input.policies)) return undefined;
  const prior = priorReport(existing);
  const dates = datesOf(prior.results);
  const found = input.results.map((finding) => dated(reportResult(input.source, finding, input.seconds), dates));
  const stays = carriedOver(input, prior, found);
  const policies = input.policies.filter(({ name }) => !stays.unknown.has(name));
  const renewed = new Set([...policies.map(({ name }) => name), ...(input.withdrawn ?? [])]);
  const fresh = found.filter(({ policy }) => !stays.unknown.has(policy));
  const made = withIdentities(scopeOf(target), [...fresh, ...stays.results]);
  const kept = withIdentities(
    scopeOf(target),
    prior.results.filter(({ policy }) => !renewed.has(policy)),
  );
  const ledger: PolicyLedger = {
    ...Object.fromEntries(Object.entries(prior.ledger).filter(([policy]) => !renewed.has(policy))),
    ...Object.fromEntries(policies.map((policy) => [policy.name, entryFor(policy, made)])),
  };
  const report = ifChanged(existing, assemble({ ...input, policies }, ledger, [...kept, ...made]));
  return report && withChange(report, input);
}

/** When each finding came to its verdict first; that it is another pod's now, or another version's of the package, is nothing new. */
function datesOf(results: readonly ReportResult[]): ReadonlyMap<string, number> {
  const dates = new Map<string, number>();
  for (const result of results) {
    const key = verdictFingerprint(result);
    if (result.timestamp) dates.set(key, Math.min(dates.get(key) ?? Number.POSITIVE_INFINITY, result.timestamp.seconds));
  }
  return dates;
}

function dated(result: ReportResult, dates: ReadonlyMap<string, number>): ReportResult {
  const before = dates.get(verdictFingerprint(result));
  return before === undefined ? result : { ...result, timestamp: { seconds: before, nanos: 0 } };
}

/** What stays of what policies that judged now said before, and the policies of which that is not known: their results were too many to list. */
function carriedOver(
  { policies, carryOver: stays = () => undefined }: ReportInput,
  prior: PriorReport,
  found: readonly ReportResult[],
): { readonly results: readonly ReportResult[]; readonly unknown: ReadonlySet<string> } {
  const judged = new Set(policies.map(({ name }) => name));
  const unjudged = staleIfNotEvaluated(found);
  const staying = prior.results.filter(({ policy }) => judged.has(policy)).flatMap((result) => stays(result) ?? unjudged(result) ?? []);
  const unknown = new Set(staying.map(({ policy }) => policy).filter((policy) => (prior.ledger[policy]?.omitted ?? 0) > 0));
  return { results: staying.filter(({ policy }) => !unknown.has(policy)), unknown };
}

/** A failure stays, as stale, where its check cannot be judged now: an error takes no verdict back. */
function staleIfNotEvaluated(found: readonly ReportResult[]): (result: ReportResult) => ReportResult | undefined {
  const check = ({ policy, rule = '' }: ReportResult): string => `${policy}\0${rule}`;
  const judged = new Set(found.filter(({ result }) => result !== 'error').map(check));
  const unjudged = new Set(found.map(check).filter((key) => !judged.has(key)));
  return (result) => {
    if (result.result !== 'fail' || !unjudged.has(check(result))) return undefined;
    return { ...result, properties: { ...result.properties, ...STALE } };
  };
}

/** The report with a note of what its scan found new and fixed, its earlier writes of it included; without a scan, of when that was. */
function withChange(report: PolicyReport, input: ReportInput): PolicyReport {
  const { existing, scan, seconds } = input;
  const compared = comparedPolicies(input);
  const note = given({
    [ANNOTATIONS.changes]: scan === undefined ? writeHistory(extendedHistory(existing, report, { seconds, compared })) : undefined,
    [ANNOTATIONS.change]: scan && writeChange(scan, addChanges(recordedChange(existing, scan), reportChange(existing, report, compared))),
  });
  const annotations = { ...report.metadata.annotations, ...note };
  return { ...report, metadata: { ...report.metadata, annotations } };
}

/** The policies whose failures before and now can be compared although the report does not say so. */
export function comparedPolicies({ policies, target }: Pick<ReportInput, 'policies' | 'target'>): ComparedPolicies {
  const made = target.created === undefined ? Number.NEGATIVE_INFINITY : Date.parse(target.created) / 1000;
  const since = policies.filter(({ evaluatedSince }) => evaluatedSince !== undefined);
  return {
    before: new Set(since.map(({ name }) => name)),
    fromNothing: new Set(since.filter(({ evaluatedSince = 0 }) => made > evaluatedSince).map(({ name }) => name)),
  };
}

/** The report without some policies: undefined when nothing is left of it and it can go; itself when it says nothing of them. */
export function withoutPolicies(report: PolicyReport, policies: readonly string[]): PolicyReport | undefined {
  const gone = new Set(policies);
  const prior = priorReport(report);
  const { labels = {} } = report.metadata;
  const dropped = new Set(policies.flatMap(policyLabels));
  const rest = Object.entries(labels).filter(([label]) => !dropped.has(label));
  const ledger = Object.fromEntries(Object.entries(prior.ledger).filter(([policy]) => !gone.has(policy)));
  if (Object.keys(ledger).length === 0 && !rest.some(([label]) => label.startsWith(LABELS.policyPrefix))) return undefined;
  if (rest.length === Object.keys(labels).length && policies.every((policy) => prior.ledger[policy] === undefined)) return report;
  const metadata: ObjectMeta = {
    ...report.metadata,
    labels: { ...Object.fromEntries(rest), [LABELS.managedBy]: MANAGED_BY },
    annotations: policies.reduce((annotations, policy) => withoutHistory(annotations, policy), report.metadata.annotations ?? {}),
  };
  return withDigest(bounded({ ...report, metadata, results: prior.results.filter(({ policy }) => !gone.has(policy)) }, ledger));
}

/** Counts of one policy; passes are counted by the worker whether they are listed or not. */
function entryFor({ name, revision, passes }: EvaluatedPolicy, results: readonly ReportResult[]): PolicyLedger[string] {
  return countResults(
    results.filter(({ policy }) => policy === name),
    { revision, passes },
  );
}

/** The object in full. A Namespace is named as its own namespace, too: consumers open reports by the namespace of their scope. */
function scopeOf(target: RecordTarget): NonNullable<PolicyReport['scope']> {
  const { apiVersion, kind, name, uid } = target;
  return { apiVersion, kind, name, ...given({ namespace: reportLocation(target).namespace, uid }) };
}

function assemble(input: ReportInput, ledger: PolicyLedger, results: readonly ReportResult[]): PolicyReport {
  const { source, target, policies, existing } = input;
  const { apiVersion, kind, name, uid, resourceVersion } = target;
  const metadata: ObjectMeta = {
    name: input.name ?? reportName(source, target),
    ...given({
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
    annotations: { ...foreignEntries(existing, 'annotations'), ...given({ [ANNOTATIONS.resourceVersion]: resourceVersion }) },
    ...(existing?.metadata.finalizers ? { finalizers: existing.metadata.finalizers } : {}),
    ...(uid === undefined ? {} : { ownerReferences: [{ apiVersion, kind, name, uid }] }),
  };
  return withDigest(bounded({ metadata, scope: scopeOf(target), results: [...results] }, ledger));
}

/** The report with an identity for the notice, too, and with its digest. */
function withDigest(report: PolicyReport): PolicyReport {
  const { scope = {}, results = [] } = report;
  const whole = { ...report, results: results.flatMap((result) => (isNotice(result) ? withIdentities(scope, [result]) : [result])) };
  const annotations = { ...report.metadata.annotations, [ANNOTATIONS.digest]: reportDigest(whole) };
  return { ...whole, metadata: { ...report.metadata, annotations } };
}

/** The entries that have a value. */
function given<K extends string>(entries: Readonly<Record<K, string | undefined>>): Partial<Record<K, string>> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Partial<Record<K, string>>;
}

function ownerLabels({ labels = {} }: RecordTarget, policies: readonly EvaluatedPolicy[]): Record<string, string> {
  const keys = policies.flatMap((policy) => policy.ownerLabels).filter((key) => labels[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, labels[key] ?? '']));
}

/**
 * The wanted report when it differs from the existing one in more than the state of the object and the generations of the policies that it was
 * made from.
 */
function ifChanged(existing: PolicyReport | undefined, wanted: PolicyReport): PolicyReport | undefined {
  if (!existing) return wanted;
  // What the results and counts are is in the digest.
  const about = ({ labels = {}, ownerReferences = [], annotations }: ObjectMeta): unknown => [
    Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ownerReferences.map(({ apiVersion, kind, name, uid }) => [apiVersion, kind, name, uid]),
    annotations?.[ANNOTATIONS.digest],
  ];
  return priorReport(existing).intact && isDeepStrictEqual(about(existing.metadata), about(wanted.metadata)) ? undefined : wanted;
}

/** Whether the report was made from a newer state of the same object, by the same revisions, or those of later generations. */
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
