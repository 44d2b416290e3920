import { atLeast, severityOrder, type Severity } from '../../catalogue/controls/severity.ts';
import type { BaselineReference } from '../baseline/normality.ts';
import { MORE_ANOMALIES, type AnomalyFinding } from './anomaly-finding.ts';

/** A finding with what the store needs to know. */
export interface StoredFinding {
  finding: AnomalyFinding;
  readonly principal: string;
  readonly workload: string;
  /** The key of the state that the finding is about, while it holds. */
  state?: string;
  /** What an exception makes normal. At most 64. */
  readonly baseline: BaselineReference[];
}

const perNamespace = 20;
const perCluster = 100;
/** The number of findings that are kept, listed or not. */
const mostStored = 1000;

/** Compares findings: the most severe first, then the newest. */
const byWeight = (left: AnomalyFinding, right: AnomalyFinding): number =>
  severityOrder.indexOf(left.severity) - severityOrder.indexOf(right.severity) ||
  right.firstSeen - left.firstSeen ||
  (left.id < right.id ? -1 : 1);

/** The open findings: one for each detection, principal and workload, with a count. */
export class FindingStore {
  readonly #stored = new Map<string, StoredFinding>();
  #dropped = 0;
  #changes = 0;

  /** Findings that were dropped because too many were open. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Grows with each change that a save must contain. */
  get changes(): number {
    return this.#changes;
  }

  get(id: string): StoredFinding | undefined {
    return this.#stored.get(id);
  }

  values(): Iterable<StoredFinding> {
    return this.#stored.values();
  }

  /** Adds a finding, or counts it if it is open. Returns whether it is new. */
  add(added: StoredFinding): boolean {
    const { finding } = added;
    const known = this.#stored.get(finding.id);
    this.#changes += 1;
    if (known === undefined) {
      this.#stored.set(finding.id, added);
      if (this.#stored.size > mostStored) this.#dropLightest();
      return true;
    }
    known.finding = merged(known.finding, finding);
    if (added.state !== undefined) known.state = added.state;
    for (const reference of added.baseline) if (known.baseline.length < 64) known.baseline.push(reference);
    return false;
  }

  /** Replaces a finding, such as with a better actor. */
  replace(id: string, change: Partial<AnomalyFinding>): void {
    const known = this.#stored.get(id);
    if (known === undefined) return;
    known.finding = { ...known.finding, ...change };
    this.#changes += 1;
  }

  /** A state is over: its finding goes after the usual time. */
  ended(state: string, now: number): void {
    for (const stored of this.#stored.values()) {
      if (stored.state !== state) continue;
      delete stored.state;
      stored.finding = { ...stored.finding, lastSeen: Math.max(stored.finding.lastSeen, now) };
      this.#changes += 1;
    }
  }

  /** The keys of the states that findings are about. */
  states(): readonly string[] {
    return [...this.#stored.values()].flatMap(({ state }) => (state === undefined ? [] : [state]));
  }

  /** Removes a finding. */
  remove(id: string): void {
    if (this.#stored.delete(id)) this.#changes += 1;
  }

  /** Removes findings that were not seen for `keepFor` milliseconds, unless what they are about still holds. */
  expire(now: number, keepFor: number): void {
    for (const [id, { finding, state }] of this.#stored) if (state === undefined && finding.lastSeen < now - keepFor) this.remove(id);
  }

  /** The clock was set back: what was seen after `now` was seen now, and does not stay longer than all else. */
  setBack(now: number): void {
    for (const { finding } of this.#stored.values())
      if (finding.lastSeen > now) this.replace(finding.id, { firstSeen: Math.min(finding.firstSeen, now), lastSeen: now });
  }

  /** The number of open findings by severity. */
  counts(): Record<Severity, number> {
    const counts: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
    for (const { finding } of this.#stored.values()) counts[finding.severity] += 1;
    return counts;
  }

  get size(): number {
    return this.#stored.size;
  }

  /** The findings to list, bounded, and one that stands for those that are not listed. */
  listed(): readonly AnomalyFinding[] {
    const all = [...this.#stored.values()].map(({ finding }) => finding).toSorted(byWeight);
    const inNamespace = new Map<string, number>();
    const listed: AnomalyFinding[] = [];
    const left: AnomalyFinding[] = [];
    for (const finding of all) {
      const namespace = finding.about.namespace ?? '';
      const count = inNamespace.get(namespace) ?? 0;
      const fits = listed.length < perCluster && (namespace === '' || count < perNamespace);
      (fits ? listed : left).push(finding);
      if (fits) inNamespace.set(namespace, count + 1);
    }
    return left.length === 0 ? listed : [...listed, summaryOf(left)];
  }

  /** All findings, for a document: what happens later does not change them. */
  save(): readonly StoredFinding[] {
    return [...this.#stored.values()].map((stored) => ({ ...stored, baseline: [...stored.baseline] }));
  }

  /** Adds findings that {@link save} returned. */
  load(saved: readonly StoredFinding[]): void {
    for (const each of saved.slice(0, mostStored)) this.#stored.set(each.finding.id, { ...each, baseline: [...each.baseline] });
  }

  /** Drops a tenth at once, so that a flood of findings costs little. */
  #dropLightest(): void {
    const lightest = [...this.#stored.values()]
      .map(({ finding }) => finding)
      .toSorted(byWeight)
      .slice(-mostStored / 10);
    for (const { id } of lightest) this.#stored.delete(id);
    this.#dropped += lightest.length;
  }
}

/** A finding that was seen again. The worst severity stays, with its sentence. */
function merged(known: AnomalyFinding, again: AnomalyFinding): AnomalyFinding {
  const isWorse = atLeast(again.severity, known.severity);
  const { seen, normal, severity } = isWorse ? again : known;
  const measured = Math.max(known.measured ?? 0, again.measured ?? 0);
  return {
    ...known,
    seen,
    normal,
    severity,
    ...(isWorse && again.actorIsCertain ? { actor: again.actor, actorIsCertain: true } : {}),
    ...(again.source === undefined ? {} : { source: again.source }),
    ...(measured > 0 ? { measured } : {}),
    count: known.count + again.count,
    firstSeen: Math.min(known.firstSeen, again.firstSeen),
    lastSeen: Math.max(known.lastSeen, again.lastSeen),
    audit: [...new Set([...known.audit, ...again.audit])].slice(0, 3),
  };
}

function summaryOf(left: readonly AnomalyFinding[]): AnomalyFinding {
  const [worst] = left;
  const names = [...new Set(left.map(({ detection }) => detection))].toSorted();
  return {
    id: MORE_ANOMALIES,
    detection: MORE_ANOMALIES,
    severity: worst?.severity ?? 'low',
    about: { apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' },
    seen: `${left.length} further findings are open and are not listed: ${names.slice(0, 12).join(', ')}`,
    normal: `at most ${perNamespace} findings of a namespace and ${perCluster} of the cluster are listed, the most severe first`,
    actor: 'several',
    actorIsCertain: false,
    count: left.length,
    firstSeen: Math.min(...left.map(({ firstSeen }) => firstSeen)),
    lastSeen: Math.max(...left.map(({ lastSeen }) => lastSeen)),
    audit: [],
    techniques: [],
    next: 'Work through the listed findings. Accept what is intended by a SecurityException, or exclude a detection in the policy.',
    whileLearning: false,
  };
}
