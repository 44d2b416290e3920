import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unreadableIn, type Unreadable } from '../../operator/images/unreadable.ts';

describe('what of an image cannot be read', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-unreadable-'));
    chmodSync(folder, 0o755);
    for (const path of ['open', 'closed', 'dev', 'proc']) mkdirSync(join(folder, path));
    for (const path of ['open/a', 'open/b', 'closed/c', 'dev/d']) writeFileSync(join(folder, path), 'x');
    symlinkSync('/nowhere', join(folder, 'open/link'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Looks as somebody who is not root, where the tests run as root. */
  function look(): Unreadable {
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      return unreadableIn(folder);
    } finally {
      if (root) process.seteuid?.(0);
    }
  }

  it('is nothing where all is open; links, and folders of the kernel, are passed over', () => {
    chmodSync(join(folder, 'dev/d'), 0);
    expect(look()).to.deep.equal({ count: 0, examples: [] });
  });

  it('is counted, files and folders, and told by a few paths', () => {
    chmodSync(join(folder, 'open/a'), 0);
    chmodSync(join(folder, 'closed'), 0);
    const { count, examples } = look();
    expect(count).to.equal(2);
    expect(examples.toSorted()).to.deep.equal(['closed', 'open/a']);
    for (let index = 0; index < 20; index++) {
      writeFileSync(join(folder, `open/many-${index}`), 'x');
      chmodSync(join(folder, `open/many-${index}`), 0);
    }
    expect(look().count).to.equal(22);
    expect(look().examples).to.have.length(5);
    chmodSync(join(folder, 'closed'), 0o755);
  });
});
