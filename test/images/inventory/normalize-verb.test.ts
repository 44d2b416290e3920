import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inventoryOf, type Inventory, type InventoryBody, type InventoryRecord } from '../../../operator/images/inventory/inventory.ts';
import { acceptStream } from '../../../operator/stream/stream-reader.ts';

describe('vigil normalize', function () {
  this.timeout(20_000);
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'vigil-normalize-'))));
  after(() => rmSync(folder, { recursive: true }));
  const file = (): string => join(folder, 'report.json');

  async function normalize(text: string): Promise<{ inventory: Inventory; body: InventoryBody }> {
    writeFileSync(file(), text);
    const printed = execFileSync(process.execPath, ['operator/main.ts', 'normalize', file()], { encoding: 'utf8' });
    async function* lines(): AsyncGenerator<string> {
      await Promise.resolve();
      yield* printed.split('\n');
    }
    const stream = await acceptStream<InventoryBody>(lines());
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
    it(`exits with code 1 and the reason if the report ${what}`, () => {
      writeFileSync(file(), text);
      const { status, stderr } = spawnSync(process.execPath, ['operator/main.ts', 'normalize', file()], { encoding: 'utf8' });
      expect(status).to.equal(1);
      expect(stderr).to.include(`vigil normalize: the scanner's report cannot be read: ${reason}`);
    });
  }
});
