import type { AuditOutage } from './audit-outages.ts';

const minute = 60_000;
/** API servers keep and repeat events for about this long if nobody receives them. */
const KEPT = 2 * minute;
/** What was learned is stored at least this often while events come, so that an end without a last write is known to within it. */
export const STORED_EVERY = 10 * minute;
/** How long late events of the time may take after a start. */
const LATE = minute;

/** A time in which no process of Vigil received the events of a cluster that sends them: what happened in it was not seen by anybody. */
export class MissedTime {
  #missed: { readonly last: number; readonly start: number } | undefined;

  /**
   * A process starts at `now` that has read what an earlier one stored. `last`: the time of the last audit event that is known. `complete`: the
   * earlier process stored it when it stopped.
   */
  started(now: number, last: number | undefined, complete: boolean): void {
    const least = complete ? KEPT : KEPT + STORED_EVERY;
    if (last !== undefined && now - last > least) this.#missed = { last, start: now };
  }

  /** Returns the time without events before the start, once, when events come again. API servers first send what they have kept. */
  due(now: number, between: (from: number, to: number) => AuditOutage | undefined): AuditOutage | undefined {
    if (this.#missed === undefined || now < this.#missed.start + LATE) return undefined;
    const outage = between(this.#missed.last, this.#missed.start);
    // No event has come yet: the time goes on.
    if (outage !== undefined && outage.to === undefined) return undefined;
    this.#missed = undefined;
    return outage;
  }
}
