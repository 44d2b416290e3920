import { RESOURCES } from '../api/api-resource.ts';
import { ClockWatch } from '../controller/clock-watch.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import { endOf } from '../findings/waivers/exception-bounds.ts';
import type { Waiver } from '../findings/waivers/waiver.ts';
import type { ListClient } from '../kube/list.ts';
import { reportsWithExceptions, type waiveReports, type WaivingRequest } from '../reports/publishing/report-waivers.ts';
import { MatchCounter, type ExceptionMatches, type PolicyMatches } from './exception-counts.ts';
import type { ExceptionStore } from './exception-store.ts';

/** The key of the reports about cluster-scoped objects. Namespaces have their name as key. */
export const CLUSTER_KEY = '*';
/** The key that finds namespaces whose reports have exceptions that do not exist any more, once after the start. */
const START_KEY = '*start';
/** The key that finds exceptions that ended. */
const CLOCK_KEY = '*clock';
/** Milliseconds to wait for more changes of exceptions. */
const debounce = 200;
/** Milliseconds to wait for more changed reports of a namespace. */
const recountDelay = 2000;
/** The longest time between two looks at the clock, in milliseconds: the clock of the system may jump. */
const clockInterval = 30_000;
/** Milliseconds until it is checked again if all exceptions are known. */
const completionInterval = 5000;
/** Milliseconds after which the findings of a namespace with exceptions are counted again. */
const recountInterval = 600_000;

/** The dependencies of {@link ReportExceptions}. */
export interface ReportExceptionsDependencies extends ControllerBasics {
  readonly client: ListClient;
  /** Applies the exceptions in force to reports. */
  readonly apply: (request: WaivingRequest) => ReturnType<typeof waiveReports>;
  readonly store: Pick<ExceptionStore, 'current' | 'namespaces' | 'isComplete'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Called after the findings that exceptions select were counted again, with the ids of these exceptions. */
  readonly onMatches: (ids: ReadonlySet<string>) => void;
  /** Called with the policies whose reports changed. */
  readonly onChanged: (policies: ReadonlySet<string>) => void;
}

/**
 * Applies exceptions to the reports in the cluster after an exception or a bound was created, changed or deleted, or ended. Evaluates nothing:
 * a report contains what is needed. A key is a namespace, so that many changed exceptions read its reports once.
 */
export class ReportExceptions {
  readonly controller: Controller;
  readonly #deps: ReportExceptionsDependencies;
  readonly #matches = new Map<string, ExceptionMatches>();
  /** The keys that have not been applied since the start. Undefined before the first look for them. */
  #pending: Set<string> | undefined;
  /** By key: the time at which an exception ends, or at which findings are counted again. */
  readonly #due = new Map<string, number>();
  readonly #clock: ClockWatch;

  constructor(deps: ReportExceptionsDependencies) {
    this.#deps = deps;
    this.#clock = new ClockWatch(deps.clock);
    this.controller = new Controller({
      name: 'report-exceptions',
      log: deps.log,
      observe: deps.observe,
      workers: 2,
      reconcile: (key, { signal }) => this.#reconcile(key, signal),
    });
    this.controller.queue.add(START_KEY);
    this.controller.queue.add(CLOCK_KEY);
  }

