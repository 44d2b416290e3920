import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from '../cluster-access.ts';
import type { Attack, Stage } from './attack.ts';
import { signingRequest } from './watched-cluster.ts';

const rbac = 'rbac.authorization.k8s.io';
const roles = `/apis/${rbac}/v1/clusterroles`;
const certificates = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

/** The accounts of {@link accessAttacks}: each attack has its own, so that no finding hides another. */
export const accessAccounts = [
  'peeker',
  'dryer',
  'selector',
  'hidden',
  'strong',
  'crowner',
  'adder',
  'tamperer',
  'signer',
  'asker',
  'looker',
  'wiper',
  'namer',
  'relic',
];

/** Attacks on Secrets, rights, certificates and names. They need no node. */
export const accessAttacks = ({ cluster, red, shop, user, as }: Stage): readonly Attack[] => [
  {
    rule: 'secret-read',
    about: 'ServiceAccount/peeker',
    actor: user('peeker'),
    severity: 'medium',
    act: () => as('peeker', 'GET', `/api/v1/namespaces/${shop}/secrets/s1`),
  },
  {
    rule: 'secret-read',
    about: 'ServiceAccount/dryer',
    actor: user('dryer'),
    act: () => as('dryer', 'PATCH', `/api/v1/namespaces/${shop}/secrets/s1?dryRun=All`, {}),
  },
  {
    rule: 'cluster-wide-secret-list',
    about: 'ServiceAccount/selector',
    actor: user('selector'),
    act: () => as('selector', 'GET', '/api/v1/secrets?fieldSelector=metadata.name%3Ds1'),
  },
  {
    // All requests of the attacker have the audit ID of a watch that goes on.
    rule: 'cluster-wide-secret-list',
    about: 'ServiceAccount/hidden',
    actor: user('hidden'),
    act: async () => {
      const same = { 'audit-id': red };
      void as('hidden', 'GET', `/api/v1/namespaces/${shop}/pods?watch=true&timeoutSeconds=20`, undefined, same);
      await sleep(1000);
      await as('hidden', 'GET', '/api/v1/secrets?limit=1', undefined, same);
    },
  },
  {
    rule: 'role-gains-power',
    about: `ClusterRole/${red}-strong`,
    actor: user('strong'),
    act: () =>
      as('strong', 'POST', roles, {
        metadata: { name: `${red}-strong`, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
        rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
      }),
  },
  {
    rule: 'new-admin-binding',
    about: `ClusterRoleBinding/${red}-crown`,
    actor: user('crowner'),
    act: () =>
      as('crowner', 'POST', `/apis/${rbac}/v1/clusterrolebindings`, {
        metadata: { name: `${red}-crown` },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'edit' },
        subjects: [{ apiGroup: rbac, kind: 'User', name: 'mallory' }],
      }),
  },
  {
    rule: 'role-gains-power',
    about: `ClusterRole/${red}-added`,
    actor: user('adder'),
    act: () =>
      as('adder', 'POST', roles, {
        metadata: { name: `${red}-added`, labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
        rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
      }),
  },
  {
    rule: 'system-role-changed',
    about: 'ClusterRole/system:node-problem-detector',
    actor: user('tamperer'),
    severity: 'high',
    act: () =>
      as(
        'tamperer',
        'PATCH',
        `${roles}/system:node-problem-detector`,
        [{ op: 'add', path: '/rules/-', value: { apiGroups: [''], resources: ['pods'], verbs: ['list'] } }],
        { 'content-type': 'application/json-patch+json' },
      ),
  },
  {
    rule: 'certificate-request',
    about: `CertificateSigningRequest/${red}-self`,
    actor: user('signer'),
    severity: 'critical',
    act: async () => {
      await as('signer', 'POST', certificates, {
        metadata: { name: `${red}-self` },
        spec: { request: signingRequest('/CN=mallory'), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
      });
      await as('signer', 'PATCH', `${certificates}/${red}-self/approval`, {
        status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Self', message: 'by the requester' }] },
      });
    },
  },
  {
    rule: 'permission-probing',
    about: 'ServiceAccount/asker',
    actor: user('asker'),
    severity: 'medium',
    act: () => as('asker', 'POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews?dryRun=All', { spec: { namespace: shop } }),
  },
  {
    rule: 'enumeration',
    about: 'ServiceAccount/looker',
    actor: user('looker'),
    act: async () => {
      for (const kind of ['pods', 'services', 'nodes', 'namespaces', 'configmaps', 'serviceaccounts', 'endpoints'])
        await as('looker', 'GET', `/api/v1/${kind}?limit=1`);
    },
  },
  {
    rule: 'events-deleted',
    about: 'ServiceAccount/wiper',
    actor: user('wiper'),
    act: () => as('wiper', 'DELETE', `/api/v1/namespaces/${shop}/events`),
  },
  {
    rule: 'cluster-dns-or-auth-changed',
    about: 'ConfigMap/coredns-custom',
    actor: user('namer'),
    severity: 'high',
    act: () => as('namer', 'POST', '/api/v1/namespaces/kube-system/configmaps', { metadata: { name: 'coredns-custom' }, data: { a: 'b' } }),
  },
  {
    rule: 'legacy-token-used',
    about: 'ServiceAccount/relic',
    actor: user('relic'),
    severity: 'high',
    act: async () => {
      const metadata = { name: 'legacy', namespace: red, annotations: { 'kubernetes.io/service-account.name': 'relic' } };
      kubectl(
        ['apply', '-f', '-'],
        JSON.stringify({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata }),
      );
      let token = '';
      for (let tries = 0; token === '' && tries < 60; tries += 1) {
        token = kubectl(['-n', red, 'get', 'secret', 'legacy', '-o', 'jsonpath={.data.token}']);
        await sleep(500);
      }
      await cluster.send(Buffer.from(token, 'base64').toString(), 'GET', `/api/v1/namespaces/${red}/secrets/own`);
    },
  },
];

/** Removes what {@link accessAttacks} leave outside of their namespaces. */
export function cleanAccess(red: string): void {
  kubectl(['delete', 'clusterrole', `${red}-strong`, `${red}-added`, '--ignore-not-found']);
  kubectl(['delete', 'clusterrolebinding', `${red}-crown`, '--ignore-not-found']);
  kubectl(['delete', 'certificatesigningrequest', `${red}-self`, '--ignore-not-found']);
  kubectl(['-n', 'kube-system', 'delete', 'configmap', 'coredns-custom', '--ignore-not-found']);
  const role = JSON.parse(kubectl(['get', 'clusterrole', 'system:node-problem-detector', '-o', 'json'])) as { rules: readonly object[] };
  const added = role.rules.findIndex((rule) => JSON.stringify(rule).includes('"list"'));
  if (added < 0) return;
  const patch = JSON.stringify([{ op: 'remove', path: `/rules/${added}` }]);
  kubectl(['patch', 'clusterrole', 'system:node-problem-detector', '--type=json', '-p', patch]);
}
