import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Attack, Stage } from './attack.ts';
import { running } from './usual-work.ts';

/** The accounts of {@link learnedAttacks}. All have a history: the tokens are stolen. */
export const learnedAccounts = ['switcher', 'exposer', 'auditor', 'maker', 'lone', 'puller', 'scheduler', 'scaler', 'hoster', 'thief'];

/** A node that runs nothing, by its labels. */
const nowhere = { nodeSelector: { 'example.com/none': 'here' } };

/** Attacks that are found when Vigil has learned what is normal, by accounts that it knows. */
export const learnedAttacks = ({ cluster, red, shop, user, as }: Stage): readonly Attack[] => {
  const apps = `/apis/apps/v1/namespaces/${shop}/deployments`;
  const pods = `/api/v1/namespaces/${shop}/pods`;
  const intruder = 'system:node:intruder';
  const made = (name: string, change: object = {}, replicas = 0): object => {
    const base = running(shop, name, 0) as { spec: { template: { spec: object } & object } & object; metadata: object };
    const spec = { ...base.spec.template.spec, ...nowhere, ...change };
    return { metadata: base.metadata, spec: { ...base.spec, replicas, template: { ...base.spec.template, spec } } };
  };
  return [
    {
      // Somebody on the node writes a file to the folder of static pods.
      rule: 'static-pod',
      about: `Pod/intruder-${cluster.node()}`,
      actor: `system:node:${cluster.node()}`,
      severity: 'high',
      from: cluster.nodeAddress(),
      act: () => {
        const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'a', image: '127.0.0.1:5000/pause:1' }] };
        const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'intruder', namespace: shop }, spec };
        writeFileSync(join(cluster.files.staticPods, 'intruder.yaml'), stringify(pod));
        return Promise.resolve();
      },
    },
    {
      rule: 'account-switched',
      about: 'Deployment/web',
      actor: user('switcher'),
      severity: 'high',
      also: ['changed-by-new-actor', 'new-api-use'],
      act: () => as('switcher', 'PATCH', `${apps}/web`, { spec: { template: { spec: { serviceAccountName: 'vault' } } } }),
    },
    {
      // The files of a kubelet, used from this machine.
      rule: 'node-identity-from-elsewhere',
      about: `User/system:node:${cluster.node()}`,
      actor: `system:node:${cluster.node()}`,
      severity: 'high',
      act: async () => {
        // It first makes its address one of the node's.
        const body = { metadata: { annotations: { 'example.com/tunnel': cluster.files.address } } };
        await cluster.send(cluster.files.kubelet, 'PATCH', `/api/v1/nodes/${cluster.node()}`, { body });
        await cluster.send(cluster.files.kubelet, 'GET', `/api/v1/namespaces/${shop}/secrets/s0`);
      },
    },
    {
      // A machine with a certificate of a kubelet joins.
      rule: 'unknown-node',
      about: 'Node/intruder',
      actor: intruder,
      severity: 'medium',
      also: ['node-identity-from-elsewhere'],
      act: () =>
        cluster.send(cluster.files.issue(`/O=system:nodes/CN=${intruder}`), 'POST', '/api/v1/nodes', {
          body: { metadata: { name: 'intruder', labels: { 'kubernetes.io/os': 'linux', 'cloud.google.com/gke-nodepool': 'mining' } } },
        }),
    },
    {
      rule: 'new-principal',
      about: `User/${red}-mallory`,
      actor: `${red}-mallory`,
      severity: 'low',
      act: () =>
        cluster.send(cluster.files.issue(`/CN=${red}-mallory`), 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {} }),
      also: ['permission-probing'],
    },
    {
      rule: 'unused-binding-used',
      about: 'ServiceAccount/auditor',
      actor: user('auditor'),
      severity: 'low',
      act: () => as('auditor', 'GET', `/api/v1/namespaces/${shop}/services`),
    },
    {
      rule: 'new-api-use',
      about: 'ServiceAccount/maker',
      actor: user('maker'),
      severity: 'medium',
      act: () => as('maker', 'POST', `/api/v1/namespaces/${shop}/serviceaccounts`, { metadata: { name: 'spare' } }),
    },
    {
      rule: 'unowned-pod',
      about: 'Pod/lone',
      actor: user('lone'),
      severity: 'low',
      also: ['new-api-use'],
      act: () =>
        as('lone', 'POST', pods, {
          metadata: { name: 'lone' },
          spec: { ...nowhere, containers: [{ name: 'a', image: '127.0.0.1:5000/pause:1' }] },
        }),
    },
    {
      rule: 'new-image-source',
      about: 'Deployment/pulled',
      actor: user('puller'),
      severity: 'low',
      also: ['new-api-use'],
      act: () => as('puller', 'POST', apps, made('pulled', { containers: [{ name: 'a', image: 'registry.example.net/tool:1' }] })),
    },
    {
      rule: 'job-by-new-actor',
      about: 'Job/once',
      actor: user('scheduler'),
      severity: 'low',
      also: ['new-api-use'],
      act: () =>
        as('scheduler', 'POST', `/apis/batch/v1/namespaces/${shop}/jobs`, {
          metadata: { name: 'once' },
          spec: {
            template: { spec: { ...nowhere, restartPolicy: 'Never', containers: [{ name: 'a', image: '127.0.0.1:5000/pause:1' }] } },
          },
        }),
    },
    {
      rule: 'resource-jump',
      about: 'Deployment/wide',
      actor: user('scaler'),
      severity: 'low',
      also: ['new-api-use'],
      act: () =>
        as(
          'scaler',
          'POST',
          apps,
          made('wide', { containers: [{ name: 'a', image: '127.0.0.1:5000/pause:1', resources: { requests: { cpu: '30' } } }] }, 2),
        ),
    },
    {
      rule: 'new-exposure',
      about: 'Service/open',
      actor: user('exposer'),
      act: () =>
        as('exposer', 'POST', `/api/v1/namespaces/${shop}/services`, {
          metadata: { name: 'open' },
          spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80 }] },
        }),
    },
    {
      rule: 'new-host-access',
      about: 'Deployment/deep',
      actor: user('hoster'),
      severity: 'high',
      also: ['new-api-use'],
      act: () => as('hoster', 'POST', apps, made('deep', { hostPID: true })),
    },
    {
      rule: 'cluster-wide-secret-list',
      about: 'ServiceAccount/thief',
      actor: user('thief'),
      severity: 'high',
      also: ['new-api-use'],
      act: () => as('thief', 'GET', '/api/v1/secrets?limit=1'),
    },
  ];
};
