import { expect } from 'chai';
import { readFullYaml } from '../../operator/manifests/full-yaml.ts';
import { isList, withListType } from '../../operator/manifests/manifest.ts';
import { readPlainYaml } from '../../operator/manifests/plain-yaml.ts';
import { pathSteps } from '../../operator/manifests/positions.ts';

/** YAML that the plain reader reads as the full reader does. */
const plain: readonly string[] = [
  'a: 1',
  'a: "x"',
  "a: 'x'",
  "a: 'it''s'",
  'a: "q\\"q"',
  'a: "tab\\tn\\n"',
  'a: "\\u00e9"',
  'a: "x" # c',
  'a: x # c',
  'a: x#c',
  'a: {}',
  'a: []',
  'a: {b: 1, c: [1, 2]}',
  'a: {b: {c: d}}',
  'a: [{b: 1}, {c: 2}]',
  'a: [a b, "c, d", \'e\']',
  'a: {"b": 1}',
  'a: {b: 1}  ',
  'a:\n  b: 1\n  c: 2',
  'a:\n  - 1\n  - 2',
  'a:\n- 1\n- b: 2\n  c: 3',
  '- a\n- b',
  '- - a\n  - b',
  'a: |\n  x\n  y\n',
  'a: |-\n  x\n\n  y\n',
  'a: |\n\n  x\nb: 1',
  'a: http://x',
  'a: ~',
  'a: null',
  'a:',
  'a: true',
  'a: True',
  'a: TRUE',
  'a: yes',
  'a: Yes',
  'a: YES',
  'a: y',
  'a: Y',
  'a: on',
  'a: On',
  'a: ON',
  'a: no',
  'a: No',
  'a: NO',
  'a: n',
  'a: N',
  'a: off',
  'a: Off',
  'a: OFF',
  'a: false',
  'a: False',
  'a: FALSE',
  'a: Null',
  'a: NULL',
  'a: nUll',
  'a: tRue',
  'a: 0x1F',
  'a: 0o17',
  'a: 017',
  'a: 0b11',
  'a: 1_000',
  'a: 1.5',
  'a: -1.5e3',
  'a: .5',
  'a: 1e3',
  'a: .inf',
  'a: -.inf',
  'a: +.Inf',
  'a: x.inf',
  'a: .INF',
  'a: .nan',
  'a: .NaN',
  'a: 12:30',
  'a: 12:30:45',
  'a: 2020-01-01',
  'a: 1.',
  'a: +1',
  'a: 00',
  'a: 08',
  'a: 9007199254740993',
  '"a": 1',
  '"a b": 1',
  "'a': 1",
  'a b: 1',
  'a:b: 1',
  'a : 1',
  '1: a',
  'true: a',
  'null: a',
  '# c\na: 1',
  'a: 1\n# c\nb: 2',
  'a:\n  # c\n  b: 1',
  'a: 1\n\n\nb: 2',
  'a:\n  - b: 1\n    c:\n      - d\n  - e',
  'a:\n  -  b: 1\n     c: 2',
  'a: é',
  'a: \u0001',
  '- a: 1\n  b: 2\n-\n- c',
  'a: [ ]',
  'a: { }',
  'a:   1',
  'a: x  ',
  'a: -x',
  'a: :x',
  'a: x\n\nb: |\n  y\n# end',
  '- \'a\'\n- "b"',
  'a: {b: "c", \'d\': e}',
  'a: "b\\/c"',
  "a: 'b\\n'",
  'a: [[1], [2, [3]]]',
  'a: {b: [1], c: {}}',
  'a: |  \n  x',
  'a: |\n',
  'a: |\n  x\n    y\n  z',
];

/** YAML that only the full reader reads, or that is not valid. */
const others: readonly string[] = [
  'a: "\\x41"',
  'a: "x',
  'a: {b: 1, b: 2}',
  'a: {b, c}',
  'a: [1,2,]',
  'a: {<<: x}',
  'a: {b: 1} # c',
  'a: {b: 1} x',
  'a:\n  b: 1\n c: 2',
  'a:\n   b: 1\n  c: 2',
  'a: 1\na: 2',
  'a:\n\tb: 1',
  'a: >\n  x\n  y\n',
  'a: |2\n   x\n',
  'a: |\n   x\n  y\n',
  'a: x\n  y',
  'a: x: y',
  'a: x:',
  'a: &b 1',
  'a: *b',
  'a: !!str 1',
  'a: @x',
  'a: `x',
  'a: %x',
  'a: ?x',
  '? a\n: b',
  'a: , x',
  'a: ] x',
  'a: - x',
  'a: -',
  '<<: {b: 1}',
  '__proto__: 1',
  'a: "x": y',
  "a: 'x' y",
  'a: [1, 2\n  , 3]',
  'a: {b: 1,\n  c: 2}',
  'a: "x\n  y"',
  'a: [,]',
  '"x',
  'a: {b: }',
  'a: [a: 1]',
  'a: "b\\q"',
  'x',
  '"x"',
  '1',
  'a: 1 \t',
  'a:\t1',
  'a: "x"\t# c',
];

describe('the plain YAML reader', () => {
  for (const text of plain)
    it(`reads ${JSON.stringify(text)} as the full reader does, with the same lines`, () => {
      const [found, full] = [readPlainYaml(text.split('\n'), 1), readFullYaml(text, 1)];
      expect(found?.value).to.deep.equal(full.value);
      expect([...(found?.positions.values() ?? [])]).to.deep.equal([...full.positions.values()]);
    });

  for (const text of others)
    it(`leaves ${JSON.stringify(text)} to the full reader`, () => expect(readPlainYaml(text.split('\n'), 1)).to.equal(undefined));
});

describe('pathSteps', () => {
  it('splits names, indexes and quoted names', () => {
    expect(pathSteps("spec.containers[0].ports['a.b'][12]")).to.deep.equal(['spec', 'containers', 0, 'ports', 'a.b', 12]);
    expect([pathSteps(''), pathSteps("['']")]).to.deep.equal([[], ['']]);
  });
});

describe('a list of objects', () => {
  it('has a kind that ends in List, and items', () => {
    const lists = [
      { kind: 'PodList', items: [] },
      { kind: 'List', items: [] },
      { kind: 'PodList' },
      { kind: 'Pod', items: [] },
      { kind: 1, items: [] },
    ];
    expect(lists.map(isList)).to.deep.equal([true, true, false, false, false]);
  });

  it('gives its type to items without one', () => {
    const list = { kind: 'PodList', apiVersion: 'v1' };
    expect(withListType({ a: 1 }, list)).to.deep.equal({ a: 1, kind: 'Pod', apiVersion: 'v1' });
    for (const item of [{ kind: 'Job' }, { apiVersion: 'batch/v1' }]) expect(withListType({ ...item }, list)).to.deep.equal(item);
    expect(withListType({ a: 1 }, { kind: 'List', apiVersion: 'v1' })).to.deep.equal({ a: 1 });
  });
});
