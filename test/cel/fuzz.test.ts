import { Environment } from '@marcbachmann/cel-js';
import { expect } from 'chai';
import fc from 'fast-check';
import { compile } from '../../operator/cel/compile.ts';

/**
 * Compares random expressions with another engine, for the part of the language that both document in the same way. The seed is fixed. With
 * VIGIL_FUZZ_SECONDS the test runs for that time with other seeds.
 */
const leafInt = fc.constantFrom('1', '2', '-3', '7', 'object.i', 'object.l[0]', 'object.l.size()', 'object.s.size()', "int('42')");
const leafString = fc.constantFrom("'a'", "'abc'", "''", 'object.s', "'x-y'", 'string(object.i)');
const leafBool = fc.constantFrom('true', 'false', 'object.t', 'has(object.i)', 'has(object.nope)', "('a' in object.m)", '(2 in object.l)');

const grammar = fc.letrec<{ int: string; string: string; bool: string }>((tie) => ({
  int: fc.oneof(
    { depthSize: 'small' },
    leafInt,
    fc.tuple(tie('int'), fc.constantFrom('+', '-', '*', '/', '%'), tie('int')).map(([a, sign, b]) => `(${a} ${sign} ${b})`),
    fc.tuple(tie('bool'), tie('int'), tie('int')).map(([test, a, b]) => `(${test} ? ${a} : ${b})`),
    tie('string').map((text) => `size(${text})`),
  ),
  string: fc.oneof(
    { depthSize: 'small' },
    leafString,
    fc.tuple(tie('string'), tie('string')).map(([a, b]) => `(${a} + ${b})`),
    fc.tuple(tie('bool'), tie('string'), tie('string')).map(([test, a, b]) => `(${test} ? ${a} : ${b})`),
  ),
  bool: fc.oneof(
    { depthSize: 'small' },
    leafBool,
    fc.tuple(tie('bool'), fc.constantFrom('&&', '||'), tie('bool')).map(([a, sign, b]) => `(${a} ${sign} ${b})`),
    tie('bool').map((a) => `!(${a})`),
    fc.tuple(tie('int'), fc.constantFrom('==', '!=', '<', '<=', '>', '>='), tie('int')).map(([a, sign, b]) => `(${a} ${sign} ${b})`),
    fc.tuple(tie('string'), fc.constantFrom('==', '!=', '<', '>='), tie('string')).map(([a, sign, b]) => `(${a} ${sign} ${b})`),
    fc
      .tuple(tie('string'), fc.constantFrom('startsWith', 'endsWith', 'contains'), tie('string'))
      .map(([a, name, b]) => `${a}.${name}(${b})`),
    fc.tuple(fc.constantFrom('all', 'exists', 'exists_one'), tie('int')).map(([name, a]) => `object.l.${name}(x, x > ${a})`),
    fc.tuple(fc.constantFrom('all', 'exists'), tie('string')).map(([name, a]) => `object.names.${name}(n, n.startsWith(${a}))`),
    tie('int').map((a) => `object.l.filter(x, x != ${a}).size() > 1`),
    tie('int').map((a) => `object.l.map(x, x + ${a}) == [1, 2, 3]`),
  ),
}));

const object = { i: 5, s: 'abc', t: true, l: [1, 2, 3], m: { a: 1, b: 2 }, names: ['web', 'api'] };
/** The other engine only accepts 64-bit integers as BigInt. */
const big = { ...object, i: 5n, l: [1n, 2n, 3n], m: { a: 1n, b: 2n } };
const other = new Environment().registerVariable('object', 'dyn');

function theirs(source: string): unknown {
  try {
    return other.evaluate(source, { object: big });
  } catch {
    return 'error';
  }
}

function ours(source: string): unknown {
  const compiled = compile(source);
  if (!compiled.ok) return 'error';
  const result = compiled.program.evaluate({ object });
  return result.ok ? result.value : 'error';
}

describe('random expressions in Vigil and in another engine', function () {
  const seconds = Number(process.env['VIGIL_FUZZ_SECONDS'] ?? 0);
  this.timeout(60_000 + seconds * 1000);

  it('have the same values', () => {
    const compared = { same: 0, errors: 0 };
    const property = fc.property(grammar.bool, (source) => {
      const [mine, their] = [ours(source), theirs(source)];
      expect(mine, `${source}: the other engine returns ${String(their)}`).to.equal(their);
      if (mine === 'error') compared.errors++;
      else compared.same++;
    });
    const bounds = seconds > 0 ? { numRuns: 100_000_000, interruptAfterTimeLimit: seconds * 1000 } : { numRuns: 4000, seed: 20261124 };
    fc.assert(property, bounds);
    expect(compared.same / (compared.same + compared.errors), 'most expressions have a value').to.be.greaterThan(0.25);
    expect(compared.errors, 'some expressions fail').to.be.greaterThan(0);
  });
});
