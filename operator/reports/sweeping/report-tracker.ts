import { hash } from 'node:crypto';

/** Of a place in the table: the shard is in the lower bits. */
const confirmedBit = 0x40000000;
const forgottenBit = 0x20000000;
const shardBits = 0x1fffffff;
/** At this share of its places the table is doubled. */
const fullness = 0.6;

/** 48 bits of a text's hash, never 0. */
const markOf = (text: string): number => hash('sha1', text, 'buffer').readUIntBE(0, 6) || 1;
/** 32 bits of a text's hash. */
const shortMarkOf = (text: string): number => hash('sha1', text, 'buffer').readUInt32BE(0);

/**
 * The reports of one scan that this process made sure of, as `reportKey` names them. It spares the sweep from asking about their
 * objects, and it tells at the end which of them somebody else has changed or removed since. Of each it keeps 16 bytes, no text:
 * a table of hashes, searched from the place that a hash points to.
 */
export class ReportTracker {
  #marks = new Float64Array(64);
  #versions = new Uint32Array(64);
  #states = new Uint32Array(64);
  #size = 0;
  readonly #shards = new Set<number>();

  /** Says that a shard's results were taken in by this process. */
  recordShard(shard: number): void {
    this.#shards.add(shard);
  }

  /** Says that a report of a shard is now right in this version; without a version, that there can be none. */
  recordUpToDate(key: string, shard: number, version: string): void {
    if (this.#size >= this.#marks.length * fullness) this.#grow();
    const mark = markOf(key);
    const place = this.#placeOf(mark);
    if (this.#marks[place] === 0) this.#size++;
    this.#marks[place] = mark;
    this.#versions[place] = shortMarkOf(version);
    this.#states[place] = shard | (version === '' ? confirmedBit : 0);
  }

  /** Whether this process made sure of a report. */
  has(key: string): boolean {
    const place = this.#placeOf(markOf(key));
    return this.#marks[place] !== 0 && (this.#stateAt(place) & forgottenBit) === 0;
  }

  /** Says in which version a report is found at the end. */
  readonly observe = (key: string, version: string): void => {
    const place = this.#placeOf(markOf(key));
    if (this.#marks[place] === 0 || this.#versions[place] !== shortMarkOf(version)) return;
    this.#states[place] = this.#stateAt(place) | confirmedBit;
  };

  /** Of these shards, those with a report that was not found as it was left, and those that another process took in. What is doubtful is forgotten. */
  shardsToRepeat(shards: readonly number[]): number[] {
    const doubted = new Set(shards.filter((shard) => !this.#shards.has(shard)));
    for (const [place, mark] of this.#marks.entries()) {
      const state = this.#stateAt(place);
      if (mark === 0 || (state & (confirmedBit | forgottenBit)) !== 0) continue;
      doubted.add(state & shardBits);
      this.#states[place] = state | forgottenBit;
    }
    return shards.filter((shard) => doubted.has(shard));
  }

  #stateAt(place: number): number {
    return this.#states[place] ?? 0;
  }

  /** Where a mark is, or would be put. */
  #placeOf(mark: number): number {
    const last = this.#marks.length - 1;
    for (let place = mark & last; ; place = (place + 1) & last) {
      const there = this.#marks[place];
      if (there === mark || there === 0) return place;
    }
  }

  #grow(): void {
    const [marks, versions, states] = [this.#marks, this.#versions, this.#states];
    this.#marks = new Float64Array(marks.length * 2);
    this.#versions = new Uint32Array(marks.length * 2);
    this.#states = new Uint32Array(marks.length * 2);
    for (const [at, mark] of marks.entries()) {
      if (mark === 0) continue;
      const place = this.#placeOf(mark);
      this.#marks[place] = mark;
      this.#versions[place] = versions[at] ?? 0;
      this.#states[place] = states[at] ?? 0;
    }
  }
}
