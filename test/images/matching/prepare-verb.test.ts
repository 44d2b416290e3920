import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { prepareVerb } from '../../../operator/images/matching/prepare-verb.ts';
import { runVerb } from '../../stream/verb-output.ts';

describe('vigil prepare', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'vigil-prepare-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const metadata = (database: string): unknown => JSON.parse(readFileSync(join(folder, 'cache', database, 'metadata.json'), 'utf8'));
  const always = '9999-01-01T00:00:00Z';
  const never = { NextUpdate: always, UpdatedAt: always, DownloadedAt: always };

  it('writes empty databases that the scanner never updates', async () => {
    expect(await runVerb(prepareVerb, [join(folder, 'cache')])).to.deep.equal({ code: 0, lines: [], errors: '' });
    expect([metadata('db'), metadata('java-db')]).to.deep.equal([
      { Version: 2, ...never },
      { Version: 1, ...never },
    ]);
    const index = new DatabaseSync(join(folder, 'cache/java-db/trivy-java.db'), { readOnly: true });
    const columns = index.prepare("SELECT m.name || ' ' || p.name AS column FROM sqlite_schema m, pragma_table_info(m.name) p").all();
    index.close();
    expect(columns.map(({ column }) => column)).to.deep.equal([
      ...['artifacts id', 'artifacts group_id', 'artifacts artifact_id'],
      ...['indices artifact_id', 'indices version', 'indices sha1', 'indices archive_type'],
    ]);
  });

  // The layout of bbolt: https://github.com/etcd-io/bbolt/blob/main/internal/common/meta.go and page.go.
  it('writes a bbolt file with two valid meta pages, a free list and an empty root', async () => {
    await prepareVerb([join(folder, 'cache')]);
    const file = readFileSync(join(folder, 'cache/db/trivy.db'));
    expect(file.length).to.equal(4 * 4096);
    const page = (index: number): readonly unknown[] => [file.readBigUInt64LE(index * 4096), file.readUInt16LE(index * 4096 + 8)];
    expect([0, 1, 2, 3].map(page)).to.deep.equal([
      [0n, 0x04],
      [1n, 0x04],
      [2n, 0x10],
      [3n, 0x02],
    ]);
    for (const index of [0, 1]) {
      const meta = file.subarray(index * 4096 + 16);
      expect([0, 4, 8, 12].map((at) => meta.readUInt32LE(at))).to.deep.equal([0xed0cdaed, 2, 4096, 0]);
      // The root bucket, its sequence, the free list, the number of pages, and the transaction.
      expect([16, 24, 32, 40, 48].map((at) => meta.readBigUInt64LE(at))).to.deep.equal([3n, 0n, 2n, 4n, BigInt(index)]);
      let sum = 0xcbf29ce484222325n;
      for (const byte of meta.subarray(0, 56)) sum = ((sum ^ BigInt(byte)) * 0x100000001b3n) % 2n ** 64n;
      expect(meta.readBigUInt64LE(56)).to.equal(sum);
    }
  });

  it('links the index of Java archives of an image', async () => {
    mkdirSync(join(folder, 'index/java-db'), { recursive: true });
    for (const name of ['trivy-java.db', 'metadata.json']) writeFileSync(join(folder, 'index/java-db', name), '{"Version":1}');
    expect(await runVerb(prepareVerb, [join(folder, 'cache'), join(folder, 'index')])).to.deep.equal({ code: 0, lines: [], errors: '' });
    expect(readlinkSync(join(folder, 'cache/java-db'))).to.equal(join(folder, 'index/java-db'));
    expect(existsSync(join(folder, 'cache/db/trivy.db'))).to.equal(true);
  });

  it('exits with the reason if the image has no index, and with code 2 without the folder of the cache', async () => {
    mkdirSync(join(folder, 'index'));
    expect(await runVerb(prepareVerb, [join(folder, 'cache'), join(folder, 'index')])).to.deep.equal({
      ...{ code: 1, lines: [] },
      errors: 'vigil prepare: the image with the Java index has no /java-db/trivy-java.db\n',
    });
    expect(await runVerb(prepareVerb, [])).to.deep.equal({
      ...{ code: 2, lines: [] },
      errors: "vigil prepare: needs the folder of the scanner's cache\n",
    });
  });

  it('is a verb of the program, as is normalize', () => {
    for (const verb of ['prepare', 'normalize']) {
      const { status, stderr } = spawnSync(process.execPath, ['operator/main.ts', verb], { encoding: 'utf8' });
      expect([status, stderr.split(':')[0]]).to.deep.equal([2, `vigil ${verb}`]);
    }
  }).timeout(20_000);
});
