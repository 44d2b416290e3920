import { definedEntries } from '../../operator/api/defined-entries.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { AuditEvent } from '../../operator/audit/audit-event.ts';
import type { RequestActivity } from '../../operator/anomalies/activity/activity.ts';
import { changeActivity } from '../../operator/anomalies/activity/change-activity.ts';
import type { ObjectFacts } from '../../operator/anomalies/facts/object-facts.ts';
import { RequestActivities } from '../../operator/anomalies/activity/request-activity.ts';
import type { AnomalyDetector, DetectorSettings } from '../../operator/anomalies/anomaly-detector.ts';
import { createDetector } from '../../operator/anomalies/detector.ts';
import type { AnomalyFinding } from '../../operator/anomalies/results/anomaly-finding.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** What a test says of a request. The rest is that of a usual request. */
export interface Request {
  readonly verb?: string;
  /** `RESOURCE` or `RESOURCE/SUBRESOURCE`, with `.GROUP` after the resource. */
  readonly of?: string;
  readonly in?: string;
  readonly name?: string;
  readonly from?: string;
  readonly agent?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly as?: string;
  readonly asGroups?: readonly string[];
  readonly code?: number;
  readonly uri?: string;
  readonly stage?: AuditEvent['stage'];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly token?: AuditEvent['tokenRequest'];
  readonly id?: string;
}

let ids = 0;

/** Returns the audit event of a request, as the API server writes it. */
export function auditEvent(user: string, at: number, request: Request): AuditEvent {
  const { verb = 'get', of, name, code = 200, groups = [], extra = {} } = request;
  const [whole = '', subresource] = of?.split('/') ?? [];
  const [resource = '', ...group] = whole.split('.');
  const place = request.in === undefined ? '' : `/namespaces/${request.in}`;
  const path = `/api/v1${place}/${resource}${name === undefined ? '' : `/${name}`}${subresource === undefined ? '' : `/${subresource}`}`;
  const named = definedEntries({ subresource, namespace: request.in, name });
  const objectRef = { apiGroup: group.join('.'), apiVersion: 'v1', resource, ...named };
  const decision = code === 403 ? 'forbid' : 'allow';
  return {
    auditID: request.id ?? `audit-${(ids += 1)}`,
    stage: request.stage ?? 'ResponseComplete',
    level: 'Metadata',
    at,
    receivedAt: at,
    verb,
    user: { username: user, groups, extra },
    ...(request.as === undefined ? {} : { impersonatedUser: { username: request.as, groups: request.asGroups ?? [], extra: {} } }),
    sourceIPs: [request.from ?? '192.0.2.10'],
    userAgent: request.agent ?? 'kubectl/v1.36.0 (linux/amd64) kubernetes/abc',
    ...definedEntries({ objectRef: of === undefined ? undefined : objectRef, tokenRequest: request.token }),
    requestURI: request.uri ?? path,
    code,
    annotations: { ...(code === 401 ? {} : { 'authorization.k8s.io/decision': decision }), ...request.annotations },
    server: 'server-1',
    cut: [],
  };
}

const resourcesOf: Readonly<Record<string, string>> = {
  NetworkPolicy: 'networkpolicies',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  MutatingAdmissionPolicy: 'mutatingadmissionpolicies',
};
const resourceOf = (kind: string): string => resourcesOf[kind] ?? `${kind.toLowerCase()}s`;

/**
 * A small cluster: it has learned for ten days before a test begins, by what {@link usually} plays. Each step takes a second.
 */
export class World {
  readonly detector: AnomalyDetector;
  readonly #activities = new RequestActivities();
  readonly #facts = new Map<string, ObjectFacts>();
  now: number;
  #replay = false;

  /** `detector`: one that has learned elsewhere. */
  constructor(settings: Partial<DetectorSettings> = {}, now = Date.UTC(2026, 10, 2, 9), detector?: AnomalyDetector) {
    this.detector = detector ?? createDetector({ learningPeriod: 0, keepFor: 7 * day, ...settings });
    this.now = detector === undefined ? now - 10 * day : now;
    // These users are no newcomers: a newcomer makes a finding more severe.
    this.#replay = true;
    for (const user of ['alice', 'eve', 'admin', 'deployer']) this.request(user, { of: 'pods', in: 'other' });
    this.#replay = false;
    this.now = now;
  }

  /** Plays what was normal on each of the ten days before. */
  usually(play: () => void): void {
    const { now } = this;
    this.#replay = true;
    for (let back = 10; back >= 1; back -= 1) {
      this.now = now - back * day;
      play();
    }
    this.#replay = false;
    this.now = now;
    this.detector.synced(now);
  }

  /** A request of a user. */
  request(user: string, request: Request): void {
    this.now += 1000;
    this.event(auditEvent(user, this.now, request));
  }

  /** An audit event arrives. */
  event(event: AuditEvent): void {
    const activity: RequestActivity | undefined = this.#activities.activity(event);
    if (activity) this.detector.observe(activity, { replay: this.#replay });
  }

  /** The same request by name for several names. */
  each(names: readonly string[], act: (name: string) => void): void {
    for (const name of names) act(name);
  }

  /** Somebody creates or changes an object: its audit event and its change. Without `user` no audit event comes. */
  write(user: string | undefined, object: KubeObject, request: Request = {}): void {
    const known = this.#facts.has(keyOf(object));
    const { namespace, name } = object.metadata;
    if (user !== undefined)
      this.request(user, {
        verb: known ? 'patch' : 'create',
        of: resourceOf(object.kind ?? ''),
        name,
        ...(namespace ? { in: namespace } : {}),
        ...request,
      });
    this.#change(known ? 'update' : 'create', object);
  }

  /** Somebody deletes an object. */
  remove(user: string | undefined, object: KubeObject): void {
    const { namespace, name } = object.metadata;
    if (user !== undefined)
      this.request(user, { verb: 'delete', of: resourceOf(object.kind ?? ''), name, ...(namespace ? { in: namespace } : {}) });
    this.#change('delete', object);
  }

  /** An object that is there at the start. */
  found(...objects: readonly KubeObject[]): void {
    for (const object of objects) this.#change('found', object);
  }

  /** Time passes. */
  wait(milliseconds: number): void {
    this.now += milliseconds;
    this.detector.tick(this.now);
  }

  /** The open findings, after all waiting changes were judged. */
  findings(): readonly AnomalyFinding[] {
    this.detector.synced(this.now);
    this.detector.tick(this.now + minute);
    return this.detector.findings();
  }

  /** The findings of a detection. */
  of(detection: string): readonly AnomalyFinding[] {
    return this.findings().filter((finding) => finding.detection === detection);
  }

  #change(operation: 'create' | 'update' | 'delete' | 'found', object: KubeObject): void {
    this.now += 1000;
    if (operation !== 'found' && !this.#replay) this.detector.synced(this.now);
    const key = keyOf(object);
    const before = this.#facts.get(key);
    const activity = changeActivity({ operation, object, before: operation === 'found' ? undefined : before, at: this.now });
    if (activity === undefined) throw new Error(`${object.kind ?? ''} is not watched`);
    if (activity.after) this.#facts.set(key, activity.after);
    else this.#facts.delete(key);
    this.detector.observe(activity, { replay: this.#replay });
  }
}

const keyOf = ({ kind = '', metadata: { namespace = '', name } }: KubeObject): string => `${kind}/${namespace}/${name}`;

/** Returns the user name of a service account. */
export const account = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;
