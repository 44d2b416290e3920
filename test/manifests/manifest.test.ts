import { expect } from 'chai';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { parse, type Scalar, stringify } from 'yaml';
import { readFullYaml } from '../../operator/manifests/full-yaml.ts';
import { readManifests } from '../../operator/manifests/manifest.ts';
import { readPlainYaml } from '../../operator/manifests/plain-yaml.ts';

const objectOf = async (text: string): Promise<Record<string, unknown> | undefined> =>
  (await readManifests('file', text)).manifests[0]?.object;

const scalar = fc.oneof(
  fc.constantFrom('', 'yes', 'No', 'on', 'null', '~', '0755', '0x1f', '1e3', '.5', '1_000', '-', '- a', 'a: b', 'a #b', '#', '"', "'", '*x', '&x', '!t', '{', '[', '|', '>', '%', '@', '`', 'a\nb', 'a\n\nb\n', ' a ', '\t', 'é', '…', '2001-01-01', '=', '<<', '---'),
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
); // prettier-ignore
const key = fc
  .oneof(fc.constantFrom('a', 'b-c', 'd.e/f', 'y', '5', 'a b', '"q"'), fc.string({ minLength: 1, maxLength: 8 }))
  .filter((name) => name !== '__proto__' && name !== '<<');
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(key, tie('any'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;
const root = fc.dictionary(key, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true });

/** Returns whether the YAML text has the value of the object. The writer loses block scalars that have only spaces. */
function isWritten(text: string, object: unknown): boolean {
  return isDeepStrictEqual(normal(parse(text, { version: '1.1' })), normal(object));
}

/** Converts -0 to 0, as files do. */
const normal = (text: unknown): unknown => JSON.parse(JSON.stringify(text));

describe('reading manifests', () => {
  it('returns every value that was written as YAML, in all styles, and as JSON', async () => {
    await fc.assert(
      fc.asyncProperty(
        root,
        fc.constantFrom<Scalar.Type>('PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'),
        fc.constantFrom(20, 80, 0),
        async (object, style, lineWidth) => {
          const text = stringify(object, {
            version: '1.1',
            defaultStringType: style,
            lineWidth,
            aliasDuplicateObjects: false,
          });
          fc.pre(isWritten(text, object));
          expect(await objectOf(text), text).to.deep.equal(normal(object));
          expect(await objectOf(JSON.stringify(object, null, 1))).to.deep.equal(normal(object));
          expect(await objectOf(JSON.stringify(object))).to.deep.equal(normal(object));
        },
      ),
      { numRuns: 2000 },
    );
  }).timeout(60_000);

  it('returns the same value from the plain reader and from the full reader', () => {
    let [fast, all] = [0, 0];
    fc.assert(
      fc.property(root, fc.integer({ min: 2, max: 4 }), fc.boolean(), (object, indent, indentSeq) => {
        const text = stringify(object, { version: '1.1', indent, indentSeq, lineWidth: 0, aliasDuplicateObjects: false });
        const plain = readPlainYaml(text.split('\n'), 1);
        all += 1;
        if (plain === undefined) return;
        fast += 1;
        expect(plain.value, text).to.deep.equal(readFullYaml(text, 1).value);
      }),
      { numRuns: 2000 },
    );
    expect(fast / all).to.be.greaterThan(0.1);
  }).timeout(60_000);

  it('keeps the line breaks at the end of a block that asks for them, at the end of a document and of the file', async () => {
    const block = (indicator: string): string => `kind: A\napiVersion: v1\ndata: ${indicator}\n  x\n\n`;
    const dataOf = async (text: string): Promise<unknown[]> =>
      (await readManifests('file', text)).manifests.map((manifest) => (manifest.object as unknown as { readonly data: string }).data);
    for (const indicator of ['|+', '>+'])
      expect(await dataOf(`${block(indicator)}---\n${block(indicator)}`), indicator).to.deep.equal(['x\n\n', 'x\n\n']);
    for (const indicator of ['|', '>']) expect(await dataOf(block(indicator))).to.deep.equal(['x\n']);
    for (const indicator of ['|-', '>-']) expect(await dataOf(block(indicator))).to.deep.equal(['x']);
  });

  const rows: readonly [title: string, yaml: string, expected: unknown][] = [
    [
      'reads words of YAML 1.1 as kubectl does',
      'a: yes\nb: Off\nc: "yes"\nd: ~\ne: TRUE\nf: tRUE\n',
      { a: true, b: false, c: 'yes', d: null, e: true, f: 'tRUE' },
    ],
    [
      'reads all forms of numbers',
      'a: 0644\nb: 0x1F\nc: 1_000\nd: 1e3\ne: .5\nf: 1.2.3\ng: 12:30\nh: 0o17\n',
      { a: 420, b: 31, c: 1000, d: 1000, e: 0.5, f: '1.2.3', g: '12:30', h: 15 },
    ],
    ['reads anchors, aliases and merges', 'a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n', { a: { b: 1, c: 2 }, d: { b: 1, c: 3 } }],
    [
      'reads block scalars',
      'a: |\n  x\n   y\n\nb: >-\n  one\n  two\n\n  three\nc: |+\n  z\n\n',
      { a: 'x\n y\n', b: 'one two\nthree', c: 'z\n\n' },
    ],
    ['reads lists with the indent of their key', 'a:\n- b: 1\n  c:\n  - d\n- - e\n', { a: [{ b: 1, c: ['d'] }, ['e']] }],
    ['ignores comments', '# one\na: b # two\nc: "#"\nd: a#b\n', { a: 'b', c: '#', d: 'a#b' }],
    ['reads Windows line ends and a byte order mark', '\ufeffa: b\r\nc:\r\n- d\r\n', { a: 'b', c: ['d'] }],
    ['converts keys to strings', '1: a\ntrue: b\n', { '1': 'a', true: 'b' }],
    ['reads the key __proto__', '__proto__: {a: 1}\nb: 2\n', JSON.parse('{"__proto__": {"a": 1}, "b": 2}')],
    ['reads flow style over several lines', 'a: [1,\n  {b: c,\n   d: "e"}]\n', { a: [1, { b: 'c', d: 'e' }] }],
    ['reads quoted strings over several lines', 'a: "one\n  two"\n', { a: 'one two' }],
    ['reads tags', 'a: !!str 5\nb: !!int "5"\n', { a: '5', b: '5' }],
  ];
  for (const [title, yaml, expected] of rows) {
    it(title, async () => {
      expect(await objectOf(yaml)).to.deep.equal(expected);
    });
  }

  it('returns the line of every path, from all readers', async () => {
    const plain = 'kind: A\nspec:\n  list:\n  - a: 1\n    b: 2\n\n  # between\n  - a: 3\n  map:\n    x.y/z: 1\n';
    const full = plain.replace('a: 1', 'a: &one 1');
    const json = JSON.stringify({ kind: 'A', spec: { list: [{ a: 1, b: 2 }, { a: 3 }], map: { 'x.y/z': 1 } } }, null, 1);
    const linesOf = async (text: string): Promise<number[]> => {
      const { manifests } = await readManifests('file', `---\n${text}`);
      return ['kind', 'spec.list[0].b', 'spec.list[1].a', "spec.map['x.y/z']", 'spec.list[1].gone.deeper', 'gone', ''].map(
        (path) => manifests[0]?.lineOf(path) ?? 0,
      );
    };
    expect(await linesOf(plain)).to.deep.equal([2, 6, 9, 11, 9, 2, 2]);
    expect(await linesOf(full)).to.deep.equal([2, 6, 9, 11, 9, 2, 2]);
    expect(await linesOf(json)).to.deep.equal([3, 8, 11, 15, 10, 2, 2]);
  });

  it('splits documents only at document markers', async () => {
    const { manifests, errors } = await readManifests('file', '--- # first\na: |\n  ---\n  x\n...\n---\n# nothing\n---\nb: 1\n---\n');
    expect(manifests.map(({ object }) => object)).to.deep.equal([{ a: '---\nx\n' }, { b: 1 }]);
    expect(errors).to.deep.equal([]);
  });

  it('returns objects or errors with a line for any text', async () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'a: b',
        '- a',
        '  - b:',
        '---',
        '...',
        '"',
        "'",
        '{',
        '}',
        '[',
        ']',
        '|',
        '>',
        '&a x',
        '*a',
        '\t',
        '? a',
        ': b',
        '%YAML 1.2',
        '!!map',
        '<<: *a',
        '# c',
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const { manifests, errors } = await readManifests('file', lines.join('\n'));
        for (const { message, source } of errors) {
          expect(message).not.to.equal('');
          expect(source.file).to.equal('file');
        }
        for (const manifest of manifests) expect(manifest.lineOf()).to.be.within(1, lines.join('\n').split('\n').length);
      }),
      { numRuns: 3000 },
    );
  }).timeout(60_000);
});
