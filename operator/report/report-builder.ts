import { isDeepStrictEqual } from 'node:util';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../api/group.ts';
import type { ObjectMeta } from '../api/metadata.ts';
import type { PolicyReport, ReportResult } from '../api/policy-report.ts';
import type { SeverityCounts, Summary } from '../api/security-policy.ts';
import type { RecordResult, RecordTarget } from '../stream/stream-record.ts';
import { readLedger, writeLedger, type PolicyEntry, type PolicyLedger } from './policy-ledger.ts';
import { historyOf, withoutHistory, writeHistory } from './change-history.ts';
import { addChanges, changeOf, reportChange, writeChange } from './report-change.ts';
import { policyLabel, reportName } from './report-name.ts';
import { bySeverity, byRule, identityOf, reportResult } from './report-result.ts';

/** What was found about one object, by the policies of one scan. */
export interface ReportInput {
  readonly source: string;
  readonly target: RecordTarget;
  /** The policies that judged it now; others' results in the report stay as they are. */
  readonly policies: readonly EvaluatedPolicy[];
  readonly results: readonly RecordResult[];
  /**
   * Of what the report says by policies that judged now, what stays beside the results, and as what: nothing new is known in its place
   * yet. Undefined: it goes. Default: all of it goes.
   */
  readonly stays?: (result: ReportResult) => ReportResult | undefined;
  /** Policies that do not look at the object any more: what they said goes. */
  readonly withdrawn?: readonly string[];
  /** Seconds since the epoch that a verdict which was not there before is dated with: the scan's start, so that a repetition gives the same. */
  readonly seconds: number;
  /** What tells the scan from others: the report keeps what it changed, so that a repetition counts the same. None: no Scan makes it,
   * and it keeps when what came and went. */
  readonly scan?: string;
  /** The report as it is in the cluster. */
  readonly existing: PolicyReport | undefined;
}

/** A policy in whose scope the object is. */
export interface EvaluatedPolicy {
  readonly name: string;
  readonly generation: number;
  readonly passes: number;
  readonly listPasses: boolean;
  readonly ownerLabels: readonly string[];
}

/** The most bytes of a report: the server refuses 1.5 MiB. */
export const MAXIMUM_REPORT = 1024 * 1024;

/**
 * The report about an object, or undefined when the one in the cluster says the same already. Pure: the same input gives
 * the same bytes. A verdict made from an older state of the object than the report's never replaces it.
 */
export function buildReport(input: ReportInput): PolicyReport | undefined {
  const { existing, target } = input;
  if (existing && isStale(existing, target, input.policies)) return undefined;
  const stays = staying(input);
  const policies = input.policies.filter(({ name }) => !stays.unknown.has(name));
  const evaluated = renewed({ ...input, policies });
  const kept = (existing?.results ?? []).filter((result) => !evaluated.has(result.policy) && !isNotice(result));
  const firstSeen = datesOf(existing?.results ?? []);
  const fresh = input.results
    .filter(({ policy }) => !stays.unknown.has(policy))
    .map((record) => {
      const result = reportResult(input.source, record, input.seconds);
      const before = firstSeen.get(identityOf(result)) ?? firstSeen.get(identityOf(result, ''));
      return before === undefined ? result : { ...result, timestamp: { seconds: before, nanos: 0 } };
    });
  const made = [...fresh, ...stays.results];
  const earlier = Object.entries(readLedger(existing?.metadata.annotations?.[ANNOTATIONS.policies])).filter(
    ([policy]) => !evaluated.has(policy),
  );
  const ledger: PolicyLedger = {
    ...Object.fromEntries(earlier),
    ...Object.fromEntries(policies.map((policy) => [policy.name, entryFor(policy, made)])),
  };
  const report = differing(existing, assemble({ ...input, policies }, ledger, [...kept, ...made]));
  return report && withChange(report, input);
}

/** When each verdict was first there; one about a pod also for the pods that come after it: that it is another's now is nothing new. */
function datesOf(results: readonly ReportResult[]): ReadonlyMap<string, number> {
  const dates = new Map<string, number>();
  for (const result of results)
    for (const identity of new Set([identityOf(result), identityOf(result, '')]))
      if (result.timestamp) dates.set(identity, Math.min(dates.get(identity) ?? Number.POSITIVE_INFINITY, result.timestamp.seconds));
  return dates;
}

