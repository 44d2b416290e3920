import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from '../cluster-access.ts';
import type { Stage } from './attack.ts';
import type { WatchedCluster } from './watched-cluster.ts';

const rbac = 'rbac.authorization.k8s.io';

/** Applies objects as the administrator of the cluster. */
export const apply = (...objects: readonly object[]): string =>
  kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));

/** A ClusterRoleBinding of a service account. */
export const bindingOf = (namespace: string, name: string, role = 'cluster-admin'): object => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: `${namespace}-${name}`, labels: { scene: namespace } },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'ServiceAccount', name, namespace }],
});

/** A ClusterRoleBinding of a person. */
export const personOf = (name: string, role: string): object => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: `person-${name}`, labels: { scene: 'people' } },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
  subjects: [{ apiGroup: rbac, kind: 'User', name }],
});

/** A Deployment without replicas. */
export const deployment = (namespace: string, name: string): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'a', image: 'example.com/a:1' }] } },
  },
});

/** Creates service accounts, those of `administrators` with all rights. Returns a token of each. */
export function createAccounts(
  cluster: WatchedCluster,
  namespace: string,
  administrators: readonly string[],
  others: readonly string[],
): Readonly<Record<string, string>> {
  const names = [...administrators, ...others];
  const accounts = names.map((name) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } }));
  apply(...accounts, ...administrators.map((name) => bindingOf(namespace, name)));
  return Object.fromEntries(names.map((name) => [name, cluster.tokenOf(namespace, name)]));
}

/** Starts the operator, and waits until it has read the policy and audit events arrive. Resolves to whether they do. */
export async function startWatching(cluster: WatchedCluster, policy: string): Promise<boolean> {
  cluster.start();
  for (let seconds = 0; seconds < 90; seconds += 1) {
    if (kubectl(['get', 'securitypolicy', policy, '-o', 'jsonpath={.status.anomalies.baselineKeys}']) !== '') break;
    await sleep(1000);
  }
  // An API server that had no receiver has lost events, and pauses before it tries again: the first event that is seen ends the wait.
  const probe = setInterval(() => void cluster.send(undefined, 'GET', '/version'), 500);
  const arrived = await cluster.firstEvent();
  clearInterval(probe);
  return arrived;
}

/** A stage with tokens that exist when it is used. */
export function stageOf(cluster: WatchedCluster, red: string, shop: string, tokens: () => Readonly<Record<string, string>>): Stage {
  return {
    cluster,
    red,
    shop,
    user: (account) => `system:serviceaccount:${red}:${account}`,
    as: (account, method, path, body, headers) =>
      cluster.send(tokens()[account], method, path, { ...(body ? { body } : {}), ...(headers ? { headers } : {}) }),
  };
}
