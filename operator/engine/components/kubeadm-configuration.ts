import { type Fields, fieldsOf, isFields } from '../objects/kubernetes-object.ts';
import type { Fault } from '../outcomes/outcome.ts';
import { withEtcdVariables } from './etcd-variables.ts';
import { extraArgumentFaults, withExtraArguments } from './kubeadm-arguments.ts';
import type { ComponentView } from './component-view.ts';

const pki = '/etc/kubernetes/pki';

/** The arguments that kubeadm gives its static pods (cmd/kubeadm/app/phases/controlplane and etcd). Files are in any folder. */
const kubeadmArguments: Readonly<
  Record<'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'etcd', Readonly<Record<string, string>>>
> = {
  'kube-apiserver': {
    'enable-admission-plugins': 'NodeRestriction',
    'service-account-key-file': `${pki}/sa.pub`,
    'client-ca-file': `${pki}/ca.crt`,
    'tls-cert-file': `${pki}/apiserver.crt`,
    'tls-private-key-file': `${pki}/apiserver.key`,
    'kubelet-client-certificate': `${pki}/apiserver-kubelet-client.crt`,
    'kubelet-client-key': `${pki}/apiserver-kubelet-client.key`,
    'authorization-mode': 'Node,RBAC',
  },
  'kube-controller-manager': {
    'bind-address': '127.0.0.1',
    'root-ca-file': `${pki}/ca.crt`,
    'service-account-private-key-file': `${pki}/sa.key`,
    'use-service-account-credentials': 'true',
  },
  'kube-scheduler': { 'bind-address': '127.0.0.1' },
  etcd: {
    'cert-file': `${pki}/etcd/server.crt`,
    'key-file': `${pki}/etcd/server.key`,
    'client-cert-auth': 'true',
    'trusted-ca-file': `${pki}/etcd/ca.crt`,
    'peer-cert-file': `${pki}/etcd/peer.crt`,
    'peer-key-file': `${pki}/etcd/peer.key`,
    'peer-client-cert-auth': 'true',
    'peer-trusted-ca-file': `${pki}/etcd/ca.crt`,
  },
};

/** The arguments for etcd of the API server: an external etcd has those that the configuration names. */
function etcdClient(etcd: Fields): Readonly<Record<string, unknown>> {
  const { external } = etcd;
  if (!isFields(external))
    return {
      'etcd-cafile': `${pki}/etcd/ca.crt`,
      'etcd-certfile': `${pki}/apiserver-etcd-client.crt`,
      'etcd-keyfile': `${pki}/apiserver-etcd-client.key`,
    };
  return { 'etcd-cafile': external['caFile'], 'etcd-certfile': external['certFile'], 'etcd-keyfile': external['keyFile'] };
}

function viewOf(
  component: keyof typeof kubeadmArguments,
  fields: unknown,
  path: string,
  more: Readonly<Record<string, unknown>> = {},
): ComponentView {
  const { extraArgs, extraEnvs } = fieldsOf(fields);
  const known = new Map(
    withExtraArguments({ ...kubeadmArguments[component], ...more }, { extraArgs, extraEnvs, path: `${path}.extraArgs` }),
  );
  const given = withExtraArguments({}, { extraArgs, path });
  if (component === 'kube-apiserver' && given.has('authorization-config') && !given.has('authorization-mode'))
    known.delete('authorization-mode');
  const all = component === 'etcd' ? withEtcdVariables(known, extraEnvs, `${path}.extraEnvs`) : known;
  return { component, place: `${path}.extraArgs`, arguments: all };
}

/** Returns the programs that a ClusterConfiguration of kubeadm sets up, with the arguments that kubeadm gives them and those of extraArgs. */
export function kubeadmViews(object: Fields): readonly ComponentView[] {
  const etcd = fieldsOf(object['etcd']);
  const views = [
    viewOf('kube-apiserver', object['apiServer'], 'apiServer', etcdClient(etcd)),
    viewOf('kube-controller-manager', object['controllerManager'], 'controllerManager'),
    viewOf('kube-scheduler', object['scheduler'], 'scheduler'),
  ];
  return isFields(etcd['external']) ? views : [...views, viewOf('etcd', etcd['local'], 'etcd.local')];
}

/** The faults of programs whose fields have another type. */
export function kubeadmFaults(object: Fields): readonly Fault[] {
  const etcd = object['etcd'] ?? {};
  if (!isFields(etcd)) return [{ path: 'etcd', problem: 'expected a map' }];
  if (!isFields(etcd['external'] ?? {})) return [{ path: 'etcd.external', problem: 'expected a map' }];
  const places = ['apiServer', 'controllerManager', 'scheduler'].map((field): readonly [string, unknown] => [field, object[field]]);
  return [...places, ['etcd.local', etcd['local']] as const].flatMap(([field, given]) => [
    ...extraArgumentFaults(given, field, 'extraArgs', object['apiVersion']),
    ...(Array.isArray(fieldsOf(given)['extraEnvs'] ?? []) ? [] : [{ path: `${field}.extraEnvs`, problem: 'expected a list' }]),
  ]);
}
