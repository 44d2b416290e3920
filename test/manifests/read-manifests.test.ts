import { expect } from 'chai';
import { readFullYaml } from '../../operator/manifests/full-yaml.ts';
import { maximumDepth } from '../../operator/manifests/json-shape.ts';
import { readManifests } from '../../operator/manifests/manifest.ts';
import { readPlainYaml } from '../../operator/manifests/plain-yaml.ts';
import { lineOfPath } from '../../operator/manifests/positions.ts';
import { UnreadableDocument } from '../../operator/manifests/unreadable-document.ts';

const objectsOf = async (text: string): Promise<unknown[]> => (await readManifests('f', text)).manifests.map(({ object }) => object);
/** The errors of a text as `document:line: message`. */
const errorsOf = async (text: string): Promise<string[]> =>
  (await readManifests('f', text)).errors.map(({ source, message }) => `${source.document ?? '-'}:${source.line ?? '-'}: ${message}`);

describe('readManifests', () => {
  const errors: readonly [title: string, text: string, expected: readonly string[]][] = [
    ['a list that is not an object', 'a: 1\n---\n\n- b\n', ['1:4: expected an object, found a list']],
    ['a text', '# c\nhello\n', ['0:2: expected an object, found a string']],
    ['a number in JSON', '[1]', ['0:1: expected an object, found a list']],
    ['an item of a list that is not an object', 'kind: List\nitems:\n- kind: A\n- 5\n', ['0:4: expected an object, found a number']],
    ['an item of a list without content', 'kind: List\nitems:\n- kind: A\n-\n', ['0:4: expected an object, found nothing']],
    ['a list whose items are a map', 'kind: List\nitems: {}\n', ['0:2: items must be a list, found a map']],
    ['a duplicate key in JSON, with its line', '{"a": 1,\n"a": 2}', ["0:2: duplicate key 'a'"]],
    ['a duplicate key in YAML', 'a: 1\nb:\n  c: 1\n  c: 2\n', ["0:4: duplicate key 'c'"]],
    ['two forms of one key', 'yes: 1\ntrue: 2\n', ["0:2: duplicate key 'true'"]],
    ['a duplicate key in the second of two objects of JSON', '{"a": 1}\n{"a": 1,\n"a": 2}', ["1:3: duplicate key 'a'"]],
    ['something else after an object of JSON', '{"a": 1}\n{"b": 1} c\n', ['0:2: Unexpected flow-map-start at node end']],
    ['deep JSON', `\n${'['.repeat(maximumDepth + 1)}${']'.repeat(maximumDepth + 1)}`, ['0:1: nested deeper than 500 levels']],
    ['deep YAML', `a: ${'['.repeat(501)}${']'.repeat(501)}`, ['0:1: nested deeper than 500 levels']],
    ['an alias without an anchor, after a comment', '# c\n---\na: 1\n---\nb: *x\n', ["1:5: anchor 'x' not found"]],
    ['a list as a key', '? [a]\n: b\n', ['0:1: a key must be a scalar']],
    ['a list entry in flow style', 'a: [- b]\n', ['0:1: Implicit keys of flow sequence pairs need to be on a single line']],
    ['an unclosed quote, as one sentence without a position', 'a: "x\n', ['0:2: Missing closing "quote']],
    ['a binary file', 'a: \0', ['-:-: not a text file']],
  ];
  for (const [title, text, expected] of errors) it(`reports ${title}`, async () => expect(await errorsOf(text)).to.deep.equal(expected));

  it('names the file in every error', async () => {
    const files = await Promise.all(['\0', '- a', 'a: *b'].map((text) => readManifests('some.yaml', text)));
    expect(files.map(({ errors: [error], manifests }) => [error?.source.file, manifests.length])).to.deep.equal([
      ['some.yaml', 0],
      ['some.yaml', 0],
      ['some.yaml', 0],
    ]);
  });

  const documents: readonly [title: string, text: string, expected: readonly unknown[]][] = [
    ['nothing', '', []],
    ['a null document', '---\n~\n', []],
    ['comments and directives alone', '# a\n%YAML 1.2\n\n', []],
    ['a document on the line of its marker', '--- {a: 1}\n---\t{b: 2}\n', [{ a: 1 }, { b: 2 }]],
    ['markers with text behind them are content', 'a: |\n  x\n---b: 1\n', [{ a: 'x\n', '---b': 1 }]],
    ['dots inside a line are content', 'a: b... c\nd: ...e\n', [{ a: 'b... c', d: '...e' }]],
    ['an end marker without a second begin marker', 'a: 1\n...\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['an end marker with a comment', 'a: 1\n... # c\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['a line that begins with dots and a letter', '...a: 1\n', [{ '...a': 1 }]],
    ['JSON after empty lines', '\n  {"a": 1}\n', [{ a: 1 }]],
    ['several objects of JSON', '{"a": "} {"}\n{"b": {}}{"c": []}\n\n{"d": 1}\n', [{ a: '} {' }, { b: {} }, { c: [] }, { d: 1 }]],
    ['one object of JSON with braces in texts', '{"a": "\\"} {", "b": 1}\n', [{ a: '"} {', b: 1 }]],
    ['flow style that is not JSON', '{a: 1}\n', [{ a: 1 }]],
    ['a byte order mark', '\ufeff{"a": 1}', [{ a: 1 }]],
    ['the errors of one document do not affect the others', 'a: *x\n---\nb: 1\n', [{ b: 1 }]],
    ['a list of a list', 'kind: List\nitems:\n- kind: PodList\n  apiVersion: v1\n  items:\n  - a: 1\n', [{ a: 1, kind: 'Pod', apiVersion: 'v1' }]],
    ['an empty list', 'kind: List\nitems: []\n', []],
    ['a list whose items are null', 'kind: List\nitems: null\n---\nkind: PodList\nitems: null\n', []],
    ['a list without items is an object', 'kind: PodList\n', [{ kind: 'PodList' }]],
  ]; // prettier-ignore
  for (const [title, text, expected] of documents) it(title, async () => expect(await objectsOf(text)).to.deep.equal(expected));

  it('returns the lines of objects in lists of lists', async () => {
    const text = ['kind: List', 'items:', '- kind: List', '  items:', '  - kind: A', '    b:', '      c: 1', '- kind: D'].join('\n');
    const { manifests } = await readManifests('f', `x: 1\n---\n${text}\n`);
    expect(
      manifests.map((manifest) => [manifest.document, manifest.lineOf(), manifest.lineOf('kind'), manifest.lineOf('b.c')]),
    ).to.deep.equal([
      [0, 1, 1, 1],
      [1, 7, 7, 9],
      [1, 10, 10, 10],
    ]);
  });

  it('refuses a very large document with features of YAML, with the way out, and reads it as plain YAML', async () => {
    const large = `a: ${'x'.repeat(8 * 1024 * 1024)}`;
    expect(await errorsOf(`${large}\nb: &c 1\n`)).to.deep.equal([
      `0:1: the document is too large (${large.length + 9} characters) for its YAML features. Convert it to JSON, which has no such limit`,
    ]);
    expect(await objectsOf(`${large}\nb: 1\n`)).to.have.length(1);
  });
});

describe('the full YAML reader', () => {
  const read = (text: string): unknown => readFullYaml(text, 1).value;
  const values: readonly [title: string, text: string, expected: unknown][] = [
    ['tags of strings', "a: ! 5\nb: !!str yes\nc: !!str\nd: !!str '1'\n", { a: '5', b: 'yes', c: '', d: '1' }],
    ['quoted scalars are strings', "a: '5'\nb: \"yes\"\nc: ''\n", { a: '5', b: 'yes', c: '' }],
    ['scalars without a value', 'a: &x\nb: *x\nc:\n', { a: null, b: null, c: null }],
    ['anchors of scalars, lists and maps', 'a: &x 1\nb: &y [2]\nc: &z {d: 3}\ne: [*x, *y, *z]\n', { a: 1, b: [2], c: { d: 3 }, e: [1, [2], { d: 3 }] }],
    ['the last anchor of a name', 'a: &x 1\nb: &x 2\nc: *x\n', { a: 1, b: 2, c: 2 }],
    ['a merge of several maps, the first one wins', 'a: &a {p: 1, q: 1}\nb: &b {q: 2, r: 2}\nc: {<<: [*a, *b], r: 3}\n', { a: { p: 1, q: 1 }, b: { q: 2, r: 2 }, c: { r: 3, p: 1, q: 1 } }],
    ['a merge before the keys that it does not override', 'a: &a {p: 1}\nb:\n  <<: *a\n  p: 2\n', { a: { p: 1 }, b: { p: 2 } }],
    ['no keys from a merge of a text or of null', 'a: &a xy\nb: {<<: *a, c: 2}\nd: {<<: ~, e: 3}\n', { a: 'xy', b: { c: 2 }, d: { e: 3 } }],
    ['an alias as a key', 'a: &x k\n*x : 1\n', { a: 'k', k: 1 }],
    ['no document', '', null],
  ]; // prettier-ignore
  for (const [title, text, expected] of values) it(`reads ${title}`, () => expect(read(text)).to.deep.equal(expected));

  it('limits values that aliases multiply', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let at = 1; at < 7; at += 1)
      lines.push(
        `a${at}: &a${at} [${Array(10)
          .fill(`*a${at - 1}`)
          .join()}]`,
      );
    expect(() => read(lines.join('\n'))).to.throw(UnreadableDocument, 'more than 1000000 values, aliases included');
  });

  it('limits nesting, and reads what is at the limit', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(() => read(nested(501))).not.to.throw();
    expect(() => read(nested(502))).to.throw(UnreadableDocument, 'nested deeper than 500 levels');
    expect(() => read(`a: &x {b: *x}\n`)).to.throw(UnreadableDocument, 'nested deeper than 500 levels');
  });

  it('counts lines from the first line of the document', () => {
    const { value, positions } = readFullYaml('a: &x\n- 1\n-\n  b: 2\n', 11);
    const lineOf = (path: string): number => lineOfPath(value, positions, path, 0);
    expect(['a', 'a[0]', 'a[1].b', 'a[2]'].map(lineOf)).to.deep.equal([11, 12, 14, 11]);
    expect(() => readFullYaml('a: 1\na: 2\n', 11))
      .to.throw("duplicate key 'a'")
      .with.property('line', 12);
    expect(() => readFullYaml('a: {\nb: ]\n', 11))
      .to.throw(UnreadableDocument)
      .with.property('line', 12);
  });
});

