import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { DYN, type CelType } from '../../operator/cel/values/cel-type.ts';
import { compile } from '../../operator/cel/compile.ts';
import { showError } from '../../operator/cel/syntax/source.ts';

const object = JSON.parse(
  '{"metadata":{"name":"a","namespace":"web","labels":{"team":"x","__proto__":"y"}},"spec":{"replicas":3,"ratio":0.5,"nothing":null,"list":[1,2,3],"containers":[{"name":"c","image":"i:1"},{"name":"d"}]}}',
) as unknown;

const dyn = (names: readonly string[]): Record<string, CelType> => Object.fromEntries(names.map((name) => [name, DYN]));

/** Returns the value of an expression, the code of its fault with an exclamation mark, or that it does not compile. */
function run(source: string, bindings: Record<string, unknown> = { object }): unknown {
  const compiled = compile(source, { variables: dyn(Object.keys(bindings)) });
  if (!compiled.ok) return 'does not compile';
  const result = compiled.program.evaluate(bindings);
  return result.ok ? result.value : `!${result.error.code}`;
}

const cases: readonly (readonly [string, unknown])[] = [
  ['object.spec.replicas + 1 == 4', true],
  ['object.spec.ratio < 1', true],
  ['dyn(1) == 1.0', true],
  ['1 == 1.0', 'does not compile'],
  ["dyn(1) == '1'", false],
  ['9223372036854775807 + 1', '!overflow'],
  ['9007199254740992 + 1 == 9007199254740993', true],
  ['1 / 0', '!divide_by_zero'],
  ['7 % 4 == 3 && -7 / 2 == -3', true],
  ["'é' + 'a' == 'éa' && size('😀') == 1", true],
  ["'b' > 'a' && !('b' in ['a'])", true],
  ['has(object.spec.replicas) && !has(object.spec.missing)', true],
  ['has(object.spec.nothing) && object.spec.nothing == null', true],
  ['object.spec.missing', '!no_such_key'],
  ['has(object.missing.deeper)', '!no_such_key'],
  ['object.spec.missing == 1 || true', true],
  ['true || object.spec.missing == 1', true],
  ['object.spec.missing == 1 && false', false],
  ['object.spec.missing == 1 || false', '!no_such_key'],
  ['dyn(1) || true', true],
  ["dyn(1) ? 'a' : 'b'", '!no_such_overload'],
  ["object.metadata.?labels.?team.orValue('none')", 'x'],
  ["object.metadata.?annotations.?team.orValue('none')", 'none'],
  ["object.metadata.labels[?'nobody'].hasValue()", false],
  ['object.spec.list.all(x, x > 0)', true],
  ['object.spec.list.exists(x, x == 2)', true],
  ['object.spec.list.exists_one(x, x > 1)', false],
  ['object.spec.list.map(x, x * 2)', [2, 4, 6]],
  ['object.spec.list.filter(x, x > 1)', [2, 3]],
  ['object.spec.list.all(i, x, x == i + 1)', true],
  ['object.spec.containers.all(c, c.image != "")', '!no_such_key'],
  ['object.spec.containers.exists(c, c.image == "i:1")', true],
  ['object.spec.containers.exists(c, c.image == "other" )', '!no_such_key'],
  ['object.spec.containers.all(c, c.name != "" && object.spec.containers.exists(d, d.name == c.name))', true],
  ["object.metadata.labels.all(k, k.matches('^[a-z_]+$'))", true],
  ["'aaaa'.matches('^(a+)+$') && !'abc'.matches('^b')", true],
  ["'a'.matches(dyn('('))", 'does not compile'],
  ["'a'.matches('(')", 'does not compile'],
  ["'a,b'.split(',').join('-') == 'a-b' && 'A'.lowerAscii() == 'a'", true],
  ["object.metadata.labels['__proto__']", 'y'],
  ['has(object.constructor)', false],
  ["{dyn('a'): 1, dyn(2): 3}[2]", 3],
  ["{'a': 1, 2: 'b'}[2]", 'does not compile'],
  ["{'a': 1, 'a': 2}['a']", 2],
  ['[3, 1, 2].max() == 3 && [1, 2].isSorted()', true],
  ["'a:b:c'.lastIndexOf(':') == 3 && 'abc'.substring(1, 2) == 'b' && 'aXa'.replace('a', '$&') == '$&X$&' && 'é!'.charAt(1) == '!'", true],
  ["'abc'.substring(2, 1)", '!invalid_argument'],
  ['object.spec.list[3]', '!index_out_of_bounds'],
  ["object.metadata.namespace.startsWith('we')", true],
];