/** What stays of what policies that judged now said before, and the policies of which that is not known: their results were too many to list. */
function staying({ policies, existing, stays = () => undefined }: ReportInput): {
  readonly results: readonly ReportResult[];
  readonly unknown: ReadonlySet<string>;
} {
  const judged = new Set(policies.map(({ name }) => name));
  const staying = (existing?.results ?? [])
    .filter((result) => judged.has(result.policy) && !isNotice(result))
    .flatMap((result) => stays(result) ?? []);
  const ledger = readLedger(existing?.metadata.annotations?.[ANNOTATIONS.policies]);
  const unknown = new Set(staying.map(({ policy }) => policy).filter((policy) => (ledger[policy]?.left ?? 0) > 0));
  return { results: staying.filter(({ policy }) => !unknown.has(policy)), unknown };
}

/** The policies whose part of the report is made anew, or goes. */
const renewed = ({ policies, withdrawn = [] }: ReportInput): ReadonlySet<string> =>
  new Set([...policies.map(({ name }) => name), ...withdrawn]);

/** The report with a note of what its scan found new and fixed, its earlier writes of it included; without a scan, of when that was. */
function withChange(report: PolicyReport, { existing, scan, seconds }: ReportInput): PolicyReport {
  const note = given({
    [ANNOTATIONS.changes]: scan === undefined ? writeHistory(historyOf(existing, report, seconds)) : undefined,
    [ANNOTATIONS.change]: scan && writeChange(scan, addChanges(changeOf(existing, scan), reportChange(existing, report))),
  });
  const annotations = { ...report.metadata.annotations, ...note };
  return { ...report, metadata: { ...report.metadata, annotations } };
}

/** The report without a policy: undefined when nothing is left of it and it can go. */
export function withoutPolicy(report: PolicyReport, policy: string): PolicyReport | undefined {
  const { [policy]: dropped, ...ledger } = readLedger(report.metadata.annotations?.[ANNOTATIONS.policies]);
  if (Object.keys(ledger).length === 0) return undefined;
  const { [policyLabel(policy)]: label, ...labels } = report.metadata.labels ?? {};
  if (dropped === undefined && label === undefined) return report;
  const results = (report.results ?? []).filter((result) => result.policy !== policy && !isNotice(result));
  const annotations = withoutHistory(report.metadata.annotations, policy);
  return withLedger({ ...report, metadata: { ...report.metadata, labels, annotations }, results }, ledger);
}

/** Counts of one policy; passes are counted by the worker whether they are listed or not. */
function entryFor(policy: EvaluatedPolicy, results: readonly ReportResult[]): PolicyEntry {
  const summary: Summary = { pass: policy.passes, fail: 0, warn: 0, error: 0, skip: 0 };
  const failing: SeverityCounts = { critical: 0, high: 0, medium: 0, low: 0 };
  for (const { policy: name, result = 'pass', severity = 'info' } of results) {
    if (name !== policy.name || result === 'pass') continue;
    summary[result]++;
    if (result === 'fail' && severity !== 'info') failing[severity]++;
  }
  return { generation: policy.generation, summary, failing };
}

function totals(ledger: PolicyLedger): Summary {
  const sum: Summary = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
  for (const { summary } of Object.values(ledger))
    for (const verdict of Object.keys(sum) as (keyof Summary)[]) sum[verdict] += summary[verdict];
  return sum;
}

function assemble(
  { source, target, policies, existing }: ReportInput,
  ledger: PolicyLedger,
  results: readonly ReportResult[],
): PolicyReport {
  const { apiVersion, kind, namespace, name, uid, resourceVersion } = target;
  const scope = { apiVersion, kind, name, ...given({ namespace, uid }) };
  const metadata: ObjectMeta = {
    name: reportName(source, target),
    // What is found about a Namespace is for its team to read, so it lies inside.
    ...given({
      namespace: kind === 'Namespace' && apiVersion === 'v1' ? name : namespace,
      resourceVersion: existing?.metadata.resourceVersion,
    }),
    labels: {
      ...ownerLabels(target, policies),
      [LABELS.managedBy]: MANAGED_BY,
      [LABELS.source]: source,
      ...Object.fromEntries(Object.keys(ledger).map((policy) => [policyLabel(policy), 'true'])),
    },
    annotations: given({ [ANNOTATIONS.resourceVersion]: resourceVersion }),
    ...(uid === undefined ? {} : { ownerReferences: [{ apiVersion, kind, name, uid }] }),
  };
  return bounded({ metadata, scope, results: results.toSorted(byRule) }, ledger);
}

/** The report with what it holds of each policy, in sum, and with how much is left out. */
function withLedger(report: PolicyReport, ledger: PolicyLedger): PolicyReport {
  const annotations = { ...report.metadata.annotations, [ANNOTATIONS.policies]: writeLedger(ledger) };
  const results = [...(report.results ?? []), ...notice(report.metadata.labels?.[LABELS.source], ledger)];
  return { ...report, metadata: { ...report.metadata, annotations }, summary: totals(ledger), results };
}

