import { expect } from 'chai';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { nativeForm } from '../../operator/cel/values/pattern.ts';

const piece = fc.constantFrom('a', '-', '/', '\\.', '\\d', '\\w', '[a-z0-9-]', '[^/]', '[A-Z_]', '[\\w.-]', ' ', '_', '[+*?$]', '\\[', ':');
const pattern = fc
  .tuple(
    fc.array(piece, { maxLength: 3 }),
    fc.option(fc.tuple(piece, fc.constantFrom('+', '*'))),
    fc.array(fc.tuple(piece, fc.constantFrom('', '?')), { maxLength: 3 }),
    fc.boolean(),
  )
  .map(([before, repeated, after, end]) => `^${before.join('')}${repeated?.join('') ?? ''}${after.flat().join('')}${end ? '$' : ''}`);
const text = fc.string({ unit: fc.constantFrom(...Array.from('ab-_./09AZ :[]+*?$\n\ré𝄞')), maxLength: 8 });

describe('patterns in native form', () => {
  it('match the same texts as RE2', () => {
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 5, maxLength: 20 }), (source, texts) => {
        const native = nativeForm(source);
        if (native === undefined) return;
        const re2 = RE2JS.compile(source);
        for (const one of texts) expect(native.test(one), `${source} on ${JSON.stringify(one)}`).to.equal(re2.matcher(one).find());
      }),
      { numRuns: 3000 },
    );
  });

  it('exist only for plain patterns', () => {
    for (const source of ['^[a-z0-9-]+$', '^v\\d+$', '^registry\\.example\\.com/'])
      expect(nativeForm(source), source).to.be.instanceOf(RegExp);
    for (const source of [
      '^(a+)+$',
      '^a.c$',
      'abc',
      '^[a-z]+[0-9]+$',
      '^a{2}$',
      '(?i)^a',
      '^[[:alpha:]]$',
      '^\\s',
      '^\\pL',
      '^a|b',
      '^[]a]',
      '^a??',
    ])
      expect(nativeForm(source), source).to.equal(undefined);
  });
});
