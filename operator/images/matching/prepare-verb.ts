import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DATABASE_METADATA, linkMountedDatabase } from './mounted-database.ts';

/** The tables of Trivy's Java archive index, schema 1. */
const archiveTables = `
  CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
  CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT, foreign key (artifact_id) references artifacts(id));`;
const archiveFile = 'trivy-java.db';
const always = '9999-01-01T00:00:00Z';

/**
 * `vigil prepare CACHE [INDEX]`: writes empty databases to the scanner's cache. The scanner reads Java archives only if it scans for
 * vulnerabilities, and this needs both databases. Archives with Maven's `pom.properties` are identified without an index. If INDEX is
 * given, links the index in its folder `java-db`, and exits with 1 if there is none.
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

/** Creates the folder of a database that is never outdated. */
function emptyFolder(folder: string, version: number): string {
  mkdirSync(folder, { recursive: true });
  const metadata = { Version: version, NextUpdate: always, UpdatedAt: always, DownloadedAt: always };
  writeFileSync(join(folder, DATABASE_METADATA), JSON.stringify(metadata));
  return folder;
}

const pageSize = 4096;
const page = { leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;

/** A bbolt file (version 2) without buckets: two meta pages, an empty free list and an empty root page. */
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