/** The entries that have a value. */
function given<K extends string>(entries: Readonly<Record<K, string | undefined>>): Partial<Record<K, string>> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Partial<Record<K, string>>;
}

function ownerLabels({ labels = {} }: RecordTarget, policies: readonly EvaluatedPolicy[]): Record<string, string> {
  const keys = policies.flatMap((policy) => policy.ownerLabels).filter((key) => labels[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, labels[key] ?? '']));
}

/** Leaves out the least severe results until the report fits, and says how many; the summary still counts all. */
function bounded(report: PolicyReport, ledger: PolicyLedger): PolicyReport {
  const size = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
  const whole = withLedger(report, ledger);
  if (size(whole) <= MAXIMUM_REPORT) return whole;
  const { results = [] } = report;
  const reserve = 1000 + 8 * Object.keys(ledger).length;
  let room = MAXIMUM_REPORT - size({ ...whole, results: [] }) - reserve;
  const worstFirst = results.toSorted(bySeverity);
  const end = worstFirst.findIndex((result) => (room -= size(result) + 1) < 0);
  const kept = end < 0 ? worstFirst : worstFirst.slice(0, end);
  return withLedger({ ...report, results: kept.toSorted(byRule) }, withLeft(ledger, end < 0 ? [] : worstFirst.slice(end)));
}

/** What is left out of a policy scanned before was left out already, and is counted on. */
function withLeft(ledger: PolicyLedger, dropped: readonly ReportResult[]): PolicyLedger {
  const counts = new Map<string, number>();
  for (const { policy } of dropped) counts.set(policy, (counts.get(policy) ?? 0) + 1);
  const entries = Object.entries(ledger).map(([policy, entry]) => {
    const left = (entry.left ?? 0) + (counts.get(policy) ?? 0);
    return [policy, left > 0 ? { ...entry, left } : entry] as const;
  });
  return Object.fromEntries(entries);
}

const noticeRule = 'truncated';
const noticeCategory = 'Report';
const isNotice = ({ rule, category }: ReportResult): boolean => rule === noticeRule && category === noticeCategory;

/** The one result that says how many are left out, of all policies; none where nothing is. */
function notice(source: string | undefined, ledger: PolicyLedger): ReportResult[] {
  const short = Object.entries(ledger).filter(([, { left = 0 }]) => left > 0);
  const left = short.reduce((sum, [, entry]) => sum + (entry.left ?? 0), 0);
  const [policy] = short.map(([name]) => name).toSorted();
  if (policy === undefined) return [];
  return [
    {
      ...given({ source }),
      policy,
      rule: noticeRule,
      category: noticeCategory,
      severity: 'info',
      result: 'skip',
      scored: false,
      message: `${left} results are left out, the least severe ones: the report would be larger than the server accepts; the summary counts them`,
      properties: { truncated: String(left) },
    },
  ];
}

/** The wanted report when it differs from the existing one in more than the state of the object that it was made from. */
function differing(existing: PolicyReport | undefined, wanted: PolicyReport): PolicyReport | undefined {
  if (!existing) return wanted;
  const content = ({ metadata, scope, summary, results = [] }: PolicyReport): unknown => ({
    labels: metadata.labels,
    owners: (metadata.ownerReferences ?? []).map(({ apiVersion, kind, name, uid }) => ({ apiVersion, kind, name, uid })),
    ledger: metadata.annotations?.[ANNOTATIONS.policies],
    scope,
    summary,
    results,
  });
  return isDeepStrictEqual(JSON.parse(JSON.stringify(content(existing))), JSON.parse(JSON.stringify(content(wanted)))) ? undefined : wanted;
}

/** Whether the report was made from a newer state of the same object, by at least the same generations. */
function isStale({ metadata, scope }: PolicyReport, target: RecordTarget, policies: readonly EvaluatedPolicy[]): boolean {
  const before = metadata.annotations?.[ANNOTATIONS.resourceVersion];
  if (before === undefined || target.resourceVersion === undefined || scope?.uid !== target.uid) return false;
  if (!/^[0-9]+$/.test(before) || !/^[0-9]+$/.test(target.resourceVersion) || BigInt(target.resourceVersion) >= BigInt(before))
    return false;
  const ledger = readLedger(metadata.annotations?.[ANNOTATIONS.policies]);
  return policies.every(({ name, generation }) => (ledger[name]?.generation ?? -1) >= generation);
}
