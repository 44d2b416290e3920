import type { ChangeActivity, RequestActivity } from './activity.ts';
import { AuditOutages, type AuditOutage, type UnseenChanges } from './audit-outages.ts';
import { watchedKinds } from './change-activity.ts';
import { isOfStatus } from './material-change.ts';

const writes: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** The resources that changes can be about, each with the only namespace. Requests about others, such as reviews of access, explain none. */
const watched: ReadonlyMap<string, string | undefined> = new Map(watchedKinds.map(({ resource, only }) => [resource, only?.namespace]));
/** Subresources whose writes change nothing that detections read. */
const besides: ReadonlySet<string> = new Set(['status', 'binding', 'token', 'exec', 'attach', 'portforward', 'proxy', 'log']);

/** How long a change waits for its audit event. API servers send events at least every 30 seconds unless told otherwise. */
export const JOIN_WAIT = 40_000;
/** How long the audit event of a change may take before it is missing. */
export const GAP_AFTER = 300_000;
/** Changes wait for audit events if one came in this time: a quiet cluster has few, and a wait costs little. */
const activeFor = 86_400_000;
/** A request and a change of an object within this time are of one write. A watch shows a write at once. */
const atOnce = 5_000;
/** A request this near is taken at once. Another waits until the next look at what is due, because a nearer one may come with the same batch. */
const exact = 1_000;
/** If no such request comes, the last one of this time that explains no other change is taken: the clocks of two machines may differ. */
const soon = 30_000;
const before = 120_000;
/** Half a minute of writes at 4,000 events a second, and all that may be joined at 500. */
const mostRequests = 8000;
const mostChanges = 20_000;

interface Waiting {
  readonly change: ChangeActivity;
  /** Whether the change was judged without its audit event. */
  judged: boolean;
  /** The nearest request so far that is not near enough to be taken at once. */
  candidate?: RequestActivity;
  /** Whether a request of about that time may have made the change, although nobody knows which one did. */
  explained?: boolean;
}

/** Changes that a request belongs to. */
export interface JoinedChanges {
  /** To be judged. */
  readonly judged: readonly ChangeActivity[];
  /** They were judged before the request came: their findings name no user yet. */
  readonly late: readonly ChangeActivity[];
}

const none: JoinedChanges = { judged: [], late: [] };

/** What became of waiting changes. */
export interface DueChanges {
  /** To be judged, with the request if there is one. */
  readonly judged: readonly ChangeActivity[];
  /** Changes without an audit event for five minutes, although events of other requests came before and after them. */
  readonly missing: readonly ChangeActivity[];
  /** The times without any audit event in which there were changes. */
  readonly outages: readonly UnseenChanges[];
}

const verbsOf: Readonly<Record<ChangeActivity['operation'], ReadonlySet<string>>> = {
  create: new Set(['create', 'update', 'patch']),
  update: new Set(['update', 'patch', 'create']),
  delete: new Set(['delete', 'deletecollection', 'update', 'patch']),
  found: new Set(),
};

/**
 * Joins what watches show with the audit events of the requests that did it: a watch says what changed, an audit event says who. Either may
 * come first.
 */
export class WriteJoin {
  readonly #requests = new Map<string, RequestActivity[]>();
  /** The requests that are joined with a change. */
  readonly #used = new WeakSet<RequestActivity>();
  /** The requests in the order in which they came. */
  #order: { readonly key: string; readonly request: RequestActivity }[] = [];
  /** The changes that wait, in the order in which they came. */
  readonly #waiting = new Set<Waiting>();
  /** The same, by resource and namespace. */
  readonly #waitingIn = new Map<string, Set<Waiting>>();
  readonly #outages = new AuditOutages();
  #firstAudit: number | undefined;

  /** Whether audit events come. */
  isActive(now: number): boolean {
    return this.#outages.last !== undefined && now - this.#outages.last < activeFor;
  }

  /** Audit events came until a time, before a restart: they are expected to go on. */
  resume(lastAudit: number): void {
    this.#outages.saw(lastAudit);
  }

  /** The longest time without any audit event that began between two times. */
  outageBetween(from: number, to: number): AuditOutage | undefined {
    return this.#outages.between(from, to);
  }

