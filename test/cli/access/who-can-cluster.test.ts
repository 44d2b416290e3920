import { expect } from 'chai';
import { accessOfCluster } from '../../../operator/cli/access/access-objects.ts';
import type { Cluster } from '../../../operator/cli/cluster-scan.ts';
import { whoCan } from '../../../operator/engine/rbac/who-can.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { binding, role, user } from '../../engine/rbac/rbac-objects.ts';

const lists: Readonly<Record<string, readonly object[]>> = {
  clusterroles: [role('reader', [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }])],
  clusterrolebindings: [binding('all', 'ClusterRole/reader', [user('jane')])],
  rolebindings: [binding('shop', 'ClusterRole/reader', [user('ken')], 'shop')],
};

/** A cluster that refuses to list some resources, and the paths that were asked for. */
function clusterOf(refused: readonly string[] = []): { readonly cluster: Cluster; readonly paths: string[] } {
  const paths: string[] = [];
  const call = ({ path }: { path: string }): Promise<unknown> => {
    paths.push(path);
    const resource = path.split('/').at(-1) ?? '';
    if (refused.includes(resource))
      return Promise.reject(new KubeApiError(`${resource} is forbidden`, { status: 403, reason: 'Forbidden' }));
    return Promise.resolve({ metadata: {}, items: lists[resource] ?? [] });
  };
  return { cluster: { client: { call }, name: 'kind', resources: [] } as unknown as Cluster, paths };
}

const question = { verb: 'get', target: { group: '', resource: 'secrets', namespaced: true } };
const names = (snapshot: Parameters<typeof whoCan>[0]): string[] => whoCan(snapshot, question).holders.map(({ subject }) => subject.name);

describe('vigil who-can --cluster', () => {
  it('lists roles and bindings of all namespaces', async () => {
    const { cluster, paths } = clusterOf();
    const { snapshot, errors } = await accessOfCluster(cluster, undefined);
    expect(errors).to.deep.equal([]);
    expect(names(snapshot)).to.have.members(['jane', 'ken']);
    const prefix = '/apis/rbac.authorization.k8s.io/v1/';
    expect(paths).to.have.members(['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].map((resource) => prefix + resource));
  });

  it('lists those of one namespace with -n', async () => {
    const { cluster, paths } = clusterOf();
    await accessOfCluster(cluster, 'shop');
    expect(paths).to.include('/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings');
    expect(paths).to.include('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings');
  });

  it('names what it may not list, and answers by the rest', async () => {
    const { cluster } = clusterOf(['clusterrolebindings', 'roles']);
    const { snapshot, errors } = await accessOfCluster(cluster, undefined);
    expect(names(snapshot)).to.deep.equal(['ken']);
    expect(errors.map(({ source, message }) => `${source.file}: ${message}`)).to.have.members([
      'cluster kind: cannot list roles: roles is forbidden',
      'cluster kind: cannot list clusterrolebindings: clusterrolebindings is forbidden',
    ]);
  });
});
