import { expect } from 'chai';
import { isLedger, readLedger, writeLedger, type PolicyEntry } from '../../../operator/reports/identity/policy-ledger.ts';

const entry = (change: Partial<PolicyEntry> = {}): PolicyEntry => ({
  revision: '3-abc',
  summary: { pass: 1, fail: 2, warn: 3, error: 4, skip: 5 },
  failing: { critical: 6, high: 7, medium: 8, low: 9 },
  ...change,
});
const row = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const excepted = { critical: 1, high: 2, medium: 3, low: 4 };

describe('the ledger of a report', () => {
  for (const [what, written, text] of [
    ['counts', entry(), ['3-abc', ...row]],
    ['omitted results', entry({ omitted: 7 }), ['3-abc', ...row, 7]],
    [
      'exceptions',
      entry({ excepted, exceptions: { 'shop/b': [2, 0], 'shop/a': [1, 3] } }),
      ['3-abc', ...row, 0, { excepted: [1, 2, 3, 4], exceptions: { 'shop/a': [1, 3], 'shop/b': [2, 0] } }],
    ],
    [
      'exceptions and omitted results',
      entry({ omitted: 7, excepted, exceptions: { a: [1, 0] } }),
      ['3-abc', ...row, 7, { excepted: [1, 2, 3, 4], exceptions: { a: [1, 0] } }],
    ],
  ] as const)
    it(`stores ${what}, and returns the same`, () => {
      expect(writeLedger({ p: written })).to.equal(JSON.stringify({ p: text }));
      expect(readLedger(writeLedger({ p: written }))).to.deep.equal({ p: written });
    });

  it('stores refused failures of an exception that covers none', () => {
    const stored = readLedger(writeLedger({ p: entry({ exceptions: { a: [0, 2] } }) }));
    expect(stored['p']).to.deep.equal(entry({ excepted: { critical: 0, high: 0, medium: 0, low: 0 }, exceptions: { a: [0, 2] } }));
  });

  it('has the same text in whatever order its policies and exceptions are', () => {
    const of = (...policies: readonly string[]): string => writeLedger(Object.fromEntries(policies.map((name) => [name, entry()])));
    expect(of('b', 'c', 'a')).to.equal(of('a', 'b', 'c'));
    const exceptions = (...ids: readonly string[]): string =>
      writeLedger({ p: entry({ excepted, exceptions: Object.fromEntries(ids.map((id) => [id, [1, 0] as const])) }) });
    expect(exceptions('y', 'z', 'x')).to.equal(exceptions('x', 'y', 'z'));
  });

  it('reads the generation that older versions wrote in place of the revision', () => {
    const text = JSON.stringify({ p: [3, ...row] });
    expect([readLedger(text)['p']?.revision, isLedger(text)]).to.deep.equal(['3', true]);
  });

  it('has no entry of omitted results if none are', () => {
    expect(readLedger(JSON.stringify({ p: ['1', ...row, 0] }))['p']).not.to.have.property('omitted');
  });

  const waived = { excepted: [1, 2, 3, 4], exceptions: { a: [1, 0] } };
  for (const [what, invalid] of [
    ['no list', {}],
    ['null', null],
    ['a text', 'x'],
    ['too few counts', ['1', ...row.slice(1)]],
    ['too many parts', ['1', ...row, 0, waived, 0]],
    ['a revision that is neither a text nor a number', [null, ...row]],
    ['a revision that is no count', [-1, ...row]],
    ['a negative count', ['1', -1, ...row.slice(1)]],
    ['a fraction', ['1', 0.5, ...row.slice(1)]],
    ['a text as a count', ['1', ...row.slice(1), '9']],
    ['no count of omitted results', ['1', ...row, 'many']],
    ['exceptions that are null', ['1', ...row, 0, null]],
    ['exceptions that are a text', ['1', ...row, 0, 'all']],
    ['exceptions without severities', ['1', ...row, 0, { exceptions: {} }]],
    ['exceptions with three severities', ['1', ...row, 0, { ...waived, excepted: [1, 2, 3] }]],
    ['exceptions with five severities', ['1', ...row, 0, { ...waived, excepted: [1, 2, 3, 4, 5] }]],
    ['a negative number of excepted failures', ['1', ...row, 0, { ...waived, excepted: [1, 2, 3, -4] }]],
    ['no counts by exception', ['1', ...row, 0, { ...waived, exceptions: undefined }]],
    ['counts by exception that are null', ['1', ...row, 0, { ...waived, exceptions: null }]],
    ['counts by exception that are a text', ['1', ...row, 0, { ...waived, exceptions: 'a' }]],
    ['one count of an exception', ['1', ...row, 0, { ...waived, exceptions: { a: [1, 0], b: [1] } }]],
    ['three counts of an exception', ['1', ...row, 0, { ...waived, exceptions: { a: [1, 0], b: [1, 0, 0] } }]],
    ['an exception without counts', ['1', ...row, 0, { ...waived, exceptions: { a: [1, 0], b: null } }]],
  ] as const)
    it(`omits a row with ${what}, and keeps the others`, () => {
      const text = JSON.stringify({ good: ['1', ...row], bad: invalid });
      expect([Object.keys(readLedger(text)), isLedger(text)]).to.deep.equal([['good'], false]);
    });

  for (const text of [undefined, '', '{', 'null', '7', '"text"'])
    it(`is empty for the annotation ${text ?? '(none)'}`, () => {
      expect(readLedger(text)).to.deep.equal({});
      if (text !== undefined) expect(isLedger(text)).to.equal(false);
    });

  it('is no list, and may be empty', () => {
    expect([isLedger('[]'), isLedger('{}'), readLedger('[]')]).to.deep.equal([false, true, {}]);
  });
});
