import { expect } from 'chai';
import { addPod, workloadsRunning } from '../../operator/approvals/running-images.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const controller = (kind: string, name: string) => ({ apiVersion: 'v1', kind, name, uid: name, controller: true });
const pod = (name: string, { owner, image, imageID, phase = 'Running', startTime }: Record<string, string | undefined>) => ({
  metadata: { name, namespace: 'shop', ...(owner === undefined ? {} : { ownerReferences: [controller('ReplicaSet', owner)] }) },
  spec: { containers: [{ name: 'app', image }] },
  status: { phase, startTime, containerStatuses: [{ name: 'app', imageID }] },
});

describe('the workloads that run an image', () => {
  it('are found by the digest of the spec and by that of the container status, at the topmost owner', () => {
    const owners = new Map([['shop/ReplicaSet/web-1', { kind: 'Deployment', name: 'web' }]]);
    const found = new Map<string, Map<string, number>>();
    const [a, b] = [`nginx:1@${digest('a')}`, `docker-pullable://nginx@${digest('b')}`];
    addPod(found, pod('w1', { owner: 'web-1', image: a, startTime: '2026-01-02T00:00:00Z' }), owners);
    addPod(found, pod('w2', { owner: 'web-1', image: a, startTime: '2026-01-01T00:00:00Z' }), owners);
    addPod(found, pod('bare', { image: 'nginx:1', imageID: b, startTime: '2026-01-03T00:00:00Z' }), owners);
    addPod(found, pod('other', { owner: 'cart-1', image: a, startTime: '2026-01-04T00:00:00Z' }), owners);
    addPod(found, pod('done', { image: a, phase: 'Succeeded', startTime: '2026-01-01T00:00:00Z' }), owners);
    const keys = [`docker.io/library/nginx@${digest('a')}`, `docker.io/library/nginx@${digest('b')}`];
    expect([...workloadsRunning(found, keys)].map(([name, since]) => `${name} ${new Date(since).getUTCDate()}`)).to.deep.equal([
      'shop/Deployment/web 1',
      'shop/ReplicaSet/cart-1 4',
      'shop/Pod/bare 3',
    ]);
    expect([...workloadsRunning(found, [`docker.io/library/nginx@${digest('c')}`])]).to.deep.equal([]);
  });
});
