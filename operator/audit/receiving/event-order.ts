import type { AuditEvent } from '../audit-event.ts';

interface Waiting {
  readonly event: AuditEvent;
  readonly arrivedAt: number;
}

/**
 * Puts events of an API server in the order of their time. An API server writes batches of several goroutines, so neighbours may be swapped. An event waits `window`
 * milliseconds after it arrived and leaves with those before it. An event that comes after later ones have left is late: it leaves out of order.
 */
export class EventOrder {
  readonly #window: number;
  readonly #capacity: number;
  #waiting: Waiting[] = [];
  readonly #last = new Map<string, number>();
  /** Events that left out of order. */
  late = 0;

  /** `capacity`: the most events that wait. */
  constructor(window = 1000, capacity = 20_000) {
    this.#window = window;
    this.#capacity = capacity;
  }

  /** Events that wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /**
   * Takes an event that arrived at `now` (milliseconds, monotonic). Returns events that leave before their window has ended, if too many wait: it
   * is better to see events that may be swapped than to lose them.
   */
  add(event: AuditEvent, now: number): readonly AuditEvent[] {
    const leaving = this.#waiting.length >= this.#capacity ? this.#leave(this.#waiting[this.#capacity >> 1]?.arrivedAt ?? now) : [];
    this.#waiting.push({ event, arrivedAt: now });
    return leaving;
  }

  /** The events whose window ended at `now`, and all earlier events of the same server, ordered by time for each server. */
  take(now: number): readonly AuditEvent[] {
    return this.#leave(now - this.#window);
  }

  /** The events that arrived until a time, and all earlier events of the same server. */
  #leave(arrived: number): readonly AuditEvent[] {
    const until = new Map<string, number>();
    for (const { event, arrivedAt } of this.#waiting) {
      if (arrivedAt > arrived) break;
      until.set(event.server, Math.max(until.get(event.server) ?? -Infinity, event.at));
    }
    if (until.size === 0) return [];
    const leaves = ({ event }: Waiting): boolean => event.at <= (until.get(event.server) ?? -Infinity);
    const leaving = this.#waiting.filter(leaves).map(({ event }) => event);
    this.#waiting = this.#waiting.filter((waiting) => !leaves(waiting));
    return this.#ordered(leaving);
  }

  /** All events that wait, in order. For the end of a file or of the process. */
  takeAll(): readonly AuditEvent[] {
    const leaving = this.#waiting.map(({ event }) => event);
    this.#waiting = [];
    return this.#ordered(leaving);
  }

  #ordered(events: AuditEvent[]): readonly AuditEvent[] {
    events.sort((one, other) => one.at - other.at);
    for (const { server, at } of events) {
      const last = this.#last.get(server) ?? -Infinity;
      if (at < last) this.late += 1;
      else this.#remember(server, at);
    }
    return events;
  }

  /* Names of servers come from the network: only the last 64 are remembered. */
  #remember(server: string, at: number): void {
    this.#last.delete(server);
    this.#last.set(server, at);
    const [oldest] = this.#last.keys();
    if (this.#last.size > 64 && oldest !== undefined) this.#last.delete(oldest);
  }
}
