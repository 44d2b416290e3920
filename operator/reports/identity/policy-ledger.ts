import type { SeverityCounts, Summary } from '../../api/kinds/security-policy.ts';

/**
 * The counts of one policy in a report. They are stored in an annotation. Thus a scan of one policy keeps the counts of the others, and
 * totals can be computed from metadata alone.
 */
export interface PolicyEntry {
  /** The revision of the policy that was evaluated; see `evaluationRevision`. */
  readonly revision: string;
  readonly summary: Summary;
  readonly failing: SeverityCounts;
  /** The number of results that are counted but not listed, because the report would be too large. */
  readonly omitted?: number;
}

/** The counts of each policy in a report, by policy name. */
export type PolicyLedger = Readonly<Record<string, PolicyEntry>>;

/** Serializes a ledger for the annotation. Equal ledgers have equal texts. */
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

/** Parses the ledger of an annotation. Returns an empty ledger for a missing or invalid text, and omits invalid rows. */
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

/** Whether every row of an annotation's text is a valid ledger row. */
export function isLedger(text: string): boolean {
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) && Object.values(parsed).every(isRow);
  } catch {
    return false;
  }
}

/** Older versions of Vigil wrote the generation as a number in place of the revision. */
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
