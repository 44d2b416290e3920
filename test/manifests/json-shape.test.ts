import { expect } from 'chai';
import { jsonPositions } from '../../operator/manifests/json-positions.ts';
import { jsonShapeProblem, maximumDepth } from '../../operator/manifests/json-shape.ts';
import { lineOfPath } from '../../operator/manifests/positions.ts';

describe('jsonShapeProblem', () => {
  const problem = (text: string): string | undefined => jsonShapeProblem(text, JSON.parse(text));

  it('finds duplicate keys at any depth, and none in strings', () => {
    const texts = [
      '{"a":1,"a":2}',
      '[{"a":{"b":1,"b":2}}]',
      '{"a":"x:y","b":"{[\\":\\"]}","c":[{"d":":"},{"e":"\\\\"}]}',
      '{}',
      '[]',
      '"a:b"',
    ];
    expect(texts.map(problem)).to.deep.equal(['duplicates', 'duplicates', undefined, undefined, undefined, undefined]);
  });

  it('finds a nesting above the limit, not many lists beside each other', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    const wide = `[${Array.from({ length: 2 * maximumDepth }, () => '{"a":[]}').join()}]`;
    expect([nested(maximumDepth), nested(maximumDepth + 1), wide].map(problem)).to.deep.equal([undefined, 'depth', undefined]);
  });
});

describe('jsonPositions', () => {
  it('are the lines of keys and items', () => {
    const text = '{\n "a": "x\\"y",\n "b\\u0041": [\n  1,\n  {"c": true}\n ]\n}';
    const value = JSON.parse(text) as Record<string, unknown>;
    const positions = jsonPositions(text, value, 10);
    const lineOf = (path: string): number => lineOfPath(value, positions, path, 0);
    expect(['a', 'bA', 'bA[0]', 'bA[1].c', 'bA[1].d', 'z'].map(lineOf)).to.deep.equal([11, 12, 13, 14, 14, 0]);
  });

  it('report a duplicate key with its line', () => {
    const text = '{"a": 1,\n"b": {\n"a": 1,\n"a": 2}}';
    expect(() => jsonPositions(text, JSON.parse(text), 1))
      .to.throw("duplicate key 'a'")
      .with.property('line', 4);
  });
});
