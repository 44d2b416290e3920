import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import packageFile from '../../package.json' with { type: 'json' };

/** The values of the gauges of all policies. */
export interface PolicyGauges {
  /** Failing results, by policy and severity. */
  readonly failing: readonly { readonly policy: string; readonly severity: string; readonly count: number }[];
  /** Failures that an exception covers, by policy and severity. */
  readonly excepted: readonly { readonly policy: string; readonly severity: string; readonly count: number }[];
  /** The time of the last completed evaluation, in seconds since the epoch. */
  readonly scanned: readonly { readonly policy: string; readonly time: number }[];
  /** What enforces a policy, by kind of count. */
  readonly enforcement: readonly { readonly policy: string; readonly kind: string; readonly count: number }[];
}

/** The values of the gauges of ImageApprovals. */
export interface ApprovalGauges {
  readonly states: readonly { readonly state: string; readonly count: number }[];
  /** Seconds until the next approval ends; positive infinity if none ends. */
  readonly nextEndSeconds: number;
}

/** Buckets for API requests and reconciles, in seconds. */
const callBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Buckets for waits in a queue, and for the time from a change to its report, in seconds. */
const waitBuckets = [0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];
/** Buckets for complete scans, in seconds. */
const scanBuckets = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600];

/**
 * The Prometheus metrics of the operator. The number of label values is bounded: controllers, methods, phases, policies, severities. The gauges
 * of policies are read at each scrape ({@link exportPolicies}), so that they are correct from the first scrape of a new process.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #on = { registers: [this.#registry] };
  readonly reconciles = new Counter({
    name: 'vigil_reconcile_total',
    help: 'Number of reconciles, by controller and result.',
    labelNames: ['controller', 'result'] as const,
    ...this.#on,
  });
  readonly reconcileSeconds = new Histogram({
    name: 'vigil_reconcile_seconds',
    help: 'Duration of reconciles in seconds, by controller.',
    labelNames: ['controller'] as const,
    buckets: callBuckets,
    ...this.#on,
  });
  readonly apiCalls = new Counter({
    name: 'vigil_api_requests_total',
    help: 'Number of API requests, by method and HTTP status (0: no response).',
    labelNames: ['method', 'status'] as const,
    ...this.#on,
  });
  readonly apiSeconds = new Histogram({
    name: 'vigil_api_request_seconds',
    help: 'Seconds until the response headers of an API request, by method.',
    labelNames: ['method'] as const,
    buckets: callBuckets,
    ...this.#on,
  });
  readonly scans = new Counter({
    name: 'vigil_scans_total',
    help: 'Number of finished Scans, by phase.',
    labelNames: ['phase'] as const,
    ...this.#on,
  });
  readonly scanSeconds = new Histogram({
    name: 'vigil_scan_seconds',
    help: 'Seconds from the creation of a Scan to its end, by phase.',
    labelNames: ['phase'] as const,
    buckets: scanBuckets,
    ...this.#on,
  });
  readonly shards = new Counter({
    name: 'vigil_shard_attempts_total',
    help: 'Number of attempts to scan a shard, by outcome.',
    labelNames: ['outcome'] as const,
    ...this.#on,
  });
  readonly reportWrites = new Counter({
    name: 'vigil_report_writes_total',
    help: 'Number of report writes, by operation.',
    labelNames: ['operation'] as const,
    ...this.#on,
  });
  readonly anomalies = new Counter({
    name: 'vigil_anomalies_total',
    help: 'Number of anomalies that were found, by detection and severity.',
    labelNames: ['detection', 'severity'] as const,
    ...this.#on,
  });
  readonly auditEvents = new Counter({
    name: 'vigil_audit_events_total',
    help: 'Number of audit events that were received.',
    ...this.#on,
  });
  readonly auditDropped = new Counter({
    name: 'vigil_audit_events_dropped_total',
    help: 'Number of audit events and records that were received and not used, by reason.',
    labelNames: ['reason'] as const,
    ...this.#on,
  });
  readonly auditRefused = new Counter({
    name: 'vigil_audit_requests_refused_total',
    help: 'Number of requests that the audit endpoint refused, by reason.',
    labelNames: ['reason'] as const,
    ...this.#on,
  });
  readonly enforcementWrites = new Counter({
    name: 'vigil_enforcement_writes_total',
    help: 'Number of writes of admission policies, their bindings and parameters, by operation.',
    labelNames: ['operation'] as const,
    ...this.#on,
  });
  readonly reportConflicts = new Counter({
    name: 'vigil_report_conflicts_total',
    help: 'Number of report writes that found a report or results of another writer, by reason.',
    labelNames: ['reason'] as const,
    ...this.#on,
  });
  readonly statusRefusals = new Counter({
    name: 'vigil_status_writes_refused_total',
    help: 'Number of status writes that were refused because they would leave a terminal phase, by kind. A value above 0 is a bug in Vigil.',
    labelNames: ['kind'] as const,
    ...this.#on,
  });
  readonly crdProblems = new Gauge({
    name: 'vigil_crd_problems',
    help: '1 for each CRD that is missing or belongs to another version of Vigil.',
    labelNames: ['crd'] as const,
    ...this.#on,
  });
  readonly eventsDropped = new Counter({
    name: 'vigil_events_dropped_total',
    help: 'Number of Events that the rate limit dropped, by reason. Each is logged.',
    labelNames: ['reason'] as const,
    ...this.#on,
  });
  readonly queueDepth = new Gauge({
    name: 'vigil_queue_depth',
    help: 'Number of keys in the work queue, by controller.',
    labelNames: ['controller'] as const,
    ...this.#on,
  });
  readonly queueSeconds = new Histogram({
    name: 'vigil_queue_wait_seconds',
    help: 'Seconds that a key waited in the work queue, by controller.',
    labelNames: ['controller'] as const,
    buckets: waitBuckets,
    ...this.#on,
  });
  readonly watchedObjects = new Gauge({
    name: 'vigil_watched_objects',
    help: 'Number of objects that the on-change scan watches.',
    ...this.#on,
  });
  readonly changes = new Counter({
    name: 'vigil_change_targets_total',
    help: 'Number of targets that were evaluated after a change, and of reports written for them, by outcome.',
    labelNames: ['outcome'] as const,
    ...this.#on,
  });
  readonly changeSeconds = new Histogram({
    name: 'vigil_change_seconds',
    help: 'Seconds from a change to the report about it.',
    buckets: waitBuckets,
    ...this.#on,
  });
  readonly exceptionEnd = new Gauge({
    name: 'vigil_exception_next_end_seconds',
    help: 'Seconds until the next exception ends. +Inf if no exception is in force.',
    ...this.#on,
  });
  readonly #approvals = new Gauge({
    name: 'vigil_image_approvals',
    help: 'Number of ImageApprovals, by state: in-force, expired or invalid.',
    labelNames: ['state'] as const,
    ...this.#on,
  });
  readonly #approvalEnd = new Gauge({
    name: 'vigil_image_approval_next_end_seconds',
    help: 'Seconds until the next ImageApproval ends. +Inf if none ends.',
    ...this.#on,
  });
  readonly #enforcement = new Gauge({
    name: 'vigil_enforcement',
    help: 'What enforces a policy, by kind: policies (ValidatingAdmissionPolicies), in-force, checks, not-enforced, approved-digests, parameters-bytes.',
    labelNames: ['policy', 'kind'] as const,
    ...this.#on,
  });
  readonly leader = new Gauge({ name: 'vigil_leader', help: '1 if this process is the leader.', ...this.#on });
  readonly #buildInfo = new Gauge({
    name: 'vigil_build_info',
    help: 'Always 1; the label has the version of Vigil.',
    labelNames: ['version'] as const,
    ...this.#on,
  });
  readonly #failing = new Gauge({
    name: 'vigil_failing_results',
    help: 'Number of failing results, by policy and severity.',
    labelNames: ['policy', 'severity'] as const,
    ...this.#on,
  });
  readonly #excepted = new Gauge({
    name: 'vigil_excepted_results',
    help: 'Number of failing results that an exception covers, by policy and severity.',
    labelNames: ['policy', 'severity'] as const,
    ...this.#on,
  });
  readonly #scanned = new Gauge({
    name: 'vigil_policy_last_scan_timestamp_seconds',
    help: 'Unix time of the last completed evaluation of a policy.',
    labelNames: ['policy'] as const,
    ...this.#on,
  });
  readonly #collectors: (() => void)[] = [];

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#buildInfo.set({ version: packageFile.version }, 1);
    this.leader.set(0);
  }

  /** Calls a function at each scrape, before the values are read. */
  onScrape(collector: () => void): void {
    this.#collectors.push(collector);
  }

  /** Reads the gauges of policies at each scrape. Removes those of policies that do not exist any more. */
  exportPolicies(read: () => PolicyGauges): void {
    this.onScrape(() => {
      this.#failing.reset();
      this.#scanned.reset();
      this.#excepted.reset();
      this.#enforcement.reset();
      const { failing, excepted, scanned, enforcement } = read();
      for (const { policy, kind, count } of enforcement) this.#enforcement.set({ policy, kind }, count);
      for (const { policy, severity, count } of excepted) this.#excepted.set({ policy, severity }, count);
      for (const { policy, severity, count } of failing) this.#failing.set({ policy, severity }, count);
      for (const { policy, time } of scanned) this.#scanned.set({ policy }, time);
    });
  }

  /** Reads the gauges of ImageApprovals at each scrape. */
  exportApprovals(read: () => ApprovalGauges): void {
    this.onScrape(() => {
      const { states, nextEndSeconds } = read();
      for (const { state, count } of states) this.#approvals.set({ state }, count);
      this.#approvalEnd.set(nextEndSeconds);
    });
  }

  /** Returns all values in the Prometheus text format. */
  text(): Promise<string> {
    for (const collector of this.#collectors) collector();
    return this.#registry.metrics();
  }
}
