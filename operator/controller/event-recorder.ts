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

const quietMilliseconds = 600_000;

/** Records Events about objects. The same text about the same object is recorded once in ten minutes; a failure to record is only logged. */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #log: Logger;
  readonly #instance: string;
  readonly #recent = new Map<string, number>();

  constructor(client: KubeClient, log: Logger, instance: string) {
    this.#client = client;
    this.#log = log;
    this.#instance = instance;
  }

  /** Records an Event; returns at once. */
  record(resource: ApiResource, object: KubeObject, { type, reason, message }: EventText): void {
    const id = createHash('sha256').update([object.metadata.uid, reason, message].join('\0')).digest('hex').slice(0, 16);
    const now = Date.now();
    for (const [key, at] of this.#recent) if (now - at > quietMilliseconds) this.#recent.delete(key);
    if (this.#recent.has(id)) return;
    this.#recent.set(id, now);
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const time = new Date(now).toISOString();
    const event = {
      metadata: { namespace: namespace ?? 'default', name: `${name.slice(0, 200)}.${id}${now.toString(16)}` },
      involvedObject: { apiVersion: apiVersionOf(resource), kind: resource.kind, name, namespace, uid, resourceVersion },
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
    this.#client
      .create(RESOURCES.events, event)
      .catch((error: unknown) => this.#log.warn({ err: error, reason }, 'could not record an event'));
  }
}
