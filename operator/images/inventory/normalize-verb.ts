import { open } from 'node:fs/promises';
import { writeStreamLine } from '../../stream/stream-output.ts';
import { StreamWriter } from '../../stream/stream-writer.ts';
import { findUnknownFiles } from './image-folder.ts';
import type { InventoryBody, InventoryRecord } from './inventory.ts';
import { isJavaArchive } from './java-archives.ts';
import { JsonElementsError } from './json-elements.ts';
import { trivyInventory } from './trivy-inventory.ts';

/**
 * `vigil normalize FILE [FOLDER]`: prints a Trivy report as the framed stream of an inventory, and what of the folder that it is about
 * is not known. Exit 1, with the reason on stderr, when it is no report.
 */
export async function normalizeVerb([file, folder]: readonly string[], signal: AbortSignal): Promise<number> {
  if (file === undefined) {
    process.stderr.write('vigil normalize: needs the file of a Trivy report\n');
    return 2;
  }
  const writer = new StreamWriter(writeStreamLine);
  const told = new Told();
  try {
    for await (const record of trivyInventory(chunksOf(file, signal))) {
      told.add(record);
      writer.record(record);
    }
  } catch (error) {
    if (!(error instanceof JsonElementsError)) throw error;
    process.stderr.write(`vigil normalize: the scanner's report cannot be read: ${error.message}\n`);
    return 1;
  }
  const { packages, secrets, archives } = told;
  writer.end({ packages, secrets, ...(folder === undefined ? {} : await findUnknownFiles(folder, archives)) } satisfies InventoryBody);
  return 0;
}

/** What a report told, in sum. */
class Told {
  packages = 0;
  secrets = 0;
  readonly archives = new Set<string>();

  add(record: InventoryRecord): void {
    if (record.type === 'secret') this.secrets++;
    if (record.type !== 'package') return;
    this.packages++;
    const { path } = record.package;
    if (path !== undefined && isJavaArchive(path)) this.archives.add(path);
  }
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
