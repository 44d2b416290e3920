import { timestampOf } from '../api/timestamp.ts';

const minute = 60_000;
const hour = 60 * minute;
/** Milliseconds that a clock may be set back without a word: time synchronisation does so. */
export const TOLERATED = 10 * minute;
/** Milliseconds between two ticks after which the clock may have jumped ahead. Ticks come every few seconds. */
const AHEAD = hour;
/** Milliseconds for which nothing is removed after a start or a jump ahead: a wrong clock is often set right again soon. */
const HOLD = 10 * minute;

/** Notices that the clock of the operator was set. Times are milliseconds since 1970. */
export class ClockJumps {
  #last: number | undefined;
  #holdUntil = Number.NEGATIVE_INFINITY;
  #told: { readonly text: string; readonly until: number } | undefined;

  /** Called with each tick. Returns whether the clock was set back: then what was seen meanwhile is dated in the future. */
  tick(now: number): boolean {
    const last = this.#last;
    this.#last = now;
    // A clock may also be wrong when a process starts.
    if (last === undefined || now - last > AHEAD) this.#holdUntil = now + HOLD;
    if (last === undefined) return false;
    if (now >= last - TOLERATED) return false;
    this.setBack(last, now);
    return true;
  }

  /** The clock was set back, such as before a restart. */
  setBack(from: number, now: number): void {
    this.#last = now;
    this.#holdUntil = Number.NEGATIVE_INFINITY;
    const text = `the clock of the operator was set back from ${timestampOf(from)} to ${timestampOf(now)}: what was seen in between has the time ${timestampOf(now)}`;
    this.#told = { text, until: now + hour };
  }

  /** Whether what is too old may be removed. */
  mayExpire(now: number): boolean {
    return now >= this.#holdUntil;
  }

  /** What there is to say about the clock, for an hour. */
  problems(now: number): readonly string[] {
    return this.#told !== undefined && now < this.#told.until ? [this.#told.text] : [];
  }
}
