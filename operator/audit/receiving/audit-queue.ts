import type { AuditEvent } from '../audit-event.ts';
import { readAuditBody } from '../formats/audit-body.ts';
import { eventsIn } from '../formats/audit-document.ts';
import { LOSSES, type AuditDropReason, type AuditObserver } from './audit-counts.ts';
import { EventOrder } from './event-order.ts';
import { SeenEvents } from './seen-events.ts';

/** The most bytes of bodies that wait to be read. */
export const QUEUE_LIMIT = 16 * 1024 * 1024;
const MINUTE = 60_000;
/** Milliseconds that the clock of an API server may be ahead. */
const AHEAD = 5 * MINUTE;
/** Milliseconds after which an event is too old to be news. A receiver that was down for hours still gets what a forwarder kept. */
const AGE = 24 * 60 * MINUTE;

/** A body that was accepted, with the name of the API server that sent it. */
export interface AuditBody {
  readonly bytes: Buffer;
  readonly server: string;
}

/** What an {@link AuditQueue} needs. */
export interface QueueOptions {
  readonly observer: AuditObserver;
  /** Takes events in order. Must not throw. */
  readonly consume: (events: readonly AuditEvent[]) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds of a clock that never jumps. */
  readonly steady?: () => number;
  readonly queueLimit?: number;
  readonly order?: EventOrder;
  readonly seen?: SeenEvents;
}

/** Reads bodies after their sender was answered, drops duplicates, and passes events on in order. Everything that is not passed on is counted. */
export class AuditQueue {
  readonly #options: QueueOptions;
  readonly #queueLimit: number;
  readonly #now: () => number;
  readonly #steady: () => number;
  readonly #order: EventOrder;
  readonly #seen: SeenEvents;
  readonly #queue: AuditBody[] = [];
  #queued = 0;
  #reading: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#queueLimit = options.queueLimit ?? QUEUE_LIMIT;
    this.#now = options.now ?? Date.now;
    this.#steady = options.steady ?? (() => performance.now());
    this.#order = options.order ?? new EventOrder();
    this.#seen = options.seen ?? new SeenEvents();
  }

  /** Passes events on four times a second until {@link stop}: what waits takes most of the memory when many events come. */
  start(): void {
    this.#timer ??= setInterval(() => this.#pass(this.#order.take(this.#steady())), 250);
  }

  /** Reads what waits, passes everything on, and stops. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#reading !== undefined) clearImmediate(this.#reading);
    this.#reading = undefined;
    while (this.#queue.length > 0) this.#readNext();
    this.#pass(this.#order.takeAll());
  }

  /** Bytes that wait to be read. */
  get queued(): number {
    return this.#queued;
  }

  /** Queues a body. A body for which there is no room is dropped and its events are counted. Returns at once. */
  offer(body: AuditBody): void {
    if (this.#queued + body.bytes.length > this.#queueLimit) {
      this.#drop('queue', eventsIn(body.bytes), `audit events come faster than they are read: more than ${this.#queueLimit} bytes wait`);
      return;
    }
    this.#queue.push(body);
    this.#queued += body.bytes.length;
    this.#schedule();
  }

  /* One body in each turn of the event loop, so that requests and probes are answered between them. */
  #schedule(): void {
    if (this.#reading !== undefined || this.#queue.length === 0) return;
    this.#reading = setImmediate(() => {
      this.#reading = undefined;
      this.#readNext();
      this.#schedule();
    });
  }

  #readNext(): void {
    const body = this.#queue.shift();
    if (body === undefined) return;
    this.#queued -= body.bytes.length;
    const batch = readAuditBody(body.bytes, body.server);
    const now = this.#now();
    if (batch.events.length > 0) this.#options.observer.received(batch.events.length);
    for (const event of batch.events) this.#accept(event, now);
    if (batch.other > 0) this.#options.observer.dropped('other', batch.other);
    for (const [reason, count] of batch.problemCounts)
      this.#drop(reason, count, batch.problems.find((problem) => problem.reason === reason)?.message ?? '');
  }

  #accept(event: AuditEvent, now: number): void {
    if (event.at > now + AHEAD)
      this.#drop(
        'future',
        1,
        `an event of ${event.server} is ${minutes(event.at - now)} minutes ahead of the operator's clock: compare the clocks of both nodes`,
      );
    else if (event.at < now - AGE)
      this.#drop('old', 1, `an event of ${event.server} is ${minutes(now - event.at)} minutes old: vigil audit-replay reads old logs`);
    else if (this.#seen.add(event)) this.#drop('duplicate', 1, '');
    else this.#pass(this.#order.add(event, this.#steady()));
  }

  #drop(reason: AuditDropReason, count: number, message: string): void {
    this.#options.observer.dropped(reason, count);
    if (LOSSES.has(reason)) this.#options.observer.problem(reason, message);
  }

  #pass(events: readonly AuditEvent[]): void {
    if (events.length > 0) this.#options.consume(events);
  }
}

const minutes = (milliseconds: number): number => Math.round(milliseconds / MINUTE);
