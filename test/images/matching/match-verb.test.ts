import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cycloneDx } from '../../../operator/images/matching/cyclonedx.ts';
import { INVENTORY } from '../../../operator/images/inventory/inventory-document.ts';
import type { MatchBody, MatchRecord } from '../../../operator/images/matching/image-finding.ts';
import type { Inventory } from '../../../operator/images/inventory/inventory.ts';
import { documentFiles } from '../../../operator/kube/documents/mounted-document.ts';
import { imageHash, inventoryDocumentName } from '../../../operator/images/targets/image-names.ts';
import { matchVerb } from '../../../operator/images/matching/match-verb.ts';
import { runVerb, streamOf } from '../../stream/verb-output.ts';

const placesIn = (folder: string): string[] =>
  ['input', 'scanner', 'database', 'work'].flatMap((name) => [`--${name}`, join(folder, name)]);

describe('vigil match', function () {
  this.timeout(30_000);
  const digest = `sha256:${'a'.repeat(64)}`;
  const image = imageHash(digest);
  const inventory = {
    applications: [{ name: 'app', class: 'lang-pkgs', type: 'node-pkg', packages: [{ name: 'a', version: '1', purl: 'pkg:npm/a@1' }] }],
    secrets: [],
  };
  /** A scanner without findings. */
  const nothing = `echo '{"SchemaVersion": 2}'`;
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'vigil-match-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const filesOf = (of: string, as = of): [string, Buffer][] =>
    documentFiles(inventoryDocumentName(as), INVENTORY, { digest: of, inventory });
  /** Returns the files in the format of the first versions of Vigil, whose documents had no format version. */
  const oldFiles = (document: unknown): [string, Buffer][] => [
    [`${inventoryDocumentName(digest)}-000000`, gzipSync(JSON.stringify(document))],
  ];
  const sumOf = (kept: Inventory): string => createHash('sha256').update(JSON.stringify(kept)).digest('hex');

  /** Runs the verb with a program in place of the scanner. Returns its records and how it ended. */
  async function match(
    program: string,
    files: readonly (readonly [name: string, bytes: Buffer])[] = filesOf(digest),
    more: readonly string[] = [],
    signal?: AbortSignal,
  ): Promise<{ records: MatchRecord[]; database: string }> {
    for (const part of ['input', 'database/db', 'work']) mkdirSync(join(folder, part), { recursive: true });
    for (const [name, bytes] of files) writeFileSync(join(folder, 'input', name), bytes);
    writeFileSync(join(folder, 'scanner'), `#!/bin/sh\n${program}\n`);
    writeFileSync(join(folder, 'database/db/trivy.db'), '');
    writeFileSync(join(folder, 'database/db/metadata.json'), '{"Version":2,"UpdatedAt":"2026-11-01T00:00:00Z"}');
    const output = await runVerb(matchVerb, [...placesIn(folder), ...more], signal);
    expect([output.code, output.errors]).to.deep.equal([0, '']);
    const stream = await streamOf<MatchBody>(output);
    return { records: [...(stream.records() as Iterable<MatchRecord>)], database: stream.trailer.body.database };
  }
  const failure = async (program: string, files?: readonly (readonly [string, Buffer])[]): Promise<string> => {
    const [record, ...more] = (await match(program, files)).records;
    expect(more).to.deep.equal([]);
    return record?.type === 'failed' ? record.message : `no failure: ${JSON.stringify(record)}`;
  };

  it('prints the findings of each image, and when the database was built', async () => {
    const found = { VulnerabilityID: 'CVE-1', PkgName: 'a', InstalledVersion: '1', Severity: 'UNKNOWN', CVSS: { x: { V3Score: 5 } } };
    const { records, database } = await match(`echo '${JSON.stringify({ SchemaVersion: 2, Results: [{ Vulnerabilities: [found] }] })}'`);
    const vulnerability = { id: 'CVE-1', package: 'a', installed: '1', severity: 'info', score: 5 };
    expect(records).to.deep.equal([
      { type: 'vulnerability', image, vulnerability },
      { type: 'done', image },
    ]);
    expect(database).to.equal('2026-11-01T00:00:00Z');
  });

  it('prints the reason if the scanner fails, prints garbage, ends early, or cannot be started', async () => {
    expect(await failure('echo one >&2; echo "FATAL  the database is old" >&2; exit 1')).to.equal(
      'the scanner ended with 1: FATAL  the database is old',
    );
    rmSync(join(folder, 'work'), { recursive: true });
    expect(await failure('echo this is no JSON')).to.match(/^the scanner's output cannot be read: /);
    rmSync(join(folder, 'work'), { recursive: true });
    expect(await failure(`echo '{"Results": ['`)).to.equal("the scanner's output cannot be read: the JSON is truncated");
    rmSync(join(folder, 'work'), { recursive: true });
    expect(await failure('kill -9 $$')).to.equal('the scanner ended with SIGKILL, most likely out of memory: no output');
  });

  for (const [what, files, missing] of [
    ['no database', [], 'trivy.db'],
    ['no metadata', ['trivy.db'], 'metadata.json'],
  ] as const)
    it(`exits with the reason if the mounted image has ${what}`, async () => {
      for (const part of ['work', 'database/db']) mkdirSync(join(folder, part), { recursive: true });
      for (const name of ['scanner', ...files.map((file) => `database/db/${file}`)]) writeFileSync(join(folder, name), '');
      expect(await runVerb(matchVerb, placesIn(folder))).to.deep.equal({
        ...{ code: 1, lines: [] },
        errors: `vigil match: the image with the vulnerability database has no /db/${missing}\n`,
      });
    });

  it('gives the scanner the packages as an SBOM, and no network, home or environment of its own', async () => {
    await match(`echo "$@" >${folder}/args; env >${folder}/env; for last; do :; done; cp "$last" ${folder}/bom; ${nothing}`);
    const [args, environment, bom] = ['args', 'env', 'bom'].map((name) => readFileSync(join(folder, name), 'utf8'));
    const work = join(folder, 'work');
    expect(args).to.equal(
      'sbom --quiet --skip-db-update --skip-java-db-update --offline-scan --skip-version-check --disable-telemetry ' +
        `--cache-dir ${work}/cache --cache-backend memory --format json ${work}/bom.json\n`,
    );
    expect(environment).to.include(`HOME=${work}\n`).and.include(`TMPDIR=${work}\n`);
    expect(environment).not.to.match(/^(USER|npm_|NODE)/m);
    expect(JSON.parse(bom ?? '')).to.deep.equal(cycloneDx(inventory));
  });

  it('starts no scanner for an image without packages', async () => {
    const empty = documentFiles(inventoryDocumentName(digest), INVENTORY, { digest, inventory: { applications: [], secrets: [] } });
    expect((await match('exit 7', empty)).records).to.deep.equal([{ type: 'done', image }]);
  });

  it('ignores other files in the folder of inventories', async () => {
    const others = ['..data', 'inventory-xyz-000000', 'a-inventory-0123-000000', 'inventory-0123-000000.tmp'];
    const files = others.map((name): [string, Buffer] => [name, Buffer.from('x')]);
    expect((await match(nothing, [...files, ...filesOf(digest)])).records).to.deep.equal([{ type: 'done', image }]);
  });

  it('uses a scanner that an init container copied to the work folder', async () => {
    mkdirSync(join(folder, 'work'), { recursive: true });
    writeFileSync(join(folder, 'work/trivy'), `#!/bin/sh\n${nothing}\n`);
    expect((await match('exit 7', undefined, ['--scanner', join(folder, 'work/trivy')])).records).to.deep.equal([{ type: 'done', image }]);
  });

  it('downloads the database from a repository', async () => {
    const fetch = `[ "$1" = image ] && { echo "$@" >${folder}/args; mkdir -p ${folder}/work/cache/db; echo '{"UpdatedAt":"2026-11-02T00:00:00Z"}' >${folder}/work/cache/db/metadata.json; exit 0; }`;
    const { records, database } = await match(`${fetch}; ${nothing}`, undefined, ['--repository', 'r/db:2']);
    expect([records, database]).to.deep.equal([[{ type: 'done', image }], '2026-11-02T00:00:00Z']);
    expect(readFileSync(join(folder, 'args'), 'utf8')).to.equal(
      'image --download-db-only --quiet --no-progress --skip-version-check --disable-telemetry ' +
        `--cache-dir ${folder}/work/cache --db-repository r/db:2\n`,
    );
  });

  it('exits with the reason of the scanner if the database cannot be downloaded', async () => {
    for (const part of ['input', 'work']) mkdirSync(join(folder, part), { recursive: true });
    writeFileSync(join(folder, 'scanner'), '#!/bin/sh\necho one >&2; echo "FATAL no route" >&2; exit 1\n');
    expect(await runVerb(matchVerb, [...placesIn(folder), '--repository', 'r/db:2'])).to.deep.equal({
      ...{ code: 1, lines: [] },
      errors: 'vigil match: the vulnerability database cannot be downloaded from r/db:2: FATAL no route\n',
    });
  });

  it('prints an empty build time if the metadata of the database is not JSON or has none', async () => {
    for (const text of ['{', '{}']) {
      const { database } = await match(`echo '${text}' >${folder}/database/db/metadata.json; ${nothing}`);
      expect(database).to.equal('');
      rmSync(join(folder, 'work'), { recursive: true });
    }
  });

  it('prints the reason if the scanner is not a program', async () => {
    const program = join(folder, 'program');
    writeFileSync(program, '#!/no/such/interpreter\n');
    const [record] = (await match('', undefined, ['--scanner', program])).records;
    expect(record).to.deep.include({ type: 'failed', image });
    expect((record as { message?: string }).message).to.match(/^the scanner cannot be started: /);
  });

  it('ends after the image that it works on when the pod is stopped', async () => {
    const other = `sha256:${'b'.repeat(64)}`;
    const stop = new AbortController();
    const running = match('sleep 1', [...filesOf(digest), ...filesOf(other)], [], stop.signal);
    setTimeout(() => stop.abort(), 100);
    const { records } = await running;
    expect(records).to.have.length(1);
    expect(records[0]).to.deep.include({ type: 'failed' });
  });

  it('rejects JSON that is not a report, or a report with another schema', async () => {
    const prefix = "the scanner's output cannot be read: ";
    for (const [printed, reason] of [
      ['{}', 'the JSON is not a Trivy report: it has no SchemaVersion'],
      ['null', 'the JSON is not a Trivy report: it has no SchemaVersion'],
      ['{"SchemaVersion": 3, "Results": []}', 'the report has schema 3, but Vigil supports schema 2: use a supported version of Trivy'],
      ['{"SchemaVersion": 2, "Results": [{"Vulnerabilities": [7]}]}', 'an item of Results.*.Vulnerabilities is not an object'],
    ] as const) {
      expect(await failure(`echo '${printed}'`), printed).to.equal(`${prefix}${reason}`);
      rmSync(join(folder, 'work'), { recursive: true });
    }
  });

  it('stops a scanner that does not end, and prints the reason', async () => {
    const { records } = await match('echo waiting >&2; exec sleep 60', undefined, ['--patience', '1']);
    expect(records).to.deep.equal([{ type: 'failed', image, message: 'the scanner did not end within 1 s: waiting' }]);
  });

  it('reports an inventory as damaged if it belongs to another image', async () => {
    const { records } = await match('exit 0', filesOf(`sha256:${'b'.repeat(64)}`, digest));
    expect(records).to.deep.equal([
      { type: 'failed', image, damaged: true, message: 'the inventory cannot be read: it belongs to another image' },
    ]);
  });

  it('matches an inventory of an older version', async () => {
    expect((await match(nothing, oldFiles({ digest, inventory, sum: sumOf(inventory) }))).records).to.deep.equal([{ type: 'done', image }]);
  });

  const edited = filesOf(digest).map(([name, bytes]): [string, Buffer] => [
    name,
    Buffer.from(bytes).fill(255, bytes.length - 12, bytes.length - 8),
  ]);
  const notOne = 'it is not a document of kind image-inventory, format version 0';
  for (const [what, files, reason] of [
    ['some bytes changed', edited, 'its checksum does not match'],
    [
      'a package removed in a document of an older version',
      oldFiles({ digest, inventory: { applications: [], secrets: [] }, sum: sumOf(inventory) }),
      notOne,
    ],
    ['another shape', oldFiles({ digest, inventory: 'none' }), notOne],
    ['no checksum in a document of an older version', oldFiles({ digest, inventory }), notOne],
    ['null', oldFiles(null), notOne],
    [
      'a document of a newer version',
      documentFiles(inventoryDocumentName(digest), { ...INVENTORY, formatVersion: 9 }, { digest, inventory }),
      'document of IMAGE has format version 9; this version of Vigil reads versions up to 1',
    ],
  ] as const) {
    it(`reports an inventory as damaged: ${what}`, async () => {
      const { records } = await match('exit 0', files);
      const why = reason.startsWith('document') ? reason.replace('IMAGE', image) : `document of ${image} is damaged: ${reason}`;
      expect(records).to.deep.equal([{ type: 'failed', image, damaged: true, message: `the inventory cannot be read: ${why}` }]);
    });
  }

  it('prints 20,000 findings completely, and escapes a package name with terminal control sequences', async () => {
    const Vulnerabilities = Array.from({ length: 20_000 }, (_, index) => ({
      VulnerabilityID: `CVE-${index}`,
      PkgName: 'a\u001b[2J\u0000b',
    }));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'report.json'), JSON.stringify({ SchemaVersion: 2, Results: [{ Vulnerabilities }] }));
    const { records } = await match(`cat ${join(folder, 'report.json')}`);
    expect(records).to.have.length(20_001);
    expect(records[19_999]).to.deep.include({
      vulnerability: { id: 'CVE-19999', package: 'a\u001b[2J\u0000b', installed: '', severity: 'info' },
    });
  });

  it('leaves inventories to another Job after its time limit, and prints the result of each matched image', async () => {
    const other = `sha256:${'b'.repeat(64)}`;
    mkdirSync(join(folder, 'input'), { recursive: true });
    for (const [name, bytes] of filesOf(other)) writeFileSync(join(folder, 'input', name), bytes);
    const [first] = [image, imageHash(other)].toSorted();
    expect((await match(nothing, undefined, ['--seconds', '0'])).records).to.deep.equal([{ type: 'done', image: first }]);
    rmSync(join(folder, 'work'), { recursive: true });
    expect((await match(nothing)).records).to.have.length(2);
  });
});
