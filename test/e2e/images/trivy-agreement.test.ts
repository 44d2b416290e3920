import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { findingSeverity, vulnerabilityOf, type MatchRecord, type Vulnerability } from '../../../operator/images/matching/image-finding.ts';
import { readCsaf } from '../../../operator/images/statements/csaf.ts';
import { purlOf } from '../../../operator/images/statements/image-data.ts';
import { imageName } from '../../../operator/images/statements/image-name.ts';
import { inventoryOf, type Inventory, type InventoryRecord } from '../../../operator/images/inventory/inventory.ts';
import { INVENTORY } from '../../../operator/images/inventory/inventory-document.ts';
import { readOpenVex } from '../../../operator/images/statements/openvex.ts';
import { packageKey } from '../../../operator/images/statements/package-url.ts';
import { VexIndex } from '../../../operator/images/statements/vex.ts';
import { documentFiles } from '../../../operator/kube/documents/mounted-document.ts';
import { acceptStream } from '../../../operator/stream/stream-reader.ts';
import { directScan, imageFolder, javaIndex, trivyProgram, unpackImage, withFolder, type TrivyReport } from './trivy.ts';
import { inventoryDocumentName } from '../../../operator/images/targets/image-names.ts';
import { inventoryJob } from '../../../operator/images/jobs/inventory-job.ts';

const digest = `sha256:${'a'.repeat(64)}`;
/** The test images with their numbers of vulnerabilities and secrets, so that empty scans do not count as agreement. */
const images = [
  { image: 'debian-old', vulnerabilities: 4, secrets: 1 },
  { image: 'node-old', vulnerabilities: 1, secrets: 0 },
  { image: 'mixed-old', vulnerabilities: 7, secrets: 2 },
  { image: 'mariner-old', vulnerabilities: 2, secrets: 0 },
  { image: 'java-old', vulnerabilities: 1, secrets: 0 },
] as const;

interface JobSpec {
  readonly template: { readonly spec: { readonly initContainers: readonly { readonly name: string; readonly args: readonly string[] }[] } };
}