  /** Enqueues the reports that exceptions with this namespace cover: its own, or all if undefined. */
  enqueue(namespace: string | undefined): void {
    if (namespace === undefined && this.#deps.store.current().set.isEmpty && this.#matches.size === 0) return;
    for (const key of new Set(this.#keysOf(namespace))) this.controller.queue.addAfter(key, debounce);
  }

  /** Enqueues a namespace whose findings with exceptions changed. Undefined: the reports about cluster-scoped objects. */
  recount(namespace: string | undefined): void {
    this.controller.queue.addAfter(namespace ?? CLUSTER_KEY, recountDelay);
  }

  /** Returns the findings that an exception selects, by policy. Undefined until all reports with exceptions were read once. */
  matchesOf(id: string): readonly ReadonlyMap<string, PolicyMatches>[] | undefined {
    if (!this.#pending || this.#pending.size > 0) return undefined;
    return [...this.#matches.values()].flatMap((matches) => matches.get(id) ?? []);
  }

  /** Returns the keys of the reports that exceptions with this namespace cover: all if it is undefined. */
  #keysOf(namespace: string | undefined): readonly string[] {
    return namespace === undefined ? [CLUSTER_KEY, ...this.#deps.store.namespaces(), ...this.#matches.keys()] : [namespace];
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult> {
    if (key !== CLOCK_KEY && !this.#deps.store.isComplete) return { requeueAfter: completionInterval };
    if (key === START_KEY) return this.#start(signal);
    if (key === CLOCK_KEY) return this.#checkClock();
    await this.#apply(key, signal);
    return {};
  }

  /** Enqueues every namespace for which there is an exception, or whose reports have one. */
  async #start(signal: AbortSignal): Promise<ReconcileResult> {
    const { client, store } = this.#deps;
    const namespaces = new Set(store.current().set.waivers.map(({ namespace }) => namespace));
    const keys = new Set([...namespaces].flatMap((namespace) => this.#keysOf(namespace)));
    for await (const namespace of reportsWithExceptions(client, signal)) keys.add(namespace ?? CLUSTER_KEY);
    this.#pending = keys;
    for (const key of keys) this.controller.queue.add(key);
    if (keys.size === 0) this.#deps.onMatches(new Set(store.current().set.waivers.map(({ id }) => id)));
    return {};
  }

  #checkClock(): ReconcileResult {
    const { now, isSetBack } = this.#clock.read();
    // After the clock was set back, exceptions that had ended are in force again.
    for (const [key, time] of this.#due) if (isSetBack || time <= now) this.controller.queue.add(key);
    const next = Math.min(now + clockInterval, ...[...this.#due.values()].filter((time) => time > now));
    return { requeueAfter: Math.max(next - now, 1) };
  }

  async #apply(key: string, signal: AbortSignal): Promise<void> {
    const { apply, log, onMatches, onChanged } = this.#deps;
    const [resource, namespace] = key === CLUSTER_KEY ? [RESOURCES.clusterReports, undefined] : [RESOURCES.reports, key];
    const counter = new MatchCounter();
    const { written, policies } = await apply({ resource, namespace, signal, onReport: (report) => counter.add(report) });
    if (written > 0) log.info({ namespace: namespace ?? '', reports: written }, 'exceptions applied to reports');
    const before = [...(this.#matches.get(key)?.keys() ?? [])];
    this.#keep(key, counter);
    this.#setDue(key, namespace, counter.nextEnd(this.#deps.clock()));
    onMatches(new Set([...before, ...counter.build().keys(), ...this.#idsAfter(key, namespace)]));
    if (policies.size > 0) onChanged(policies);
  }

  #keep(key: string, counter: MatchCounter): void {
    const matches = counter.build();
    if (matches.size > 0) this.#matches.set(key, matches);
    else this.#matches.delete(key);
  }

  /** Returns the exceptions whose status may change after a key was applied: all of them when the last key after the start is. */
  #idsAfter(key: string, namespace: string | undefined): string[] {
    const isLast = this.#pending?.delete(key) === true && this.#pending.size === 0;
    const waivers = isLast ? this.#deps.store.current().set.waivers : this.#waiversFor(namespace);
    return waivers.map(({ id }) => id);
  }

  #waiversFor(namespace: string | undefined): readonly Waiver[] {
    return this.#deps.store.current().set.waivers.filter((waiver) => waiver.namespace === undefined || waiver.namespace === namespace);
  }

  /** `nextEnd`: when the next exception ends that covers a finding, those at objects included. */
  #setDue(key: string, namespace: string | undefined, nextEnd: number): void {
    const now = this.#deps.clock();
    const waivers = this.#waiversFor(namespace);
    if (waivers.length === 0 && !this.#matches.has(key)) {
      this.#due.delete(key);
      return;
    }
    const ends = waivers.map((waiver) => endOf(waiver, now)).filter((end) => end > now);
    this.#due.set(key, Math.min(now + recountInterval, nextEnd, ...ends));
    this.controller.queue.add(CLOCK_KEY);
  }
}
