import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AuditBatch } from './audit-batch.ts';
import { readAuditDocument, readAuditLine } from './audit-document.ts';
import { isGzip } from './compressed-text.ts';

/** The events between two results. */
const BATCH = 1000;

/**
 * Reads a log of any size, with or without gzip: one JSON value in each line, or one document over several lines (an indented EventList). Yields batches of about a
 * thousand events, in the order of the log. Rejects if the stream fails or its gzip is damaged.
 */
export async function* readAuditLog(chunks: AsyncIterable<Uint8Array>, server = ''): AsyncGenerator<AuditBatch> {
  let batch = new AuditBatch();
  const spread: string[] = [];
  for await (const line of linesOf(chunks)) {
    if (spread.length > 0 || startsDocument(line)) spread.push(line);
    else readAuditLine(line, server, batch);
    if (batch.events.length >= BATCH) {
      yield batch;
      batch = new AuditBatch();
    }
  }
  if (spread.length > 0) readAuditDocument(spread.join('\n'), server, batch);
  yield batch;
}

/** Whether a line is the first of an indented document. */
const startsDocument = (line: string): boolean => ['{', '['].includes(line.trim()) || /^\s*\{\s*"[^"]*"\s*:\s*[^{}]*,\s*$/.test(line);

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return;
  const all = Readable.from(
    (async function* () {
      yield first.value;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    })(),
  );
  const input = isGzip(first.value) ? all.compose(createGunzip()) : all;
  const lines = createInterface({ input, crlfDelay: Infinity });
  yield* lines;
}
