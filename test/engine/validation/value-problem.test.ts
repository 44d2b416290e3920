import { expect } from 'chai';
import type { Shape, ValueFormat } from '../../../operator/engine/schema/schema-node.ts';
import { fieldTests, valueProblems } from '../../../operator/engine/validation/value-problem.ts';

/** The problems of a value, each with the steps to it. */
const problems = (value: unknown, shape: Shape, format?: ValueFormat): readonly string[] =>
  valueProblems(value, fieldTests(shape, format)).map(([steps, problem]) => `${steps.join('.')}: ${problem}`);

const kinds: readonly (readonly [shapes: readonly Shape[], right: readonly unknown[], wrong: readonly unknown[], problem: string])[] = [
  [['s'], ['', 'a'], [1, true, [], {}], 'must be a string'],
  [['n'], [0, -1, 2 ** 40], ['1', true, [], {}], 'must be a number'],
  [['n'], [1], [1.5], 'must be a whole number'],
  [['b'], [true, false], ['true', 0, [], {}], 'must be true or false'],
  [['S', 'M', 'm', 'y', 'r', 'w'], [{}], ['a', 1, []], 'must be a map'],
  [['L', 'l'], [[]], ['a', 1, {}], 'must be a list'],
  [['i'], [0, 8080, 'http', ''], [1.5, true, [], {}], 'must be a whole number or a string'],
  [['q'], [1, 0.5, '250m', ' 64Mi ', '1e3'], ['', 'much', true, [], {}], 'must be a quantity, such as 250m or 64Mi'],
  [['t'], ['2026-01-31T12:00:00Z'], [1, true, [], {}], 'must be a string'],
  [['x'], [1, 'a', true, [], {}], [], ''],
];

describe('the values that the API server cannot decode', () => {
  for (const [shapes, right, wrong, problem] of kinds)
    for (const shape of shapes)
      it(`of shape ${shape}: ${wrong.length === 0 ? 'none' : problem}`, () => {
        for (const value of right) expect(problems(value, shape), JSON.stringify(value)).to.deep.equal([]);
        for (const value of wrong) expect(problems(value, shape), JSON.stringify(value)).to.deep.equal([`: ${problem}`]);
      });

  const times: readonly (readonly [text: string, isTime: boolean])[] = [
    ['2026-01-31T12:00:00Z', true],
    ['2026-01-31T1:00:00Z', true],
    ['2026-01-31T12:00:00.123Z', true],
    ['2026-01-31T12:00:00,5Z', true],
    ['2026-01-31T12:00:00+02:00', true],
    ['2026-01-31T12:00:00-02:30', true],
    ['2026-01-31', false],
    ['2026-01-31T12:00:00', false],
    ['2026-01-31T12:00Z', false],
    ['2026-01-31T12:00:00.Z', false],
    ['2026-01-31T123:00:00Z', false],
    ['2026-01-31T12:00:00+0200', false],
    [' 2026-01-31T12:00:00Z', false],
    ['2026-01-31T12:00:00Z ', false],
    ['26-01-31T12:00:00Z', false],
    ['', false],
  ];
  for (const [text, isTime] of times)
    it(`${isTime ? 'do not include' : 'include'} the time '${text}'`, () => {
      expect(problems(text, 't')).to.deep.equal(isTime ? [] : [': must be a time, such as 2026-01-31T12:00:00Z']);
    });

  const encoded: readonly (readonly [value: unknown, problem: string | undefined])[] = [
    ['', undefined],
    ['YQ==', undefined],
    ['YWI=', undefined],
    ['YWJj', undefined],
    ['YW\nJj\r\n', undefined],
    ['+/+/', undefined],
    [[1, 2], undefined],
    ['YQ=', 'must be base64'],
    ['YQ', 'must be base64'],
    ['Y===', 'must be base64'],
    ['YW-_', 'must be base64'],
    ['YQ==YQ==', 'must be base64'],
    [' YWJ', 'must be base64'],
    [1, 'must be a string'],
    [{}, 'must be a string'],
  ];
  for (const [value, problem] of encoded)
    it(`${problem === undefined ? 'do not include' : 'include'} ${JSON.stringify(value)} in base64`, () => {
      expect(problems(value, 's', 'B')).to.deep.equal(problem === undefined ? [] : [`: ${problem}`]);
      expect(problems({ key: value }, 'm', 'B')).to.deep.equal(problem === undefined ? [] : [`key: ${problem}`]);
    });

  it('include the items of lists and maps, except null', () => {
    expect(problems(['a', 1, null, true], 'l')).to.deep.equal(['1: must be a string', '3: must be a string']);
    expect(problems([1, 'a'], 'l', 'n')).to.deep.equal(['1: must be a number']);
    expect(problems([1, 'a', {}], 'l', 'x')).to.deep.equal([]);
    expect(problems({ a: 'b', c: 1, d: null }, 'm')).to.deep.equal(['c: must be a string']);
    expect(problems([{}, 'a', []], 'L')).to.deep.equal(['1: must be a map', '2: must be a map']);
    expect(problems({ a: {}, b: 'c' }, 'M')).to.deep.equal(['b: must be a map']);
    for (const shape of ['r', 'w'] as const)
      expect(problems({ cpu: '1', memory: 'much', pods: 3 }, shape)).to.deep.equal(['memory: must be a quantity, such as 250m or 64Mi']);
    expect(problems({ a: 1, b: [] }, 'y')).to.deep.equal([]);
    expect(problems({ a: 1, b: 'c' }, 'y', 'n')).to.deep.equal(['b: must be a number']);
    expect(problems({ a: 1 }, 'S')).to.deep.equal([]);
  });

  it('include neither durations that are texts, nor numbers of any kind where any are allowed', () => {
    expect(problems('soon', 's', 'D')).to.deep.equal([]);
    expect(problems(5, 's', 'D')).to.deep.equal([': must be a string']);
    expect(problems(1.5, 'n', 'x')).to.deep.equal([]);
    expect(problems(1.5, 'n', 'n')).to.deep.equal([': must be a whole number']);
    expect(problems({}, 's', 'x')).to.deep.equal([]);
  });
});
