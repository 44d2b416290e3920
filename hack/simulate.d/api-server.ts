import { definedEntries } from '../../operator/api/defined-entries.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { AuditEvent } from '../../operator/audit/audit-event.ts';
import { changeActivity } from '../../operator/anomalies/activity/change-activity.ts';
import type { ObjectFacts } from '../../operator/anomalies/facts/object-facts.ts';
import { RequestActivities } from '../../operator/anomalies/activity/request-activity.ts';
import type { AnomalyDetector } from '../../operator/anomalies/anomaly-detector.ts';

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Who sends requests, from where, with which program. */
export interface Client {
  readonly user: string;
  readonly groups?: readonly string[];
  readonly from: string;
  readonly agent: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /** The binding that RBAC names as the reason. */
  readonly binding?: string;
}

/** A request. `of` is `RESOURCE.GROUP/SUBRESOURCE`. */
export interface Call {
  readonly verb: string;
  readonly of?: string;
  readonly in?: string;
  readonly name?: string;
  readonly code?: number;
  readonly uri?: string;
  readonly as?: { readonly user: string; readonly groups?: readonly string[] };
  readonly token?: AuditEvent['tokenRequest'];
}

const verbs: Readonly<Record<string, string>> = { create: 'create', update: 'patch', delete: 'delete' };
const plural = (kind: string): string =>
  kind === 'NetworkPolicy'
    ? 'networkpolicies'
    : kind === 'Ingress'
      ? 'ingresses'
      : kind.endsWith('Policy')
        ? `${kind.toLowerCase().slice(0, -1)}ies`
        : `${kind.toLowerCase()}s`;
const lasting = new Set(['exec', 'attach', 'portforward']);

/**
 * An API server as the detector sees it: watches show a change at once, audit events come in batches up to half a minute later. Objects are kept
 * so that a restart can list them.
 */
export class ApiServer {
  detector: AnomalyDetector;
  now: number;
  readonly objects = new Map<string, KubeObject>();
  #facts = new Map<string, ObjectFacts>();
  #activities = new RequestActivities();
  #queue: AuditEvent[] = [];
  #nextBatch = 0;
  #nextTick = 0;
  #id = 0;
  #addresses = 10;
  events = 0;
  changes = 0;
  auditing = true;

  constructor(detector: AnomalyDetector, now: number) {
    this.detector = detector;
    this.now = now;
  }

