import { expect } from 'chai';
import { compile } from '../../operator/cel/compile.ts';

/** Returns the value of an expression, the code of its fault, or its first compile error. */
function outcome(source: string, object: unknown = {}): unknown {
  const compiled = compile(source);
  if (!compiled.ok) return `refused: ${compiled.errors[0]?.message ?? ''}`;
  const result = compiled.program.evaluate({ object });
  return result.ok ? result.value : `error: ${result.error.code}`;
}

const chain = (sign: string, term: string, count: number): string => Array.from({ length: count }, () => term).join(` ${sign} `);
const numbers = Array.from({ length: 300 }, (_, index) => index);

describe('hostile expressions and objects', function () {
  this.timeout(30_000);

  it('refuses functions that every object inherits', () => {
    for (const name of ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'])
      expect(outcome(`${name}(1) == 1`)).to.match(new RegExp(`^refused: undeclared reference to '${name}': no such function($| \\(did)`));
  });

  it('compiles 20,000 chained operators, or reports a limit', () => {
    const isClear = (said: unknown, right: unknown): boolean =>
      said === right || /^refused: expression (recursion|code point)/.test(String(said));
    expect(outcome(chain('&&', 'true', 20_000)), 'and').to.satisfy((said: unknown) => isClear(said, true));
    expect(outcome(chain('&&', 'true', 10_000).replaceAll(' ', '')), 'and, within the size').to.equal(true);
    expect(outcome(chain('||', 'false', 9_000).replaceAll(' ', '')), 'or').to.equal(false);
    expect(outcome(`${chain('+', '1', 20_000)} == 20000`.replaceAll(' ', '')), 'plus').to.satisfy((said: unknown) => isClear(said, true));
  });

  it('refuses 5,000 nested parentheses, lists, maps, signs and conditions', () => {
    const nested = (open: string, close: string): string => `${open.repeat(5000)}1${close.repeat(5000)} == 1`;
    const hard = [
      nested('(', ')'),
      nested('[', ']'),
      nested('{1:', '}'),
      nested('-', ''),
      `${'!'.repeat(5000)}true`,
      `${'true ? '.repeat(5000)}1${' : 2'.repeat(5000)} == 1`,
    ];
    for (const source of hard) {
      const said = outcome(source);
      expect(typeof said === 'boolean' || String(said).startsWith('refused: '), source.slice(0, 20)).to.equal(true);
    }
    expect(outcome(`object${'.a'.repeat(5000)} == 1`)).to.match(/^(refused|error): /);
  });

  it('stops nested loops over 300 elements at the budget, and no operator absorbs the fault', () => {
    const nested = 'object.l.all(a, object.l.all(b, object.l.all(c, a + b + c >= 0)))';
    expect(outcome(nested, { l: numbers })).to.equal('error: budget_exceeded');
    expect(outcome(`${nested} || true`, { l: numbers })).to.equal('error: budget_exceeded');
    expect(outcome(`true || ${nested}`, { l: numbers })).to.equal(true);
    expect(outcome('object.l.map(a, object.l.map(b, object.l.map(c, [a, b, c]))).size() > 0', { l: numbers })).to.equal(
      'error: budget_exceeded',
    );
    expect(outcome('lists.range(100000000).size() > 0')).to.equal('error: budget_exceeded');
  });

  it('matches all patterns in linear time', () => {
    const started = performance.now();
    expect(outcome("object.s.matches('^(a+)+$')", { s: `${'a'.repeat(100_000)}!` })).to.be.oneOf([false, 'error: budget_exceeded']);
    expect(outcome("object.s.matches('(x+x+)+y')", { s: 'x'.repeat(20_000) })).to.be.oneOf([false, 'error: budget_exceeded']);
    expect(performance.now() - started).to.be.lessThan(20_000);
  });

  it('does not read inherited properties', () => {
    const object = JSON.parse('{"m":{"__proto__":1,"constructor":2},"plain":{},"l":[1]}') as unknown;
    expect(outcome("object.m['__proto__'] == 1 && object.m.constructor == 2", object)).to.equal(true);
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__', '__defineGetter__']) {
      expect(outcome(`has(object.plain.${name})`, object), name).to.equal(false);
      expect(outcome(`object.plain.${name} == 1`, object), name).to.equal('error: no_such_key');
      expect(outcome(`'${name}' in object.plain`, object), name).to.equal(false);
    }
    expect(outcome('object.l.length == 1', object)).to.match(/^error: /);
    expect(outcome('has(object.l.length)', object)).to.equal('error: invalid_argument');
    expect(outcome('has(object.l[0].x)', object)).to.equal(false);
    expect(outcome("object.m.size() == 2 && object.m.all(k, k != 'x')", object)).to.equal(true);
  });

  it('distinguishes 64-bit integers, and refuses integers that lost their precision', () => {
    expect(outcome('9007199254740993 == 9007199254740992')).to.equal(false);
    expect(outcome('object.n + 1 == 9007199254740992', { n: 9007199254740991 })).to.equal(true);
    expect(outcome('object.n == object.n', JSON.parse('{"n":9007199254740993}'))).to.be.oneOf([true, 'error: lossy_integer']);
    expect(outcome('-9223372036854775808 - 1 < 0')).to.equal('error: overflow');
    expect(outcome('-(-9223372036854775808) > 0')).to.equal('error: overflow');
    expect(outcome("double('NaN') == double('NaN')")).to.equal(false);
    expect(outcome("double('NaN') < 1.0")).to.equal('error: invalid_argument');
    expect(outcome('1 / 0 == 1 || true')).to.equal(true);
  });

  it('accepts strings that are not well-formed', () => {
    const lone = { s: '\ud800', key: { '\udc00': 1 } };
    expect(outcome('object.s.size() == 1', lone)).to.equal(true);
    expect(outcome("object.s == 'x'", lone)).to.equal(false);
    expect(outcome('object.key.all(k, k.size() == 1)', lone)).to.equal(true);
    expect(outcome(`'${'a'.repeat(90_000)}'.size() == 90000`)).to.equal(true);
    expect(outcome(`'${'a'.repeat(100_000)}'.size() == 100000`)).to.match(/^refused: expression code point size/);
  });

  it('evaluates deep objects', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 20_000; level++) deep = { a: deep };
    expect(outcome('has(object.a.a.a)', deep)).to.equal(true);
    expect(outcome('object == object', deep)).to.be.oneOf([true, 'error: recursion', 'error: budget_exceeded']);
    expect(outcome("'%s'.format([object]) == ''", deep)).to.be.oneOf([false, 'error: recursion', 'error: invalid_argument']);
  });
});
