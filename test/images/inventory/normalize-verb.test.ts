import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inventoryOf, type Inventory, type InventoryBody, type InventoryRecord } from '../../../operator/images/inventory/inventory.ts';
import { normalizeVerb } from '../../../operator/images/inventory/normalize-verb.ts';
import { runVerb, streamOf } from '../../stream/verb-output.ts';

describe('vigil normalize', function () {
  this.timeout(20_000);
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'vigil-normalize-'))));
  after(() => rmSync(folder, { recursive: true }));
  const file = (): string => join(folder, 'report.json');

  async function normalize(text: string, ...more: readonly string[]): Promise<{ inventory: Inventory; body: InventoryBody }> {
    writeFileSync(file(), text);
    const stream = await streamOf<InventoryBody>(await runVerb(normalizeVerb, [file(), ...more]));
    return { inventory: inventoryOf(stream.records() as Iterable<InventoryRecord>), body: stream.trailer.body };
  }

  it('prints every package of a large report, with any name', async () => {
    const names = Array.from({ length: 5000 }, (_, index) => `p${index} "\\\u0000\u001b[31m é${'x'.repeat(index % 200)}`);
    const Packages = names.map((Name) => ({ Name, Version: '1', Identifier: { PURL: 'pkg:npm/p@1' } }));
    const { inventory, body } = await normalize(
      JSON.stringify({ SchemaVersion: 2, Results: [{ Target: 'a', Class: 'lang-pkgs', Type: 'npm', Packages }] }),
    );
    expect(statSync(file()).size).to.be.greaterThan(500_000);
    expect(inventory.applications[0]?.packages.map(({ name }) => name)).to.deep.equal(names);
    expect(body).to.deep.equal({ packages: 5000, secrets: 0 });
  });

  for (const [what, text, reason] of [
    ['is empty, such as after the disk was full', '', 'the JSON is truncated'],
    ['is truncated', '{"Results": [{"Target": "a", "Packages": [{"Name": "b"', 'the JSON is truncated'],
    ['is not JSON', 'panic: runtime error', 'the text is not JSON'],
    ['has no schema version', '{}', 'the JSON is not a Trivy report: it has no SchemaVersion'],
    ['has a newer schema', '{"SchemaVersion": 3}', 'the report has schema 3, but Vigil supports schema 2'],
    [
      'has a package that is not an object',
      '{"SchemaVersion": 2, "Results": [{"Packages": [null]}]}',
      'an item of Results.*.Packages is not an object',
    ],
  ] as const) {
    it(`exits with code 1 and the reason if the report ${what}`, async () => {
      writeFileSync(file(), text);
      const { code, errors } = await runVerb(normalizeVerb, [file()]);
      expect(code).to.equal(1);
      expect(errors).to.include(`vigil normalize: the scanner's report cannot be read: ${reason}`);
    });
  }

  const report = (results: readonly object[], more: object = {}): string => JSON.stringify({ SchemaVersion: 2, ...more, Results: results });
  const purl = (name: string): object => ({ Identifier: { PURL: `pkg:npm/${name}@1` } });

  it('prints the system, and each package with its source and its path', async () => {
    const os = {
      ...{ Name: 'libssl3', Version: '3.0.11-1', Identifier: { PURL: 'pkg:deb/debian/libssl3@3.0.11-1' } },
      ...{ SrcName: 'openssl', SrcVersion: '3.0.11', SrcRelease: '1', SrcEpoch: 1, Modularitylabel: 'm:8' },
    };
    const { inventory, body } = await normalize(
      report(
        [
          { Target: 'debian', Class: 'os-pkgs', Type: 'debian', Packages: [os] },
          {
            Target: 'Node.js',
            Class: 'lang-pkgs',
            Type: 'node-pkg',
            Packages: [{ ...purl('a'), Name: 'a', Version: '1', FilePath: 'app/a' }],
          },
        ],
        { Metadata: { OS: { Family: 'debian', Name: '12.4' } } },
      ),
    );
    expect(inventory).to.deep.equal({
      system: { family: 'debian', name: '12.4' },
      applications: [
        {
          ...{ name: 'debian', class: 'os-pkgs', type: 'debian' },
          packages: [
            {
              ...{ name: 'libssl3', version: '3.0.11-1', purl: 'pkg:deb/debian/libssl3@3.0.11-1', modularity: 'm:8' },
              source: { name: 'openssl', version: '3.0.11', release: '1', epoch: '1' },
            },
          ],
        },
        {
          ...{ name: 'Node.js', class: 'lang-pkgs', type: 'node-pkg' },
          packages: [{ name: 'a', version: '1', purl: 'pkg:npm/a@1', path: 'app/a' }],
        },
      ],
      secrets: [],
    });
    expect(body).to.deep.equal({ packages: 2, secrets: 0 });
  });

  it('prints no application without packages that can be matched, and no fields that the scanner left empty', async () => {
    const { inventory, body } = await normalize(
      report([
        { Target: 'a', Class: 'lang-pkgs', Type: 'npm', Packages: [{ Name: 'unknown' }] },
        { Target: 'b', Packages: [{ ...purl('b'), SrcName: '', FilePath: '' }] },
      ]),
    );
    expect(inventory).to.deep.equal({
      applications: [{ name: 'b', class: '', type: '', packages: [{ name: '', version: '', purl: 'pkg:npm/b@1' }] }],
      secrets: [],
    });
    expect(body.packages).to.equal(1);
  });

  it('prints where a secret is, but never the secret', async () => {
    const secret = {
      RuleID: 'aws-key',
      Title: 'AWS key',
      Severity: 'CRITICAL',
      StartLine: 7,
      Match: 'AKIA-secret',
      Code: { Lines: ['AKIA-secret'] },
    };
    const { inventory, body } = await normalize(report([{ Target: '/app/.env', Class: 'secret', Secrets: [secret, {}] }]));
    expect(inventory.secrets).to.deep.equal([
      { rule: 'aws-key', title: 'AWS key', severity: 'CRITICAL', path: 'app/.env', line: 7 },
      { rule: '', title: '', severity: '', path: 'app/.env', line: 0 },
    ]);
    expect(body).to.deep.equal({ packages: 0, secrets: 2 });
  });

  it('adds the Java archives that the report does not identify', async () => {
    const image = join(folder, 'image');
    mkdirSync(join(image, 'app'), { recursive: true });
    for (const name of ['known.jar', 'other.jar']) writeFileSync(join(image, 'app', name), '');
    const found = { ...purl('known'), FilePath: 'app/known.jar' };
    const { body } = await normalize(
      report([{ Target: 'Java', Type: 'jar', Packages: [found, { ...purl('x'), FilePath: 'app/x.js' }] }]),
      image,
    );
    expect(body).to.deep.equal({
      ...{ packages: 2, secrets: 0 },
      unreadable: { count: 0, examples: [] },
      unidentified: { count: 1, examples: ['app/other.jar'] },
    });
  });

  it('exits with code 2 without a file, and throws if the file does not exist or the pod is stopped', async () => {
    expect(await runVerb(normalizeVerb, [])).to.deep.equal({
      code: 2,
      lines: [],
      errors: 'vigil normalize: needs the file of a Trivy report\n',
    });
    const thrown = (args: readonly string[], signal?: AbortSignal): Promise<unknown> =>
      runVerb(normalizeVerb, args, signal).catch((error: unknown) => (error as { code?: unknown }).code ?? (error as Error).name);
    expect(await thrown([join(folder, 'none.json')])).to.equal('ENOENT');
    writeFileSync(file(), report([]));
    expect(await thrown([file()], AbortSignal.abort())).to.equal(20);
  });
});
