import type { ObjectChange } from './change-feed.ts';

/** The latest changes, for a policy that joins those by which changes are judged: while it was scanned, others alone were asked. */
export class RecentChanges {
  readonly #most: number;
  readonly #kept: { readonly at: number; readonly change: ObjectChange }[] = [];
  /** Where the oldest of them is, once there are as many as may be. */
  #oldest = 0;
  /** When the last one came that was let go. */
  #lost = Number.NEGATIVE_INFINITY;

  /** Keeps so many. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes one in that came at this time, by any clock that never goes back. */
  add(change: ObjectChange, at: number): void {
    const dropped = this.#kept[this.#oldest];
    this.#kept[this.#oldest] = { at, change };
    this.#oldest = (this.#oldest + 1) % this.#most;
    if (dropped) this.#lost = dropped.at;
  }

  /** Those that came at this time or later; undefined when some of them were let go. */
  since(at: number): readonly ObjectChange[] | undefined {
    if (this.#lost >= at) return undefined;
    const ordered = [...this.#kept.slice(this.#oldest), ...this.#kept.slice(0, this.#oldest)];
    return ordered.filter((kept) => kept.at >= at).map(({ change }) => change);
  }
}
