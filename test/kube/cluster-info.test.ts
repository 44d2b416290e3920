import { expect } from 'chai';
import { clusterInfoReader } from '../../operator/kube/cluster-info.ts';
import { discoverResources, serverVersion } from '../../operator/kube/discovery.ts';
import type { ListClient } from '../../operator/kube/list.ts';

/** An API server of this version with one resource. */
function api(version: { readonly minor: string; readonly resources?: readonly object[] }): ListClient & { readonly paths: string[] } {
  const paths: string[] = [];
  const { minor, resources = [{ resource: 'pods', scope: 'Namespaced', responseKind: { kind: 'Pod' }, verbs: ['list'] }] } = version;
  return {
    paths,
    call: (({ path }: { path: string }) => {
      paths.push(path);
      if (path === '/version') return Promise.resolve({ major: '1', minor });
      return Promise.resolve(path === '/api' ? { items: [{ metadata: {}, versions: [{ version: 'v1', resources }] }] } : {});
    }) as ListClient['call'],
  };
}
const pods = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true };

describe('the version of a server', () => {
  for (const [minor, version] of [
    ['36', '1.36'],
    ['36+', '1.36'],
    ['7-gke.1', '1.7'],
  ] as const)
    it(`is ${version} for the minor version ${minor}`, async () => expect(await serverVersion(api({ minor }))).to.equal(version));
});

describe('the resources of a server', () => {
  it('are those that can be listed, with their kind and scope', async () => {
    const resources = [
      { resource: 'pods', scope: 'Namespaced', responseKind: { kind: 'Pod' }, verbs: ['get', 'list'] },
      { resource: 'nodes', scope: 'Cluster', responseKind: { kind: 'Node' }, verbs: ['list'] },
      { resource: 'odd', scope: 'Cluster', verbs: ['list'] },
      { resource: 'bindings', scope: 'Namespaced', verbs: ['create'] },
      { resource: 'unknown', scope: 'Namespaced' },
    ];
    const found = await discoverResources(api({ minor: '36', resources }));
    expect(found).to.deep.equal([
      pods,
      { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespaced: false },
      { group: '', version: 'v1', resource: 'odd', kind: '', namespaced: false },
    ]);
  });
});

describe('the cluster info', () => {
  it('is read once a minute, or again when asked', async () => {
    const versions: string[] = [];
    const client = api({ minor: '36' });
    const read = clusterInfoReader(client, (version) => versions.push(version));
    const first = await read();
    expect(first).to.deep.equal({ kubernetesVersion: '1.36', resources: [pods], unavailable: [] });
    expect([await read(), client.paths.toSorted(), versions]).to.deep.equal([first, ['/api', '/apis', '/version'], ['1.36']]);
    const now = performance.now.bind(performance);
    performance.now = () => now() + 60_100;
    try {
      expect(await read()).to.not.equal(first);
    } finally {
      performance.now = now;
    }
    const third = await read(true);
    expect([versions.length, client.paths.length]).to.deep.equal([3, 9]);
    expect(third).to.deep.equal(first);
  });
});