describe('the plain YAML reader', () => {
  it('reads any nesting up to its limit, and leaves a deeper one to the full reader', () => {
    const flow = (depth: number): string[] => [`a: ${'['.repeat(depth)}${']'.repeat(depth)}`];
    const block = (depth: number): string[] => Array.from({ length: depth }, (_, at) => `${' '.repeat(at)}a:`);
    const dashes = (depth: number): string[] => [`${'- '.repeat(depth)}x`];
    const isRead = (lines: string[]): boolean => readPlainYaml(lines, 1) !== undefined;
    expect([flow(201), flow(202), block(201), block(202), dashes(201), dashes(202)].map(isRead)).to.deep.equal([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('lineOfPath', () => {
  it('is the line of the nearest entry that exists', () => {
    const inner = { c: null };
    const items = ['x', inner];
    const root = { a: items, b: 'text' };
    const positions = new Map<object, (string | number)[]>([
      [root, ['a', 2, 'b', 9]],
      [items, [3, 4]],
      [inner, ['c', 5]],
    ]);
    const paths = ['', 'a', 'a[0]', 'a[1].c', 'a[1].c.d', 'a[1].x', 'a[5]', 'a.c', 'b.length', 'b[0]', 'x.a', "['a'][0]"];
    expect(paths.map((path) => lineOfPath(root, positions, path, 1))).to.deep.equal([1, 2, 3, 5, 5, 4, 2, 2, 9, 9, 1, 3]);
    expect([null, 'text', undefined].map((value) => lineOfPath(value, positions, 'a', 7))).to.deep.equal([7, 7, 7]);
  });
});
