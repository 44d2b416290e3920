import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Examples } from '../../../operator/images/inventory/examples.ts';
import { findUnknownFiles } from '../../../operator/images/inventory/image-folder.ts';

describe('the unreadable files of an image folder', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-unreadable-'));
    chmodSync(folder, 0o755);
    for (const path of ['open', 'closed', 'dev', 'proc']) mkdirSync(join(folder, path));
    for (const path of ['open/a', 'open/b', 'closed/c', 'dev/d']) writeFileSync(join(folder, path), 'x');
    symlinkSync('/nowhere', join(folder, 'open/link'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Reads the folder as a user who is not root, even if the tests run as root. */
  async function look(): Promise<Examples> {
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      return (await findUnknownFiles(folder, new Set())).unreadable;
    } finally {
      if (root) process.seteuid?.(0);
    }
  }

  it('are none if all files are readable; links and kernel folders are skipped', async () => {
    chmodSync(join(folder, 'dev/d'), 0);
    expect(await look()).to.deep.equal({ count: 0, examples: [] });
  });

  it('are counted, files and folders, with a few paths as examples', async () => {
    chmodSync(join(folder, 'open/a'), 0);
    chmodSync(join(folder, 'closed'), 0);
    const { count, examples } = await look();
    expect(count).to.equal(2);
    expect(examples.toSorted()).to.deep.equal(['closed', 'open/a']);
    for (let index = 0; index < 20; index++) {
      writeFileSync(join(folder, `open/many-${index}`), 'x');
      chmodSync(join(folder, `open/many-${index}`), 0);
    }
    expect((await look()).count).to.equal(22);
    expect((await look()).examples).to.have.length(5);
    chmodSync(join(folder, 'closed'), 0o755);
  });
});

describe('findUnknownFiles', () => {
  let folder = '';
  const at = 'srv/shop-1.0.jar';
  const inner = `${at}/BOOT-INF/lib/log4j-core-2.14.1.jar`;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-archives-'));
    mkdirSync(join(folder, 'srv'));
    const text = readFileSync('hack/cluster.d/images.d/shop.jar.base64', 'utf8');
    writeFileSync(join(folder, at), Buffer.from(text, 'base64'));
    writeFileSync(join(folder, 'srv/broken.WAR'), 'no archive');
    writeFileSync(join(folder, 'srv/text.txt'), 'text');
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [what, known, expected] of [
    ['returns all Java archives if the scanner identified none', [], ['srv/broken.WAR', at, inner]],
    ['returns the archives inside an identified archive', [at], ['srv/broken.WAR', inner]],
    ['returns an archive of which only the inner archive was identified', [inner], ['srv/broken.WAR', at]],
  ] as const) {
    it(what, async () => {
      const { unidentified, unreadable } = await findUnknownFiles(folder, new Set(known));
      expect([unidentified.count, unidentified.examples.toSorted(), unreadable.count]).to.deep.equal([
        expected.length,
        [...expected].toSorted(),
        0,
      ]);
    });
  }
});