  /** The clock was set back. */
  setBack(now: number): void {
    this.#outages.setBack(now);
    if (this.#firstAudit !== undefined) this.#firstAudit = Math.min(this.#firstAudit, now);
  }

  /** Takes a request. Returns the changes that waited for it, joined: those to be judged, and those that were judged without it. */
  request(request: RequestActivity, now: number): JoinedChanges {
    this.#firstAudit ??= now;
    this.#outages.saw(now);
    if (!isWrite(request)) return none;
    const key = keyOf(request.resource, request.namespace, request.name);
    const list = this.#requests.get(key);
    // Most objects have one request: a list that starts with it takes less memory than an empty one that grows.
    if (list === undefined) this.#requests.set(key, [request]);
    else list.push(request);
    this.#order.push({ key, request });
    if (this.#order.length > mostRequests) this.#forgetFirst(mostRequests / 4);
    const near = this.#waitingIn.get(placeOf(request.resource, request.namespace)) ?? [];
    const joined = [...near].filter((waiting) => this.#takes(waiting, request));
    if (joined.length === 0) return none;
    this.#used.add(request);
    for (const each of joined) this.#leave(each);
    const named = (judged: boolean): readonly ChangeActivity[] =>
      joined.filter((each) => each.judged === judged).map(({ change }) => ({ ...change, request }));
    return { judged: named(false), late: named(true) };
  }

  /** Takes a change. Returns it if it is to be judged now: joined, or without waiting if no audit events come. Else undefined. */
  change(change: ChangeActivity, now: number): ChangeActivity | undefined {
    if (change.operation === 'found' || isOfStatus(change) || !this.isActive(now)) return change;
    const request = this.#find(change, (each) => isOf(each, change, atOnce));
    if (request && distance(request, change) <= exact) return this.#joined(change, request);
    // Too many wait: this one is judged without its audit event.
    if (this.#waiting.size >= mostChanges) return change;
    this.#wait({ change, judged: false, ...(request === undefined ? {} : { candidate: request }) });
    return undefined;
  }

  /** Returns the changes that have waited long enough. */
  due(now: number): DueChanges {
    const judged: ChangeActivity[] = [];
    const unexplained: ChangeActivity[] = [];
    for (const waiting of this.#waiting) {
      // The age of a change that the clock was set back after is not known: it is judged now.
      const age = now < waiting.change.at - soon ? GAP_AFTER : now - waiting.change.at;
      if (waiting.candidate !== undefined) {
        judged.push(this.#joined(waiting.change, waiting.candidate));
        this.#leave(waiting);
        continue;
      }
      if (!waiting.judged && age >= JOIN_WAIT) {
        waiting.judged = true;
        const joined = this.#joinedLate(waiting);
        judged.push(joined);
        if (joined.request !== undefined) {
          this.#leave(waiting);
          continue;
        }
      }
      if (age < GAP_AFTER) continue;
      this.#leave(waiting);
      if (waiting.explained !== true) unexplained.push(waiting.change);
    }
    this.#forget(now - before - JOIN_WAIT);
    const missing = unexplained.filter(({ at }) => this.#sawAround(at));
    return { judged, missing, outages: this.#outages.unseen(unexplained) };
  }

  /** Whether a waiting change is joined with a request now. One that is less near is kept as a candidate. */
  #takes(waiting: Waiting, request: RequestActivity): boolean {
    const { change, candidate, judged } = waiting;
    if (!isOf(request, change, atOnce)) return false;
    if (judged || distance(request, change) <= exact) return true;
    if (candidate === undefined || distance(request, change) < distance(candidate, change)) waiting.candidate = request;
    return false;
  }

  #wait(waiting: Waiting): void {
    const { resource, object } = waiting.change;
    const place = placeOf(resource, object.namespace);
    this.#waiting.add(waiting);
    this.#waitingIn.set(place, (this.#waitingIn.get(place) ?? new Set()).add(waiting));
  }

  #leave(waiting: Waiting): void {
    const { resource, object } = waiting.change;
    const place = placeOf(resource, object.namespace);
    this.#waiting.delete(waiting);
    const rest = this.#waitingIn.get(place);
    rest?.delete(waiting);
    if (rest?.size === 0) this.#waitingIn.delete(place);
  }

  /** Whether audit events came before and after a time: then one of that time is missing, and not all. */
  #sawAround(at: number): boolean {
    return this.#hasReceived(at) && this.#outages.at(at) === undefined;
  }

  /** Whether this process had received events a minute before a time. API servers need a while to find a new receiver. */
  #hasReceived(at: number): boolean {
    return this.#firstAudit !== undefined && this.#firstAudit < at - 60_000;
  }

  #joined(change: ChangeActivity, request: RequestActivity): ChangeActivity {
    this.#used.add(request);
    return { ...change, request };
  }

  /** Joins a change that has waited with the last request that explains no other change, if there is one of about the same time. */
  #joinedLate(waiting: Waiting): ChangeActivity {
    const { change } = waiting;
    const unused = (within: number): RequestActivity | undefined =>
      this.#find(change, (each) => !this.#used.has(each) && isOf(each, change, within));
    const request = unused(soon);
    if (request !== undefined) return this.#joined(change, request);
    waiting.explained = unused(before) !== undefined;
    return change;
  }

