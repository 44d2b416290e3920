type Labels = Readonly<Record<string, string | number>>;

interface Series {
  readonly labels: Labels;
  value: number;
}

/** One metric family. */
class Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly #series = new Map<string, Series>();

  constructor(name: string, type: 'counter' | 'gauge', help: string) {
    this.name = name;
    this.type = type;
    this.help = help;
  }

  add(value: number, labels: Labels = {}): void {
    this.#at(labels).value += value;
  }

  set(value: number, labels: Labels = {}): void {
    this.#at(labels).value = value;
  }

  /** Drops the series whose labels contain these. */
  remove(labels: Labels): void {
    for (const [key, series] of this.#series) {
      if (Object.entries(labels).every(([name, value]) => series.labels[name] === value)) this.#series.delete(key);
    }
  }

  /** The family in the Prometheus text format. */
  text(): string {
    const lines = [...this.#series.values()].map(({ labels, value }) => `${this.name}${labelText(labels)} ${value}`);
    return [`# HELP ${this.name} ${this.help}`, `# TYPE ${this.name} ${this.type}`, ...lines, ''].join('\n');
  }

  #at(labels: Labels): Series {
    const key = labelText(labels);
    const known = this.#series.get(key);
    if (known) return known;
    const series = { labels, value: 0 };
    this.#series.set(key, series);
    return series;
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${String(value).replace(/["\\\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))}"`,
  );
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

/** What the operator counts, in the Prometheus text exposition format. Label values are bounded: controllers, verbs, policies, severities. */
export class Metrics {
  readonly reconciles = new Family('vigil_reconcile_total', 'counter', 'Reconciles by controller and result.');
  readonly reconcileSeconds = new Family('vigil_reconcile_seconds_total', 'counter', 'Seconds spent in reconciles.');
  readonly apiCalls = new Family('vigil_api_requests_total', 'counter', 'Calls to the API server by method and status (0: no answer).');
  readonly apiSeconds = new Family('vigil_api_request_seconds_total', 'counter', 'Seconds spent waiting for the API server, by method.');
  readonly scans = new Family('vigil_scans_total', 'counter', 'Finished scans by phase.');
  readonly shards = new Family('vigil_shard_attempts_total', 'counter', 'Attempts at shards by outcome.');
  readonly reportWrites = new Family('vigil_report_writes_total', 'counter', 'Writes of reports by operation.');
  readonly statusRefusals = new Family(
    'vigil_status_writes_refused_total',
    'counter',
    'Writes of a status that were refused because they leave a terminal phase, by kind. Any is a defect of Vigil.',
  );
  readonly failing = new Family('vigil_failing_results', 'gauge', 'Failing results by policy and severity.');
  readonly freshness = new Family('vigil_policy_last_scan_timestamp_seconds', 'gauge', 'When the verdicts of a policy were last made.');
  readonly eventsDropped = new Family(
    'vigil_events_dropped_total',
    'counter',
    'Events that were not recorded because there were too many at once.',
  );
  readonly queueDepth = new Family('vigil_queue_depth', 'gauge', 'Keys that wait to be reconciled, by controller.');
  readonly watchedObjects = new Family('vigil_watched_objects', 'gauge', 'Objects whose changes are followed.');
  readonly changes = new Family(
    'vigil_change_targets_total',
    'counter',
    'Targets that were judged because something changed, and reports written for it.',
  );
  readonly changeSeconds = new Family(
    'vigil_change_seconds_total',
    'counter',
    'Seconds from a change to its report, over vigil_change_batches_total.',
  );
  readonly changeBatches = new Family('vigil_change_batches_total', 'counter', 'Gathered changes that made a report differ.');
  readonly leader = new Family('vigil_leader', 'gauge', '1 while this process leads.');

  readonly resident = new Family('process_resident_memory_bytes', 'gauge', 'Memory that the process holds.');
  readonly heap = new Family(
    'nodejs_heap_size_bytes',
    'gauge',
    'Memory of the JavaScript heap: used, reserved for it, and held outside of it.',
  );
  readonly cpu = new Family('process_cpu_seconds_total', 'counter', 'Seconds of processor time.');
  readonly #collectors: (() => void)[] = [() => this.#process()];

  #process(): void {
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    this.resident.set(rss);
    for (const [part, bytes] of Object.entries({ used: heapUsed, total: heapTotal, external })) this.heap.set(bytes, { part });
    const { user, system } = process.cpuUsage();
    this.cpu.set((user + system) / 1e6);
  }

  /** Has a function called before the families are read, to set gauges that nothing else sets. */
  collect(collector: () => void): void {
    this.#collectors.push(collector);
  }

  /** All families as text. */
  text(): string {
    for (const collector of this.#collectors) collector();
    return Object.values(this)
      .filter((member) => member instanceof Family)
      .map((family) => family.text())
      .join('');
  }
}
