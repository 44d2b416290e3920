import { RequestActivities } from '../../anomalies/activity/request-activity.ts';
import type { AnomalyDetector, BaselineDocument } from '../../anomalies/anomaly-detector.ts';
import { createDetector } from '../../anomalies/detector.ts';
import type { AnomalyFinding } from '../../anomalies/results/anomaly-finding.ts';
import type { AuditEvent, AuditProblemReason } from '../../audit/audit-event.ts';
import { readAuditLog } from '../../audit/formats/audit-log.ts';
import { SeenEvents } from '../../audit/receiving/seen-events.ts';

/** Milliseconds of the events' time between two ticks of the detector. */
const TICK = 10_000;
/** A result is kept for all of a log. */
const KEEP = 10 * 365 * 86_400_000;

/** What a {@link Replay} found. */
export interface ReplaySummary {
  readonly events: number;
  /** The times of the first and the last event. */
  readonly from?: string;
  readonly until?: string;
  readonly findings: readonly AnomalyFinding[];
  readonly problems: readonly { readonly reason: AuditProblemReason; readonly count: number; readonly message: string }[];
  readonly other: number;
  readonly duplicates: number;
  /** Detections that see nothing in a log. */
  readonly blind: readonly string[];
}

/** Runs the detector over logs. Its clock is the time of the events. */
export class Replay {
  readonly #detector: AnomalyDetector;
  readonly #learnOnly: boolean;
  readonly #requests = new RequestActivities();
  readonly #seen = new SeenEvents(100_000);
  readonly #found = new Map<string, AnomalyFinding>();
  readonly #problems = new Map<AuditProblemReason, { count: number; readonly message: string }>();
  #events = 0;
  #other = 0;
  #duplicates = 0;
  #first: number | undefined;
  #last = 0;
  #ticked = Number.NEGATIVE_INFINITY;

  /** `learnOnly`: everything in the logs is normal. */
  constructor({ learningPeriod, learnOnly }: { readonly learningPeriod: number; readonly learnOnly: boolean }) {
    this.#detector = createDetector({ learningPeriod, keepFor: KEEP });
    this.#learnOnly = learnOnly;
  }

  /** Reads what was learned before. Returns what could not be read, as sentences. */
  load(documents: readonly BaselineDocument[]): readonly string[] {
    return this.#detector.load(documents, 0).problems;
  }

  /** Reads a log. Rejects if the stream fails. */
  async read(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const batch of readAuditLog(chunks)) {
      for (const event of batch.events.toSorted((one, other) => one.at - other.at)) this.#observe(event);
      this.#other += batch.other;
      for (const [reason, count] of batch.problemCounts) {
        const message = batch.problems.find((problem) => problem.reason === reason)?.message ?? '';
        const known = this.#problems.get(reason) ?? { count: 0, message };
        known.count += count;
        this.#problems.set(reason, known);
      }
    }
  }

  /** Ends all windows. */
  end(): ReplaySummary {
    if (this.#first !== undefined) for (const later of [TICK, 15 * 60_000]) this.#tick(this.#last + later);
    const blind = this.#detector.status(this.#last).blind.map(({ detection }) => detection);
    return {
      events: this.#events,
      ...(this.#first === undefined ? {} : { from: new Date(this.#first).toISOString(), until: new Date(this.#last).toISOString() }),
      findings: [...this.#found.values()].toSorted((one, other) => one.firstSeen - other.firstSeen),
      problems: [...this.#problems].map(([reason, problem]) => ({ reason, ...problem })),
      other: this.#other,
      duplicates: this.#duplicates,
      blind,
    };
  }

  /** What was learned. */
  save(): readonly BaselineDocument[] {
    return this.#detector.save(this.#last) ?? [];
  }

  #observe(event: AuditEvent): void {
    if (this.#seen.add(event)) {
      this.#duplicates += 1;
      return;
    }
    if (this.#first === undefined) this.#detector.synced(event.at);
    this.#first ??= event.at;
    this.#last = Math.max(this.#last, event.at);
    this.#events += 1;
    if (this.#last - this.#ticked >= TICK) this.#tick(this.#last);
    const activity = this.#requests.activity(event);
    if (activity) this.#detector.observe(activity, { replay: this.#learnOnly });
  }

  #tick(now: number): void {
    this.#ticked = now;
    this.#detector.tick(now);
    for (const finding of this.#detector.findings()) this.#found.set(finding.id, finding);
  }
}
