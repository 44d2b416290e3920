import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from '../cluster-access.ts';
import type { Attack, Stage } from './attack.ts';

/** The accounts of {@link nodeAttacks}. */
export const nodeAccounts = ['opener', 'shell', 'forwarder', 'debugger', 'proxier', 'changer', 'fleet', 'newcomer', 'forger', 'thief'];

/** It waits on a node. */
const target = (shop: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'target', namespace: shop },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: '127.0.0.1:5000/pause:1' }] },
});

/** Makes the pod that is attacked, and waits until it runs. */
export async function runTarget(shop: string): Promise<void> {
  kubectl(['apply', '-f', '-'], JSON.stringify(target(shop)));
  kubectl(['-n', shop, 'wait', 'pod/target', '--for=condition=Ready', '--timeout=60s']);
  await sleep(1000);
}

const deploymentOf = (name: string): object => ({
  replicas: 0,
  selector: { matchLabels: { app: name } },
  template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'a', image: 'example.com/b:1' }] } },
});

/** Attacks through sessions, nodes and workloads. They need a node. */
export const nodeAttacks = ({ cluster, red, shop, user, as }: Stage): readonly Attack[] => {
  const pods = `/api/v1/namespaces/${shop}/pods`;
  const tokenOf = (account: string): string => cluster.tokenOf(red, account);
  return [
    {
      rule: 'exec-into-pod',
      about: 'Pod/target',
      actor: user('opener'),
      severity: 'medium',
      act: () => cluster.session(tokenOf('opener'), `${pods}/target/exec?command=ls&stdout=true`),
    },
    {
      rule: 'suspicious-exec',
      about: 'Pod/target',
      actor: user('shell'),
      severity: 'high',
      also: ['exec-into-pod'],
      act: () =>
        cluster.session(
          tokenOf('shell'),
          `${pods}/target/exec?command=cat&command=%2Fvar%2Frun%2Fsecrets%2Fkubernetes.io%2Fserviceaccount%2Ftoken&stdout=true`,
        ),
    },
    {
      rule: 'exec-into-pod',
      about: 'Pod/target',
      actor: user('forwarder'),
      severity: 'low',
      act: () => cluster.session(tokenOf('forwarder'), `${pods}/target/portforward?ports=80`),
    },
    {
      rule: 'ephemeral-container-added',
      about: 'Pod/target',
      actor: user('debugger'),
      act: () =>
        as('debugger', 'PATCH', `${pods}/target/ephemeralcontainers`, {
          spec: { ephemeralContainers: [{ name: 'debug', image: '127.0.0.1:5000/pause:1' }] },
        }),
    },
    {
      rule: 'node-proxy',
      about: 'ServiceAccount/proxier',
      actor: user('proxier'),
      severity: 'high',
      act: () => as('proxier', 'GET', `/api/v1/nodes/${cluster.node()}/proxy/pods`),
    },
    {
      rule: 'changed-by-new-actor',
      about: 'Deployment/known',
      actor: user('changer'),
      act: () =>
        as('changer', 'PATCH', `/apis/apps/v1/namespaces/${shop}/deployments/known?fieldManager=kubectl`, {
          spec: { template: { spec: { containers: [{ name: 'a', image: 'example.com/evil:1' }] } } },
        }),
    },
    {
      rule: 'daemonset-by-new-actor',
      about: 'DaemonSet/fleet',
      actor: user('fleet'),
      act: () => {
        const { selector, template } = deploymentOf('fleet') as { selector: object; template: { spec: object } };
        const spec = { ...template.spec, nodeSelector: { 'example.com/none': 'here' } };
        return as('fleet', 'POST', `/apis/apps/v1/namespaces/${shop}/daemonsets`, {
          metadata: { name: 'fleet' },
          spec: { selector, template: { ...template, spec } },
        });
      },
    },
    {
      rule: 'system-namespace-newcomer',
      about: 'Deployment/kube-proxi',
      actor: user('newcomer'),
      severity: 'high',
      act: () =>
        as('newcomer', 'POST', '/apis/apps/v1/namespaces/kube-system/deployments', {
          metadata: { name: 'kube-proxi' },
          spec: deploymentOf('kube-proxi'),
        }),
    },
    {
      // The pod claims that a Deployment's ReplicaSet made it.
      rule: 'host-takeover-pod',
      about: 'Pod/known-forged',
      actor: user('forger'),
      severity: 'critical',
      also: ['new-host-access'],
      act: () => {
        const [name, uid] = kubectl([
          '-n',
          shop,
          'get',
          'replicasets',
          '-l',
          'app=known',
          '-o',
          'jsonpath={.items[0].metadata.name} {.items[0].metadata.uid}',
        ]).split(' ');
        return as('forger', 'POST', pods, {
          metadata: { name: 'known-forged', ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true }] },
          spec: {
            nodeSelector: { 'example.com/none': 'here' },
            containers: [{ name: 'a', image: 'example.com/a:1' }],
            volumes: [{ name: 'root', hostPath: { path: '/' } }],
          },
        });
      },
    },
    {
      // The token of the pod, used from this machine.
      rule: 'token-from-elsewhere',
      about: 'ServiceAccount/default',
      actor: `system:serviceaccount:${shop}:default`,
      severity: 'high',
      act: async () => {
        const token = kubectl([
          '-n',
          shop,
          'create',
          'token',
          'default',
          '--bound-object-kind',
          'Pod',
          '--bound-object-name',
          'target',
        ]).trim();
        await cluster.send(token, 'GET', `/api/v1/namespaces/${shop}/pods`);
      },
    },
  ];
};

/** Removes what {@link nodeAttacks} leave outside of their namespaces. */
export const cleanNode = (): string => kubectl(['-n', 'kube-system', 'delete', 'deployment', 'kube-proxi', '--ignore-not-found']);
