import { expect } from 'chai';
import { inlineExceptions, inlineOf, isDate } from '../../../operator/findings/waivers/inline-exceptions.ts';

describe('isDate', () => {
  const dates = [
    ...['2027-02-28', '2028-02-29', '2027-12-31', '0001-01-01'],
    ...['2027-02-28T00:00:00Z', '2027-02-28T23:59:59Z', '2027-02-28T00:00:00.5Z', '2027-02-28T00:00:00.123Z'],
    ...['2027-02-28T00:00:00+02:00', '2027-02-28T00:00:00-12:30'],
  ];
  for (const text of dates) it(`is true for ${text}`, () => expect(isDate(text)).to.equal(true));

  const others = [
    ...['', 'soon', '2027', '2027-02', '2027-2-28', '2027-02-29', '2027-02-30', '2027-02-31', '2027-04-31', '2027-13-01', '2027-00-01'],
    ...['2027-01-00', '2027-01-32', '20270228', '12027-02-28', ' 2027-02-28', '2027-02-28 ', '2027-02-28T', '2027-02-28Z'],
    ...['2027-02-28T00:00Z', '2027-02-28T00:00:00', '2027-02-28T00:00:00.Z', '2027-02-28T00:00:00 02:00', '2027-02-28T00:00:00+0200'],
    ...['2027-02-28T25:00:00Z', '2027-02-28T00:60:00Z', '2027-02-28T00:00:00+25:00', '2027-02-30T00:00:00Z', '2027-02-28 00:00:00Z'],
  ];
  for (const text of others) it(`is false for '${text}'`, () => expect(isDate(text)).to.equal(false));
});

describe('inlineOf', () => {
  it('is the annotation after the creation time, if there is one', () => {
    expect(inlineOf(undefined, '2026-01-01T00:00:00Z')).to.equal(undefined);
    expect(inlineOf('[]', undefined)).to.equal('[]');
    expect(inlineOf('[]', '2026-01-01T00:00:00Z')).to.equal('2026-01-01T00:00:00Z []');
    expect(inlineOf('', '2026-01-01T00:00:00Z')).to.equal('2026-01-01T00:00:00Z ');
  });

  it('cuts no character in half', () => {
    expect(inlineOf(`${'a'.repeat(8192)}😀`, undefined)).to.equal(`${'a'.repeat(8192)}\uFFFD`);
  });
});

describe('inlineExceptions', () => {
  const read = (inline: string): ReturnType<typeof inlineExceptions> => inlineExceptions({ inline, name: 'web' });
  const entry = (check: string): object => ({ check, reason: 'needs root until 4.2', until: '2027-02-28' });

  it('are those of all entries, with the creation time of the object', () => {
    const text = JSON.stringify([entry('host-pid'), entry('CVE-2026-1')]);
    const parts = (inline: string): unknown => {
      const found = read(inline);
      return 'waivers' in found && found.waivers.map(({ id, checks, created, expiresAt }) => [id, [...checks], created, expiresAt]);
    };
    const [end, created] = [Date.parse('2027-02-28'), Date.parse('2026-01-01')];
    expect(parts(text)).to.deep.equal([
      ['inline', ['host-pid'], undefined, end],
      ['inline', ['CVE-2026-1'], undefined, end],
    ]);
    expect(parts(inlineOf(text, '2026-01-01T00:00:00Z') ?? '')).to.deep.equal([
      ['inline', ['host-pid'], created, end],
      ['inline', ['CVE-2026-1'], created, end],
    ]);
  });

  it('may have 64 entries, a check of 128 characters, and a reason of 10 to 4,096', () => {
    const sixtyFour = Array.from({ length: 64 }, () => ({ check: 'c', reason: 'ten letter', until: '2027-02-28' }));
    const longest = [{ check: 'c'.repeat(128), reason: 'r'.repeat(4096), until: '2027-02-28' }];
    for (const entries of [sixtyFour, longest])
      expect(read(JSON.stringify(entries)))
        .to.have.property('waivers')
        .with.length(entries.length);
  });

  it('may be spread over lines, and have 8,192 characters', () => {
    const text = JSON.stringify([entry('host-pid')], null, 2);
    expect(read(`2026-01-01T00:00:00Z ${text}`))
      .to.have.property('waivers')
      .with.length(1);
    expect(read(text.padEnd(8192)))
      .to.have.property('waivers')
      .with.length(1);
    expect(read(text.padEnd(8193))).to.deep.equal({ problem: 'the annotation vigil.dev/except has more than 8192 characters' });
  });

  it('have the first problem of the text, in at most 300 characters', () => {
    const { problem } = read(JSON.stringify([{ ...entry('a'), ['k'.repeat(400)]: 1 }, { check: 1 }])) as { readonly problem: string };
    expect(problem)
      .to.match(/^the annotation vigil\.dev\/except is invalid: 0: .*k{200}/)
      .and.have.length(300);
    expect(read('null')).to.deep.equal({
      problem: 'the annotation vigil.dev/except is invalid: Invalid input: expected array, received null',
    });
  });
});
