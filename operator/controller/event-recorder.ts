import { createHash } from 'node:crypto';
import { apiVersionOf, RESOURCES, type ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { Logger } from '../telemetry/logger.ts';

/** What happened, as `kubectl describe` shows it. */
export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
}

/** The object that an Event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

const quietMilliseconds = 600_000;
/** So many Events at once, and then one in so many milliseconds: etcd keeps each for an hour. */
const most = 50;
const refill = 5000;

/**
 * Records Events about objects. The same text about the same object is recorded once in ten minutes; of very many at once the
 * later ones are dropped, and counted. A failure to record is only logged.
 */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #log: Logger;
  readonly #instance: string;
  readonly #dropped: () => void;
  readonly #recent = new Map<string, number>();
  #room = most;
  #filledAt = Date.now();

  constructor(client: KubeClient, log: Logger, options: { readonly instance: string; readonly onDropped?: () => void }) {
    this.#client = client;
    this.#log = log;
    this.#instance = options.instance;
    this.#dropped = options.onDropped ?? (() => undefined);
  }

  /** Records an Event about an object of Vigil's; returns at once. */
  record(resource: ApiResource, { metadata: { name, namespace, uid, resourceVersion } }: KubeObject, text: EventText): void {
    this.about({ apiVersion: apiVersionOf(resource), kind: resource.kind, name, namespace, uid, resourceVersion }, text);
  }

  /** Records an Event about any object; returns at once. */
  about(subject: EventSubject, text: EventText): void {
    const now = Date.now();
    const id = createHash('sha256').update([subject.uid, text.reason, text.message].join('\0')).digest('hex').slice(0, 16);
    for (const [key, at] of this.#recent) if (now - at > quietMilliseconds) this.#recent.delete(key);
    if (this.#recent.has(id)) return;
    if (!this.#hasRoom(now)) {
      this.#dropped();
      return;
    }
    this.#recent.set(id, now);
    this.#client
      .create(RESOURCES.events, this.#event(subject, text, { id, now }))
      .catch((error: unknown) => this.#log.warn({ err: error, reason: text.reason }, 'could not record an event'));
  }

  #hasRoom(now: number): boolean {
    this.#room = Math.min(most, this.#room + (now - this.#filledAt) / refill);
    this.#filledAt = now;
    if (this.#room < 1) return false;
    this.#room -= 1;
    return true;
  }

  #event(subject: EventSubject, { type, reason, message }: EventText, { id, now }: { id: string; now: number }): KubeObject {
    const { name, namespace } = subject;
    const time = new Date(now).toISOString();
    const event = {
      metadata: { namespace: namespace ?? 'default', name: `${name.slice(0, 200).replace(/[^a-z0-9.-]/g, '-')}.${id}${now.toString(16)}` },
      involvedObject: subject,
      type,
      reason,
      message: message.slice(0, 1000),
      source: { component: 'vigil' },
      reportingComponent: 'vigil.dev/operator',
      reportingInstance: this.#instance,
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
    return event;
  }
}
