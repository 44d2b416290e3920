import { detectionById } from '../../catalogue/detections/detections.ts';
import type { Severity } from '../../catalogue/controls/severity.ts';
import { definedEntries } from '../../api/defined-entries.ts';
import type { ChangeActivity, RequestActivity } from '../activity/activity.ts';
import type { Normality } from '../baseline/normality.ts';
import type { Raised } from '../judging.ts';
import type { AnomalyFinding } from './anomaly-finding.ts';
import { AttackSequences, type Step } from './attack-sequence.ts';
import { findingId, sequenceFinding, sourceText } from './finding-builder.ts';
import { FindingStore, type StoredFinding } from './finding-store.ts';
import { isStoredFinding } from './stored-finding.ts';

const day = 86_400_000;
/** One detection about one principal and more workloads than this in a day is one finding. */
const mostWorkloads = 3;

/** Takes what was raised: counts it, folds what is much of the same, and finds sequences. */
export class FindingLog {
  readonly #store = new FindingStore();
  readonly #sequences = new AttackSequences();
  readonly #normality: Normality;
  /** The workloads of each detection and principal today. */
  readonly #spread = new Map<string, { readonly day: number; readonly ids: Set<string> }>();

  constructor(normality: Normality) {
    this.#normality = normality;
  }

  get size(): number {
    return this.#store.size;
  }
  get dropped(): number {
    return this.#store.dropped;
  }
  get changes(): number {
    return this.#store.changes;
  }

  /** Takes something that was raised. */
  raise({ stored, act, isInstalled }: Raised): void {
    const folded = this.#folded(stored);
    this.#store.add(folded);
    const finding = this.#store.get(folded.finding.id)?.finding ?? folded.finding;
    const step: Step = { finding: { ...stored.finding, id: finding.id }, at: stored.finding.lastSeen, act, isInstalled };
    if (!this.#addStep(stored.principal, step) && stored.workload !== '') this.#addStep(`workload ${stored.workload}`, step);
  }

  /** The audit event of a change came after the change was judged: its findings get their actor. */
  name({ object, at }: ChangeActivity, request: RequestActivity): void {
    for (const { finding } of this.#store.values()) {
      const { about, lastSeen, actorIsCertain, audit } = finding;
      if (
        actorIsCertain ||
        lastSeen !== at ||
        about.kind !== object.kind ||
        about.name !== object.name ||
        about.namespace !== object.namespace
      )
        continue;
      const named = { actor: request.actor.name, actorIsCertain: true, audit: [...audit, request.id].slice(0, 3) };
      this.#store.replace(finding.id, { ...named, ...definedEntries({ source: sourceText(request) }) });
    }
  }

  listed(): readonly AnomalyFinding[] {
    return this.#store.listed();
  }

  counts(): Readonly<Record<Severity, number>> {
    return this.#store.counts();
  }

  states(): readonly string[] {
    return this.#store.states();
  }

  /** A state is over: if it comes again, it is new. */
  ended(state: string, now: number): void {
    this.#normality.known.remove('states', state);
    this.#store.ended(state, now);
  }

  expire(now: number, keepFor: number): void {
    this.#store.expire(now, keepFor);
    const today = Math.floor(now / day);
    for (const [key, spread] of this.#spread) if (spread.day < today) this.#spread.delete(key);
  }

  /** The clock was set back. */
  setBack(now: number): void {
    this.#store.setBack(now);
    this.#spread.clear();
  }

  /** An exception covers a finding: what it is about is normal from now on. The finding stays, as excepted, until it expires. */
  accept(id: string, now: number): void {
    for (const reference of this.#store.get(id)?.baseline ?? []) this.#normality.accept(reference, now);
  }

  save(): readonly StoredFinding[] {
    return this.#store.save();
  }

  /** Adds a finding that {@link save} returned. Returns false, and adds nothing, if it has another form. */
  load(saved: unknown): boolean {
    if (!isStoredFinding(saved)) return false;
    this.#store.load([saved]);
    return true;
  }

  /** Much of the same by one principal is one finding. */
  #folded(stored: StoredFinding): StoredFinding {
    const { detection, id, lastSeen } = stored.finding;
    if (stored.state !== undefined || this.#store.get(id) !== undefined) return stored;
    const key = `${detection}\0${stored.principal}`;
    const today = Math.floor(lastSeen / day);
    const known = this.#spread.get(key);
    const spread = known?.day === today ? known : { day: today, ids: new Set<string>() };
    this.#spread.set(key, spread);
    if (spread.ids.size < mostWorkloads || spread.ids.has(id)) {
      spread.ids.add(id);
      return stored;
    }
    return { ...stored, workload: '', finding: { ...stored.finding, id: findingId(detection, stored.principal, 'many') } };
  }

  /** Adds a step to what a subject has done. Returns whether that is a sequence. */
  #addStep(subject: string, step: Step): boolean {
    const detection = detectionById('attack-sequence');
    const sequence = this.#sequences.add(subject, step);
    if (sequence === undefined || detection === undefined) return false;
    const found = sequenceFinding(sequence, detection, subject, step.finding.about);
    const known = this.#store.get(found.finding.id);
    // The steps of a sequence that goes on replace those before: it stays one finding.
    if (known === undefined) this.#store.add(found);
    else this.#store.replace(found.finding.id, { ...found.finding, count: known.finding.count + 1, firstSeen: known.finding.firstSeen });
    return true;
  }
}