/** Returns the scanner's arguments in the inventory Job, with its folders under `folder`. */
function scannerArguments(folder: string): string[] {
  const settings = { namespace: 'x', image: 'x', imagePullPolicy: 'Never', imagePullSecrets: [], scanner: 'x' } as const;
  const job = inventoryJob(settings, { image: { reference: 'x', digest } }) as KubeObject & { readonly spec: JobSpec };
  const scanner = job.spec.template.spec.initContainers.find(({ name }) => name === 'trivy');
  return (scanner?.args ?? []).map((argument) => argument.replace(/^\/vigil\//, `${folder}/`));
}

/** Runs a verb of Vigil and returns the records it prints. */
async function records<T>(args: readonly string[]): Promise<T[]> {
  const text = execFileSync(process.execPath, ['operator/main.ts', ...args], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  async function* lines(): AsyncGenerator<string> {
    await Promise.resolve();
    yield* text.split('\n');
  }
  return [...((await acceptStream(lines())).records() as Iterable<T>)];
}

/** Returns the findings of Vigil: takes the inventory as its Job does, then matches it against the database. */
async function vigilScan(image: string, database: string, folder: string): Promise<{ inventory: Inventory; found: Vulnerability[] }> {
  unpackImage(image, folder);
  for (const made of ['work', 'input', 'matching']) mkdirSync(join(folder, made));
  execFileSync(process.execPath, ['operator/main.ts', 'prepare', join(folder, 'work/cache'), javaIndex()]);
  execFileSync(trivyProgram(), scannerArguments(folder), { stdio: 'pipe' });
  const inventory = inventoryOf(await records<InventoryRecord>(['normalize', join(folder, 'work/report.json')]));
  for (const [name, bytes] of documentFiles(inventoryDocumentName(digest), INVENTORY, { digest, inventory }))
    writeFileSync(join(folder, 'input', name), bytes);
  const places = ['--scanner', trivyProgram(), '--database', join(imageFolder(), database)];
  const matched = await records<MatchRecord>(['match', '--input', join(folder, 'input'), '--work', join(folder, 'matching'), ...places]);
  expect(matched.at(-1)?.type).to.equal('done');
  return { inventory, found: matched.flatMap((record) => (record.type === 'vulnerability' ? [record.vulnerability] : [])) };
}

const vulnerabilityLine = (found: Vulnerability): string =>
  [found.id, found.package, found.installed, found.fixed, found.severity, found.score, found.link, found.purl]
    .map((part) => part ?? '-')
    .join(' ');
const vulnerabilities = ({ Results = [] }: TrivyReport): string[] =>
  Results.flatMap(({ Vulnerabilities = [] }) => Vulnerabilities.map((item) => vulnerabilityLine(vulnerabilityOf(item))));
const secrets = ({ Results = [] }: TrivyReport): string[] =>
  Results.flatMap(({ Target, Secrets = [] }) =>
    Secrets.map(({ RuleID, Severity, StartLine }) => [RuleID, findingSeverity(Severity), Target.replace(/^\//, ''), StartLine].join(' ')),
  );

describe('an inventory that is matched later has the same findings as one scan by Trivy', function () {
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

/** The variants of a finding's package URL that documents may contain. */
const variants: Readonly<Record<string, (purl: string) => string>> = {
  'as they are': (purl) => purl,
  'without qualifiers': (purl) => purl.replace(/\?.*/, ''),
  'without version': (purl) => purl.replace(/@[^@/]*$/, ''),
  'of another version': (purl) => purl.replace(/@[^@/?]*(\?|$)/, '@99.0.0$1'),
  'with a qualifier that is not theirs': (purl) => `${purl}${purl.includes('?') ? '&' : '?'}channel=other`,
  'with another architecture': (purl) => purl.replace(/arch=\w+/, 'arch=s390x'),
  'of another name': (purl) => purl.replace(/@[^@/]*$/, '-other'),
};

const time = '2026-01-02T00:00:00Z';
const documents: Readonly<Record<'openvex' | 'csaf', (products: readonly (readonly [id: string, purl: string])[]) => object>> = {
  openvex: (products) => ({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'https://example.com/vex/1',
    author: 'test',
    timestamp: time,
    version: 1,
    statements: products.map(([id, purl]) => ({ vulnerability: { name: id }, products: [{ '@id': purl }], status: 'fixed' })),
  }),
  csaf: (products) => ({
    document: {
      category: 'csaf_vex',
      csaf_version: '2.0',
      title: 'Test',
      publisher: { category: 'vendor', name: 'Test', namespace: 'https://example.com' },
      tracking: {
        id: '1',
        current_release_date: time,
        initial_release_date: time,
        revision_history: [{ date: time, number: '1', summary: 'First.' }],
        status: 'final',
        version: '1',
      },
    },
    product_tree: {
      full_product_names: products.map(([, purl], index) => ({
        name: purl,
        product_id: `p${index}`,
        product_identification_helper: { purl },
      })),
    },
    vulnerabilities: [...new Set(products.map(([id]) => id))].map((cve) => ({
      cve,
      product_status: { fixed: products.flatMap(([id], index) => (id === cve ? [`p${index}`] : [])) },
    })),
  }),
};

/** Returns the vulnerabilities of an SBOM that Trivy reports with a VEX document. */
function leftByTrivy(folder: string, document: string): string[] {
  const quiet = ['--quiet', '--skip-db-update', '--skip-java-db-update', '--offline-scan', '--skip-version-check', '--disable-telemetry'];
  const places = ['--cache-dir', join(folder, 'matching/cache'), '--vex', document, join(folder, 'matching/bom.json')];
  const text = execFileSync(trivyProgram(), ['sbom', ...quiet, '--format', 'json', ...places], { encoding: 'utf8', stdio: 'pipe' });
  return vulnerabilities(JSON.parse(text) as TrivyReport);
}

/** Returns the vulnerabilities that Vigil reports as failed with a VEX document. */
async function leftByVigil(found: readonly Vulnerability[], kind: 'openvex' | 'csaf', bytes: Buffer): Promise<string[]> {
  const wanted = {
    vulnerabilities: new Set(found.map(({ id }) => id)),
    packages: new Set(found.flatMap(({ purl }) => purlOf(purl) ?? []).map(packageKey)),
  };
  const document = await (kind === 'openvex' ? readOpenVex(bytes, wanted) : readCsaf(bytes, wanted));
  const index = new VexIndex([{ ...document, source: 'vex/1' }]);
  const image = imageName({ reference: 'example.com/image:1' });
  return found.filter(({ id, purl }) => !index.verdict(id, () => ({ image, found: purlOf(purl) }))).map(vulnerabilityLine);
}

describe('VEX documents suppress the same vulnerabilities as in Trivy', function () {
  this.timeout(120_000);

  for (const image of ['debian-old', 'mixed-old', 'mariner-old']) {
    it(`in ${image}`, () =>
      withFolder(async (folder) => {
        const { found } = await vigilScan(image, 'trivy-database-1', folder);
        const file = join(folder, 'vex.json');
        for (const [variant, written] of Object.entries(variants)) {
          for (const kind of ['openvex', 'csaf'] as const) {
            const text = JSON.stringify(documents[kind](found.map(({ id, purl = '' }) => [id, written(purl)] as const)));
            writeFileSync(file, text);
            const left = await leftByVigil(found, kind, Buffer.from(text));
            expect(left.toSorted(), `${kind}, ${variant}`).to.deep.equal(leftByTrivy(folder, file).toSorted());
            if (variant === 'as they are') expect(left, kind).to.deep.equal([]);
            if (variant === 'of another version') expect(left, kind).to.have.length(found.length);
          }
        }
      }));
  }
});
