import { createHash } from 'node:crypto';
import type { KubeClient } from '../kube/client/kube-client.ts';
import { apiVersionOf, RESOURCES, type ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { isNotFound } from '../kube/client/kube-api-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import { EventCorrelator, type EventDecision, type EventLimits, type EventOccurrence } from './event-correlator.ts';

/** The type, reason and message of an Event, as `kubectl describe` shows them. */
export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
}

/** A reference to the object that an Event is about: `involvedObject`. */
export interface InvolvedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** The settings of an {@link EventRecorder}. */
export interface EventRecorderOptions {
  /** The name of this process: `reportingInstance`. */
  readonly instance: string;
  /** Called with the reason of each Event that the rate limit drops. */
  readonly onDropped?: (reason: string) => void;
  readonly limits?: Partial<EventLimits>;
  /** Milliseconds of a monotonic clock. Default: the clock of the process. */
  readonly steady?: () => number;
  /** Milliseconds since the epoch. Default: the system clock. */
  readonly clock?: () => number;
}

const longestMessage = 1000;

/**
 * Records Events about objects. {@link EventCorrelator} limits them: the same text about the same object is recorded once in ten minutes, many
 * similar Events are combined, and each object and reason has a rate limit. Dropped Events are counted, and logged with their message.
 * A failed write is logged; the next occurrence of the same Event is written again.
 */
export class EventRecorder {
  readonly #client: Pick<KubeClient, 'create' | 'patch'>;
  readonly #log: Logger;
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  readonly #steady: () => number;
  readonly #clock: () => number;
  /** Writes in flight, by the name of the Event. Writes of one combined Event are sequential, so that its count never goes back. */
  readonly #pending = new Map<string, Promise<void>>();

  constructor(client: Pick<KubeClient, 'create' | 'patch'>, log: Logger, options: EventRecorderOptions) {
    this.#client = client;
    this.#log = log;
    this.#options = options;
    this.#correlator = new EventCorrelator(options.limits);
    this.#steady = options.steady ?? ((): number => performance.now());
    this.#clock = options.clock ?? Date.now;
  }

  /** Records an Event about an object of one of Vigil's resources. Returns at once. */
  record(resource: ApiResource, { metadata: { name, namespace, uid, resourceVersion } }: KubeObject, text: EventText): void {
    this.recordFor({ apiVersion: apiVersionOf(resource), kind: resource.kind, name, namespace, uid, resourceVersion }, text);
  }

  /** Records an Event about any object. Returns at once. */
  recordFor(subject: InvolvedObject, text: EventText): void {
    const { type, reason, message } = text;
    const object = subject.uid ?? [subject.apiVersion, subject.kind, subject.namespace ?? '', subject.name].join('/');
    const occurrence = { object, type, reason, message };
    const decision = this.#correlator.decide(occurrence, this.#steady());
    if (decision.kind === 'known') return;
    if (decision.kind === 'dropped') {
      this.#options.onDropped?.(reason);
      const { kind, namespace, name } = subject;
      this.#log.warn({ kind, namespace, name, reason, message }, 'event dropped by the rate limit');
      return;
    }
    this.#write(subject, text, { occurrence, decision });
  }

  /** Waits for all writes in flight. */
  async flush(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending.values());
  }

  #write(
    subject: InvolvedObject,
    text: EventText,
    how: { occurrence: EventOccurrence; decision: Extract<EventDecision, { kind: 'new' | 'combined' }> },
  ): void {
    const { occurrence, decision } = how;
    const identity =
      decision.kind === 'combined' ? decision.group : `${occurrence.object}\0${text.reason}\0${text.message}\0${this.#clock()}`;
    const name = eventName(subject, identity);
    const count = decision.kind === 'combined' ? decision.count : 1;
    const message = decision.kind === 'combined' ? `(combined from similar events): ${text.message}` : text.message;
    const event = this.#event(subject, { ...text, message: message.slice(0, longestMessage) }, { name, count });
    const before = this.#pending.get(name) ?? Promise.resolve();
    const written = before
      .then(() => (count > 1 ? this.#countUp(event) : this.#client.create(RESOURCES.events, event)))
      .then(
        () => undefined,
        (error: unknown) => {
          this.#correlator.retract(occurrence);
          this.#log.warn({ err: error, reason: text.reason, message: text.message }, 'event write failed');
        },
      )
      .finally(() => {
        if (this.#pending.get(name) === written) this.#pending.delete(name);
      });
    this.#pending.set(name, written);
  }

  /** Updates the count of an existing Event. Creates the Event if it expired. */
  async #countUp(event: EventObject): Promise<unknown> {
    const { metadata, count, message, lastTimestamp } = event;
    try {
      return await this.#client.patch(RESOURCES.events, metadata, { count, message, lastTimestamp });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return this.#client.create(RESOURCES.events, event);
    }
  }

  #event(subject: InvolvedObject, { type, reason, message }: EventText, { name, count }: { name: string; count: number }): EventObject {
    const time = new Date(this.#clock()).toISOString();
    return {
      metadata: { namespace: subject.namespace ?? 'default', name },
      involvedObject: subject,
      type,
      reason,
      message,
      source: { component: 'vigil' },
      reportingComponent: 'vigil.dev/operator',
      reportingInstance: this.#options.instance,
      firstTimestamp: time,
      lastTimestamp: time,
      count,
    };
  }
}

interface EventObject extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly namespace: string };
  readonly involvedObject: InvolvedObject;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly source: { readonly component: string };
  readonly reportingComponent: string;
  readonly reportingInstance: string;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly count: number;
}

/** The name of an Event: the name of the object, as client-go has it, and a hash of the identity. */
function eventName({ name }: InvolvedObject, identity: string): string {
  const id = createHash('sha256').update(identity).digest('hex').slice(0, 24);
  return `${name.slice(0, 200).replace(/[^a-z0-9.-]/g, '-')}.${id}`;
}
