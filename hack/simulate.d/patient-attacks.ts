import { hour, minute } from './api-server.ts';
import type { Attack } from './attacks.ts';
import { bind, make, podSpec } from './objects.ts';
import { person } from './people.ts';

const dan = person('dan');
const ingress = 'system:serviceaccount:ingress-nginx:ingress-nginx';
const named = (index: number): string => `${'abcdefghijklmnopqrstuvwxyz'[index % 26] ?? ''}${'klmnop'[Math.floor(index / 26)] ?? ''}x`;

/** Attacks of intruders who take their time, or who hide behind what is trusted. */
export const patientAttacks: readonly Attack[] = [
  {
    name: 'read the Secrets of the own namespace, one an hour',
    finds: ['secret-spread'],
    actor: ingress,
    play: (cluster) => {
      for (let index = 0; index < 60; index += 1) {
        cluster.api.call(cluster.account('ingress-nginx', 'ingress-nginx'), {
          verb: 'get',
          of: 'secrets',
          in: 'ingress-nginx',
          name: named(index),
        });
        cluster.api.until(cluster.api.now + hour);
      }
    },
  },
  {
    name: 'try what a token may do, one request every ten minutes',
    finds: ['denied-requests'],
    actor: ingress,
    play: (cluster) => {
      for (let index = 0; index < 140; index += 1) {
        cluster.api.call(cluster.account('ingress-nginx', 'ingress-nginx'), {
          verb: 'get',
          of: 'configmaps',
          in: 'bank',
          name: named(index),
          code: 403,
        });
        cluster.api.until(cluster.api.now + 10 * minute);
      }
    },
  },
  {
    name: 'read a Secret by a dry run of a change',
    finds: ['secret-read'],
    actor: dan.user,
    play: ({ api }) =>
      api.call(dan, { verb: 'patch', of: 'secrets', in: 'bank', name: 'ledger', uri: '/api/v1/namespaces/bank/secrets/ledger?dryRun=All' }),
  },
  {
    name: 'a pod that becomes root on its node and claims that a ReplicaSet made it',
    finds: ['host-takeover-pod', 'new-host-access'],
    actor: dan.user,
    play: ({ api }) =>
      api.write(
        dan,
        make(
          'Pod',
          'shop',
          'web-5d4f8c7b9-zzzzz',
          { spec: podSpec('docker.io/library/alpine', 'default', { volumes: [{ name: 'h', hostPath: { path: '/' } }] }) },
          { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d4f8c7b9', uid: 'u', controller: true }] },
        ),
        'kube-controller-manager',
      ),
  },
  {
    name: 'everybody of a team may escalate, by a role of the user',
    finds: ['role-gains-power', 'new-admin-binding'],
    actor: dan.user,
    play: ({ api }) => {
      const rule = { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], verbs: ['escalate', 'bind'] };
      api.write(dan, make('ClusterRole', '', 'reader', { rules: [rule] }), 'kubectl-create');
      api.write(dan, bind('ClusterRoleBinding', '', 'readers', 'ClusterRole/reader', [{ kind: 'Group', name: 'team' }]), 'kubectl-create');
    },
  },
];
