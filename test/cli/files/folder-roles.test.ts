import { expect } from 'chai';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readManifestFiles } from '../../../operator/cli/input/manifest-files.ts';

const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n';
const io = { input: () => Promise.resolve(new Uint8Array()) } as never;

describe('files with a role in their folder', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'roles-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const read = async (contents: Readonly<Record<string, string>>, ...paths: readonly string[]) => {
    for (const [name, text] of Object.entries(contents)) {
      mkdirSync(dirname(join(home, name)), { recursive: true });
      writeFileSync(join(home, name), text);
    }
    const { manifests, errors, patches } = await readManifestFiles(paths.length === 0 ? [home] : paths.map((path) => join(home, path)), io);
    const inside = (file: string): string => file.slice(home.length + 1);
    return {
      manifests: manifests.map(({ file }) => inside(file)),
      patches: patches.map(({ file }) => inside(file)),
      errors: errors.map(({ source, message }) => `${inside(source.file)}: ${message}`),
    };
  };
  const overlay = {
    'base/web.yaml': deployment,
    'base/kustomization.yaml': 'resources: [web.yaml]\n',
    'over/kustomization.yaml': 'resources: [../base]\npatches:\n- path: a.yaml\npatchesStrategicMerge: [../patches/b.yaml]\n',
    'over/a.yaml': deployment,
    'over/c.yaml': deployment,
    'patches/b.yaml': deployment,
  };

  it('are left out if a kustomization of the first version names them in `patches`', async () => {
    const old = { ...overlay, 'over/kustomization.yaml': 'bases: [../base]\npatches: [a.yaml, c.yaml, ../patches/b.yaml]\n' };
    expect((await read(old)).manifests).to.deep.equal(['base/web.yaml']);
  });

  it('are left out if a kustomization uses them as patches', async () => {
    expect(await read(overlay)).to.deep.equal({
      manifests: ['base/web.yaml', 'over/c.yaml'],
      patches: ['over/a.yaml', 'patches/b.yaml'],
      errors: [],
    });
  });

  it('are read if they are named', async () => {
    expect((await read(overlay, 'over/a.yaml')).manifests).to.deep.equal(['over/a.yaml']);
  });

  it('are an error if nothing else is there', async () => {
    const { errors, manifests } = await read({ 'kustomization.yaml': 'patches: [{path: a.yaml}]\n', 'a.yaml': deployment });
    expect(manifests).to.deep.equal([]);
    expect(errors).to.deep.equal(['kustomization.yaml: all objects are patches of kustomizations: scan the output of kustomize build']);
  });

  it('are one error for each Helm chart', async () => {
    const chart = {
      'web/Chart.yaml': 'apiVersion: v2\nname: web\n',
      'web/templates/a.yaml': '{{- if .Values.a }}\nkind: {{ .Values.kind }}\n{{- end }}\n',
      'web/templates/sub/b.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}"}\n',
      'web/templates/c.yaml': deployment,
      'other/templates/d.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ x }}"}\n',
    };
    const { errors, manifests } = await read(chart);
    expect(manifests).to.deep.equal(['other/templates/d.yaml', 'web/templates/c.yaml']);
    expect(errors).to.have.length(1);
    expect(errors[0]).to.match(/^web: 2 templates of a Helm chart: not evaluated; scan the output of helm template /);
  });
});
