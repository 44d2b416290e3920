import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { evaluatedSince } from '../../../operator/reports/publishing/evaluated-since.ts';
import { imageChanges } from '../../../operator/reports/sweeping/image-changes.ts';
import { MemoryApi } from '../../kube/memory-api.ts';

const none = { critical: 0, high: 0, medium: 0, low: 0 };

describe('imageChanges', () => {
  const api = new MemoryApi();
  const report = (namespace: string, name: string, changes: string | undefined, source = 'vigil-images'): Promise<KubeObject> =>
    api.create(RESOURCES.reports, {
      metadata: {
        ...{ namespace, name, labels: { 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/source': source } },
        annotations: changes === undefined ? {} : { 'vigil.dev/changes': changes },
      },
    });
  const row = (seconds: number, high: number, fixed = 0): number[] => [seconds, 0, high, 0, 0, 0, fixed, 0, 0];
  before(async () => {
    await report('shop', 'a', JSON.stringify({ p: [row(10, 1), row(20, 2, 3), row(30, 4)], q: [row(20, 8)] }));
    await report('bank', 'b', JSON.stringify({ p: [row(20, 16)] }));
    await report('shop', 'c', undefined);
    await report('shop', 'd', JSON.stringify({ p: [row(20, 32)] }), 'vigil');
  });
  const changes = (
    spans: Readonly<Record<string, readonly [number, number]>>,
    includesNamespace: (namespace: string | undefined) => boolean = () => true,
  ) =>
    imageChanges(api, {
      spans: new Map(Object.entries(spans).map(([policy, [from, until]]) => [policy, { from, until }])),
      includesNamespace,
      signal: new AbortController().signal,
    });

  it('adds the changes of each policy in its time span, from all reports about images', async () => {
    expect(await changes({ p: [20, 30] })).to.deep.equal({ new: { ...none, high: 18 }, fixed: { ...none, high: 3 } });
    expect(await changes({ p: [30, 31], q: [0, 21] })).to.deep.equal({ new: { ...none, high: 12 }, fixed: none });
    expect(await changes({})).to.deep.equal({ new: none, fixed: none });
  });

  it('leaves out the reports of other namespaces', async () => {
    expect((await changes({ p: [20, 30] }, (namespace) => namespace === 'bank')).new.high).to.equal(16);
  });
});

describe('evaluatedSince', () => {
  const policy = {
    metadata: { name: 'p', uid: 'u' },
    status: { evaluatedGeneration: 2, lastScanTime: '1970-01-01T00:01:01.9Z' },
  } as SecurityPolicy;
  for (const [what, of, about, expected] of [
    ['the time of the last scan of this generation, in seconds', policy, { uid: 'u', generation: 2 }, 61],
    ['that time if the uid is not known', policy, { generation: 2 }, 61],
    ['undefined for another generation', policy, { uid: 'u', generation: 3 }, undefined],
    ['undefined for a policy of another uid', policy, { uid: 'v', generation: 2 }, undefined],
    ['undefined without a policy', undefined, { uid: 'u', generation: 2 }, undefined],
    ['undefined without a scan', { ...policy, status: { evaluatedGeneration: 2 } }, { generation: 2 }, undefined],
  ] as const)
    it(`is ${what}`, () => expect(evaluatedSince(of, about)).to.equal(expected));
});
