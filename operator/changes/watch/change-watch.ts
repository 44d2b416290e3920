import type { ApiResource } from '../../api/api-resource.ts';
import type { WatchClient } from '../../kube/watch/watch-stream.ts';
import { RESOURCES } from '../../api/api-resource.ts';
import { isOwnFieldManager } from '../../api/field-managers.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { ListWatch, type ChangeType, type ListWatchOptions } from '../../kube/watch/list-watch.ts';
import { SOURCE, reportSelector } from '../../reports/identity/report-name.ts';
import type { PolicyTotals } from '../../findings/policy-totals.ts';
import { objectsOf } from '../../reports/building/bootstrap-report.ts';
import { ReportTotals } from '../../reports/sweeping/report-totals.ts';
import { ChangeFeed, type ChangeObserver, type ObjectChange } from './change-feed.ts';
import { indexEntry, type ObjectIndex } from './object-index.ts';
import { RecentChanges } from './recent-changes.ts';

/** Receives the events of a {@link ChangeWatch}. */
export interface ChangeWatchObserver {
  readonly onChange: (change: ObjectChange) => void;
  /**
   * Called if another writer edited or deleted a report: its object has to be evaluated again. `owner` is undefined for the report about
   * the whole cluster.
   */
  readonly onDrift: (
    owner: { readonly apiVersion: string; readonly kind: string; readonly name: string } | undefined,
    namespace: string,
  ) => void;
  /** Called if the counts of reports have changed: see {@link ChangeWatch.totals}. */
  readonly onTotals?: () => void;
  readonly onError: (resource: ApiResource, error: unknown) => void;
  readonly onRecovered: () => void;
}

/** The options of a {@link ChangeWatch}. */
export interface ChangeWatchOptions {
  /** The most recent changes that are kept for policies that are added later. Default: 2,000. */
  readonly keeps?: number;
  /** See {@link ListWatchOptions}. */
  readonly silence?: number;
}

interface ManagedFields {
  readonly manager?: string;
  readonly time?: string;
  readonly subresource?: string;
}

const managersOf = (object: KubeObject): readonly ManagedFields[] =>
  (object.metadata as { readonly managedFields?: readonly ManagedFields[] }).managedFields ?? [];

/** The last write to anything but a subresource, in milliseconds since the epoch. */
export function writtenAt(object: KubeObject): number {
  const times = managersOf(object).flatMap(({ time, subresource = '' }) =>
    time === undefined || subresource !== '' ? [] : [Date.parse(time)],
  );
  return Math.max(Date.parse(object.metadata.creationTimestamp ?? '') || 0, ...times);
}

const key = ({ group, version, resource }: ApiResource): string => `${group}/${version}/${resource}`;

/** The default number of recent changes that are kept. */
const mostRecent = 2000;

/**
 * A feed. `begun`: when it started, by performance.now(). `since`: objects written later than this were reported as changes, in
 * milliseconds since the epoch.
 */
interface Followed {
  readonly feed: ChangeFeed;
  readonly begun: number;
  readonly since: number;
}

/**
 * Watches a set of resources and Vigil's own reports. It finds changes that happened while no operator ran by the time of the last write.
 */
export class ChangeWatch {
  readonly #client: WatchClient;
  readonly #observer: ChangeWatchObserver;
  readonly #patience: Pick<ListWatchOptions, 'silence'>;
  readonly #feeds = new Map<string, Followed>();
  readonly #recent: RecentChanges;
  #early: ObjectChange[] = [];
  #since = Number.POSITIVE_INFINITY;
  #reports: readonly ListWatch<KubeObject>[] = [];
  readonly #totals: ReportTotals;

  constructor(client: WatchClient, observer: ChangeWatchObserver, { keeps = mostRecent, silence }: ChangeWatchOptions = {}) {
    this.#client = client;
    this.#observer = observer;
    this.#totals = new ReportTotals(SOURCE, () => observer.onTotals?.());
    this.#patience = silence === undefined ? {} : { silence };
    this.#recent = new RecentChanges(keeps);
  }

  /** The index of each watched resource. */
  get indexes(): ReadonlyMap<ApiResource, ObjectIndex> {
    return new Map([...this.#feeds.values()].map(({ feed: { resource, index } }) => [resource, index]));
  }

  /** The number of watched objects. */
  get size(): number {
    return [...this.#feeds.values()].reduce((sum, { feed }) => sum + feed.index.size, 0);
  }

  /** Resources that cannot be watched now, each with the error. */
  get problems(): readonly (readonly [resource: ApiResource, error: unknown])[] {
    const feeds = [...this.#feeds.values()].map(({ feed }) => feed);
    return feeds.flatMap(({ resource, problem }) => (problem === undefined ? [] : [[resource, problem] as const]));
  }

  /** The counts of each policy over all configuration reports; undefined while they are not known: see {@link ReportTotals}. */
  get totals(): ReadonlyMap<string, PolicyTotals> | undefined {
    return this.#totals.get();
  }

  /** Whether the first list of every readable resource is complete. */
  get ready(): boolean {
    return [...this.#feeds.values()].every(({ feed }) => feed.synced || feed.problem !== undefined);
  }

  /**
   * Watches these resources and no others. `since`: objects of the first list that were written later are reported as changes (milliseconds
   * since the epoch). `joined`: changes that arrived later are reported once more, for policies that were added (by performance.now()).
   * Returns the resource objects that identify the resources in changes.
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

  /** Reports the recent changes once more, with the next `release`. If they were not kept, a new list finds them. */
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

  /** Reports the changes that were held back until the first lists were complete. Owners are not known before. */
  release(): void {
    const early = this.#early;
    this.#early = [];
    for (const change of early) this.#observer.onChange(change);
  }

  /** Keeps watching while no policy is evaluated, but not the reports: the next list of reports finds their changes. */
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

  /** Holds a change back until the first lists are complete. */
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
