import type { PolicyReport } from '../../api/policy-report.ts';
import { ANNOTATIONS } from '../../api/group.ts';
import { readLedger } from '../identity/policy-ledger.ts';
import {
  addChanges,
  severityCountsFrom,
  noChange,
  numbersOf,
  policyChanges,
  type ComparedPolicies,
  type ReportChange,
} from './report-change.ts';

/** What came and went for a policy in one second. */
interface DatedChange extends ReportChange {
  /** Since the epoch. */
  readonly seconds: number;
}

/** By policy, the latest changes of a report that no Scan makes, oldest first: a Scan that ends counts those since the one before it. */
export type ChangeHistory = Readonly<Record<string, readonly DatedChange[]>>;

/** A span of time in seconds since the epoch: the first belongs to it, the last does not. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** The most changes that are kept of a policy, and of all policies together, but for the last of each. */
const [mostOfPolicy, most] = [24, 400];

/** The history of a report that takes the place of another: that one's, with what differs between them. `compared`: as in `policyChanges`. */
export function extendedHistory(
  before: PolicyReport | undefined,
  after: PolicyReport,
  { seconds, compared }: { readonly seconds: number; readonly compared?: ComparedPolicies },
): ChangeHistory {
  const known = readHistory(before?.metadata.annotations?.[ANNOTATIONS.changes]);
  const changes = policyChanges(before, after, compared);
  const policies = Object.keys(readLedger(after.metadata.annotations?.[ANNOTATIONS.policies]));
  const room = Math.max(1, Math.min(mostOfPolicy, Math.floor(most / policies.length)));
  const rows = policies.map((policy) => [policy, withChange(known[policy] ?? [], changes.get(policy), seconds).slice(-room)] as const);
  return Object.fromEntries(rows.filter(([, dated]) => dated.length > 0));
}

function withChange(dated: readonly DatedChange[], change: ReportChange | undefined, seconds: number): readonly DatedChange[] {
  if (!change) return dated;
  const same = dated.find((earlier) => earlier.seconds === seconds);
  const rest = dated.filter((earlier) => earlier !== same);
  return [...rest, { seconds, ...addChanges(same ?? noChange(), change) }];
}

/** What came and went for a policy within a span. */
export function changeWithin(history: ChangeHistory, policy: string, { from, until }: Span): ReportChange {
  const within = (history[policy] ?? []).filter(({ seconds }) => seconds >= from && seconds < until);
  return within.reduce<ReportChange>(addChanges, noChange());
}

/** The history as the text of an annotation; undefined when there is none. */
export function writeHistory(history: ChangeHistory): string | undefined {
  const rows = Object.entries(history).map(([policy, dated]) => [policy, dated.map(rowOf)] as const);
  return rows.length === 0 ? undefined : JSON.stringify(Object.fromEntries(rows));
}

/** The annotations of a report without the history of a policy. */
export function withoutHistory(annotations: Readonly<Record<string, string>> = {}, policy: string): Readonly<Record<string, string>> {
  const { [ANNOTATIONS.changes]: text, ...rest } = annotations;
  const { [policy]: _gone, ...history } = readHistory(text);
  const kept = writeHistory(history);
  return kept === undefined ? rest : { ...rest, [ANNOTATIONS.changes]: kept };
}

/** The history that an annotation's text holds; what is missing or was edited into something else counts as none. */
export function readHistory(text: string | undefined): ChangeHistory {
  try {
    const parsed = JSON.parse(text ?? '{}') as Readonly<Record<string, unknown>>;
    return Object.fromEntries(Object.entries(parsed).map(([policy, rows]) => [policy, Array.isArray(rows) ? rows.flatMap(datedOf) : []]));
  } catch {
    return {};
  }
}

const rowOf = ({ seconds, new: came, fixed }: DatedChange): number[] => [seconds, ...numbersOf(came), ...numbersOf(fixed)];

function datedOf(row: unknown): DatedChange[] {
  if (!Array.isArray(row) || row.length !== 9 || !row.every((value) => Number.isSafeInteger(value) && (value as number) >= 0)) return [];
  const [seconds = 0, ...counts] = row as number[];
  return [{ seconds, new: severityCountsFrom(counts.slice(0, 4)), fixed: severityCountsFrom(counts.slice(4)) }];
}
