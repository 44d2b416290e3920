import type { KubeObject } from '../api/metadata.ts';

/**
 * How long objects have been seen by this process. Patience is measured by it, not by comparing the object's creation time with a
 * clock of another machine: where the two disagree by a minute, a Job of this second would have had no pod for a minute.
 */
export class Ages {
  readonly #now: () => number;
  readonly #first = new Map<string, number>();
  readonly #most: number;

  /** `now`: milliseconds that only grow; default the process's. `most`: objects that are remembered, the latest of them; default 10,000. */
  constructor(now: () => number = () => performance.now(), most = 10_000) {
    this.#now = now;
    this.#most = most;
  }

  /** Milliseconds since this object was asked about for the first time. */
  readonly of = ({ metadata: { uid = '' } }: KubeObject): number => {
    const now = this.#now();
    const first = this.#first.get(uid) ?? now;
    if (!this.#first.has(uid)) this.#first.set(uid, first);
    const [oldest] = this.#first.keys();
    if (this.#first.size > this.#most && oldest !== undefined) this.#first.delete(oldest);
    return now - first;
  };

  /** The next question about this object is the first again. */
  forget({ metadata: { uid = '' } }: KubeObject): void {
    this.#first.delete(uid);
  }
}
