import { isDeepStrictEqual } from 'node:util';
import type { PolicyTally } from '../../findings/tally.ts';
import type { SeverityCounts, Summary } from '../../api/kinds/policy-status.ts';
import type { DocumentKind } from '../../kube/documents/document-kind.ts';

/** The results of a namespace that was evaluated completely. */
export interface RescanEntry {
  /** Identifies the inputs of its verdicts: see `namespaceMark`. */
  readonly mark: string;
  /** Identifies the reports with its verdicts: see `ReportMarks`. */
  readonly reports: string;
  /** The number of targets. */
  readonly scanned: number;
  /** The tallies by policy. */
  readonly policies: Readonly<Record<string, PolicyTally>>;
}

/** Entries by namespace; the empty name stands for cluster-scoped objects. */
export type RescanIndex = ReadonlyMap<string, RescanEntry>;

/** The state of a namespace at planning. */
export interface NamespaceState {
  /** Undefined if the inputs of its verdicts cannot be determined. */
  readonly mark: string | undefined;
  readonly targets: number;
  /** The number of targets by policy. */
  readonly policies: Readonly<Record<string, number>>;
}

/** Whether the verdicts of an entry still hold: neither their inputs nor the reports have changed. Pure. */
export function isUnchanged(entry: RescanEntry | undefined, now: NamespaceState, reports: string | undefined): entry is RescanEntry {
  if (entry === undefined || now.mark === undefined || reports === undefined) return false;
  return entry.mark === now.mark && entry.reports === reports && countsAgree(entry, now);
}

/** Whether each policy has evaluated exactly the planned targets. */
export function countsAgree({ scanned, policies }: Pick<RescanEntry, 'scanned' | 'policies'>, planned: NamespaceState): boolean {
  const evaluated = Object.fromEntries(Object.entries(policies).map(([policy, { targets }]) => [policy, targets]));
  const isSome = ([, count]: readonly [string, number]): boolean => count > 0;
  const some = (counts: Readonly<Record<string, number>>): unknown => Object.fromEntries(Object.entries(counts).filter(isSome));
  return scanned === planned.targets && isDeepStrictEqual(some(evaluated), some(planned.policies));
}

/** The content of the index document. Names are stored once and counts as plain numbers. */
export interface RescanContent {
  readonly policies: readonly string[];
  readonly checks: readonly string[];
  readonly namespaces: Readonly<Record<string, readonly [mark: string, reports: string, scanned: number, tallies: readonly number[][]]>>;
}

/** The kind of the index document. */
export const RESCAN_INDEX: DocumentKind<RescanContent> = {
  name: 'rescan-index',
  formatVersion: 1,
  read: (content) => (isContent(content) ? content : undefined),
};

function isContent(content: unknown): content is RescanContent {
  const { policies, checks, namespaces } = (content ?? {}) as Partial<RescanContent>;
  if (!Array.isArray(policies) || !Array.isArray(checks) || typeof namespaces !== 'object') return false;
  return Object.values(namespaces).every((entry: unknown) => Array.isArray(entry) && entry.length === 4 && Array.isArray(entry[3]));
}

const verdicts = ['pass', 'fail', 'warn', 'error', 'skip'] as const;
const severities = ['critical', 'high', 'medium', 'low'] as const;
const fixed = 2 + verdicts.length + severities.length;

/** The content for an index. Pure and deterministic. */
export function contentOf(index: RescanIndex): RescanContent {
  const all = [...index].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const policies = new NameTable();
  const checks = new NameTable();
  const rowOf = ([policy, { targets, summary, failing, checks: byCheck }]: readonly [string, PolicyTally]): number[] => [
    policies.of(policy),
    targets,
    ...verdicts.map((verdict) => summary[verdict]),
    ...severities.map((severity) => failing[severity]),
    ...Object.entries(byCheck).flatMap(([check, counts]) => [checks.of(check), ...verdicts.map((verdict) => counts[verdict])]),
  ];
  const namespaces = Object.fromEntries(
    all.map(([name, entry]) => [name, [entry.mark, entry.reports, entry.scanned, Object.entries(entry.policies).map(rowOf)] as const]),
  );
  return { policies: policies.names, checks: checks.names, namespaces };
}

/** The index from its content. */
export function indexOf({ policies, checks, namespaces }: RescanContent): RescanIndex {
  const tallyOf = (row: readonly number[]): readonly [string, PolicyTally] => {
    const [policy = 0, targets = 0] = row;
    const byCheck: Record<string, Summary> = {};
    for (let at = fixed; at < row.length; at += 1 + verdicts.length)
      byCheck[checks[row[at] ?? 0] ?? ''] = counted(verdicts, row.slice(at + 1));
    const summary: Summary = counted(verdicts, row.slice(2));
    const failing: SeverityCounts = counted(severities, row.slice(2 + verdicts.length));
    return [policies[policy] ?? '', { targets, summary, failing, checks: byCheck }];
  };
  const entryOf = ([mark, reports, scanned, rows]: RescanContent['namespaces'][string]): RescanEntry => ({
    mark,
    reports,
    scanned,
    policies: Object.fromEntries(rows.map(tallyOf)),
  });
  return new Map(Object.entries(namespaces).map(([name, entry]) => [name, entryOf(entry)]));
}

const counted = <K extends string>(names: readonly K[], numbers: readonly number[]): Record<K, number> =>
  Object.fromEntries(names.map((name, index) => [name, numbers[index] ?? 0])) as Record<K, number>;

/** Numbers names. */
class NameTable {
  readonly #numbers = new Map<string, number>();

  of(name: string): number {
    return this.#numbers.getOrInsertComputed(name, () => this.#numbers.size);
  }

  get names(): readonly string[] {
    return [...this.#numbers.keys()];
  }
}
