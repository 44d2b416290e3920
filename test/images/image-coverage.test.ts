import { expect } from 'chai';
import type { SecurityPolicySpec } from '../../operator/api/security-policy.ts';
import { imageCoverage } from '../../operator/images/image-coverage.ts';
import type { ImageEntry } from '../../operator/images/ledger/image-ledger.ts';
import type { ContainerImage, ImageTarget } from '../../operator/images/targets/image-targets.ts';

const running = (name: string, reference = `r/${name}@${name}`): ContainerImage => ({
  container: 'main',
  reference: `${name}:1`,
  image: { digest: name, reference },
});
const idle = (reference: string): ContainerImage => ({ container: 'main', reference });
const target = (...containers: readonly ContainerImage[]): ImageTarget => ({
  workload: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  containers,
});
const matched = { seen: 0, findings: { configMaps: ['f'], database: 'db:1', made: '', at: 0 } };
const unmatched = { seen: 0, findings: { configMaps: ['f'], database: '', made: '', at: 0 } };
const failed = (reason: string, before: ImageEntry = { seen: 0 }): ImageEntry => ({
  ...before,
  failure: { step: 'inventory', reason, at: 0, attempts: 1 },
});
const both: NonNullable<SecurityPolicySpec['images']> = { vulnerabilities: {}, secrets: {} };

interface Case {
  readonly containers: readonly ContainerImage[];
  readonly ledger?: Readonly<Record<string, ImageEntry>>;
  readonly images?: typeof both;
  readonly database?: boolean;
  /** inScope scanned failed skipped waiting. */
  readonly counts: string;
  readonly lines?: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  'counts nothing where nothing runs': { containers: [], counts: '0 0 0 0 0' },
  'counts an image once, however many containers run it': {
    containers: [running('a'), running('a', 'r/b@a'), running('b')],
    ledger: { a: matched, b: matched },
    counts: '2 2 0 0 0',
  },
  'says of an image of which nothing is known that it waits': {
    containers: [running('a'), running('b')],
    ledger: { a: matched, b: { seen: 0 } },
    counts: '2 1 0 0 1',
    lines: ['image r/b@b: waiting to be scanned'],
  },
  'says of an image with an inventory alone that it waits for the database, where vulnerabilities are asked about': {
    containers: [running('a')],
    ledger: { a: unmatched },
    counts: '1 0 0 0 1',
    lines: ['image r/a@a: waiting to be matched against the vulnerability database'],
  },
  'has looked into an image with an inventory alone where only secrets are asked about': {
    containers: [running('a')],
    ledger: { a: unmatched },
    images: { secrets: {} },
    counts: '1 1 0 0 0',
  },
  'says how to mend it where there is no database': {
    containers: [running('a')],
    ledger: { a: unmatched },
    database: false,
    counts: '1 0 1 0 0',
    lines: ['image r/a@a: no vulnerability database is configured: set --database-image or --database-repository of the operator'],
  },
  'names what failed, with what was found before or without, before what waits': {
    containers: [running('a'), running('b'), running('c')],
    ledger: { b: failed('no space'), c: failed('broken', matched) },
    counts: '3 0 2 0 1',
    lines: ['image r/b@b: no space', 'image r/c@c: broken', 'image r/a@a: waiting to be scanned'],
  },
  'skips what no pod has run, once, and not while another container runs the same': {
    containers: [running('a'), idle('a:1'), idle('never:1'), idle('never:1')],
    ledger: { a: matched },
    counts: '2 1 0 1 0',
  },
  'calls an image by the same one of its references, whichever comes first': {
    containers: [running('a', 'z/a@a'), running('a', 'b/a@a')],
    counts: '1 0 0 0 1',
    lines: ['image b/a@a: waiting to be scanned'],
  },
};

describe('how many images were looked into', () => {
  for (const [name, { containers, ledger = {}, images = both, database = true, counts, lines = [] }] of Object.entries(cases)) {
    it(name, () => {
      const known = { entry: (digest: string) => ledger[digest], database };
      const { coverage, uncovered } = imageCoverage(images, [target(...containers)], known);
      const { inScope, scanned, failed: bad, skipped, waiting } = coverage;
      expect([inScope, scanned, bad, skipped, waiting].join(' ')).to.equal(counts);
      expect(uncovered).to.deep.equal(lines);
      expect(scanned + bad + skipped + waiting).to.equal(inScope);
    });
  }
});

describe('an image that needs a pull secret', () => {
  it('counts once, and as not looked into while one of the namespaces that run it is refused', () => {
    const at = (namespace: string): ImageTarget => ({ ...target(running('a')), workload: { ...target().workload, namespace } });
    const entries: Readonly<Record<string, ImageEntry>> = { open: matched, shut: failed('denied; kubectl -n shut create rolebinding') };
    const found = imageCoverage(both, [at('open'), at('shut')], { entry: (_, namespace) => entries[namespace], database: true });
    expect(found.coverage).to.deep.equal({ inScope: 1, scanned: 0, failed: 1, skipped: 0, waiting: 0 });
    expect(found.uncovered).to.deep.equal(['image r/a@a: denied; kubectl -n shut create rolebinding']);
  });
});
