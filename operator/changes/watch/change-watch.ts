import type { ApiResource } from '../../api/api-resource.ts';
import { RESOURCES } from '../../api/api-resource.ts';
import { isOwnFieldManager } from '../../api/field-managers.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { ListWatch, type ChangeType, type ListWatchOptions } from '../../kube/watch/list-watch.ts';
import { SOURCE, reportSelector } from '../../reports/identity/report-name.ts';
import type { PolicyTotals } from '../../findings/policy-totals.ts';
import { objectsOf } from '../../reports/building/bootstrap-report.ts';
import { ReportTotals } from '../../reports/sweeping/report-totals.ts';
import { ChangeFeed, type ChangeObserver, type ObjectChange } from './change-feed.ts';
import { indexEntry, type ObjectIndex } from './object-index.ts';
import { RecentChanges } from './recent-changes.ts';

/** What a change watch tells. */
export interface ChangeWatchObserver {
  readonly onChange: (change: ObjectChange) => void;
  /** A report was edited or removed by somebody else: its object should be judged again. None: the one about the whole cluster. */
  readonly onDrift: (
    owner: { readonly apiVersion: string; readonly kind: string; readonly name: string } | undefined,
    namespace: string,
  ) => void;
  /** Reports count something else than before: see {@link ChangeWatch.totals}. */
  readonly onTotals?: () => void;
  readonly onError: (resource: ApiResource, error: unknown) => void;
  readonly onRecovered: () => void;
}

/** How a change watch behaves. */
export interface ChangeWatchOptions {
  /** So many changes at most are kept for policies that join. Default 2,000. */
  readonly keeps?: number;
  /** As of every watch: see {@link ListWatchOptions}. */
  readonly silence?: number;
}

interface ManagedFields {
  readonly manager?: string;
  readonly time?: string;
  readonly subresource?: string;
}

const managersOf = (object: KubeObject): readonly ManagedFields[] =>
  (object.metadata as { readonly managedFields?: readonly ManagedFields[] }).managedFields ?? [];

/** When anybody last wrote more than a status, in milliseconds since the epoch. */
export function writtenAt(object: KubeObject): number {
  const times = managersOf(object).flatMap(({ time, subresource = '' }) =>
    time === undefined || subresource !== '' ? [] : [Date.parse(time)],
  );
  return Math.max(Date.parse(object.metadata.creationTimestamp ?? '') || 0, ...times);
}

const key = ({ group, version, resource }: ApiResource): string => `${group}/${version}/${resource}`;

/** Changes that are kept for policies that join. */
const mostRecent = 2000;

/** A feed, when it began, by performance.now(), and since when it told what was written before, in milliseconds since the epoch. */
interface Followed {
  readonly feed: ChangeFeed;
  readonly begun: number;
  readonly since: number;
}

/** Follows a set of resources, and Vigil's own reports. What changed while nobody watched is found by when it was last written. */
export class ChangeWatch {
  readonly #client: KubeClient;
  readonly #observer: ChangeWatchObserver;
  readonly #patience: Pick<ListWatchOptions, 'silence'>;
  readonly #feeds = new Map<string, Followed>();
  readonly #recent: RecentChanges;
  #early: ObjectChange[] = [];
  #since = Number.POSITIVE_INFINITY;
  #reports: readonly ListWatch<KubeObject>[] = [];
  readonly #totals: ReportTotals;

  constructor(client: KubeClient, observer: ChangeWatchObserver, { keeps = mostRecent, silence }: ChangeWatchOptions = {}) {
    this.#client = client;
    this.#observer = observer;
    this.#totals = new ReportTotals(SOURCE, () => observer.onTotals?.());
    this.#patience = silence === undefined ? {} : { silence };
    this.#recent = new RecentChanges(keeps);
  }

