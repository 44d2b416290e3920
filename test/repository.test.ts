import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

describe('the repository', () => {
  const files = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n');

  it('names no package registry host in its lockfile', () => {
    const lock = readFileSync('package-lock.json', 'utf8');
    expect(lock).not.to.match(/"resolved"/);
  });

  it('has no catch-all file names', () => {
    const catchAll = files.filter((file) => /(^|\/)(utils?|helpers?|common|types|misc)\.(ts|mjs|sh)$/.test(file));
    expect(catchAll).to.deep.equal([]);
  });
});
