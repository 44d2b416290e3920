import type { SeverityCounts, Summary } from '../../api/security-policy.ts';

/** What a report holds for one policy: kept in an annotation, so that a policy scanned alone loses nothing of the others', and totals need only metadata. */
export interface PolicyEntry {
  /** What its verdicts were made by: see `evaluationRevision`. */
  readonly revision: string;
  readonly summary: Summary;
  readonly failing: SeverityCounts;
  /** Results that are counted, but left out of the report for its size. */
  readonly omitted?: number;
}

/** By policy name. */
export type PolicyLedger = Readonly<Record<string, PolicyEntry>>;

/** The ledger as the annotation's text: compact, and the same for the same content. */
export function writeLedger(ledger: PolicyLedger): string {
  const entries = Object.entries(ledger).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(
    Object.fromEntries(
      entries.map(([policy, { revision, summary, failing, omitted: left }]) => [
        policy,
        [
          revision,
          summary.pass,
          summary.fail,
          summary.warn,
          summary.error,
          summary.skip,
          failing.critical,
          failing.high,
          failing.medium,
          failing.low,
          ...(left ? [left] : []),
        ],
      ]),
    ),
  );
}

/** The ledger of an annotation; what is missing or was edited into something else counts as empty, and is written anew. */
export function readLedger(text: string | undefined): PolicyLedger {
  if (text === undefined) return {};
  try {
    const parsed = JSON.parse(text) as unknown;
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries(Object.entries(parsed).flatMap(([policy, row]) => (isRow(row) ? [[policy, entryOf(row)]] : [])));
  } catch {
    return {};
  }
}

/** Whether an annotation's text is a ledger in every row. */
export function isLedger(text: string): boolean {
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) && Object.values(parsed).every(isRow);
  } catch {
    return false;
  }
}

/** An older version of Vigil wrote the generation in place of the revision. */
type Row = readonly [string | number, number, number, number, number, number, number, number, number, number, number?];

function isRow(row: unknown): row is Row {
  return (
    Array.isArray(row) &&
    (row.length === 10 || row.length === 11) &&
    (typeof row[0] === 'string' || isCount(row[0])) &&
    row.slice(1).every(isCount)
  );
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function entryOf([revision, pass, fail, warn, error, skip, critical, high, medium, low, left]: Row): PolicyEntry {
  return {
    revision: String(revision),
    summary: { pass, fail, warn, error, skip },
    failing: { critical, high, medium, low },
    ...(left ? { omitted: left } : {}),
  };
}
