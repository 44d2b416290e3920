import { expect } from 'chai';
import { addPod, imageKey, readRunningImages, workloadsRunning } from '../../operator/approvals/running-images.ts';
import type { ListClient } from '../../operator/kube/list.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const owner = (kind: string, name: string, controller = true) => ({ apiVersion: 'v1', kind, name, uid: name, controller });
const meta = (name: string, ...ownerReferences: readonly object[]) => ({ metadata: { name, namespace: 'shop', ownerReferences } });

describe('the key of an image', () => {
  for (const [reference, key] of [
    [`nginx:1@${digest('a')}`, `docker.io/library/nginx@${digest('a')}`],
    ['nginx:1', undefined],
    [digest('a'), undefined],
    [`@${digest('a')}`, undefined],
  ] as const)
    it(`${reference.slice(0, 20)} is ${key ?? 'unknown'}`, () => expect(imageKey(reference)).to.equal(key));
});

describe('the images that run in the cluster', () => {
  it('are read from pods, with the topmost owner from the metadata of ReplicaSets and Jobs', async () => {
    const started = { status: { startTime: '2026-01-01T00:00:00Z' } };
    const runs = (letter: string) => ({ spec: { containers: [{ image: `nginx@${digest(letter)}` }] }, ...started });
    const lists: Readonly<Record<string, readonly object[]>> = {
      '/apis/apps/v1/replicasets': [meta('web-1', owner('Other', 'x', false), owner('Deployment', 'web')), meta('alone')],
      '/apis/batch/v1/jobs': [meta('night-1', owner('CronJob', 'night'))],
      '/api/v1/pods': [
        { ...meta('a', owner('ReplicaSet', 'web-1')), ...runs('a') },
        { ...meta('b', owner('Job', 'night-1')), ...runs('a') },
        { ...meta('c', owner('ReplicaSet', 'alone')), ...runs('b') },
        { ...meta('d', owner('Thing', 'x', false)), ...runs('b') },
      ],
    };
    const asked: string[] = [];
    const client = {
      call: ({ path, accept, query }: { path: string; accept: string; query: { limit: number } }) => {
        asked.push(`${path} ${query.limit} ${accept.includes('PartialObjectMetadataList') ? 'metadata' : 'objects'}`);
        return Promise.resolve({ metadata: {}, items: lists[path] });
      },
    } as unknown as ListClient;
    const found = await readRunningImages(client, AbortSignal.timeout(10_000));
    expect([...found].map(([image, workloads]) => [image.slice(-1), [...workloads.keys()]])).to.deep.equal([
      ['a', ['shop/Deployment/web', 'shop/CronJob/night']],
      ['b', ['shop/ReplicaSet/alone', 'shop/Pod/d']],
    ]);
    expect(asked).to.deep.equal(['/apis/apps/v1/replicasets 250 metadata', '/apis/batch/v1/jobs 250 metadata', '/api/v1/pods 250 objects']);
  });

  const pod = (change: { metadata?: object; spec?: object; status?: object }) => ({
    metadata: { name: 'p', namespace: 'shop', creationTimestamp: '2026-01-05T00:00:00Z', ...change.metadata },
    spec: { containers: [{ image: `nginx@${digest('a')}` }], ...change.spec },
    status: { phase: 'Running', ...change.status },
  });
  const imagesOf = (change: Parameters<typeof pod>[0]): readonly string[] => {
    const found = new Map<string, Map<string, number>>();
    addPod(found, pod(change), new Map());
    return [...found.keys()].map((image) => image.slice(-1));
  };
  const image = (letter: string) => [{ image: `nginx@${digest(letter)}` }];
  const imageID = (letter: string) => [{ imageID: `containerd://nginx@${digest(letter)}` }];
  for (const [what, change, images] of [
    ['of init and ephemeral containers too', { spec: { initContainers: image('b'), ephemeralContainers: image('c') } }, ['b', 'a', 'c']],
    [
      'in the status of each container',
      { status: { initContainerStatuses: imageID('b'), containerStatuses: imageID('c'), ephemeralContainerStatuses: imageID('d') } },
      ['a', 'b', 'c', 'd'],
    ],
    ['of a pod that starts', { status: { phase: 'Pending' } }, ['a']],
    ['not of a pod that has failed', { status: { phase: 'Failed' } }, []],
    ['not of a pod that is done', { status: { phase: 'Succeeded' } }, []],
    ['not of a pod that is being deleted', { metadata: { deletionTimestamp: '2026-01-06T00:00:00Z' } }, []],
    ['not of a container without an image', { spec: { containers: [{}] } }, []],
    ['not of what is no list', { spec: { containers: 'x' } }, []],
  ] as const)
    it(`are those ${what}`, () => expect(imagesOf(change)).to.deep.equal(images));

  it('run since the start of the pod, or since its creation', () => {
    const found = new Map<string, Map<string, number>>();
    addPod(found, pod({}), new Map());
    expect([...(found.values().next().value ?? [])]).to.deep.equal([['shop/Pod/p', Date.parse('2026-01-05T00:00:00Z')]]);
  });

  it('run since the earliest time of the images of an approval', () => {
    const images = new Map([
      ['a', new Map([['shop/Pod/p', 3]])],
      ['b', new Map([['shop/Pod/p', 2]])],
      ['c', new Map([['shop/Pod/p', 4]])],
    ]);
    expect([...workloadsRunning(images, ['a', 'b', 'c'])]).to.deep.equal([['shop/Pod/p', 2]]);
  });
});
