import { expect } from 'chai';
import { compile } from '../../operator/cel/compile.ts';

/** Expressions from hack/fuzz, with the answers of the compiler of Kubernetes. */
const answers: readonly (readonly [string, unknown])[] = [
  ['object.strings.distinct().map(s, size(s))', [1, 3]],
  ['object.strings.reverse().filter(s, size(s) > 1)', ['abc']],
  ['object.strings.distinct().reverse().sort()', ['a', 'abc']],
  ["'  x '.replace('y', 'z', 9223372036854775807)", '  x '],
  ["'a,b'.split(',', 9223372036854775807)", ['a', 'b']],
  ["'abab'.findAll('a', 9223372036854775807)", ['a', 'a']],
  ["'abc'.substring(0, 9223372036854775807)", 'error: index_out_of_bounds'],
  ['[1].slice(0, 9223372036854775807)', 'error: invalid_argument'],
  ["[double('NaN'), double('NaN'), 1.5, 1.5].distinct().size()", 3],
  ['uint(-0.5)', 'refused'],
  ['uint(object.double)', 'error: overflow'],
  ['uint(-0.0)', 0],
  ["optional.none()[?timestamp(0).getHours('Nowhere')].hasValue()", false],
  ['object.?missing[object.nothing].hasValue()', false],
  ["object.strings[0].find('(')", 'refused'],
  ["object.strings[0].findAll('a{2,1}', 3)", 'refused'],
  ["matches('a{2,1}', 'a')", 'refused'],
  ["matches('a', '(')", 'refused'],
  // The first argument is the text. The API server checks it as a pattern only if it is a literal.
  ["matches(dyn('a{2,1}'), 'a')", true],
  ["matches(string('a{2,1}'), dyn('b'))", false],
  ["matches(string(b'('), object.strings[0])", false],
  ["false && matches(dyn(string('(')), 'a')", false],
  ["matches('a', dyn('('))", 'refused'],
  ["'a'.matches(string('('))", 'refused'],
  ["matches(dyn('a'), dyn('a{2,1}'))", 'refused'],
];

describe('expressions found by hack/fuzz', () => {
  for (const [source, right] of answers) {
    it(source, () => {
      const compiled = compile(source);
      if (!compiled.ok) {
        expect(right, compiled.errors[0]?.message).to.equal('refused');
        return;
      }
      const result = compiled.program.evaluate({ object: { strings: ['a', 'abc'], double: -0.5 } });
      expect(result.ok ? result.value : `error: ${result.error.code}`).to.deep.equal(right);
    });
  }
});
