import { hash } from 'node:crypto';

/** The bits of a slot's state. The lower bits contain the shard. */
const confirmedBit = 0x40000000;
const forgottenBit = 0x20000000;
const shardBits = 0x1fffffff;
/** The load factor at which the size of the table is doubled. */
const maxLoadFactor = 0.6;

/** Returns 48 bits of the hash of a text, never 0. */
const markOf = (text: string): number => hash('sha1', text, 'buffer').readUIntBE(0, 6) || 1;
/** Returns 32 bits of the hash of a text. */
const shortMarkOf = (text: string): number => hash('sha1', text, 'buffer').readUInt32BE(0);

/**
 * The reports of one scan that this process has updated or confirmed, by `reportKey`. The sweep does not read the objects of these reports. At
 * the end, the tracker returns the shards whose reports another writer has changed or deleted since. It stores 16 bytes for each report in a
 * hash table with linear probing.
 */
export class ReportTracker {
  #marks = new Float64Array(64);
  #versions = new Uint32Array(64);
  #states = new Uint32Array(64);
  #size = 0;
  readonly #shards = new Set<number>();

  /** Records that this process collected the results of a shard. */
  recordShard(shard: number): void {
    this.#shards.add(shard);
  }

  /** Records that a report of a shard is up to date in this version. An empty version means that the report must not exist. */
  recordUpToDate(key: string, shard: number, version: string): void {
    if (this.#size >= this.#marks.length * maxLoadFactor) this.#grow();
    const mark = markOf(key);
    const slot = this.#slotOf(mark);
    if (this.#marks[slot] === 0) this.#size++;
    this.#marks[slot] = mark;
    this.#versions[slot] = shortMarkOf(version);
    this.#states[slot] = shard | (version === '' ? confirmedBit : 0);
  }

  /** Whether this process has updated or confirmed a report. */
  has(key: string): boolean {
    const slot = this.#slotOf(markOf(key));
    return this.#marks[slot] !== 0 && (this.#stateAt(slot) & forgottenBit) === 0;
  }

  /** Records the version of a report at the end of the scan. */
  readonly observe = (key: string, version: string): void => {
    const slot = this.#slotOf(markOf(key));
    if (this.#marks[slot] === 0 || this.#versions[slot] !== shortMarkOf(version)) return;
    this.#states[slot] = this.#stateAt(slot) | confirmedBit;
  };

  /**
   * Returns the shards that must be collected again: those that another process collected, and those with a report that was not observed in
   * the recorded version. Forgets these reports.
   */
  shardsToRepeat(shards: readonly number[]): number[] {
    const repeated = new Set(shards.filter((shard) => !this.#shards.has(shard)));
    for (const [slot, mark] of this.#marks.entries()) {
      const state = this.#stateAt(slot);
      if (mark === 0 || (state & (confirmedBit | forgottenBit)) !== 0) continue;
      repeated.add(state & shardBits);
      this.#states[slot] = state | forgottenBit;
    }
    return shards.filter((shard) => repeated.has(shard));
  }

  #stateAt(slot: number): number {
    return this.#states[slot] ?? 0;
  }

  /** Returns the slot of a mark, or the free slot for it. */
  #slotOf(mark: number): number {
    const last = this.#marks.length - 1;
    for (let slot = mark & last; ; slot = (slot + 1) & last) {
      const there = this.#marks[slot];
      if (there === mark || there === 0) return slot;
    }
  }

  #grow(): void {
    const [marks, versions, states] = [this.#marks, this.#versions, this.#states];
    this.#marks = new Float64Array(marks.length * 2);
    this.#versions = new Uint32Array(marks.length * 2);
    this.#states = new Uint32Array(marks.length * 2);
    for (const [at, mark] of marks.entries()) {
      if (mark === 0) continue;
      const slot = this.#slotOf(mark);
      this.#marks[slot] = mark;
      this.#versions[slot] = versions[at] ?? 0;
      this.#states[slot] = states[at] ?? 0;
    }
  }
}
