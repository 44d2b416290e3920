import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DATABASE_METADATA, linkMountedDatabase } from './mounted-database.ts';

/** The tables of schema 1 of Trivy's index of Java archives. */
const archiveTables = `
  CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
  CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT, foreign key (artifact_id) references artifacts(id));`;
const archiveFile = 'trivy-java.db';
const always = '9999-01-01T00:00:00Z';

/**
 * `vigil prepare CACHE [INDEX]`: puts empty databases into the scanner's cache: the scanner looks into Java archives only when it is asked for
 * vulnerabilities, and then wants both to be there. Archives that name themselves by Maven's `pom.properties` are known without an index;
 * the folder INDEX has one in `java-db`. Exit 1 where it has none.
 */
export function prepareVerb([cache, index]: readonly string[]): Promise<number> {
  if (cache === undefined) {
    process.stderr.write("vigil prepare: needs the folder of the scanner's cache\n");
    return Promise.resolve(2);
  }
  const vulnerabilities = emptyFolder(join(cache, 'db'), 2);
  writeFileSync(join(vulnerabilities, 'trivy.db'), emptyBolt());
  if (index === undefined) {
    const database = new DatabaseSync(join(emptyFolder(join(cache, 'java-db'), 1), archiveFile));
    database.exec(archiveTables);
    database.close();
  } else {
    try {
      linkMountedDatabase({ root: index, folder: 'java-db', file: archiveFile, image: 'the image with the Java index' }, cache);
    } catch (error) {
      process.stderr.write(`vigil prepare: ${error instanceof Error ? error.message : String(error)}\n`);
      return Promise.resolve(1);
    }
  }
  return Promise.resolve(0);
}

/** Makes the folder of a database that is never too old. */
function emptyFolder(folder: string, version: number): string {
  mkdirSync(folder, { recursive: true });
  const metadata = { Version: version, NextUpdate: always, UpdatedAt: always, DownloadedAt: always };
  writeFileSync(join(folder, DATABASE_METADATA), JSON.stringify(metadata));
  return folder;
}

const pageSize = 4096;
const page = { leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;

/** A bbolt file (version 2) without a bucket: two metas, an empty list of free pages and an empty root. */
function emptyBolt(): Buffer {
  const file = Buffer.alloc(4 * pageSize);
  for (const [index, flags] of [page.meta, page.meta, page.freelist, page.leaf].entries()) {
    file.writeBigUInt64LE(BigInt(index), index * pageSize);
    file.writeUInt16LE(flags, index * pageSize + 8);
    if (flags === page.meta) boltMeta(index).copy(file, index * pageSize + 16);
  }
  return file;
}

function boltMeta(transaction: number): Buffer {
  const meta = Buffer.alloc(64);
  const [magic, version, root, freelist, pages] = [0xed0cdaed, 2, 3n, 2n, 4n];
  meta.writeUInt32LE(magic, 0);
  meta.writeUInt32LE(version, 4);
  meta.writeUInt32LE(pageSize, 8);
  meta.writeBigUInt64LE(root, 16);
  meta.writeBigUInt64LE(freelist, 32);
  meta.writeBigUInt64LE(pages, 40);
  meta.writeBigUInt64LE(BigInt(transaction), 48);
  meta.writeBigUInt64LE(fnv1a(meta.subarray(0, 56)), 56);
  return meta;
}

/** FNV-1a of 64 bits. */
const fnv1a = (data: Buffer): bigint =>
  data.reduce((hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n), 0xcbf29ce484222325n);
