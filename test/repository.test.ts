import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';

describe('the repository', () => {
  const files = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n');

  it('names no package registry host in its lockfile', () => {
    const lock = readFileSync('package-lock.json', 'utf8');
    expect(lock).not.to.match(/"resolved"/);
  });

  it('has no folder of code with more than 15 files', () => {
    const counts = new Map<string, number>();
    for (const file of files.filter((name) => /^(operator|test)\/.*\.ts$/.test(name)))
      counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > 15)).to.deep.equal([]);
  });

  it('has no catch-all file names', () => {
    const catchAll = files.filter((file) => /(^|\/)(utils?|helpers?|common|types|misc)\.(ts|mjs|sh)$/.test(file));
    expect(catchAll).to.deep.equal([]);
  });
});
