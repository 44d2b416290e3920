import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { findingSeverity, vulnerabilityOf, type MatchRecord, type Vulnerability } from '../../operator/images/image-finding.ts';
import { inventoryDocumentName, inventoryJob } from '../../operator/images/image-job.ts';
import { inventoryOf, type Inventory, type InventoryRecord } from '../../operator/images/inventory.ts';
import { inventoryDocument } from '../../operator/images/inventory-document.ts';
import { documentConfigMaps } from '../../operator/scan/config-map-chunks.ts';
import { acceptStream } from '../../operator/stream/stream-reader.ts';
import { directScan, imageFolder, trivyProgram, unpackImage, withFolder, type TrivyReport } from './trivy.ts';

const digest = `sha256:${'a'.repeat(64)}`;
/** Images of the tests, with how many vulnerabilities and secrets each is known to have: a scan that finds nothing agrees with none. */
const images = [
  { image: 'debian-old', vulnerabilities: 4, secrets: 1 },
  { image: 'node-old', vulnerabilities: 1, secrets: 0 },
  { image: 'mixed-old', vulnerabilities: 7, secrets: 2 },
  { image: 'mariner-old', vulnerabilities: 2, secrets: 0 },
] as const;

interface JobSpec {
  readonly template: { readonly spec: { readonly initContainers: readonly { readonly name: string; readonly args: readonly string[] }[] } };
}

/** The arguments of the inventory Job's scanner, with its folders elsewhere. */
function scannerArguments(folder: string): string[] {
  const settings = { namespace: 'x', image: 'x', imagePullPolicy: 'Never', imagePullSecrets: [], scanner: 'x' } as const;
  const job = inventoryJob(settings, { image: { reference: 'x', digest } }) as KubeObject & { readonly spec: JobSpec };
  const scanner = job.spec.template.spec.initContainers.find(({ name }) => name === 'trivy');
  return (scanner?.args ?? []).map((argument) => argument.replace(/^\/vigil\//, `${folder}/`));
}

/** What a verb of Vigil's prints, as records. */
async function records<T>(args: readonly string[]): Promise<T[]> {
  const text = execFileSync(process.execPath, ['operator/main.ts', ...args], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  async function* lines(): AsyncGenerator<string> {
    await Promise.resolve();
    yield* text.split('\n');
  }
  return [...((await acceptStream(lines())).records() as Iterable<T>)];
}

/** What Vigil finds: the inventory as its Job takes it, then the match against the database. */
async function vigilScan(image: string, database: string, folder: string): Promise<{ inventory: Inventory; found: Vulnerability[] }> {
  unpackImage(image, folder);
  for (const made of ['work', 'input', 'matching']) mkdirSync(join(folder, made));
  execFileSync(process.execPath, ['operator/main.ts', 'prepare', join(folder, 'work/cache')]);
  execFileSync(trivyProgram(), scannerArguments(folder), { stdio: 'pipe' });
  const inventory = inventoryOf(await records<InventoryRecord>(['normalize', join(folder, 'work/report.json')]));
  for (const { binaryData = {} } of documentConfigMaps(inventoryDocumentName(digest), inventoryDocument(digest, inventory), { name: 'x' }))
    for (const [key, text] of Object.entries(binaryData)) writeFileSync(join(folder, 'input', key), Buffer.from(text, 'base64'));
  const places = ['--scanner', trivyProgram(), '--database', join(imageFolder(), database)];
  const matched = await records<MatchRecord>(['match', '--input', join(folder, 'input'), '--work', join(folder, 'matching'), ...places]);
  expect(matched.at(-1)?.type).to.equal('done');
  return { inventory, found: matched.flatMap((record) => (record.type === 'vulnerability' ? [record.vulnerability] : [])) };
}

const vulnerabilityLine = (found: Vulnerability): string =>
  [found.id, found.package, found.installed, found.fixed ?? '-', found.severity, found.score ?? '-', found.link ?? '-'].join(' ');
const vulnerabilities = ({ Results = [] }: TrivyReport): string[] =>
  Results.flatMap(({ Vulnerabilities = [] }) => Vulnerabilities.map((item) => vulnerabilityLine(vulnerabilityOf(item))));
const secrets = ({ Results = [] }: TrivyReport): string[] =>
  Results.flatMap(({ Target, Secrets = [] }) =>
    Secrets.map(({ RuleID, Severity, StartLine }) => [RuleID, findingSeverity(Severity), Target.replace(/^\//, ''), StartLine].join(' ')),
  );

describe('an inventory that is matched later finds what one scan by Trivy finds', function () {
  this.timeout(60_000);

  for (const { image, ...known } of images) {
    for (const database of ['trivy-database-1', 'trivy-database-2']) {
      it(`in ${image}, with ${database}`, () =>
        withFolder(async (folder) => {
          const direct = directScan(image, database, folder);
          const { inventory, found } = await vigilScan(image, database, folder);
          expect(found.map(vulnerabilityLine).toSorted()).to.deep.equal(vulnerabilities(direct).toSorted());
          const kept = inventory.secrets.map(({ rule, severity, path, line }) => [rule, findingSeverity(severity), path, line].join(' '));
          expect(kept.toSorted()).to.deep.equal(secrets(direct).toSorted());
          expect(inventory.applications.flatMap(({ packages }) => packages)).to.have.length(
            (direct.Results ?? []).flatMap(({ Packages = [] }) => Packages).length,
          );
          const later = database === 'trivy-database-2' && image === 'debian-old' ? 1 : 0;
          expect({ vulnerabilities: found.length - later, secrets: kept.length }).to.deep.equal(known);
        }));
    }
  }
});