describe('the expression language', () => {
  for (const [source, wanted] of cases) {
    it(`evaluates ${source}`, () => {
      expect(run(source)).to.deep.equal(wanted);
    });
  }

  it('reports the line and the column of an error, with a caret', () => {
    const source = "object.spec.replicas > 1 &&\n  objekt.kind == 'Pod'";
    const compiled = compile(source, { variables: dyn(['object']) });
    if (compiled.ok) throw new Error('it compiled');
    expect(compiled.errors[0]).to.deep.include({ line: 2, column: 3 });
    expect(showError(source, compiled.errors[0]!)).to.match(
      /^2:3: undeclared reference to 'objekt'.*\n {1}\| {3}objekt\.kind == 'Pod'\n \| \.\.\^$/,
    );
    expect(compile('a.startWith("x")', { variables: dyn(['a']) }).ok).to.equal(false);
    expect(compile('1 +', { variables: {} }).ok).to.equal(false);
  });

  it('has macros only from the version that added them', () => {
    const source = '[1].all(i, x, x > i)';
    expect(compile(source, { variables: {}, kubernetesVersion: '1.36' }).ok).to.equal(true);
    expect(compile(source, { variables: {}, kubernetesVersion: '1.30' }).ok).to.equal(false);
  });

  it('stops nested loops at the budget, and no operator absorbs the fault', () => {
    const list = Array.from({ length: 300 }, (_, index) => index);
    const source = 'l.all(a, l.all(b, l.all(c, a + b + c >= 0))) || true';
    expect(run(source, { l: list })).to.equal('!budget_exceeded');
  });

  const instead: readonly (readonly [source: string, said: string])[] = [
    ['len(object.spec.list) > 1', "did you mean 'size'?"],
    ['object.spec.list.all(x)', 'the macro is written list.all(item, condition)'],
    ['object.spec.list.every(x, x > 0)', "did you mean 'all'?"],
    ["object.metadata.name.startWith('a')", "did you mean 'startsWith'?"],
    ["objekt.metadata.name == 'a'", "did you mean 'object'?"],
    ["object.metadata.name = 'a'", "did you mean '=='?"],
    ['true & false', "did you mean '&&'?"],
    ['cel.bind(x, 1, x == 1)', '`variables`'],
  ];
  for (const [source, said] of instead) {
    it(`has a hint for ${source}`, () => {
      const compiled = compile(source, { variables: dyn(['object']) });
      expect(compiled.ok ? '' : compiled.errors[0]?.message).to.include(said);
    });
  }

  it('refuses expressions that are nested too deeply', () => {
    expect(compile(`${'('.repeat(5000)}1${')'.repeat(5000)}`, { variables: {} }).ok).to.equal(false);
    expect(compile('!'.repeat(50_000) + 'true', { variables: {} }).ok).to.be.a('boolean');
  });

  interface Sample {
    readonly rules: readonly {
      readonly variables?: readonly { name: string; expression: string }[];
      readonly matchConditions?: readonly { expression: string }[];
      readonly validations: readonly { expression: string }[];
    }[];
    readonly cases: readonly { readonly rule: number; readonly params?: unknown; readonly object: unknown; readonly expected: string }[];
  }
  /** Returns the verdict of the spec of an admission policy. Evaluates its variables in order. */
  function admission(
    { variables = [], matchConditions = [], validations }: Sample['rules'][number],
    bindings: Record<string, unknown>,
  ): string {
    const values: Record<string, unknown> = {};
    for (const { name, expression } of variables) {
      const value = run(expression, { ...bindings, variables: values });
      if (!(typeof value === 'string' && value.startsWith('!'))) values[name] = value;
    }
    const holds = ({ expression }: { expression: string }): boolean => run(expression, { ...bindings, variables: values }) === true;
    return !matchConditions.every(holds) || validations.every(holds) ? 'pass' : 'fail';
  }

  const sample = '../shared/cases/cel-sample.json';

  it('returns the expected verdicts for the public sample of admission policies', function () {
    if (!existsSync(sample) && !process.env['CI']) this.skip();
    const { rules, cases: samples } = JSON.parse(readFileSync(sample, 'utf8')) as Sample;
    const wrong: string[] = [];
    for (const [index, { rule, params = null, object, expected }] of samples.entries()) {
      const verdict = admission(rules[rule]!, { object, oldObject: null, params, request: {}, namespaceObject: {} });
      if (verdict !== expected) wrong.push(`case ${index} (rule ${rule}): ${verdict} instead of ${expected}`);
    }
    expect(wrong).to.deep.equal([]);
    expect(samples.length).to.be.greaterThan(100);
  });
});
