import type { ChangeActivity } from './activity.ts';

/** Milliseconds without any audit event after which it may be that none could come. */
const LONG = 120_000;
/** The most outages that are remembered. */
const MOST = 20;

/** A time in which no audit event came, in milliseconds since 1970. Without `to` it goes on. */
export interface AuditOutage {
  readonly from: number;
  readonly to?: number;
}

/** Changes of which nobody knows who made them, because no audit events came at all. */
export interface UnseenChanges {
  readonly outage: AuditOutage;
  /** The last one. */
  readonly change: ChangeActivity;
  /** How many there have been in the outage until now. */
  readonly count: number;
}

/** Remembers when no audit events came at all: a change in such a time lost its event with all others, and nobody hid it. */
export class AuditOutages {
  #last: number | undefined;
  #outages: Required<AuditOutage>[] = [];
  /** The number of changes in the outage that began at a time. */
  #unseen = { from: 0, count: 0 };

  /** The time of the last audit event. Undefined: none has come. */
  get last(): number | undefined {
    return this.#last;
  }

  /** An audit event of a time came. */
  saw(at: number): void {
    const last = this.#last;
    if (last === undefined || at > last) {
      this.#last = at;
      if (last !== undefined && at - last > LONG) this.#outages = [...this.#outages.slice(1 - MOST), { from: last, to: at }];
    } else if (this.#outages.some(({ from, to }) => from < at && at < to)) this.#outages = this.#outages.flatMap((each) => split(each, at));
  }

  /** The outage that a time is in. Undefined: audit events came before and after it. */
  at(time: number): AuditOutage | undefined {
    const last = this.#last;
    if (last === undefined || time > last) return { from: last ?? 0 };
    return this.#outages.find(({ from, to }) => from < time && time < to);
  }

  /** The longest outage that began between two times. Without any event since `from` it goes on. */
  between(from: number, to: number): AuditOutage | undefined {
    const [longest] = this.#outages
      .filter((each) => each.from >= from && each.from < to)
      .toSorted((left, right) => right.to - right.from - (left.to - left.from));
    return longest ?? (this.#last !== undefined && this.#last <= from ? { from: this.#last } : undefined);
  }

  /** Counts changes by the outage that they were in. Changes in none are left out. */
  unseen(changes: readonly ChangeActivity[]): readonly UnseenChanges[] {
    const byStart = new Map<number, UnseenChanges>();
    for (const change of changes) {
      const outage = this.at(change.at);
      if (outage === undefined) continue;
      const count = this.#unseen.from === outage.from ? this.#unseen.count + 1 : 1;
      this.#unseen = { from: outage.from, count };
      byStart.set(outage.from, { outage, change, count });
    }
    return [...byStart.values()];
  }

  /** The clock was set back: what is after `now` has not happened. */
  setBack(now: number): void {
    if (this.#last !== undefined && this.#last > now) this.#last = now;
    this.#outages = this.#outages.filter(({ to }) => to <= now);
  }
}

/** An event that the API server kept in the meantime came late. */
const split = ({ from, to }: Required<AuditOutage>, at: number): readonly Required<AuditOutage>[] =>
  [
    { from, to: Math.min(to, Math.max(from, at)) },
    { from: Math.max(from, Math.min(to, at)), to },
  ].filter((part) => part.to - part.from > LONG);
