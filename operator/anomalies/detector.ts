import { detectionById, detections } from '../catalogue/detections/detections.ts';
import type { Activity, ChangeActivity, RequestActivity } from './activity/activity.ts';
import type { AuditOutage } from './activity/audit-outages.ts';
import { isMaterial } from './activity/material-change.ts';
import { MissedTime, STORED_EVERY } from './activity/missed-time.ts';
import { WriteJoin } from './activity/write-join.ts';
import type {
  AnomalyDetector,
  BaselineDocument,
  BlindDetection,
  DetectorSettings,
  DetectorStatus,
  LoadResult,
} from './anomaly-detector.ts';
import { readBaseline, writeBaseline, type ReadBaseline } from './baseline/baseline-documents.ts';
import { KnownKeys } from './baseline/known-keys.ts';
import { Learning } from './baseline/learning.ts';
import { Normality } from './baseline/normality.ts';
import { Rates } from './baseline/rates.ts';
import { seedPrincipals } from './baseline/seeding.ts';
import { auditGap, auditMissed, auditOutage } from './detections/audit-gap.ts';
import { Enumeration } from './detections/enumeration.ts';
import { ClusterInventory } from './inventory/cluster-inventory.ts';
import { Judging, type Raised } from './judging.ts';
import type { AnomalyFinding } from './results/anomaly-finding.ts';
import { FindingLog } from './results/finding-log.ts';
import { ClockJumps, TOLERATED } from './clock-jumps.ts';
import { EventRate } from './event-rate.ts';

const minute = 60_000;

/** Creates a detector that has learned nothing. */
export function createDetector(settings: DetectorSettings): AnomalyDetector {
  return new Detector(settings);
}

class Detector implements AnomalyDetector {
  #settings: DetectorSettings;
  readonly #inventory = new ClusterInventory();
  readonly #normality = new Normality(new KnownKeys(), new Rates());
  readonly #learning: Learning;
  readonly #join = new WriteJoin();
  readonly #enumeration = new Enumeration();
  readonly #log: FindingLog;
  readonly #judging: Judging;
  readonly #rate = new EventRate();
  readonly #clock = new ClockJumps();
  #isFirstStart = true;
  #problems: readonly string[] = [];
  #version = '';
  #saved = '';
  #leftOut = 0;
  #lastPrune = 0;
  /** When the baseline that was read was saved. */
  #savedAt = 0;
  /** Whether the process that saved it did so when it stopped. */
  #wasStopped = false;
  readonly #missed = new MissedTime();
  /** Bindings of the first lists, with whether they are a seed. What they give is only known when the lists of roles are complete. */
  #held: { readonly change: ChangeActivity; readonly seed: boolean }[] = [];
  /** The keys of the states that were seen since the start, until the first lists are complete. */
  #seenStates: Set<string> | undefined = new Set();

