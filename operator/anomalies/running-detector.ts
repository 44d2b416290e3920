import type { ApiResource } from '../api/api-resource.ts';
import type { AuditEvent } from '../audit/audit-event.ts';
import { messageOf } from '../kube/client/kube-request.ts';
import type { WatchClient } from '../kube/watch/watch-stream.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Activity } from './activity/activity.ts';
import { RequestActivities } from './activity/request-activity.ts';
import type { AnomalyDetector, DetectorSettings } from './anomaly-detector.ts';
import type { BaselineStore } from './baseline-store.ts';
import { createDetector } from './detector.ts';
import { ClusterWatch } from './inputs/cluster-watch.ts';

/** Milliseconds between two ticks of the detector. */
const TICK = 5000;
/** Milliseconds between two writes of what was learned. */
const SAVE_INTERVAL = 60_000;
/** The most errors about single events in the log. The status counts all of them. */
const MOST_LOGGED = 10;

/** What a {@link RunningDetector} needs. */
export interface RunningDetectorOptions {
  readonly client: WatchClient;
  readonly store: Pick<BaselineStore, 'load' | 'save'>;
  readonly log: Logger;
  readonly settings: DetectorSettings;
  readonly kubernetesVersion: string;
  readonly silence: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Called after each tick and after the first lists. */
  readonly onTick: () => void;
}

/** A detector with its inputs and its store: the part of the controller that has state. */
export class RunningDetector {
  readonly detector: AnomalyDetector;
  readonly #options: RunningDetectorOptions;
  readonly #requests = new RequestActivities();
  readonly #watch: ClusterWatch;
  readonly #timer: NodeJS.Timeout;
  #loadProblem: string | undefined;
  #saveProblem: string | undefined;
  #unjudged = 0;
  #savedAt = Number.NEGATIVE_INFINITY;
  /** What the last write failed to store. */
  #unsaved: ReturnType<AnomalyDetector['save']>;

  private constructor(options: RunningDetectorOptions) {
    const { client, settings, clock, silence, log, onTick } = options;
    this.#options = options;
    this.detector = createDetector(settings);
    this.#watch = new ClusterWatch(client, {
      clock,
      silence,
      onActivity: (activity) => this.#take(() => activity),
      onSynced: () => {
        this.detector.synced(clock());
        onTick();
      },
      onError: ({ resource }: ApiResource, error) => log.warn({ err: error, resource }, 'watch for anomalies failed; retrying'),
    });
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** Reads what was learned, and starts to watch. Rejects if the store cannot be read now: nothing was started then. */
  static async start(options: RunningDetectorOptions): Promise<RunningDetector> {
    const { documents, problem } = await options.store.load();
    const running = new RunningDetector(options);
    const now = options.clock();
    const { problems } = running.detector.load(documents, now);
    running.detector.serverVersion(options.kubernetesVersion, now);
    running.#loadProblem = problem;
    for (const text of [problem ?? [], problems].flat()) options.log.warn({ problem: text }, 'baseline of anomalies not read');
    running.#savedAt = now;
    running.#watch.start();
    return running;
  }

  /** Why something is not seen or not kept, as sentences. */
  get problems(): readonly string[] {
    const unjudged =
      this.#unjudged === 0
        ? undefined
        : `${this.#unjudged} ${this.#unjudged === 1 ? 'event' : 'events'} could not be judged because of an error in Vigil: the log of the operator has it`;
    return [...this.#watch.problems, ...[this.#loadProblem, this.#saveProblem, unjudged].filter((problem) => problem !== undefined)];
  }

  /** Takes audit events in order. Never throws. */
  observe(events: readonly AuditEvent[]): void {
    for (const event of events) this.#take(() => this.#requests.activity(event));
  }

  /** What one event does to the detector must not keep it from seeing the others. */
  #take(activityOf: () => Activity | undefined): void {
    try {
      const activity = activityOf();
      if (activity) this.detector.observe(activity);
    } catch (error) {
      this.#unjudged += 1;
      // Somebody who knows how to cause it could fill the log.
      if (this.#unjudged <= MOST_LOGGED) this.#options.log.error({ err: error }, 'an event could not be judged');
    }
  }

  /** Writes what was learned, at most once a minute. A failed write is a problem and is tried again; the detector keeps everything. */
  async save({ isLast = false } = {}): Promise<void> {
    const { clock, store, log } = this.#options;
    const now = clock();
    if (!isLast && Math.abs(now - this.#savedAt) < SAVE_INTERVAL) return;
    this.#savedAt = now;
    const documents = this.detector.save(now, { isLast }) ?? this.#unsaved;
    if (documents === undefined) return;
    try {
      await store.save(documents);
      this.#unsaved = undefined;
      this.#saveProblem = undefined;
    } catch (error) {
      // The detector takes what it returned as saved: the next attempt must not find that nothing has changed.
      this.#unsaved = documents;
      this.#saveProblem = `what was learned cannot be stored: ${messageOf(error)}`;
      log.warn({ err: error }, 'baseline of anomalies not stored; retrying');
    }
  }

  /** Stops the watches, and writes what was learned for the next leader. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#watch.stop();
    await this.save({ isLast: true });
  }

  #tick(): void {
    try {
      this.detector.tick(this.#options.clock());
    } catch (error) {
      this.#options.log.error({ err: error }, 'detector failed');
    }
    this.#options.onTick();
  }
}
