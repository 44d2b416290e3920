import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Writes an index of Java archives in Trivy's format (schema 1), with one archive:
 * node hack/cluster.d/java-index.ts FOLDER GROUP ARTIFACT VERSION SHA1.
 */
const [folder = '', group = '', artifact = '', version = '', sha1 = ''] = process.argv.slice(2);
if (sha1 === '') throw new Error('usage: java-index.ts FOLDER GROUP ARTIFACT VERSION SHA1');
mkdirSync(folder, { recursive: true });
const file = join(folder, 'trivy-java.db');
rmSync(file, { force: true });
const database = new DatabaseSync(file);
database.exec(`
  CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
  CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT, foreign key (artifact_id) references artifacts(id));
  CREATE UNIQUE INDEX artifacts_idx ON artifacts(artifact_id, group_id);
  CREATE INDEX indices_artifact_idx ON indices(artifact_id);
  CREATE UNIQUE INDEX indices_sha1_idx ON indices(sha1);`);
database.prepare('INSERT INTO artifacts VALUES (1, ?, ?)').run(group, artifact);
database.prepare('INSERT INTO indices VALUES (1, ?, ?, ?)').run(version, Buffer.from(sha1, 'hex'), 'jar');
database.close();
const [made, next] = [new Date(), new Date(Date.now() + 72 * 3_600_000)].map((date) => date.toISOString());
writeFileSync(join(folder, 'metadata.json'), JSON.stringify({ Version: 1, NextUpdate: next, UpdatedAt: made, DownloadedAt: made }));
