import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
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

  it('names only existing files in its documents', () => {
    const documents = files.filter((file) => /^([A-Z]+|docs\/.*)\.md$/.test(file) && existsSync(file));
    const missing = documents.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/(?<![\w/.-])(?:operator|test|hack|samples|config|docs)\/[\w/.-]*\w/g)]
        .filter(([path]) => !existsSync(path))
        .map(([path]) => `${file}: ${path}`),
    );
    expect(missing).to.deep.equal([]);
  });

  it('lists its dependencies in the README', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
    const table = readFileSync('README.md', 'utf8').split('\n## Packages\n')[1] ?? '';
    const listed = [...table.matchAll(/^\| ([@\w/-]+) \|/gm)].map(([, name]) => name).filter((name) => name !== 'package');
    expect(listed).to.have.members(Object.keys(dependencies));
  });

  it("uses the field's own terms", () => {
    const lines = files
      .filter((file) => /^(operator|test|hack|crds|config)\//.test(file) && !/\.(base64|json|mod|sum)$|repository\.test\.ts$/.test(file))
      .flatMap((file) =>
        [...readFileSync(file, 'utf8').split('\n').entries()].map(([index, text]) => ({ at: `${file}:${index + 1}`, text })),
      );
    expect(lines.filter(({ text }) => bannedNames.test(text) || wordsIn(text).some((word) => bannedWords.has(word)))).to.deep.equal([]);
  });
});

/** Words that Vigil once had of its own for things that Kubernetes has terms for. Add a word when the last use of it is gone. */
const bannedWords = new Set([
  'grounds',
  'intake',
  'milliard',
  'milliards',
  'moot',
  'restless',
  'sightings',
  'surroundings',
  'upkeep',
  'wish',
  'wishes',
  'worlds',
]);
const bannedNames =
  /heardOf|takenIn\b|tellPolicy|PolicyNews|GonePolicies|policyGone|lookAtCrds|FollowedGround|ChangeGround|BenchGround|ImageLooks/i;

/** The words of a line in lower case. Splits identifiers at capital letters. */
const wordsIn = (text: string): string[] => (text.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).map((word) => word.toLowerCase());