  /**
   * The request about the object of a change that meets a condition and is nearest in time. A name that the API server made is not in its audit
   * event.
   */
  #find(change: ChangeActivity, may: (request: RequestActivity) => boolean): RequestActivity | undefined {
    const { resource, object } = change;
    const named = this.#requests.get(keyOf(resource, object.namespace, object.name)) ?? [];
    const nameless = this.#requests.get(keyOf(resource, object.namespace, undefined)) ?? [];
    return nearest(named.filter(may), change) ?? nearest(nameless.filter(may), change);
  }

  /** Lets go of requests before a time. */
  #forget(time: number): void {
    const kept = this.#order.findIndex(({ request }) => request.at >= time);
    this.#forgetFirst(kept < 0 ? this.#order.length : kept);
  }

  /** The requests of a key are in the same order as all of them: the oldest is the first of its key. */
  #forgetFirst(count: number): void {
    for (const key of this.#order.slice(0, count).map((each) => each.key)) {
      const list = this.#requests.get(key);
      list?.shift();
      if (list?.length === 0) this.#requests.delete(key);
    }
    if (count > 0) this.#order = this.#order.slice(count);
  }
}

const distance = (request: RequestActivity, change: ChangeActivity): number => Math.abs(request.at - change.at);

/** The request that is nearest to a change in time: of two as near, the last. */
const nearest = (requests: readonly RequestActivity[], change: ChangeActivity): RequestActivity | undefined =>
  requests.reduce<RequestActivity | undefined>(
    (best, each) => (best === undefined || distance(each, change) <= distance(best, change) ? each : best),
    undefined,
  );

const placeOf = (resource: string, namespace: string | undefined): string => `${resource}/${namespace ?? ''}`;
const keyOf = (resource: string, namespace: string | undefined, name: string | undefined): string =>
  `${placeOf(resource, namespace)}/${name ?? ''}`;

/** Whether a request has written something that a watch shows. */
const isWrite = ({ verb, succeeded, dryRun, resource, subresource = '', namespace }: RequestActivity): boolean =>
  writes.has(verb) &&
  succeeded &&
  (dryRun !== true || verb === 'deletecollection') &&
  !besides.has(subresource) &&
  isWatched(resource, namespace);

const isWatched = (resource: string, namespace: string | undefined): boolean => {
  const only = watched.get(resource);
  return watched.has(resource) && (only === undefined || only === namespace);
};

/** Whether a request is about the same resource and namespace as a change, and not further away in time than `within` milliseconds. */
const isNear = (request: RequestActivity, { resource, object, at }: ChangeActivity, within: number): boolean =>
  request.resource === resource && (request.namespace ?? '') === (object.namespace ?? '') && Math.abs(request.at - at) <= within;

/** Whether a request may have made a change that was seen within some milliseconds of it. */
function isOf(request: RequestActivity, change: ChangeActivity, within: number): boolean {
  const { object, operation, after } = change;
  // Whoever creates an eviction deletes the pod.
  const verb = request.subresource === 'eviction' ? 'delete' : request.verb;
  if (!isNear(request, change, within) || !verbsOf[operation].has(verb)) return false;
  if (request.name === object.name) return true;
  // Deletions of many have no name, and neither has the creation of an object whose name the API server makes.
  return request.name === undefined && (request.verb === 'deletecollection' || (operation === 'create' && after?.generated === true));
}
