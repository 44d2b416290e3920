import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { decodeFrame, StreamError } from './frame.ts';
import type { Trailer } from './stream-writer.ts';

/** A stream that was checked whole: its records can be read as often as needed, its trailer is what the writer said. */
export interface AcceptedStream<T> {
  readonly trailer: Trailer<T>;
  /** Each record, in order, decompressed as it goes. */
  records(): Generator;
}

/** The most that one frame may unpack to: a frame of the writer's is far below. */
const maximumFrame = 8 * 1024 * 1024;
/** The most compressed bytes of one stream. */
const maximumStream = 64 * 1024 * 1024;

/**
 * Reads a pod's log line by line and accepts the whole or nothing: every frame in its order with its checksum, and a
 * trailer whose counts and SHA-256 agree. Throws {@link StreamError}. Empty lines are passed over. `mostUnpacked`: bytes that its records
 * may come to, where whoever wrote it is not trusted.
 */
export async function acceptStream<T>(lines: AsyncIterable<string>, mostUnpacked = Number.POSITIVE_INFINITY): Promise<AcceptedStream<T>> {
  const frames: Buffer[] = [];
  let bytes = 0;
  for await (const line of lines) {
    if (line === '') continue;
    const { sequence, data } = decodeFrame(line);
    if (sequence !== frames.length) throw new StreamError('broken', `frame ${frames.length} is missing: frame ${sequence} came instead`);
    bytes += data.length;
    if (bytes > maximumStream) throw new StreamError('broken', `the stream has more than ${maximumStream} bytes`);
    frames.push(data);
  }
  return { trailer: verify<T>(frames, mostUnpacked), records: () => records(frames) };
}

/** All NDJSON lines of the frames; the empty line before the trailer included. */
function* ndjson(frames: readonly Buffer[]): Generator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for (const [index, frame] of frames.entries()) {
    const data = Buffer.concat([rest, unpack(frame, index)]);
    let start = 0;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, start)) {
      yield data.toString('utf8', start, end);
      start = end + 1;
    }
    rest = data.subarray(start);
  }
  if (rest.length > 0) throw new StreamError('broken', 'the last record is cut off');
}

function* records(frames: readonly Buffer[]): Generator {
  for (const line of ndjson(frames)) {
    if (line === '') return;
    yield parsed(line);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new StreamError('broken', `a record is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function verify<T>(frames: readonly Buffer[], mostUnpacked: number): Trailer<T> {
  const hash = createHash('sha256');
  let count = 0;
  let unpacked = 0;
  let trailer: Trailer<T> | undefined;
  let closed = false;
  for (const line of ndjson(frames)) {
    unpacked += line.length;
    if (unpacked > mostUnpacked) throw new StreamError('broken', `the stream unpacks to more than ${mostUnpacked} bytes`);
    if (closed) trailer = parsed(line) as Trailer<T>;
    else if (line === '') closed = true;
    else {
      hash.update(line).update('\n');
      count++;
    }
  }
  if (!trailer) throw new StreamError('broken', 'the stream has no trailer: it was cut off');
  if (trailer.records !== count || trailer.sha256 !== hash.digest('hex'))
    throw new StreamError('broken', 'the trailer does not agree with the records');
  return trailer;
}

function unpack(frame: Buffer, index: number): Buffer {
  try {
    return gunzipSync(frame, { maxOutputLength: maximumFrame });
  } catch (error) {
    throw new StreamError('broken', `frame ${index} cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  }
}
