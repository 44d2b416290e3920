import type { Client } from './api-server.ts';

/** The address of a node's number. */
const nodeIp = (index: number): string => `10.0.0.${index}`;

/** A controller of kube-controller-manager, which uses an account of its own. */
export const controller = (name: string): Client => ({
  user: `system:serviceaccount:kube-system:${name}`,
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  from: nodeIp(1),
  agent: `kube-controller-manager/v1.36.0 (linux/amd64) kubernetes/abc/system:serviceaccount:kube-system:${name}`,
});
export const scheduler: Client = { user: 'system:kube-scheduler', from: nodeIp(1), agent: 'kube-scheduler/v1.36.0' };
export const kubelet = (node: string, index: number): Client => ({
  user: `system:node:${node}`,
  groups: ['system:nodes', 'system:authenticated'],
  from: nodeIp(index),
  agent: 'kubelet/v1.36.0 (linux/amd64) kubernetes/abc',
});

/** A person with a single sign-on. */
export const person = (name: string, from = '192.0.2.20', agent = 'kubectl/v1.36.0 (linux/amd64) kubernetes/abc'): Client => ({
  user: `${name}@example.com`,
  groups: [name.startsWith('admin') ? 'platform' : 'developers', 'system:authenticated'],
  from,
  agent,
  binding: `ClusterRoleBinding "${name.startsWith('admin') ? 'platform' : 'developers'}"`,
});

/** The administrator of kubeadm, with a certificate. */
export const kubernetesAdmin: Client = {
  user: 'kubernetes-admin',
  groups: ['kubeadm:cluster-admins'],
  from: nodeIp(1),
  agent: 'kubeadm/v1.37.0',
  binding: 'ClusterRoleBinding "kubeadm:cluster-admins"',
};
