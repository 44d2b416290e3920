import { gunzipSync } from 'node:zlib';

/** The most bytes of a text after decompression. */
export const TEXT_LIMIT = 16 * 1024 * 1024;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The text of base64, with or without gzip. Undefined if it is no base64, or damaged, or has more than `limit` bytes. */
export const compressedText = (data: string, limit = TEXT_LIMIT): string | undefined => {
  if (data.length > 2 * TEXT_LIMIT || data.length % 4 !== 0 || !BASE64.test(data)) return undefined;
  const packed = Buffer.from(data, 'base64');
  const bytes = isGzip(packed) ? gunzipped(packed, limit) : packed;
  return bytes !== undefined && bytes.length <= limit ? bytes.toString('utf8') : undefined;
};

/** Whether bytes begin as gzip does. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The bytes after decompression. Undefined if they are damaged or more than `limit`. */
export const gunzipped = (bytes: Uint8Array, limit = TEXT_LIMIT): Buffer | undefined => {
  if (limit <= 0) return undefined;
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch {
    return undefined;
  }
};
