import { ownEntry } from '../../api/own-entry.ts';
import type { PolicyReport } from '../../api/kinds/policy-report.ts';
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

/** The new and fixed failures of a policy at one point in time. */
interface DatedChange extends ReportChange {
  /** Seconds since the epoch. */
  readonly seconds: number;
}

/**
 * The latest changes of a report, by policy, oldest first. Reports that are written outside of Scans have a history. At its end, a Scan counts
 * the changes since the previous Scan.
 */
export type ChangeHistory = Readonly<Record<string, readonly DatedChange[]>>;

/** A time span in seconds since the epoch. It includes `from` and excludes `until`. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** The maximum number of changes of one policy, and of all policies together. The last change of each policy is always kept. */
const [mostOfPolicy, most] = [24, 400];

/** Returns the history of the report before, extended by the changes between the two reports. See `policyChanges` for `compared`. */
export function extendedHistory(
  before: PolicyReport | undefined,
  after: PolicyReport,
  { seconds, compared }: { readonly seconds: number; readonly compared?: ComparedPolicies },
): ChangeHistory {
  const known = readHistory(before?.metadata.annotations?.[ANNOTATIONS.changes]);
  return extendedRows(known, { after, changes: policyChanges(before, after, compared), seconds });
}

/** Returns a history, extended by changes for the policies of a report. */
export function extendedRows(
  known: ChangeHistory,
  {
    after,
    changes,
    seconds,
  }: { readonly after: PolicyReport; readonly changes: ReadonlyMap<string, ReportChange>; readonly seconds: number },
): ChangeHistory {
  const policies = Object.keys(readLedger(after.metadata.annotations?.[ANNOTATIONS.policies]));
  const room = Math.max(1, Math.min(mostOfPolicy, Math.floor(most / policies.length)));
  const rows = policies.map(
    (policy) => [policy, withChange(ownEntry(known, policy) ?? [], changes.get(policy), seconds).slice(-room)] as const,
  );
  return Object.fromEntries(rows.filter(([, dated]) => dated.length > 0));
}

function withChange(dated: readonly DatedChange[], change: ReportChange | undefined, seconds: number): readonly DatedChange[] {
  if (!change) return dated;
  const same = dated.find((earlier) => earlier.seconds === seconds);
  const rest = dated.filter((earlier) => earlier !== same);
  return [...rest, { seconds, ...addChanges(same ?? noChange(), change) }];
}

/** Returns the sum of a policy's changes within a time span. */
export function changeWithin(history: ChangeHistory, policy: string, { from, until }: Span): ReportChange {
  const within = (ownEntry(history, policy) ?? []).filter(({ seconds }) => seconds >= from && seconds < until);
  return within.reduce<ReportChange>(addChanges, noChange());
}

/** Serializes a history for an annotation. Returns undefined if it is empty. */
export function writeHistory(history: ChangeHistory): string | undefined {
  const rows = Object.entries(history).map(([policy, dated]) => [policy, dated.map(rowOf)] as const);
  return rows.length === 0 ? undefined : JSON.stringify(Object.fromEntries(rows));
}

/** The annotations of a report that have a history. */
const histories = [ANNOTATIONS.changes, ANNOTATIONS.exceptionChanges] as const;

/** Removes the histories of a policy from the annotations of a report. */
export function withoutHistory(annotations: Readonly<Record<string, string>> = {}, policy: string): Readonly<Record<string, string>> {
  const others = Object.entries(annotations).filter(([name]) => !histories.some((one) => one === name));
  const kept = histories.flatMap((name) => {
    const { [policy]: _gone, ...history } = readHistory(annotations[name]);
    const text = writeHistory(history);
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries([...others, ...kept]);
}

/** Parses the history of an annotation. Returns an empty history for a missing or invalid text, and omits invalid rows. */
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
