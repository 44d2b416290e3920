import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import packageFile from '../../package.json' with { type: 'json' };

/** What policies say of themselves, as gauges. */
export interface PolicyGauges {
  /** Failing results by policy and severity. */
  readonly failing: readonly { readonly policy: string; readonly severity: string; readonly count: number }[];
  /** When verdicts were last made, in seconds since the epoch. */
  readonly scanned: readonly { readonly policy: string; readonly time: number }[];
}

/** Seconds of calls and of reconciles that wait for them. */
const callBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds that work waits in a queue, debounces among them, or from a change to its report. */
const waitBuckets = [0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];
/** Seconds of whole scans. */
const scanBuckets = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600];

/**
 * What the operator measures. Label values are bounded: controllers, verbs, phases, policies, severities. What policies say is not
 * kept here but read at each scrape ({@link exportPolicies}), so that it is right from the first scrape of a new process on.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #on = { registers: [this.#registry] };
  readonly reconciles = new Counter({
    name: 'vigil_reconcile_total',
    help: 'Reconciles by controller and result.',
    labelNames: ['controller', 'result'] as const,
    ...this.#on,
  });
  readonly reconcileSeconds = new Histogram({
    name: 'vigil_reconcile_seconds',
    help: 'Seconds that a reconcile took, by controller.',
    labelNames: ['controller'] as const,
    buckets: callBuckets,
    ...this.#on,
  });
  readonly apiCalls = new Counter({
    name: 'vigil_api_requests_total',
    help: 'Calls to the API server by method and status (0: no answer).',
    labelNames: ['method', 'status'] as const,
    ...this.#on,
  });
  readonly apiSeconds = new Histogram({
    name: 'vigil_api_request_seconds',
    help: 'Seconds until the API server began to answer, by method.',
    labelNames: ['method'] as const,
    buckets: callBuckets,
    ...this.#on,
  });
  readonly scans = new Counter({
    name: 'vigil_scans_total',
    help: 'Finished scans by phase.',
    labelNames: ['phase'] as const,
    ...this.#on,
  });
  readonly scanSeconds = new Histogram({
    name: 'vigil_scan_seconds',
    help: 'Seconds from the making of a Scan to its end, by phase.',
    labelNames: ['phase'] as const,
    buckets: scanBuckets,
    ...this.#on,
  });
  readonly shards = new Counter({
    name: 'vigil_shard_attempts_total',
    help: 'Attempts at shards by outcome.',
    labelNames: ['outcome'] as const,
    ...this.#on,
  });
  readonly reportWrites = new Counter({
    name: 'vigil_report_writes_total',
    help: 'Writes of reports by operation.',
    labelNames: ['operation'] as const,
    ...this.#on,
  });
  readonly reportConflicts = new Counter({
    name: 'vigil_report_conflicts_total',
    help: 'Writes beside a report of another that has the name, or over results of others, by reason.',
    labelNames: ['reason'] as const,
    ...this.#on,
  });
  readonly statusRefusals = new Counter({
    name: 'vigil_status_writes_refused_total',
    help: 'Writes of a status that were refused because they leave a terminal phase, by kind. Any is a defect of Vigil.',
    labelNames: ['kind'] as const,
    ...this.#on,
  });
  readonly crdProblems = new Gauge({
    name: 'vigil_crd_problems',
    help: '1 for each CRD that is missing or of another version of Vigil.',
    labelNames: ['crd'] as const,
    ...this.#on,
  });
  readonly eventsDropped = new Counter({
    name: 'vigil_events_dropped_total',
    help: 'Events that were not recorded because there were too many, by reason. Each is in the log.',
    labelNames: ['reason'] as const,
    ...this.#on,
  });
  readonly queueDepth = new Gauge({
    name: 'vigil_queue_depth',
    help: 'Keys that wait to be reconciled, by controller.',
    labelNames: ['controller'] as const,
    ...this.#on,
  });
  readonly queueSeconds = new Histogram({
    name: 'vigil_queue_wait_seconds',
    help: 'Seconds that a ready key waited for a worker, by controller.',
    labelNames: ['controller'] as const,
    buckets: waitBuckets,
    ...this.#on,
  });
  readonly watchedObjects = new Gauge({ name: 'vigil_watched_objects', help: 'Objects whose changes are followed.', ...this.#on });
  readonly changes = new Counter({
    name: 'vigil_change_targets_total',
    help: 'Targets that were judged because something changed, and reports written for it.',
    labelNames: ['outcome'] as const,
    ...this.#on,
  });
  readonly changeSeconds = new Histogram({
    name: 'vigil_change_seconds',
    help: 'Seconds from a change to its report.',
    buckets: waitBuckets,
    ...this.#on,
  });
  readonly leader = new Gauge({ name: 'vigil_leader', help: '1 while this process leads.', ...this.#on });
  readonly #buildInfo = new Gauge({
    name: 'vigil_build_info',
    help: '1, with the version that runs.',
    labelNames: ['version'] as const,
    ...this.#on,
  });
  readonly #failing = new Gauge({
    name: 'vigil_failing_results',
    help: 'Failing results by policy and severity.',
    labelNames: ['policy', 'severity'] as const,
    ...this.#on,
  });
  readonly #scanned = new Gauge({
    name: 'vigil_policy_last_scan_timestamp_seconds',
    help: 'When the verdicts of a policy were last made.',
    labelNames: ['policy'] as const,
    ...this.#on,
  });
  readonly #collectors: (() => void)[] = [];

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#buildInfo.set({ version: packageFile.version }, 1);
    this.leader.set(0);
  }

  /** Has a function called at each scrape, before the values are read. */
  onScrape(collector: () => void): void {
    this.#collectors.push(collector);
  }

  /** Reads what policies say at each scrape; a policy that is not in it any more is not in the metrics either. */
  exportPolicies(read: () => PolicyGauges): void {
    this.onScrape(() => {
      this.#failing.reset();
      this.#scanned.reset();
      const { failing, scanned } = read();
      for (const { policy, severity, count } of failing) this.#failing.set({ policy, severity }, count);
      for (const { policy, time } of scanned) this.#scanned.set({ policy }, time);
    });
  }

  /** All values in the Prometheus text format. */
  text(): Promise<string> {
    for (const collector of this.#collectors) collector();
    return this.#registry.metrics();
  }
}
