import { expect } from 'chai';
import { jsonPositions } from '../../operator/manifests/json-positions.ts';
import { jsonShapeProblem, maximumDepth } from '../../operator/manifests/json-shape.ts';

const positionsOf = (text: string, firstLine = 1): unknown[] => [...jsonPositions(text, JSON.parse(text), firstLine).values()];

describe('jsonPositions', () => {
  const rows: readonly [title: string, text: string, expected: readonly unknown[]][] = [
    ['a scalar', '5', []],
    ['a text', '"a\\n{"', []],
    ['empty collections', '{"a":{},"b":[],\n"c":{ },"d":[\n]}', [['a', 1, 'b', 1, 'c', 2, 'd', 2], [], [], [], []]],
    ['scalars of every type before a comma and a bracket', '[1,-2.5e3 , true\t,false,null,\n"x",1\r\n,\n{"a":null}]', [[1, 1, 1, 1, 1, 2, 2, 4], ['a', 4]]],
    ['strings with escapes, brackets and line breaks', '{"a\\"}":"\\\\","b{":"]}",\n"c\\\\":"\\n",\n"d":1}', [['a"}', 1, 'b{', 1, 'c\\', 2, 'd', 3]]],
    ['spaces around everything', ' \n\t{ "a" \n : \n [ 1 \n , 2 ] \n , "b" : {\n} }\n', [['a', 2, 'b', 6], [4, 5], []]],
    ['nested lists', '[[1,\n2],\n[[3]]]', [[1, 3], [1, 2], [3], [3]]],
    ['the key __proto__', '{"__proto__":{"a":1},\n"b":2}', [['__proto__', 1, 'b', 2], ['a', 1]]],
  ]; // prettier-ignore
  for (const [title, text, expected] of rows) it(`are right for ${title}`, () => expect(positionsOf(text)).to.deep.equal(expected));

  it('count from the first line of the document', () => {
    expect(positionsOf('{\n"a": 1}', 41)).to.deep.equal([['a', 42]]);
  });
});

describe('jsonShapeProblem', () => {
  const problem = (text: string): string | undefined => jsonShapeProblem(text, JSON.parse(text));
  const nested = (depth: number, inner = ''): string => `${'{"a":['.repeat(depth / 2)}${inner}${']}'.repeat(depth / 2)}`;

  it('ignores brackets, colons and quotes inside strings, after any number of backslashes', () => {
    const strings = ['"[[["', '"\\"[:"', '"\\\\"', '"\\\\\\":"', '"\\\\\\\\"', '"a:b:c"', '"}"', '""', '"\\"\\""'];
    for (const string of strings) {
      expect(problem(`{"k":${string},"l":[${string}],${string}:1}`), string).to.equal(undefined);
      expect(problem(`{"k":${string},"k":${string}}`), string).to.equal('duplicates');
      expect(problem(nested(maximumDepth, string)), string).to.equal(undefined);
      expect(problem(nested(maximumDepth, `[${string}]`)), string).to.equal('depth');
    }
  });

  it('counts the depth of maps and lists alike, and the deepest branch', () => {
    const deep = nested(maximumDepth + 2);
    expect([deep, `[1,${nested(maximumDepth)},[]]`, `[${deep}]`, `{"a":1,"b":${nested(maximumDepth - 2)},"c":[]}`].map(problem)).to.deep.equal(['depth', 'depth', 'depth', undefined]); // prettier-ignore
    const siblings = `[${Array.from({ length: 600 }, (_, at) => (at % 2 === 0 ? '[]' : '{"a":{}}')).join()}]`;
    expect(problem(siblings)).to.equal(undefined);
  });

  it('finds a duplicate key beside other keys, in lists and below null', () => {
    const texts = ['{"a":null,"b":[1,{"c":1,"d":2,"c":3}]}', '[[{"a":1}],[{"a":1,"a":1}]]', '[{"a":1},{"a":1}]', '{"a":null,"b":true}'];
    expect(texts.map(problem)).to.deep.equal(['duplicates', 'duplicates', undefined, undefined]);
  });
});
