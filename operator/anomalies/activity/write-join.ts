import type { ChangeActivity, RequestActivity } from './activity.ts';

const writes: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** Subresources whose writes change nothing that detections read. */
const besides: ReadonlySet<string> = new Set([
  'status',
  'binding',
  'scale',
  'eviction',
  'token',
  'exec',
  'attach',
  'portforward',
  'proxy',
  'log',
]);

/** How long a change waits for its audit event. API servers send events at least every 30 seconds unless told otherwise. */
export const JOIN_WAIT = 40_000;
/** How long the audit event of a change may take before it is missing. */
export const GAP_AFTER = 300_000;
/** Changes wait for audit events if one came in this time: a quiet cluster has few, and a wait costs little. */
const activeFor = 86_400_000;
const before = 120_000;
const mostRequests = 20_000;
const mostChanges = 20_000;

interface Waiting {
  readonly change: ChangeActivity;
  /** Whether the change was judged without its audit event. */
  judged: boolean;
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
  /** Changes without an audit event for five minutes, although events of later requests came. */
  readonly missing: readonly ChangeActivity[];
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
  /** The requests in the order in which they came. */
  #order: { readonly key: string; readonly request: RequestActivity }[] = [];
  #waiting: Waiting[] = [];
  #firstAudit: number | undefined;
  #lastAudit: number | undefined;
  #overflow = 0;

  /** Changes that were judged without waiting because too many waited. */
  get overflow(): number {
    return this.#overflow;
  }

  /** Whether audit events come. */
  isActive(now: number): boolean {
    return this.#lastAudit !== undefined && now - this.#lastAudit < activeFor;
  }

  /** Audit events came until a time, before a restart: they are expected to go on. */
  resume(lastAudit: number): void {
    this.#lastAudit = lastAudit;
  }

  /** Takes a request. Returns the changes that waited for it, joined: those to be judged, and those that were judged without it. */
  request(request: RequestActivity, now: number): JoinedChanges {
    this.#firstAudit ??= now;
    this.#lastAudit = Math.max(this.#lastAudit ?? 0, now);
    if (!writes.has(request.verb) || !request.succeeded || besides.has(request.subresource ?? '')) return none;
    const key = keyOf(request.resource, request.namespace, request.name);
    const list = this.#requests.get(key) ?? [];
    list.push(request);
    this.#requests.set(key, list);
    this.#order.push({ key, request });
    if (this.#order.length > mostRequests) this.#forgetFirst(mostRequests / 4);
    const joined = this.#waiting.filter(({ change }) => isOf(request, change));
    if (joined.length === 0) return none;
    this.#waiting = this.#waiting.filter((each) => !joined.includes(each));
    const named = (judged: boolean): readonly ChangeActivity[] =>
      joined.filter((each) => each.judged === judged).map(({ change }) => ({ ...change, request }));
    return { judged: named(false), late: named(true) };
  }

  /** Takes a change. Returns it if it is to be judged now: joined, or without waiting if no audit events come. Else undefined. */
  change(change: ChangeActivity, now: number): ChangeActivity | undefined {
    if (change.operation === 'found' || !this.isActive(now)) return change;
    const request = this.#find(change);
    if (request) return { ...change, request };
    if (this.#waiting.length >= mostChanges) {
      this.#overflow += 1;
      return change;
    }
    this.#waiting.push({ change, judged: false });
    return undefined;
  }

  /** Returns the changes that have waited long enough. */
  due(now: number): DueChanges {
    const judged: ChangeActivity[] = [];
    const missing: ChangeActivity[] = [];
    const still: Waiting[] = [];
    for (const waiting of this.#waiting) {
      const age = now - waiting.change.at;
      if (!waiting.judged && age >= JOIN_WAIT) {
        waiting.judged = true;
        judged.push(waiting.change);
      }
      if (age < GAP_AFTER) still.push(waiting);
      else if (this.#sawAround(waiting.change.at)) missing.push(waiting.change);
    }
    this.#waiting = still;
    this.#forget(now - before - JOIN_WAIT);
    return { judged, missing };
  }

  /** Whether audit events came before and after a time: then one of that time is missing, and not all. */
  #sawAround(at: number): boolean {
    return this.#firstAudit !== undefined && this.#firstAudit < at - 60_000 && this.#lastAudit !== undefined && this.#lastAudit > at;
  }

  /** The last request that may have made a change. A name that the API server made is not in its audit event. */
  #find(change: ChangeActivity): RequestActivity | undefined {
    const { resource, object } = change;
    const named = this.#requests.get(keyOf(resource, object.namespace, object.name)) ?? [];
    const nameless = this.#requests.get(keyOf(resource, object.namespace, undefined)) ?? [];
    return named.findLast((request) => isOf(request, change)) ?? nameless.findLast((request) => isOf(request, change));
  }

  /** Lets go of requests before a time. */
  #forget(time: number): void {
    const kept = this.#order.findIndex(({ request }) => request.at >= time);
    this.#forgetFirst(kept < 0 ? this.#order.length : kept);
  }

  #forgetFirst(count: number): void {
    for (const { key, request } of this.#order.slice(0, count)) {
      const list = this.#requests.get(key)?.filter((each) => each !== request) ?? [];
      if (list.length === 0) this.#requests.delete(key);
      else this.#requests.set(key, list);
    }
    if (count > 0) this.#order = this.#order.slice(count);
  }
}

const keyOf = (resource: string, namespace: string | undefined, name: string | undefined): string =>
  `${resource}/${namespace ?? ''}/${name ?? ''}`;

/** Whether a request is about the same resource and namespace as a change, and of about the same time. */
const isNear = (request: RequestActivity, { resource, object, at }: ChangeActivity): boolean =>
  request.resource === resource && (request.namespace ?? '') === (object.namespace ?? '') && Math.abs(request.at - at) <= before;

/** Whether a request may have made a change. */
function isOf(request: RequestActivity, change: ChangeActivity): boolean {
  const { object, operation, after } = change;
  if (!isNear(request, change) || !verbsOf[operation].has(request.verb)) return false;
  if (request.name === object.name) return true;
  // Deletions of many have no name, and neither has the creation of an object whose name the API server makes.
  return request.name === undefined && (request.verb === 'deletecollection' || (operation === 'create' && after?.generated === true));
}
