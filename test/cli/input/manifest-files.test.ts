import { expect } from 'chai';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Io } from '../../../operator/cli/input/io.ts';
import { readManifestFiles } from '../../../operator/cli/input/manifest-files.ts';
import { Folder } from '../command-fixture.ts';

const pod = (name: string): string => `{apiVersion: v1, kind: Pod, metadata: {name: ${name}}}\n`;
const io = (input: string | Uint8Array = ''): Io => ({
  out: () => undefined,
  error: () => undefined,
  input: () => Promise.resolve(typeof input === 'string' ? Buffer.from(input) : input),
  terminal: false,
  environment: {},
});

describe('the files of a command line', () => {
  const home = new Folder();
  after(() => home.remove());
  let count = 0;
  /** A new folder with these files. A text that begins with an arrow is the target of a symbolic link. */
  function folder(files: Readonly<Record<string, string | Uint8Array>>): string {
    const path = join(home.path, String((count += 1)));
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(path, name, '..'), { recursive: true });
      if (typeof content === 'string' && content.startsWith('-> ')) symlinkSync(content.slice(3), join(path, name));
      else writeFileSync(join(path, name), content);
    }
    return path;
  }
  /** The names of the objects, the errors with the paths inside of the folder, and the files that were passed over. */
  async function read(path: string, ...names: readonly string[]): Promise<[objects: string[], errors: string[], others: string[]]> {
    const short = (file: string): string => file.replace(`${path}/`, '');
    const found = await readManifestFiles(names.length === 0 ? [path] : names.map((name) => join(path, name)), io());
    return [
      found.manifests.map(({ object }) => String((object['metadata'] as { name: unknown }).name)),
      found.errors.map(({ source, message }) => `${short(source.file)}: ${message}`),
      found.others.map(short),
    ];
  }

  it('of a folder are its YAML and JSON files, sorted by name, with those of its folders', async () => {
    const path = folder({
      ...{ 'b.yaml': pod('b'), 'a.yml': pod('a'), 'c/d.JSON': '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "d"}}' },
      ...{ 'e.YAML': pod('e'), 'f.txt': pod('f'), 'g.yaml.bak': pod('g'), '.h.yaml': pod('h'), 'node_modules/i.yaml': pod('i') },
    });
    expect(await read(path)).to.deep.equal([['a', 'b', 'd', 'e'], [], []]);
  });

  it('that are named are read whatever their extension, in the order of the command line', async () => {
    const path = folder({ 'b.txt': pod('b'), '.a': pod('a'), 'node_modules/c': pod('c') });
    expect(await read(path, 'b.txt', '.a', 'node_modules/c')).to.deep.equal([['b', 'a', 'c'], [], []]);
  });

  it('are read once, although several links point to their folder', async () => {
    const path = folder({ 'a/x.yaml': pod('x'), b: '-> a', 'a/up': '-> ..' });
    expect(await read(path)).to.deep.equal([['x'], [], []]);
  });

  it('are reported if a link to a manifest is broken; other broken links are ignored', async () => {
    const path = folder({ 'a.yaml': pod('a'), 'b.yaml': '-> gone', 'c.txt': '-> gone' });
    expect(await read(path)).to.deep.equal([['a'], ['b.yaml: no such file or directory'], []]);
    expect(await read(path, 'a.yaml', 'c.txt')).to.deep.equal([['a'], ['c.txt: no such file or directory'], []]);
  });

  const rows: readonly [what: string, files: Readonly<Record<string, string | Uint8Array>>, errors: readonly string[]][] = [
    ['a link to itself', { 'a.yaml': '-> a.yaml' }, ['a.yaml: too many levels of symbolic links']],
    ['a file that is no text', { 'a.yaml': new Uint8Array([0xff, 0xfe, 0x00, 0x80]) }, ['a.yaml: not a text file (UTF-8)']],
    ['broken JSON that mentions an object', { 'a.json': '{"kind": "Pod"' }, ['a.json: Flow map must end with a }']],
  ];
  for (const [what, files, errors] of rows)
    it(`report ${what}`, async () => {
      const [objects, found] = await read(folder(files));
      expect(objects).to.deep.equal([]);
      expect(found.map((message) => message.split('\n')[0])).to.deep.equal(errors);
    });

  it('pass over JSON with comments in a folder, but not if it is named or mentions an object', async () => {
    const comments = '// settings\n{"strict": true,}';
    const path = folder({ 'a.yaml': pod('a'), 'tsconfig.json': comments, 'b.json': `${comments} "kind": [` });
    expect((await read(path))[1].map((message) => message.split(':')[0])).to.deep.equal(['b.json']);
    expect((await read(path, 'tsconfig.json'))[1].length).to.be.greaterThan(0);
  });

  it('name the files in a folder that have documents but no manifest', async () => {
    const path = folder({
      'a.yaml': pod('a'),
      'values.yaml': 'replicas: 1\n',
      'mixed.yaml': `${pod('m')}---\nreplicas: 1\n`,
      'empty.yaml': '# nothing\n',
    });
    expect(await read(path)).to.deep.equal([['a', 'm'], [], ['values.yaml']]);
  });

  it('are an error if nothing is found: in each folder, and for files if nothing else is there', async () => {
    const path = folder({ 'a.yaml': pod('a'), 'empty.yaml': '# nothing\n', 'b/c.txt': '' });
    expect((await read(path, 'b'))[1]).to.deep.equal(['b: no manifest found']);
    expect((await read(path, 'a.yaml', 'b'))[1]).to.deep.equal(['b: no manifest found']);
    expect((await read(path, 'empty.yaml', 'a.yaml'))[1]).to.deep.equal([]);
    expect((await read(path, 'empty.yaml'))[1]).to.deep.equal(['empty.yaml: no manifest found']);
  });

  it('are refused if they are larger than 256 MiB', async () => {
    const path = folder({ 'a.yaml': pod('a') });
    truncateSync(join(path, 'a.yaml'), 256 * 1024 * 1024 + 1);
    expect((await read(path, 'a.yaml'))[1]).to.deep.equal(['a.yaml: the file is larger than 256 MiB']);
  });

  it('are standard input for a hyphen, with any UTF-8', async () => {
    const { manifests, errors } = await readManifestFiles(['-'], io(`# ä 中\n${pod('a')}`));
    expect([manifests.map(({ file }) => file), errors]).to.deep.equal([['-'], []]);
    expect((await readManifestFiles(['-'], io(new Uint8Array([0xc3])))).errors).to.deep.equal([
      { source: { file: '-' }, message: 'not a text file (UTF-8)' },
    ]);
    const failing: Io = { ...io(), input: () => Promise.reject(new Error('closed')) };
    expect((await readManifestFiles(['-'], failing)).errors).to.deep.equal([{ source: { file: '-' }, message: 'closed' }]);
  });
});