  /** The feeds, and what each knows. */
  get indexes(): ReadonlyMap<ApiResource, ObjectIndex> {
    return new Map([...this.#feeds.values()].map(({ feed: { resource, index } }) => [resource, index]));
  }

  /** How many objects are known in all. */
  get size(): number {
    return [...this.#feeds.values()].reduce((sum, { feed }) => sum + feed.index.size, 0);
  }

  /** Resources that cannot be followed now, each with the reason. */
  get problems(): readonly (readonly [resource: ApiResource, error: unknown])[] {
    const feeds = [...this.#feeds.values()].map(({ feed }) => feed);
    return feeds.flatMap(({ resource, problem }) => (problem === undefined ? [] : [[resource, problem] as const]));
  }

  /** The counts of each policy over all reports about configuration; undefined while they are not known: see {@link ReportTotals}. */
  get totals(): ReadonlyMap<string, PolicyTotals> | undefined {
    return this.#totals.get();
  }

  /** Whether every resource that can be followed has its first list. */
  get ready(): boolean {
    return [...this.#feeds.values()].every(({ feed }) => feed.synced || feed.problem !== undefined);
  }

  /**
   * Follows these resources and no others. `since`, in milliseconds since the epoch: what was written later and was there when a
   * feed began is told as a change. `joined`, by performance.now(): what came later is told once more, for policies that were not among
   * those who judge. Returns the resource objects that stand for them in changes.
   */
  async follow(resources: readonly ApiResource[], since: number, joined = Number.POSITIVE_INFINITY): Promise<readonly ApiResource[]> {
    this.#since = since;
    const wanted = new Map(resources.map((resource) => [key(resource), resource]));
    for (const name of [...this.#feeds.keys()]) if (!wanted.has(name)) await this.#end(name);
    await this.#emitAgain(joined);
    for (const [name, resource] of wanted) if (!this.#feeds.has(name)) this.#begin(name, resource);
    if (wanted.size > 0) this.#followReports();
    else await this.#forgetReports();
    return [...this.#feeds.values()].map(({ feed }) => feed.resource);
  }

  /** Tells what came since then once more with what is released next; what is not known any more, a new list finds. */
  async #emitAgain(from: number): Promise<void> {
    if (from === Number.POSITIVE_INFINITY) return;
    const recent = this.#recent.since(from);
    for (const [name, { feed, begun, since }] of [...this.#feeds]) {
      if (recent !== undefined && (begun <= from || since <= this.#since)) continue;
      await this.#end(name);
      this.#begin(name, feed.resource);
    }
    this.#early.push(...(recent ?? []));
  }

  async #end(name: string): Promise<void> {
    const followed = this.#feeds.get(name);
    this.#feeds.delete(name);
    await followed?.feed.stop();
  }

  /** Tells what was held back until the first lists were in: owners are known only then. */
  release(): void {
    const early = this.#early;
    this.#early = [];
    for (const change of early) this.#observer.onChange(change);
  }

  /** Goes on following while nobody judges. What becomes of reports meanwhile a new list tells. */
  pause(): Promise<void> {
    return this.#forgetReports();
  }

  async stop(): Promise<void> {
    await this.follow([], Number.POSITIVE_INFINITY);
  }

  #begin(name: string, resource: ApiResource): void {
    const since = this.#since;
    const observer: ChangeObserver = {
      onChange: (change) => this.#emit(change),
      onFound: (_resource, object) => {
        if (writtenAt(object) < since) return;
        const { namespace = '', name: found } = object.metadata;
        this.#hold({ resource, namespace, name: found, before: undefined, after: indexEntry(object) });
      },
      onError: (failed, error) => this.#observer.onError(failed, error),
      onRecovered: () => this.#observer.onRecovered(),
    };
    const feed = new ChangeFeed(this.#client, resource, observer, this.#patience);
    this.#feeds.set(name, { feed, begun: performance.now(), since });
    feed.start();
  }

  #emit(change: ObjectChange): void {
    if (!this.ready || this.#early.length > 0) this.#hold(change);
    else {
      this.#recent.add(change, performance.now());
      this.#observer.onChange(change);
    }
  }

  /** Keeps a change until the first lists are in. */
  #hold(change: ObjectChange): void {
    this.#recent.add(change, performance.now());
    this.#early.push(change);
  }

  #followReports(): void {
    if (this.#reports.length > 0) return;
    const labelSelector = reportSelector(SOURCE);
    this.#reports = [RESOURCES.reports, RESOURCES.clusterReports].map((resource) => {
      const onError = (error: unknown): void => this.#observer.onError(resource, error);
      const counted = this.#totals.part();
      return new ListWatch<KubeObject>(
        this.#client,
        resource,
        { ...this.#patience, labelSelector, metadataOnly: true, onError },
        {
          begin: () => counted.begin(),
          listed: (report) => {
            counted.listed(report);
            this.#report('MODIFIED', report);
          },
          complete: () => counted.complete(),
          changed: (type, report) => {
            counted.changed(type, report);
            this.#report(type, report);
          },
        },
      );
    });
    for (const feed of this.#reports) feed.start();
  }

  async #forgetReports(): Promise<void> {
    await Promise.all(this.#reports.map((feed) => feed.stop()));
    this.#reports = [];
    this.#totals.clear();
  }

  #report(type: ChangeType, report: KubeObject): void {
    const foreign = managersOf(report).some(({ manager }) => !isOwnFieldManager(manager));
    if (type !== 'DELETED' && !foreign) return;
    for (const object of objectsOf(report)) this.#observer.onDrift(object, report.metadata.namespace ?? '');
  }
}
