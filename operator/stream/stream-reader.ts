import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { decodeFrame, StreamError } from './frame.ts';
import type { Trailer } from './stream-writer.ts';

/** A verified stream. Its records can be read any number of times. */
export interface AcceptedStream<T> {
  readonly trailer: Trailer<T>;
  /** Yields each record in order and decompresses it on the fly. */
  records(): Generator;
}

/** The maximum uncompressed size of one frame, in bytes. Frames of the writer are far smaller. */
const maximumFrame = 8 * 1024 * 1024;
/** The maximum compressed size of one stream, in bytes. */
const maximumStream = 64 * 1024 * 1024;

/**
 * Reads a pod's log line by line and verifies the complete stream: the order and checksum of every frame, and the counts and SHA-256 of the
 * trailer. Throws {@link StreamError} if any of these is wrong. Ignores empty lines. `mostUnpacked` limits the uncompressed size in bytes.
 * Set it for a writer that is not trusted.
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

/** Yields all NDJSON lines of the frames, including the empty line before the trailer. */
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
    throw new StreamError('broken', `a record is not JSON: ${error instanceof Error ? error.message : String(error)}`);
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
    if (unpacked > mostUnpacked) throw new StreamError('broken', `the uncompressed stream has more than ${mostUnpacked} bytes`);
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
