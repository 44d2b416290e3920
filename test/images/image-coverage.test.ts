import { expect } from 'chai';
import type { SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
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
const matched = { seen: 0, findings: { configMaps: ['f'], database: 'db:1', databaseBuilt: '', at: 0 } };
const unmatched = { seen: 0, findings: { configMaps: ['f'], database: '', databaseBuilt: '', at: 0 } };
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
  /** The numbers `inScope scanned failed skipped waiting`. */
  readonly counts: string;
  readonly lines?: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  'returns zeros if no image is in scope': { containers: [], counts: '0 0 0 0 0' },
  'counts an image once if several containers run it': {
    containers: [running('a'), running('a', 'r/b@a'), running('b')],
    ledger: { a: matched, b: matched },
    counts: '2 2 0 0 0',
  },
  'counts an image as waiting if it was not scanned yet': {
    containers: [running('a'), running('b')],
    ledger: { a: matched, b: { seen: 0 } },
    counts: '2 1 0 0 1',
    lines: ['image r/b@b: waiting to be scanned'],
  },
  'counts an image as waiting for its match if the policy requires vulnerabilities and there is only an inventory': {
    containers: [running('a')],
    ledger: { a: unmatched },
    counts: '1 0 0 0 1',
    lines: ['image r/a@a: waiting to be matched against the vulnerability database'],
  },
  'counts an image as scanned after its inventory if the policy requires only secrets': {
    containers: [running('a')],
    ledger: { a: unmatched },
    images: { secrets: {} },
    counts: '1 1 0 0 0',
  },
  'names the flags to set if no vulnerability database is configured': {
    containers: [running('a')],
    ledger: { a: unmatched },
    database: false,
    counts: '1 0 1 0 0',
    lines: ['image r/a@a: no vulnerability database is configured: set --database-image or --database-repository of the operator'],
  },
  'lists failed images, with or without older findings, before waiting images': {
    containers: [running('a'), running('b'), running('c')],
    ledger: { b: failed('no space'), c: failed('broken', matched) },
    counts: '3 0 2 0 1',
    lines: ['image r/b@b: no space', 'image r/c@c: broken', 'image r/a@a: waiting to be scanned'],
  },
  'counts a reference that no pod has run as skipped, once, unless another container runs it': {
    containers: [running('a'), idle('a:1'), idle('never:1'), idle('never:1')],
    ledger: { a: matched },
    counts: '2 1 0 1 0',
  },
  'names an image by the same one of its references in any order of containers': {
    containers: [running('a', 'z/a@a'), running('a', 'b/a@a')],
    counts: '1 0 0 0 1',
    lines: ['image b/a@a: waiting to be scanned'],
  },
};

describe('imageCoverage', () => {
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

describe('imageCoverage of an image that needs a pull secret', () => {
  it('counts the image once, as failed, if the registry denied it to one of its namespaces', () => {
    const at = (namespace: string): ImageTarget => ({ ...target(running('a')), workload: { ...target().workload, namespace } });
    const entries: Readonly<Record<string, ImageEntry>> = { open: matched, shut: failed('denied; kubectl -n shut create rolebinding') };
    const found = imageCoverage(both, [at('open'), at('shut')], { entry: (_, namespace) => entries[namespace], database: true });
    expect(found.coverage).to.deep.equal({ inScope: 1, scanned: 0, failed: 1, skipped: 0, waiting: 0 });
    expect(found.uncovered).to.deep.equal(['image r/a@a: denied; kubectl -n shut create rolebinding']);
  });
});
