import type { KubeObject } from '../api/metadata.ts';

/**
 * Measures for how long this process has known objects. Time limits use it instead of the object's creation time, because the clock of
 * another machine may differ: with a difference of a minute, a new Job would seem to have been without a pod for a minute.
 */
export class Ages {
  readonly #now: () => number;
  readonly #first = new Map<string, number>();
  readonly #most: number;

  /**
   * `now`: milliseconds by a monotonic clock; default: the process's. `most`: the number of objects to remember, the latest ones; default:
   * 10,000.
   */
  constructor(now: () => number = () => performance.now(), most = 10_000) {
    this.#now = now;
    this.#most = most;
  }

  /** Milliseconds since the first call for this object. */
  readonly of = ({ metadata: { uid = '' } }: KubeObject): number => {
    const now = this.#now();
    const first = this.#first.get(uid) ?? now;
    if (!this.#first.has(uid)) this.#first.set(uid, first);
    const [oldest] = this.#first.keys();
    if (this.#first.size > this.#most && oldest !== undefined) this.#first.delete(oldest);
    return now - first;
  };

  /** Forgets an object: the next call counts as the first. */
  forget({ metadata: { uid = '' } }: KubeObject): void {
    this.#first.delete(uid);
  }
}
