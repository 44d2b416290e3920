import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { jsonElements, JsonElementsError } from '../inventory/json-elements.ts';
import { packageUrl, type PackageUrl } from './package-url.ts';

/** A document cannot be used. The message contains the location of the error. */
export class DataDocumentError extends Error {
  override readonly name = 'DataDocumentError';
}

/** The maximum size of an unpacked document in bytes. */
const maxBytes = 64 * 1024 * 1024;
/** The maximum number of errors that are reported for one value. */
const maxIssues = 3;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Yields a document in chunks: decompressed if it is gzip, and without a byte order mark. Throws a {@link DataDocumentError}. */
export async function* unpacked(bytes: Buffer): AsyncGenerator<Buffer> {
  let read = 0;
  try {
    for await (const piece of isPacked(bytes) ? Readable.from([bytes]).pipe(createGunzip()) : [bytes]) {
      const chunk = piece as Buffer;
      yield read === 0 && chunk.subarray(0, 3).equals(byteOrderMark) ? chunk.subarray(3) : chunk;
      read += chunk.length;
      if (read > maxBytes) throw new DataDocumentError(`the unpacked document has more than ${maxBytes} bytes`);
    }
  } catch (error) {
    if (!isOfZlib(error)) throw error;
    throw new DataDocumentError(`the document cannot be unpacked: ${error.message}`, { cause: error });
  }
}

const isPacked = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const isOfZlib = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');

/** A value of a JSON document, and its location, such as `statements[3]`. */
export interface LocatedValue {
  readonly path: string;
  readonly location: string;
  readonly value: unknown;
}

/** Yields the wanted values of a JSON document, as `jsonElements` does. Throws a {@link DataDocumentError}. */
export async function* locatedValues(bytes: Buffer, paths: readonly string[]): AsyncGenerator<LocatedValue> {
  const counts = new Map<string, number>();
  let after = '';
  try {
    for await (const { path, value } of jsonElements(unpacked(bytes), paths)) {
      const index = counts.get(path) ?? 0;
      counts.set(path, index + 1);
      const location = path.replace('.*', `[${index}]`);
      yield { path, location, value };
      after = ` (after ${location})`;
    }
  } catch (error) {
    if (!(error instanceof JsonElementsError)) throw error;
    throw new DataDocumentError(`${error.message}${after}`, { cause: error });
  }
}

/** Validates a value. Throws a {@link DataDocumentError} with the location of each error. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, location = ''): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, maxIssues).map(({ path, message }) => `${locationOf(location, path)}: ${message}`);
  const more = parsed.error.issues.length - errors.length;
  throw new DataDocumentError(`${errors.join('; ')}${more > 0 ? `; and ${more} more` : ''}`);
}

const locationOf = (location: string, path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (all, part) => (typeof part === 'number' ? `${all}[${part}]` : [all, String(part)].filter(Boolean).join('.')),
    location,
  );

/** A field with a package URL. */
export const packageUrlField = z.string().transform((text, context): PackageUrl => {
  try {
    return packageUrl(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: `not a package URL: ${error instanceof Error ? error.message : String(error)}` });
    return z.NEVER;
  }
});

/** A field with a time and a time zone. Parsed to milliseconds since the epoch. */
export const timeField = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
