import { expect } from 'chai';
import { ClusterWatch } from '../../../operator/anomalies/inputs/cluster-watch.ts';
import { KindWatch } from '../../../operator/anomalies/inputs/kind-watch.ts';
import { watchedKinds } from '../../../operator/anomalies/activity/change-activity.ts';
import { type ApiResource, RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { ClusterApi } from '../../kube/cluster-api.ts';

const configMaps = watchedKinds.find(({ kind }) => kind === 'ConfigMap');
const pods = watchedKinds.find(({ kind }) => kind === 'Pod');
const path = '/api/v1/pods';
const pod = (name: string, image: string, resourceVersion?: string): KubeObject & Readonly<Record<string, unknown>> => ({
  metadata: { name, namespace: 'shop', uid: name, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  spec: { containers: [{ name: 'main', image }] },
});
const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 1000 && !holds(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe('the watch of a kind', () => {
  let api: ClusterApi;
  /** What was seen: activities as `operation kind name`, `synced`, and problems. */
  let seen: string[];
  let befores: unknown[];
  const made: KindWatch[] = [];
  beforeEach(() => {
    api = new ClusterApi();
    [seen, befores] = [[], []];
  });
  afterEach(() => Promise.all(made.splice(0).map((watch) => watch.stop())));

  const start = (kind = pods, resource: ApiResource = RESOURCES.pods): KindWatch => {
    const watch = new KindWatch(
      api,
      { kind: kind ?? expect.fail('no kind'), resource },
      {
        observer: {
          onActivity: ({ operation, object, before, at }) => {
            seen.push(`${operation} ${object.kind} ${object.namespace ?? ''}/${object.name} ${at}`);
            befores.push(before === undefined ? undefined : 'known');
          },
          onSynced: () => void seen.push('synced'),
          onProblem: (_resource, error) => error !== undefined && void seen.push((error as Error).message),
        },
        clock: () => 7,
        silence: 60_000,
      },
    );
    made.push(watch);
    watch.start();
    return watch;
  };
  const send = (type: string, object: object): void => void api.watchOf(path)?.write(`${JSON.stringify({ type, object })}\n`);

  it('finds what exists, then sees what is created, changed and deleted', async () => {
    await api.create(RESOURCES.pods, pod('web', 'a'));
    const watch = start();
    expect(watch.synced).to.equal(false);
    await until(() => api.watchOf(path) !== undefined);
    expect([watch.synced, seen.splice(0)]).to.deep.equal([true, ['found Pod shop/web 7', 'synced']]);
    send('ADDED', pod('cart', 'a', '11'));
    send('MODIFIED', pod('web', 'b', '12'));
    send('MODIFIED', pod('web', 'b', '12'));
    send('DELETED', pod('cart', 'a', '13'));
    send('DELETED', pod('unknown', 'a', '14'));
    await until(() => seen.length === 3);
    expect(seen).to.deep.equal(['create Pod shop/cart 7', 'update Pod shop/web 7', 'delete Pod shop/cart 7']);
    expect(befores).to.deep.equal([undefined, undefined, 'known', 'known']);
  });

  it('sees in a later list what the watch missed', async () => {
    await api.create(RESOURCES.pods, pod('gone', 'a'));
    await api.create(RESOURCES.pods, pod('web', 'a'));
    await api.create(RESOURCES.pods, pod('same', 'a'));
    start();
    await until(() => api.watchOf(path) !== undefined);
    seen.length = 0;
    await api.delete(RESOURCES.pods, { namespace: 'shop', name: 'gone' });
    await api.replace(RESOURCES.pods, pod('web', 'b'));
    await api.create(RESOURCES.pods, pod('new', 'a'));
    send('ERROR', { code: 410, reason: 'Expired', message: 'too old' });
    await until(() => seen.length === 3);
    expect(seen.toSorted()).to.deep.equal(['create Pod shop/new 7', 'delete Pod shop/gone 7', 'update Pod shop/web 7']);
  });

  it('reads only the names that its kind is limited to, in their namespace', async () => {
    const configMap = (name: string, namespace: string): KubeObject => ({ metadata: { name, namespace, uid: name } });
    await api.create(RESOURCES.configMaps, configMap('coredns', 'kube-system'));
    await api.create(RESOURCES.configMaps, configMap('other', 'kube-system'));
    await api.create(RESOURCES.configMaps, configMap('coredns', 'shop'));
    start(configMaps, RESOURCES.configMaps);
    await until(() => seen.includes('synced'));
    expect(seen).to.deep.equal(['found ConfigMap kube-system/coredns 7', 'synced']);
  });

  it('reports that it cannot list', async () => {
    api.onCall = () => {
      throw new KubeApiError('no right', { status: 403 });
    };
    start();
    await until(() => seen.length > 0);
    expect(seen[0]).to.contain('no right');
    expect(seen).to.not.include('synced');
  });
});

describe('the watch of the cluster', () => {
  it('is complete without the kinds that are not served or not readable, and names the latter until they can be read', async () => {
    const api = new ClusterApi();
    let isForbidden = true;
    api.onCall = ({ path: called }) => {
      if (called.endsWith('/pods') && isForbidden) throw new KubeApiError('no right', { status: 403 });
      if (called.includes('/certificates.k8s.io/')) throw new KubeApiError('no kind', { status: 404, reason: 'NotFound' });
    };
    const [logged, synced]: [string[], number[]] = [[], []];
    const watch = new ClusterWatch(api, {
      onActivity: () => undefined,
      onSynced: () => void synced.push(1),
      onError: ({ resource }) => void logged.push(resource),
      clock: () => 7,
      silence: 60_000,
    });
    watch.start();
    await until(() => synced.length > 0);
    expect(watch.problems).to.deep.equal(['changes of pods are not seen: no right']);
    expect(new Set(logged)).to.deep.equal(new Set(['pods']));
    isForbidden = false;
    await until(() => watch.problems.length === 0);
    expect([watch.problems, synced]).to.deep.equal([[], [1]]);
    const read = new Set(api.calls.flatMap((call) => (call.startsWith('GET ') ? [call.slice(4)] : [])));
    expect(read).to.include.keys(
      '/api/v1/namespaces/kube-system/configmaps',
      '/apis/certificates.k8s.io/v1/certificatesigningrequests',
      '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
      '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    );
    expect([...read].filter((each) => each.includes('secrets'))).to.deep.equal([]);
    await watch.stop();
    expect(api.watches.every(({ writableEnded }) => writableEnded)).to.equal(true);
  }).timeout(30_000);
});
