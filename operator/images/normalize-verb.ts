import { open } from 'node:fs/promises';
import { writeStreamLine } from '../stream/stream-output.ts';
import { StreamWriter } from '../stream/stream-writer.ts';
import type { InventoryBody } from './inventory.ts';
import { JsonElementsError } from './json-elements.ts';
import { trivyInventory } from './trivy-inventory.ts';
import { unreadableIn } from './unreadable.ts';

/**
 * `vigil normalize FILE [FOLDER]`: prints a Trivy report as the framed stream of an inventory, and what of the folder that it is about
 * cannot be read. Exit 1, with the reason on stderr, when it is no report.
 */
export async function normalizeVerb([file, folder]: readonly string[], signal: AbortSignal): Promise<number> {
  if (file === undefined) {
    process.stderr.write('vigil normalize: needs the file of a Trivy report\n');
    return 2;
  }
  const writer = new StreamWriter(writeStreamLine);
  const body = { packages: 0, secrets: 0 };
  try {
    for await (const record of trivyInventory(chunksOf(file, signal))) {
      if (record.type === 'package') body.packages++;
      if (record.type === 'secret') body.secrets++;
      writer.record(record);
    }
  } catch (error) {
    if (!(error instanceof JsonElementsError)) throw error;
    process.stderr.write(`vigil normalize: the scanner's report cannot be read: ${error.message}\n`);
    return 1;
  }
  writer.end({ ...body, ...(folder === undefined ? {} : { unreadable: unreadableIn(folder) }) } satisfies InventoryBody);
  return 0;
}

const chunkBytes = 64 * 1024;

/** A file piece by piece, each in the place of the one before: a new buffer for each is memory that waits to be collected. */
async function* chunksOf(file: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const handle = await open(file);
  try {
    const buffer = Buffer.alloc(chunkBytes);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
