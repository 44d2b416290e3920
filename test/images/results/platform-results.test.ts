import { expect } from 'chai';
import type { ImageFindings } from '../../../operator/images/matching/image-finding.ts';
import { keyOf } from '../../../operator/images/targets/image-key.ts';
import type { ImageEntry } from '../../../operator/images/ledger/image-ledger.ts';
import { imageResults } from '../../../operator/images/results/image-results.ts';
import { imageCoverage } from '../../../operator/images/image-coverage.ts';
import type { ContainerImage, ImageTarget } from '../../../operator/images/targets/image-targets.ts';
import { NodePlatforms } from '../../../operator/images/targets/node-platforms.ts';
import { inventoryJob } from '../../../operator/images/jobs/inventory-job.ts';

const [amd, arm] = ['linux/amd64', 'linux/arm64'] as const;
const node = (name: string, labels: Record<string, string> = {}): { metadata: object } & Parameters<NodePlatforms['add']>[0] => ({
  metadata: { name, labels },
});
const labels = (architecture: string, system = 'linux'): Record<string, string> => ({
  'kubernetes.io/os': system,
  'kubernetes.io/arch': architecture,
});

describe('NodePlatforms', () => {
  for (const [what, nodes, requested, expected] of [
    ['returns the platform in the labels of the node', [node('a', labels('amd64')), node('b', labels('arm64'))], 'b', arm],
    [
      'returns a platform with another operating system',
      [node('a', labels('amd64')), node('b', labels('amd64', 'windows'))],
      'b',
      'windows/amd64',
    ],
    [
      'returns the only platform of the cluster for a node that was deleted',
      [node('a', labels('amd64')), node('b', labels('amd64'))],
      'c',
      amd,
    ],
    [
      'returns undefined for a node that was deleted if the cluster has several platforms',
      [node('a', labels('amd64')), node('b', labels('arm64'))],
      'c',
      undefined,
    ],
    ['returns undefined if nodes cannot be listed', [], 'a', undefined],
    ['returns undefined for a node without the labels', [node('a')], 'a', undefined],
  ] as const) {
    it(what, () => {
      const platforms = new NodePlatforms();
      for (const each of nodes) platforms.add(each);
      expect(platforms.of(requested)).to.equal(expected);
    });
  }
});

