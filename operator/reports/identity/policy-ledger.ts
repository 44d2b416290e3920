import type { SeverityCounts, Summary } from '../../api/kinds/policy-status.ts';

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
  /** Failures that an exception covers, by severity. They are not in `failing`, and count as `skip` in `summary`. */
  readonly excepted?: SeverityCounts;
  /** By id of an exception: the number of failures that it covers, and of those that a bound of the policy refuses. */
  readonly exceptions?: ExceptionCounts;
}

/** By id of an exception: covered and refused failures. */
export type ExceptionCounts = Readonly<Record<string, readonly [matched: number, refused: number]>>;

/** The counts of each policy in a report, by policy name. */
export type PolicyLedger = Readonly<Record<string, PolicyEntry>>;

/** Serializes a ledger for the annotation. Equal ledgers have equal texts. */
export function writeLedger(ledger: PolicyLedger): string {
  const entries = Object.entries(ledger).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(entries.map(([policy, entry]) => [policy, rowOf(entry)])));
}

function rowOf({ revision, summary, failing, omitted = 0, excepted, exceptions = {} }: PolicyEntry): readonly unknown[] {
  const counts = [summary.pass, summary.fail, summary.warn, summary.error, summary.skip, ...severityRow(failing)];
  const named = Object.entries(exceptions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (excepted || named.length > 0)
    return [revision, ...counts, omitted, { excepted: severityRow(excepted ?? noFailures), exceptions: Object.fromEntries(named) }];
  return omitted > 0 ? [revision, ...counts, omitted] : [revision, ...counts];
}

const noFailures: SeverityCounts = { critical: 0, high: 0, medium: 0, low: 0 };
const severityRow = ({ critical, high, medium, low }: SeverityCounts): SeverityRow => [critical, high, medium, low];

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

type SeverityRow = readonly [critical: number, high: number, medium: number, low: number];

/** The last part of the row of a policy with exceptions. */
interface ExceptionsRow {
  readonly excepted: SeverityRow;
  readonly exceptions: ExceptionCounts;
}

/** Older versions of Vigil wrote the generation as a number in place of the revision. */
type Row = readonly [string | number, number, number, number, number, number, number, number, number, number, number?, ExceptionsRow?];

function isRow(row: unknown): row is Row {
  return (
    Array.isArray(row) &&
    row.length >= 10 &&
    row.length <= 12 &&
    (typeof row[0] === 'string' || isCount(row[0])) &&
    row.slice(1, 11).every(isCount) &&
    (row.length < 12 || isExceptionsRow(row[11]))
  );
}

function isExceptionsRow(value: unknown): value is ExceptionsRow {
  if (typeof value !== 'object' || value === null) return false;
  const { excepted, exceptions } = value as Partial<Record<keyof ExceptionsRow, unknown>>;
  if (!isCounts(excepted, 4) || typeof exceptions !== 'object' || exceptions === null) return false;
  return Object.values(exceptions).every((counts) => isCounts(counts, 2));
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: unknown, length: number): boolean => Array.isArray(value) && value.length === length && value.every(isCount);

function entryOf([revision, pass, fail, warn, error, skip, critical, high, medium, low, left, waived]: Row): PolicyEntry {
  return {
    revision: String(revision),
    summary: { pass, fail, warn, error, skip },
    failing: { critical, high, medium, low },
    ...(left ? { omitted: left } : {}),
    ...(waived ? exceptionsOf(waived) : {}),
  };
}

function exceptionsOf({ excepted: [critical, high, medium, low], exceptions }: ExceptionsRow): Partial<PolicyEntry> {
  return { excepted: { critical, high, medium, low }, exceptions };
}
