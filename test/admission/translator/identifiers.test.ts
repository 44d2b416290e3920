import { expect } from 'chai';
import { readsIdentifier, replaceIdentifiers } from '../../../operator/cel/identifiers.ts';

const replaced = (source: string): string => replaceIdentifiers(source, (name) => (name === 'object' ? { text: 'old' } : undefined));

describe('the identifiers of an expression', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['each one', 'object.a == object.b', 'old.a == old.b'],
    ['not a field', 'x.object == object', 'x.object == old'],
    ['not a string', "'object' in object", "'object' in old"],
    ['not a comment', 'object // object', 'old // object'],
    ['not the variable of a macro', 'object.all(object, object > 0) && object == 1', 'old.all(object, object > 0) && old == 1'],
    ['in has()', 'has(object.a) && !has(object.b.c)', 'has(old.a) && !has(old.b.c)'],
    ['in a map', "{object: object, 'object': 1}", "{old: old, 'object': 1}"],
    ['in optional selections', 'object.?a.orValue(object)', 'old.?a.orValue(old)'],
    ['in nested macros', 'object.map(x, x.filter(y, y in object))', 'old.map(x, x.filter(y, y in old))'],
  ];
  for (const [title, source, expected] of cases) it(`are replaced: ${title}`, () => expect(replaced(source)).to.equal(expected));

  it('can be replaced with the text after them', () => {
    const text = replaceIdentifiers('variables.a + variables . b', (name, rest) => {
      const field = /^\s*\.\s*(\w+)/.exec(rest);
      return name === 'variables' && field ? { text: `v_${field[1] ?? ''}`, length: field[0].length } : undefined;
    });
    expect(text).to.equal('v_a + v_b');
  });

  it('are found', () => {
    expect(readsIdentifier('x.all(object, object)', 'object')).to.equal(false);
    expect(readsIdentifier('x.all(y, object)', 'object')).to.equal(true);
  });
});