  constructor(settings: DetectorSettings) {
    this.#settings = settings;
    this.#learning = new Learning(settings.learningPeriod);
    this.#log = new FindingLog(this.#normality);
    this.#judging = new Judging({
      inventory: this.#inventory,
      normality: this.#normality,
      learning: this.#learning,
      parameter: (detection, name) => this.#parameter(detection, name),
    });
    this.configure(settings);
  }

  configure(settings: DetectorSettings): void {
    this.#settings = settings;
    this.#learning.configure(settings.learningPeriod);
    this.#judging.ownUser = settings.ownUser ?? '';
  }

  observe(activity: Activity, { replay = false }: { readonly replay?: boolean } = {}): void {
    this.#rate.count(activity.at);
    if (activity.type === 'request') this.#request(activity, replay);
    else this.#change(activity, replay);
  }

  synced(now: number): void {
    const seen = this.#seenStates;
    this.#seenStates = undefined;
    this.#isFirstStart = false;
    const held = this.#held;
    this.#held = [];
    for (const { change, seed } of held) this.#judge(change, seed);
    if (seen === undefined) return;
    for (const state of this.#log.states()) if (!seen.has(state)) this.#log.ended(state, now);
  }

  tick(now: number): void {
    if (this.#clock.tick(now)) this.#setBack(now);
    for (const { request, observation } of this.#enumeration.due(now))
      this.#raise(this.#judging.decide(observation, request, this.#judging.circumstances(request, false)));
    const { judged, missing, outages } = this.#join.due(now);
    for (const change of judged) this.#judge(change, false);
    for (const change of missing)
      this.#raise(this.#judging.decide(auditGap(change), { ...change, at: now }, this.#judging.circumstances(change, false)));
    for (const unseen of outages)
      this.#raise(
        this.#judging.decide(auditOutage(unseen), { ...unseen.change, at: now }, this.#judging.circumstances(unseen.change, false)),
      );
    const missed = this.#missed.due(now, (from, to) => this.#join.outageBetween(from, to));
    if (missed) this.#tellMissed(missed, now);
    if (this.#clock.mayExpire(now)) this.#log.expire(now, this.#settings.keepFor);
    if (now - this.#lastPrune < 10 * minute) return;
    this.#lastPrune = now;
    this.#normality.rates.prune(now);
  }

  findings(): readonly AnomalyFinding[] {
    return this.#log.listed();
  }

  accept(ids: readonly string[], now: number): void {
    for (const id of ids) this.#log.accept(id, now);
  }

  serverVersion(version: string, now: number): void {
    if (this.#version !== '' && version !== this.#version) this.#normality.upgraded(now);
    this.#version = version;
  }

  status(now: number): DetectorStatus {
    const { known, rates } = this.#normality;
    return {
      learning: [this.#learning.status('watch', now), this.#learning.status('audit', now)],
      open: this.#log.size,
      openBySeverity: this.#log.counts(),
      baselineKeys: known.size + rates.size,
      forgottenKeys: known.forgotten + rates.forgotten + this.#leftOut,
      eventsPerSecond: this.#rate.perSecond(now),
      droppedFindings: this.#log.dropped,
      blind: this.#blind(now),
      problems: [...this.#problems, ...this.#inventory.problems(), ...this.#clock.problems(now)],
    };
  }

  save(now: number, { isLast = false }: { readonly isLast?: boolean } = {}): readonly BaselineDocument[] | undefined {
    const { known, rates, quietUntil } = this.#normality;
    const changes = [known.changes, rates.changes, this.#log.changes, this.#version, this.#lastStored(isLast)].join();
    if (changes === this.#saved) return undefined;
    this.#saved = changes;
    const { documents, leftOut } = writeBaseline({
      state: [
        {
          savedAt: now,
          ...(isLast ? { isLast } : {}),
          version: this.#version,
          quietUntil,
          learning: this.#learning.save(),
          hops: this.#inventory.nodes.saveHops(),
        },
      ],
      findings: this.#log.save(),
      keys: known.save(),
      incomplete: known.saveIncomplete(),
      rates: rates.save(),
    });
    this.#leftOut = leftOut;
    return documents;
  }

  load(documents: readonly BaselineDocument[], now: number): LoadResult {
    const baseline = readBaseline(documents);
    const problems = [...baseline.problems, ...this.#restore(baseline)];
    this.#isFirstStart = documents.length === 0 || baseline.lost.size > 0;
    // What is lost is not normal, but neither is it an attack: it is learned again, and that is said.
    if (problems.length > 0) this.#learning.restart();
    this.#problems = problems;
    if (this.#savedAt > now + TOLERATED) {
      this.#clock.setBack(this.#savedAt, now);
      this.#setBack(now);
    }
    const last = this.#learning.last('audit');
    if (last !== undefined) this.#join.resume(last);
    this.#missed.started(now, last, this.#wasStopped);
    return { read: baseline.read, problems };
  }

  #restore({ items }: ReadBaseline): readonly string[] {
    const failed = (name: string, load: (item: unknown) => boolean): readonly string[] => {
      const bad = (items.get(name) ?? []).filter((item) => !load(item)).length;
      return bad === 0 ? [] : [`${bad} entries of the baseline documents ${name} have an unknown form`];
    };
    return [
      ...failed('state', (item) => this.#restoreState(item)),
      ...failed('findings', (item) => this.#log.load(item)),
      ...failed('keys', (item) => this.#normality.known.load(item)),
      ...failed('incomplete', (item) => this.#normality.known.loadIncomplete(item)),
      ...failed('rates', (item) => this.#normality.rates.load(item)),
    ];
  }

  #restoreState(item: unknown): boolean {
    const { savedAt, isLast, version, quietUntil, learning, hops } = (item ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof version !== 'string' || typeof quietUntil !== 'number' || !Array.isArray(learning) || !Array.isArray(hops)) return false;
    this.#version = version;
    if (typeof savedAt === 'number') this.#savedAt = savedAt;
    this.#wasStopped = isLast === true;
    this.#normality.quietUntil = quietUntil;
    this.#inventory.nodes.loadHops(hops as readonly (readonly [string, readonly string[]])[]);
    return learning.every((each: unknown) => this.#learning.load(each));
  }

  /** What makes a save necessary only because time has passed: the time of the last audit event must not be old after an end without a save. */
  #lastStored(isLast: boolean): number | undefined {
    const last = this.#learning.last('audit');
    return isLast || last === undefined ? last : Math.floor(last / STORED_EVERY);
  }

  /** Nobody received audit events for a time. It is known by no change: the finding is made of a change that did not happen. */
  #tellMissed(outage: AuditOutage, now: number): void {
    const observation = auditMissed(outage);
    const change: ChangeActivity = { type: 'change', at: now, operation: 'found', resource: 'namespaces', object: observation.about };
    this.#raise(this.#judging.decide(observation, change, this.#judging.circumstances(change, false)));
  }

  /** What was seen while the clock was ahead is dated in the future, and would stay new, recent or open until then. */
  #setBack(now: number): void {
    this.#normality.setBack(now);
    this.#learning.setBack(now);
    this.#join.setBack(now);
    this.#log.setBack(now);
    this.#rate.setBack();
    this.#lastPrune = 0;
  }

  #request(request: RequestActivity, replay: boolean): void {
    this.#learning.saw('audit', request.at);
    this.#enumeration.observe(request);
    const { judged, late } = this.#join.request(request, request.at);
    for (const change of judged) this.#judge(change, replay);
    for (const change of late) this.#log.name(change, request);
    this.#raise(this.#judging.request(request, replay));
  }

  #change(change: ChangeActivity, replay: boolean): void {
    this.#inventory.apply(change);
    this.#learning.saw('watch', change.at);
    if (!isMaterial(change)) return;
    this.#endStates(change);
    const isSeed = replay || (change.operation === 'found' && this.#isFirstStart);
    if (isSeed) seedPrincipals(change, this.#normality.known);
    if (change.operation === 'found' && change.after?.binding !== undefined && this.#seenStates !== undefined) {
      this.#held.push({ change, seed: isSeed });
      return;
    }
    const joined = this.#join.change(change, change.at);
    if (joined) this.#judge(joined, isSeed);
  }

  #judge(change: ChangeActivity, seed: boolean): void {
    this.#raise(this.#judging.change(change, seed));
  }

  #raise(raised: readonly Raised[]): void {
    for (const each of raised) this.#log.raise(each);
  }

  /** States of the object before a change that it is no longer in are over. */
  #endStates(change: ChangeActivity): void {
    const now = this.#judging.states(change, change.after);
    for (const state of now) this.#seenStates?.add(state);
    for (const state of this.#judging.states(change, change.before)) if (!now.includes(state)) this.#log.ended(state, change.at);
  }

  #parameter(detection: string, name: string): number {
    const set = this.#settings.parameters?.[detection]?.[name];
    const value = set ?? detectionById(detection)?.parameters?.[name]?.default;
    return typeof value === 'number' ? value : 0;
  }

  #blind(now: number): readonly BlindDetection[] {
    const last = this.#learning.last('audit');
    const hasAudit = last !== undefined && now - last < 10 * minute;
    const hasWatch = this.#learning.last('watch') !== undefined;
    return detections.flatMap(({ id, needs }): BlindDetection[] => {
      if (needs.includes('audit') && !hasAudit) return [{ detection: id, needs: 'audit events' }];
      return needs.includes('watch') && !hasWatch ? [{ detection: id, needs: 'watches' }] : [];
    });
  }
}