  /** Lets time pass until a moment: sends batches of audit events, and ticks the detector. */
  until(time: number): void {
    while (this.now < time) {
      const next = Math.min(time, this.#nextTick, this.#nextBatch);
      this.now = Math.max(this.now, next);
      if (this.now >= this.#nextBatch) this.flush();
      if (this.now >= this.#nextTick) {
        this.detector.tick(this.now);
        this.#nextTick = this.now + 10 * second;
      }
      if (this.#queue.length === 0 && time - this.now > minute) this.#skip(time);
    }
  }

  /** Nothing happens for a while: ticks every minute are enough. */
  #skip(time: number): void {
    for (let at = this.now + minute; at < time - 30 * second; at += 10 * minute) this.detector.tick(at);
    this.now = time - 30 * second;
    this.#nextBatch = this.now;
    this.#nextTick = this.now;
  }

  /** Sends the waiting audit events. */
  flush(): void {
    for (const event of this.#queue) {
      const activity = this.#activities.activity(event);
      if (activity) this.detector.observe(activity);
    }
    this.#queue = [];
    this.#nextBatch = this.now + 20 * second;
  }

  /** A request. Audit events go out in batches. */
  call(client: Client, call: Call): void {
    this.now += 20;
    this.events += 1;
    const [whole = '', subresource] = call.of?.split('/') ?? [];
    const [resource = '', ...group] = whole.split('.');
    const isLasting = lasting.has(subresource ?? '') || call.verb === 'watch';
    const stage = isLasting ? 'ResponseStarted' : 'ResponseComplete';
    const code = call.code ?? (subresource !== undefined && lasting.has(subresource) ? 101 : call.verb === 'create' ? 201 : 200);
    const place = call.in === undefined ? '' : `/namespaces/${call.in}`;
    const reason =
      client.binding === undefined
        ? {}
        : { 'authorization.k8s.io/reason': `RBAC: allowed by ${client.binding} of ClusterRole "x" to User "x"` };
    const named = definedEntries({ subresource, namespace: call.in, name: call.name });
    const objectRef = { apiGroup: group.join('.'), apiVersion: 'v1', resource, ...named };
    const event: AuditEvent = {
      auditID: `a${(this.#id += 1)}`,
      stage,
      level: 'Metadata',
      at: this.now,
      receivedAt: this.now,
      verb: call.verb,
      user: { username: client.user, groups: client.groups ?? [], extra: client.extra ?? {} },
      ...(call.as === undefined ? {} : { impersonatedUser: { username: call.as.user, groups: call.as.groups ?? [], extra: {} } }),
      sourceIPs: [client.from],
      userAgent: client.agent,
      ...definedEntries({ objectRef: call.of === undefined ? undefined : objectRef, tokenRequest: call.token }),
      requestURI: call.uri ?? `/api/v1${place}/${resource}/${call.name ?? ''}${subresource === undefined ? '' : `/${subresource}`}`,
      code,
      annotations: { 'authorization.k8s.io/decision': code === 403 ? 'forbid' : 'allow', ...(code < 400 ? reason : {}) },
      server: 'server-1',
      cut: [],
    };
    if (!this.auditing) return;
    this.#queue.push(event);
    if (isLasting && subresource !== undefined) this.#queue.push({ ...event, stage: 'ResponseComplete', at: this.now + 2000 });
  }

  /** Creates or changes an object. `manager` is the name that the client gives for its fields. */
  write(client: Client, object: KubeObject, manager = client.agent.split('/', 1)[0] ?? '', subresource?: string): void {
    const key = keyOf(object);
    const existing = this.objects.get(key);
    const { kind = '', metadata } = object;
    const generated = metadata.generateName !== undefined && existing === undefined;
    const name = generated ? {} : { name: metadata.name };
    const resource = `${plural(kind)}${subresource === undefined ? '' : `/${subresource}`}`;
    this.call(client, {
      verb: verbs[existing ? 'update' : 'create'] ?? '',
      of: resource,
      ...name,
      ...(metadata.namespace === undefined ? {} : { in: metadata.namespace }),
    });
    const time = new Date(this.now).toISOString();
    const before = (existing?.metadata.managedFields ?? []).filter((entry) => entry.manager !== manager);
    const entry = { manager, operation: 'Update' as const, time, fieldsV1: { 'f:spec': {} } };
    this.#show(existing ? 'update' : 'create', {
      ...object,
      metadata: {
        ...metadata,
        uid: existing?.metadata.uid ?? `uid-${key}-${this.#id}`,
        creationTimestamp: existing?.metadata.creationTimestamp ?? time,
        managedFields: [...before, entry],
      },
    });
  }

  /** A change of the status alone: no client that matters, and no request that audit policies log. */
  status(object: KubeObject): void {
    const existing = this.objects.get(keyOf(object));
    if (existing) this.#show('update', { ...object, metadata: existing.metadata });
  }

  /** Deletes an object. */
  remove(client: Client, kind: string, namespace: string | undefined, name: string): void {
    const object = this.objects.get(`${kind}/${namespace ?? ''}/${name}`);
    if (!object) return;
    this.call(client, { verb: 'delete', of: plural(kind), name, ...(namespace === undefined ? {} : { in: namespace }) });
    this.#show('delete', object);
  }

  /** An object that is there before the detector starts. */
  exists(object: KubeObject, manager: string): void {
    const time = new Date(this.now - 90 * day).toISOString();
    const whole = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: `uid-${keyOf(object)}`,
        creationTimestamp: time,
        managedFields: [{ manager, operation: 'Update' as const, time, fieldsV1: {} }],
      },
    };
    this.objects.set(keyOf(object), whole);
  }

  /** A detector starts: it lists everything. */
  start(detector: AnomalyDetector): void {
    this.detector = detector;
    this.#facts = new Map();
    this.#activities = new RequestActivities();
    for (const object of this.objects.values()) this.#show('found', object);
    detector.synced(this.now);
  }

  /** A new address for a pod on a node with this number. */
  address(node: number): string {
    this.#addresses = (this.#addresses % 240) + 11;
    return `10.244.${node}.${this.#addresses}`;
  }

  #show(operation: 'create' | 'update' | 'delete' | 'found', object: KubeObject): void {
    this.changes += 1;
    const key = keyOf(object);
    const activity = changeActivity({ operation, object, before: this.#facts.get(key), at: this.now });
    if (operation === 'delete') {
      this.objects.delete(key);
      this.#facts.delete(key);
    } else {
      this.objects.set(key, object);
      if (activity?.after) this.#facts.set(key, activity.after);
    }
    if (activity) this.detector.observe(activity);
  }
}

const keyOf = ({ kind = '', metadata: { namespace = '', name } }: KubeObject): string => `${kind}/${namespace}/${name}`;
