import { expect } from 'chai';
import { readFullYaml } from '../../operator/manifests/full-yaml.ts';
import { type ParsedDocument, readPlainYaml } from '../../operator/manifests/plain-yaml.ts';

const values: readonly string[] = [
  'x', 'a b', 'x#y', '-x', ':x', 'http://x', 'é', '1', '-1', '~', 'yes', '0x10', '"q"', "'s'", "'it''s'", "'a\\n'", '"a\\n"', '"a\\"b"', '"a\\\\"', '"a\\/b"', '"\\u0041"', '"\\x41"', '"\ttab"',
  '{}', '[]', '{ }', '[ ]', '{a: 1}', '{"a": 1}', "{'a': 1}", '{"a":1}', '{a:1}', '{ a : 1 }', '{a: {b: [c, {d: e}]}}', '{a: 1, a: 2}', '{a}', '{a: }', '{<<: 1}', '{__proto__: 1}', '{yes: 1}', '{"yes": 1}',
  '[1, b]', '[1,2]', '[a:1]', '[a b, c#d, e #f]', '[ a , b ]', '["x","y"]', "['x', 'y']", '[[1], [2]]', '[[], {}]', '[1,]', '[,]', '[-]', '[- a]', '[-1]', '[x', '{x', '[x}', '{x: 1]', '{a: 1}x', '{a: 1} #c', '[1] #c', '[1]  ',
  'x:', 'x: y', '- x', '-', '#c', '"x', "'x", '"x"y', '"x" y', '"x" #c', '"x"#c', "'x' #c", 'x #c', 'x # : y', '|', '|-', '|+', '>', '| #c', '|x', '|2', '&a x', '*a', '!!str 1', '@x', '%x', '`x', '?x', '? x', ', x', '] x', '} x', '\tx', 'x\ty', 'x\t', 'x  ', '  x', '', '__proto__', '<<',
]; // prettier-ignore

/** The text before and after a value, and how many of the values the plain reader reads there. The full reader, much slower, reads the others. */
const contexts: readonly (readonly [before: string, after: string, read: number])[] = [
  ['a: ', '', 57],
  ['- ', '', 63],
  ['a:\n  ', '', 6],
  ['a:\n- ', '', 63],
  ['- - ', '', 63],
  ['- a: ', '', 57],
  ['a: [', ']', 48],
  ['a: [x, ', ', y]', 47],
  ['a: {k: ', '}', 47],
  ['a: {k: ', ', l: 1}', 47],
  ['a:  ', ' # c', 39],
  ['a:\n  b: ', '\n  c: d\ne: f', 57],
  ['- a: b\n  c: ', '\n- d', 57],
  ['a: |\n  ', '\nb: c', 102],
  ['a: |-\n\n  ', '\n    more\n\n', 102],
  ['a: ', '\n  x', 4],
  ['a: ', '\n  x: y', 6],
  ['', ': 1', 28],
  ['', ' : 1', 16],
  ['- ', ': 1', 33],
  ['a: {', ': 1}', 24],
  ['', '', 6],
  ['a: 1\n', '', 4],
  ['a:\n  b: 1\n   ', '', 2],
  ['a:\n- b\n ', '', 2],
];

function read<T>(reader: () => T): T | undefined {
  try {
    return reader();
  } catch {
    return undefined;
  }
}

const plainOf = (text: string): ParsedDocument | undefined => readPlainYaml(text.split('\n'), 1);
/** The value and its lines. For an item below its dash, the full reader returns the line of the item, and the plain reader that of the dash. */
const factsOf = (text: string, document: ParsedDocument | undefined): unknown =>
  document && [document.value, ...(/^ *-$/m.test(text) ? [] : document.positions.values())];

/** Asserts that the full reader agrees with the plain reader if that reads a text. Returns whether it does. */
function agrees(text: string): boolean {
  const plain = plainOf(text);
  if (plain === undefined) return false;
  const full = read(() => readFullYaml(text, 1));
  expect(factsOf(text, plain), JSON.stringify(text)).to.deep.equal(factsOf(text, full));
  return true;
}

describe('the plain YAML reader, with every kind of value at every place', () => {
  for (const [before, after, count] of contexts)
    it(`agrees with the full reader on values in ${JSON.stringify(`${before}…${after}`)}, and reads ${count} of them`, () =>
      expect(values.filter((value) => agrees(before + value + after))).to.have.length(count));
});

describe('the plain YAML reader, with every short sequence of lines', () => {
  const lines = ['a: 1', 'b:', '- c', '- d: 2', '-', '- - e', '  f: 3', '  - g', '  h:', '  -', '   i: 4', '    j: 5', '# k', '', '  # l', ' m', '\tn: 1', '  "o": p']; // prettier-ignore
  const counts = [31, 152, 69, 112, 162, 97, 33, 33, 71, 51, 13, 13, 161, 161, 161, 0, 0, 33];
  for (const [index, first] of lines.entries())
    it(`agrees with the full reader on documents that begin with ${JSON.stringify(first)}, and reads ${counts[index]!} of them`, () => {
      const seconds = lines.map((second) => `${first}\n${second}`);
      const texts = [first, ...seconds, ...seconds.flatMap((text) => lines.map((third) => `${text}\n${third}`))];
      expect(texts.filter(agrees)).to.have.length(counts[index]!);
    });
});
