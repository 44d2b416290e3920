import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Stage } from './attack.ts';
import { deployment } from './scene.ts';

/** The accounts of {@link usualWork}, each with the ClusterRole that it needs. */
export const usualAccounts = { gitops: 'cluster-admin', autoscaler: 'edit', elector: 'edit', releaser: 'admin', pruner: 'edit' } as const;

/** A person who administrates the cluster with kubectl. */
export const administrator = 'ada';

const run = promisify(execFile);

/** A Deployment with pods that run. */
export function running(shop: string, name: string, version: number): object {
  const base = deployment(shop, name) as { spec: { template: { metadata: object } } & object };
  const containers = [{ name: 'a', image: '127.0.0.1:5000/pause:1', env: [{ name: 'VERSION', value: String(version) }] }];
  const template = { ...base.spec.template, spec: { terminationGracePeriodSeconds: 0, containers } };
  return { ...base, spec: { ...base.spec, replicas: 1, template } };
}

/** What happens in a cluster every day. The first round is what Vigil learns, later rounds are the same with names and versions of their own. */
export async function usualWork({ cluster, shop, as }: Stage, round: number): Promise<void> {
  const kubeconfig = cluster.files.kubeconfigOf(cluster.files.issue(`/CN=${administrator}`), administrator);
  const preview = `preview-${randomUUID().slice(0, 8)}`;
  const kubectl = (...args: readonly string[]): Promise<unknown> => run('kubectl', ['--kubeconfig', kubeconfig, ...args]);
  const stdin = (args: readonly string[], object: object): Promise<unknown> => {
    const call = run('kubectl', ['--kubeconfig', kubeconfig, ...args, '-f', '-']);
    call.child.stdin?.end(JSON.stringify(object));
    return call;
  };
  const ssa = { 'content-type': 'application/apply-patch+yaml' };
  const apps = `/apis/apps/v1/namespaces/${shop}/deployments`;
  const apply = (account: string, manager: string, path: string, object: object): Promise<number> =>
    as(account, 'PATCH', `${path}?fieldManager=${manager}&force=true`, object, ssa);

  const administration = async (): Promise<void> => {
    await kubectl('get', 'pods', '-A');
    await kubectl('-n', shop, 'describe', 'deployment/web');
    await kubectl('-n', shop, 'rollout', 'restart', 'deployment/web');
    await kubectl('-n', shop, 'rollout', 'status', 'deployment/web', '--timeout=60s');
    await kubectl('-n', shop, 'logs', 'deployment/web');
    await kubectl('-n', shop, 'get', 'secret', 's0', '-o', 'name');
    await kubectl('-n', shop, 'scale', 'deployment/web', `--replicas=${1 + (round % 2)}`);
    // Without metrics there is nothing to show.
    await kubectl('top', 'pods', '-A').catch(() => undefined);
    const forward = spawn('kubectl', ['--kubeconfig', kubeconfig, '-n', shop, 'port-forward', 'deployment/web', ':80'], {
      stdio: 'ignore',
    });
    await sleep(1500);
    forward.kill();
    await kubectl('-n', shop, 'exec', 'deployment/web', '--', '/bin/sleep', '0').catch(() => undefined);
  };
  const previews = async (): Promise<void> => {
    await kubectl('create', 'namespace', preview);
    await kubectl('-n', preview, 'create', 'quota', 'all', '--hard=pods=10');
    const closed = { podSelector: {}, policyTypes: ['Ingress'] };
    await stdin(['-n', preview, 'apply'], {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'closed' },
      spec: closed,
    });
    await kubectl('-n', preview, 'create', 'deployment', 'web', '--image=127.0.0.1:5000/pause:1');
    await kubectl('delete', 'namespace', preview, '--wait=false');
  };
  const maintenance = async (): Promise<void> => {
    await kubectl('drain', cluster.node(), '--pod-selector=app=drained', '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=60s');
    await kubectl('uncordon', cluster.node());
  };
  const definitions = async (): Promise<void> => {
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const names = { plural: `toys${round}`, singular: `toy${round}`, kind: `Toy${round}` };
    const versions = [{ name: 'v1', served: true, storage: true, schema }];
    const group = 'scene.example.com';
    await stdin(['apply'], {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${names.plural}.${group}`, labels: { scene: 'toys' } },
      spec: { group, scope: 'Namespaced', names, versions },
    });
    await kubectl('wait', '--for=condition=Established', `crd/${names.plural}.${group}`);
    await kubectl('api-resources', `--api-group=${group}`);
    await stdin(['-n', shop, 'create'], { apiVersion: `${group}/v1`, kind: names.kind, metadata: { name: 'one' } });
  };
  const programs = async (): Promise<void> => {
    for (const name of ['front', 'back', 'drained'])
      await apply('gitops', 'kustomize-controller', `${apps}/${name}`, running(shop, name, round));
    for (const replicas of [2, 3, 1]) await as('autoscaler', 'PATCH', `${apps}/front/scale`, { spec: { replicas } });
    // A new ReplicaSet, whose owner goes: the garbage collector and the deployment controller work.
    await apply('pruner', 'pruner', `${apps}/old-${round}`, running(shop, `old-${round}`, round));
    await as('pruner', 'DELETE', `${apps}/old-${round}`);
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${shop}/leases`;
    for (const holderIdentity of ['one', 'two']) await apply('elector', 'elector', `${leases}/leader`, lease(holderIdentity));
    await release(round);
  };
  /** A release as Helm makes it: a Secret of its own for each revision, and objects with its labels. */
  const release = async (revision: number): Promise<void> => {
    const metadata = { name: `sh.helm.release.v1.cart.v${revision}`, labels: { owner: 'helm', name: 'cart' } };
    await as('releaser', 'GET', `/api/v1/namespaces/${shop}/secrets?labelSelector=owner%3Dhelm%2Cname%3Dcart`);
    await as('releaser', 'POST', `/api/v1/namespaces/${shop}/secrets`, {
      metadata,
      type: 'helm.sh/release.v1',
      stringData: { release: 'x' },
    });
    const labels = { 'app.kubernetes.io/managed-by': 'Helm', 'helm.sh/chart': `cart-1.${revision}.0` };
    const object = running(shop, 'cart', revision) as { metadata: object };
    await apply('releaser', 'helm', `${apps}/cart`, { ...object, metadata: { ...object.metadata, labels } });
  };
  await Promise.all([administration(), previews(), maintenance(), definitions(), programs()]);
}

const lease = (holderIdentity: string): object => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'leader' },
  spec: { holderIdentity, leaseDurationSeconds: 15 },
});

/** A CronJob that starts every minute. */
export const everyMinute = (shop: string): object => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'every-minute', namespace: shop },
  spec: {
    schedule: '* * * * *',
    jobTemplate: {
      spec: {
        activeDeadlineSeconds: 5,
        template: {
          spec: {
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: 0,
            containers: [{ name: 'a', image: '127.0.0.1:5000/pause:1' }],
          },
        },
      },
    },
  },
});
