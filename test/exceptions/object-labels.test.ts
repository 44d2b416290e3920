import { expect } from 'chai';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import { ObjectLabels } from '../../operator/exceptions/object-labels.ts';
import type { ListClient } from '../../operator/kube/list.ts';

describe('the labels of objects', () => {
  let calls: string[];
  let labels: ObjectLabels;
  beforeEach(() => {
    calls = [];
    const client = {
      call: ({ path, accept }: { path: string; accept: string }) => {
        calls.push(`${path} ${accept.includes('PartialObjectMetadataList') ? 'metadata' : accept}`);
        const items = [{ metadata: { name: 'web', labels: { app: 'web' } } }, { metadata: { name: 'bare' } }];
        return Promise.resolve({ metadata: {}, items });
      },
    } as unknown as ListClient;
    const clusterInfo = () => Promise.resolve({ kubernetesVersion: '1.36', resources: [RESOURCES.jobs, RESOURCES.namespaces] });
    labels = new ObjectLabels(client, clusterInfo);
  });
  const of = (name: string, change: object = {}) =>
    labels.of({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'shop', name, ...change }, AbortSignal.timeout(10_000));

  it('are those of the object; none if it has none, and undefined if it does not exist', async () => {
    expect([await of('web'), await of('bare'), await of('gone')]).to.deep.equal([{ app: 'web' }, {}, undefined]);
  });

  it('are read once for each kind and namespace, as metadata, until they are forgotten', async () => {
    await Promise.all([of('web'), of('bare'), of('web', { namespace: 'blue' })]);
    await of('web', { apiVersion: 'v1', kind: 'Namespace', namespace: undefined });
    const read = [
      '/apis/batch/v1/namespaces/shop/jobs metadata',
      '/apis/batch/v1/namespaces/blue/jobs metadata',
      '/api/v1/namespaces metadata',
    ];
    expect(calls).to.deep.equal(read);
    await of('web');
    expect(calls).to.deep.equal(read);
    labels.clear();
    await of('web');
    expect(calls).to.deep.equal([...read, read[0]]);
  });

  for (const [what, change] of [
    ['kind', { kind: 'CronJob' }],
    ['version', { apiVersion: 'batch/v2' }],
  ] as const)
    it(`are undefined, without a request, if no ${what} of the name is served`, async () => {
      expect([await of('web', change), calls]).to.deep.equal([undefined, []]);
    });
});
