import { expect } from 'chai';
import type { BaselineDocument } from '../../../operator/anomalies/anomaly-detector.ts';
import { readBaseline, writeBaseline } from '../../../operator/anomalies/baseline/baseline-documents.ts';

const items = (count: number, size = 10): readonly unknown[] => Array.from({ length: count }, (_, index) => [index, 'x'.repeat(size)]);
const stored = (documents: readonly BaselineDocument[]): BaselineDocument[] => JSON.parse(JSON.stringify(documents)) as BaselineDocument[];

describe('the documents of a baseline', () => {
  it('have what was written', () => {
    const { documents, leftOut } = writeBaseline({ keys: items(5), rates: items(2), findings: [] });
    expect(documents.map(({ name }) => name)).to.deep.equal(['index', 'keys-0', 'rates-0']);
    const read = readBaseline(stored(documents));
    expect([read.problems, leftOut, read.read]).to.deep.equal([[], 0, 3]);
    expect(read.items.get('keys')).to.deep.equal(items(5));
  });

  it('are at most 1 MiB each and 8 MiB in all, and say what did not fit', () => {
    const { documents, leftOut } = writeBaseline({ keys: items(4000, 3000) });
    const sizes = documents.map((document) => Buffer.byteLength(JSON.stringify(document)));
    expect(Math.max(...sizes)).to.be.below(1024 * 1024);
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.be.below(8 * 1024 * 1024);
    expect(leftOut).to.be.greaterThan(1000);
    expect(readBaseline(stored(documents)).items.get('keys')).to.have.length(4000 - leftOut);
  });

  it('are no problem if there are none', () => expect(readBaseline([])).to.deep.include({ problems: [], read: 0 }));

  const written = (): BaselineDocument[] => stored(writeBaseline({ keys: items(5), rates: items(2) }).documents);
  const cases: Readonly<Record<string, readonly [(documents: BaselineDocument[]) => BaselineDocument[], RegExp, readonly string[]]>> = {
    'a document that is missing': [
      (all) => all.filter(({ name }) => name !== 'keys-0'),
      /^the baseline document keys-0 is missing$/,
      ['keys'],
    ],
    'an index that is missing': [(all) => all.slice(1), /^the index of the baseline is missing$/, ['all']],
    'a newer format': [
      (all) => all.map((each) => (each.name === 'keys-0' ? { ...each, formatVersion: 3 } : each)),
      /keys-0 has the format version 3, which this version of Vigil does not read$/,
      ['keys'],
    ],
    'an edited document': [
      (all) => all.map((each) => (each.name === 'keys-0' ? { ...each, content: { ...(each.content as object), items: [] } } : each)),
      /keys-0 is damaged: its hash does not fit$/,
      ['keys'],
    ],
    'a document of another save': [
      (all) => [
        ...all.filter(({ name }) => name !== 'keys-0'),
        ...stored(writeBaseline({ keys: items(6) }).documents).filter(({ name }) => name === 'keys-0'),
      ],
      /keys-0 is of another save than the index$/,
      ['keys'],
    ],
    'a document without content': [
      (all) => all.map((each) => (each.name === 'rates-0' ? { ...each, content: null } : each)),
      /rates-0 has no content$/,
      ['rates'],
    ],
  };
  for (const [title, [change, problem, lost]] of Object.entries(cases))
    it(`tell ${title}`, () => {
      const read = readBaseline(change(written()));
      expect(read.problems).to.have.length(1);
      expect(read.problems[0]).to.match(problem);
      expect([...read.lost]).to.deep.equal(lost);
    });
});
