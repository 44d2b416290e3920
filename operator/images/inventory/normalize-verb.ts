import { open } from 'node:fs/promises';
import { writeStreamLine, type PrintLine } from '../../stream/stream-output.ts';
import { StreamWriter } from '../../stream/stream-writer.ts';
import { findUnknownFiles } from './image-folder.ts';
import type { InventoryBody, InventoryRecord } from './inventory.ts';
import { isJavaArchive } from './java-archives.ts';
import { JsonElementsError } from './json-elements.ts';
import { trivyInventory } from './trivy-inventory.ts';

/**
 * `vigil normalize FILE [FOLDER]`: prints a Trivy report as the framed stream of an inventory. If FOLDER is given, adds the files in it
 * that the report does not cover. Exits with 1 and prints the reason to stderr if FILE is not a Trivy report. `print` is replaced in tests.
 */
export async function normalizeVerb(
  [file, folder]: readonly string[],
  signal: AbortSignal,
  print: PrintLine = writeStreamLine,
): Promise<number> {
  if (file === undefined) {
    process.stderr.write('vigil normalize: needs the file of a Trivy report\n');
    return 2;
  }
  const writer = new StreamWriter(print);
  const summary = new ReportSummary();
  try {
    for await (const record of trivyInventory(chunksOf(file, signal))) {
      summary.add(record);
      writer.record(record);
    }
  } catch (error) {
    if (!(error instanceof JsonElementsError)) throw error;
    process.stderr.write(`vigil normalize: the scanner's report cannot be read: ${error.message}\n`);
    return 1;
  }
  const { packages, secrets, archives } = summary;
  writer.end({ packages, secrets, ...(folder === undefined ? {} : await findUnknownFiles(folder, archives)) } satisfies InventoryBody);
  return 0;
}

/** The counts of a report, and the Java archives that it identifies. */
class ReportSummary {
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

/** Reads a file in chunks. Reuses one buffer for all chunks, so that no garbage accumulates. */
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
