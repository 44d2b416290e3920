import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { encodeFrame, MAXIMUM_LINE } from './frame.ts';

/** The end of a stream. */
export interface Trailer<T> {
  readonly records: number;
  /** SHA-256, in hex, over the uncompressed NDJSON. */
  readonly sha256: string;
  /** The summary of the writer. */
  readonly body: T;
}

/** Receives the records of a shard, and its summary at the end. */
export interface RecordSink {
  /** The bytes so far that count against the limit. */
  readonly bytes: number;
  record(value: unknown): void;
  end(body: unknown): void;
}

/** The initial number of uncompressed bytes per frame. It adapts to the compression ratio. */
const firstChunk = 24_000;
const dataLimit = Math.floor(((MAXIMUM_LINE - 40) * 3) / 4);

/**
 * Writes records as a framed stream. `write` receives one line without its line end and must keep the order. A record larger than a frame
 * is split into several frames, and the reader joins them.
 */
export class StreamWriter implements RecordSink {
  readonly #write: (line: string) => void;
  readonly #hash = createHash('sha256');
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #chunk = firstChunk;
  #sequence = 0;
  #records = 0;
  #bytes = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Bytes written so far, line ends included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of records so far. */
  get records(): number {
    return this.#records;
  }

  /** Adds one record, which can be any JSON value. */
  record(value: unknown): void {
    const line = Buffer.from(`${JSON.stringify(value)}\n`);
    this.#hash.update(line);
    this.#records++;
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    if (this.#pendingBytes >= this.#chunk) this.#flush();
  }

  /** Writes the remaining records and the trailer. No record may be added afterwards. */
  end(body: unknown): void {
    this.#flush();
    const trailer: Trailer<unknown> = { records: this.#records, sha256: this.#hash.digest('hex'), body };
    this.#frames(Buffer.from(`\n${JSON.stringify(trailer)}\n`));
  }

  #flush(): void {
    if (this.#pendingBytes === 0) return;
    const data = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#frames(data);
  }

  /** Writes data as frames. Splits it until every frame fits into a line, as a frame of a few bytes does. */
  #frames(data: Buffer): void {
    const packed = gzipSync(data);
    if (packed.length > dataLimit) {
      this.#chunk = Math.max(4000, Math.floor(this.#chunk / 2));
      const half = data.length >>> 1;
      this.#frames(data.subarray(0, half));
      this.#frames(data.subarray(half));
      return;
    }
    if (packed.length < dataLimit / 2) this.#chunk = Math.min(this.#chunk * 1.5, 256_000);
    const line = encodeFrame(this.#sequence++, packed);
    this.#bytes += line.length + 1;
    this.#write(line);
  }
}