describe('the inventory Job', () => {
  const settings = { namespace: 'v', image: 'v', imagePullPolicy: 'Never', imagePullSecrets: [], scanner: 't' } as const;
  const made = (platform?: string): { name: string; images: string | undefined; nodeSelector: unknown } => {
    const image = { digest: 'd', reference: 'r/web@d', ...(platform === undefined ? {} : { platform }) };
    const { metadata, spec } = inventoryJob(settings, { image }) as unknown as ReturnType<typeof inventoryJob> & {
      spec: { template: { spec: { nodeSelector: unknown } } };
    };
    return { name: metadata.name, images: metadata.annotations?.['vigil.dev/images'], nodeSelector: spec.template.spec.nodeSelector };
  };

  it('selects nodes of the platform of its image, and has a name and a key for each platform', () => {
    const [one, other] = [made(amd), made(arm)];
    expect(one.nodeSelector).to.deep.equal({ 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' });
    expect(other.nodeSelector).to.deep.equal({ 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64' });
    expect([one.images, other.images]).to.deep.equal([`d+${amd}`, `d+${arm}`]);
    expect(one.name).not.to.equal(other.name);
  });

  it('selects any Linux node if the platform is unknown', () => {
    expect(made()).to.deep.include({ images: 'd', nodeSelector: { 'kubernetes.io/os': 'linux' } });
  });
});

const on = (platform: string, digest = 'd'): ContainerImage => ({
  container: 'main',
  reference: 'web:1',
  image: { digest, reference: `r/web@${digest}`, platform },
});
const target = (...containers: readonly ContainerImage[]): ImageTarget => ({
  workload: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  containers,
});
const found = (...ids: string[]): ImageFindings => ({
  vulnerabilities: ids.map((id) => ({ id, package: 'curl', installed: '1', severity: 'high' })),
  secrets: [],
});
const matched: ImageEntry = { seen: 0, findings: { configMaps: [], database: 'db:1', databaseBuilt: '', at: 0 } };
const failed: ImageEntry = { ...matched, failure: { step: 'inventory', reason: 'broken', at: 0, attempts: 1 } };

interface Known {
  readonly [key: string]: readonly [ImageFindings, ImageEntry?];
}
function lines(of: ImageTarget, known: Known): string[] {
  const { results, passes } = imageResults({ name: 'p', images: { vulnerabilities: {} } }, of, {
    entry: (key) => (known[key] ? (known[key][1] ?? matched) : undefined),
    findings: (key) => known[key]?.[0],
    database: true,
    now: 0,
  });
  return [...results.map(({ check, properties }) => [check, properties?.['platform']].filter(Boolean).join(' on ')), `passes ${passes}`];
}

// The test cluster has no node of a second architecture: these tables contain what Kubernetes would report.
describe('the image results of a workload on nodes of two platforms', () => {
  const both = target(on(amd), on(arm));
  for (const [what, of, known, expected] of [
    [
      'contain a finding on both platforms once',
      both,
      { [`d+${amd}`]: [found('A', 'B')], [`d+${arm}`]: [found('B', 'A')] },
      ['A', 'B', 'passes 0'],
    ],
    [
      'name the platform of a finding on one platform',
      both,
      { [`d+${amd}`]: [found('A', 'B')], [`d+${arm}`]: [found('B', 'C')] },
      [`A on ${amd}`, 'B', `C on ${arm}`, 'passes 0'],
    ],
    ['contain one pass if both platforms pass', both, { [`d+${amd}`]: [found()], [`d+${arm}`]: [found()] }, ['passes 1']],
    ['contain no pass if one platform fails', both, { [`d+${amd}`]: [found()], [`d+${arm}`]: [found('A')] }, [`A on ${arm}`, 'passes 0']],
    [
      'name the platform whose scan failed',
      both,
      { [`d+${amd}`]: [found('A')], [`d+${arm}`]: [found(), failed] },
      [`A on ${amd}`, `image-scan on ${arm}`, 'passes 0'],
    ],
    ['name no platform if the workload runs on one', target(on(amd)), { [`d+${amd}`]: [found('A')] }, ['A', 'passes 0']],
    [
      'name no platform if each platform runs another image',
      target(on(amd, 'd'), on(arm, 'e')),
      { [`d+${amd}`]: [found('A')], [`e+${arm}`]: [found('B')] },
      ['A', 'B', 'passes 0'],
    ],
  ] as const) {
    it(what, () => expect(lines(of, known)).to.deep.equal(expected));
  }

  it('count the image once for each platform, and name the platform of an image that was not scanned', () => {
    const known = (entries: Readonly<Record<string, ImageEntry>>): ReturnType<typeof imageCoverage> =>
      imageCoverage({ vulnerabilities: {} }, [both], { entry: (key) => entries[key], database: true });
    const partly = known({ [keyOf({ digest: 'd', platform: amd })]: matched });
    expect([partly.coverage, partly.uncovered]).to.deep.equal([
      { inScope: 2, scanned: 1, failed: 0, skipped: 0, waiting: 1 },
      [`image r/web@d on ${arm}: waiting to be scanned`],
    ]);
    expect(known({ [`d+${amd}`]: matched, [`d+${arm}`]: matched }).uncovered).to.deep.equal([]);
    const one = imageCoverage({ vulnerabilities: {} }, [target(on(arm))], { entry: () => undefined, database: true });
    expect(one.uncovered).to.deep.equal(['image r/web@d: waiting to be scanned']);
  });
});
