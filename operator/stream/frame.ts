import { crc32 } from 'node:zlib';

/** The first word of every frame. Its number is the version of the stream. */
export const MAGIC = 'VIGIL2';
/** The maximum length of a line, in bytes. Output on stderr was seen to split longer lines. */
export const MAXIMUM_LINE = 8000;

/** One decoded line of the stream. */
export interface Frame {
  readonly sequence: number;
  /** Gzip of NDJSON records, or of the trailer. */
  readonly data: Buffer;
}

/** The error of a stream that cannot be accepted. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  /** `version`: written by another version of Vigil. `broken`: cut, reordered, corrupted or incomplete. */
  readonly kind: 'version' | 'broken';

  constructor(kind: 'version' | 'broken', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Encodes a frame as one line without its line end. */
export function encodeFrame(sequence: number, data: Buffer): string {
  return `${MAGIC} ${sequence} ${checksum(data)} ${data.toString('base64')}`;
}

const framePattern = /^VIGIL2 ([0-9]{1,9}) ([0-9a-f]{8}) ([A-Za-z0-9+/]*={0,2})$/;

/** Decodes one line. Throws {@link StreamError} if it is not a complete frame of this version. */
export function decodeFrame(line: string): Frame {
  const [, sequence = '', crc, base64 = ''] = framePattern.exec(line) ?? [];
  if (crc === undefined) {
    const [other] = /^VIGIL[0-9]+(?= )/.exec(line) ?? [];
    if (other !== undefined && other !== MAGIC)
      throw new StreamError(
        'version',
        `the stream has version ${other}, this operator reads ${MAGIC}: worker and operator have different versions`,
      );
    throw new StreamError('broken', 'a line of the stream is not a complete frame');
  }
  const data = Buffer.from(base64, 'base64');
  if (checksum(data) !== crc) throw new StreamError('broken', `frame ${sequence} has a wrong checksum`);
  return { sequence: Number(sequence), data };
}

function checksum(data: Buffer): string {
  return crc32(data).toString(16).padStart(8, '0');
}
