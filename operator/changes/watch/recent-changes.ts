import type { ObjectChange } from './change-feed.ts';

/**
 * The most recent changes, for policies that are added: while such a policy was scanned, changes were evaluated for the other policies
 * only.
 */
export class RecentChanges {
  readonly #most: number;
  readonly #kept: { readonly at: number; readonly change: ObjectChange }[] = [];
  /** The index of the oldest change once the limit is reached. */
  #oldest = 0;
  /** When the last dropped change arrived. */
  #lost = Number.NEGATIVE_INFINITY;

  /** `most`: the number of changes to keep. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Adds a change that arrived at this time, by any monotonic clock. */
  add(change: ObjectChange, at: number): void {
    const dropped = this.#kept[this.#oldest];
    this.#kept[this.#oldest] = { at, change };
    this.#oldest = (this.#oldest + 1) % this.#most;
    if (dropped) this.#lost = dropped.at;
  }

  /** The changes that arrived at this time or later; undefined if some of them were dropped. */
  since(at: number): readonly ObjectChange[] | undefined {
    if (this.#lost >= at) return undefined;
    const ordered = [...this.#kept.slice(this.#oldest), ...this.#kept.slice(0, this.#oldest)];
    return ordered.filter((kept) => kept.at >= at).map(({ change }) => change);
  }
}
