import type { Condition } from '../../operator/api/condition.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';

/** A version of an object, as a watch delivered it. */
export interface SeenStatus {
  readonly object: Scan | SecurityPolicy;
  readonly kind: 'Scan' | 'SecurityPolicy';
  /** Milliseconds since the first version. */
  readonly at: number;
}

/** The most writes of an object, and the milliseconds after which one more is allowed. */
const [mostWrites, oneMoreIn] = [30, 3000];

type Fields = Readonly<Record<string, unknown>>;
type Numbers = Readonly<Record<string, number>>;

interface Known {
  readonly uid: string | undefined;
  readonly first: number;
  readonly status: Fields;
  readonly writes: number;
  /** Counts that have decreased. */
  readonly fell: ReadonlySet<string>;
}

const isTerminal = ({ phase }: Fields): boolean => phase === 'Complete' || phase === 'Failed';

/**
 * Checks the history of statuses, not only their end. It receives every version of every Scan and policy. A terminal phase is never left,
 * and its status does not change. The start time does not change. Each Scan changes LAST SCAN of a policy once. Progress never decreases.
 * The counts of a Scan never decrease, and a count of a policy that has decreased does not increase again. The number of writes is bounded.
 */
export class StatusHistory {
  readonly #known = new Map<string, Known>();
  readonly #problems: string[] = [];

  /** The problems so far. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Adds the next version of an object. */
  see({ object, kind, at }: SeenStatus): void {
    const key = `${kind}/${object.metadata.name}`;
    const status = (object.status ?? {}) as Fields;
    const known = this.#known.get(key);
    const { uid } = object.metadata;
    if (!known || known.uid !== uid) {
      this.#known.set(key, { uid, first: at, status, writes: 0, fell: new Set() });
      return;
    }
    if (JSON.stringify(known.status) === JSON.stringify(status)) return;
    const writes = known.writes + 1;
    const wrong = kind === 'Scan' ? scanProblems(known.status, status) : policyProblems(known.status, status);
    const turns = turned(kind, known, status);
    for (const problem of [...wrong, ...turns.problems]) this.#problems.push(`${key}: ${problem}`);
    const allowed = mostWrites + (at - known.first) / oneMoreIn;
    if (writes > allowed && known.writes <= allowed) this.#problems.push(`${key}: more than ${Math.floor(allowed)} status writes`);
    this.#known.set(key, { ...known, status, writes, fell: turns.fell });
  }
}

function scanProblems(before: Fields, after: Fields): string[] {
  const became = (field: string): string => `${field} ${String(before[field])} became ${String(after[field])}`;
  if (isTerminal(before)) {
    if (before['phase'] !== after['phase']) return [`left its terminal phase: ${became('phase')}`];
    if (before['completionTime'] !== after['completionTime']) return [`after its end ${became('completionTime')}`];
    return ['its status changed after its end'];
  }
  const holding = ((after['conditions'] ?? []) as readonly Condition[]).filter(
    ({ type, status }) => /^(Complete|Failed)$/.test(type) && status === 'True',
  );
  return [
    ...(before['startTime'] !== undefined && before['startTime'] !== after['startTime'] ? [became('startTime')] : []),
    ...(holding.map(({ type }) => type).join() === (isTerminal(after) ? after['phase'] : '')
      ? []
      : ['its phase and its conditions differ']),
    ...(doneOf(after) < doneOf(before) ? [`went back: ${became('progress')}`] : []),
  ];
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const doneOf = ({ progress }: Fields): number => Number(textOf(progress).split('/')[0]);

function policyProblems(before: Fields, after: Fields): string[] {
  const [was, is] = [textOf(before['lastScanTime']), textOf(after['lastScanTime'])];
  if (is < was) return [`lastScanTime went back: ${was} became ${is}`];
  if (is !== was && was !== '' && before['lastScan'] === after['lastScan'])
    return [`Scan ${String(after['lastScan'])} moved lastScanTime again: ${was} became ${is}`];
  return [];
}

/** The counts of a status by name, without failed targets, which a retry may scan. */
function countsOf({ summary, failing, coverage }: Fields): Numbers {
  const { pass, fail } = (summary ?? {}) as Numbers;
  const { scanned } = (coverage ?? {}) as Numbers;
  const all = { ...((failing ?? {}) as Numbers), pass, fail, scanned };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, number] => entry[1] !== undefined));
}

/**
 * Checks that counts of a Scan never decrease, and that a count of a policy which has decreased does not increase again, since the scanned
 * objects do not change.
 */
function turned(kind: SeenStatus['kind'], { status, fell }: Known, after: Fields): { problems: string[]; fell: ReadonlySet<string> } {
  const [before, now] = [countsOf(status), countsOf(after)];
  const down = new Set(fell);
  const problems: string[] = [];
  for (const [name, count] of Object.entries(now)) {
    const was = before[name] ?? 0;
    if (count < was) {
      down.add(name);
      if (kind === 'Scan') problems.push(`${name} went down from ${was} to ${count}`);
    } else if (count > was && down.has(name) && kind !== 'Scan') problems.push(`${name} went down and up again, to ${count}`);
  }
  return { problems, fell: down };
}
