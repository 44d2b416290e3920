import type { ComponentName } from '../../catalogue/controls/components/argument-check.ts';
import { type Fields, fieldsOf, isFields, textOf } from '../objects/kubernetes-object.ts';
import type { ProgramArgument } from './program-arguments.ts';
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

/** The entries of extraArgs: a map until v1beta3, and a list of names and values from v1beta4. */
function extraArguments(extraArgs: unknown, path: string): readonly (readonly [string, ProgramArgument])[] {
  if (Array.isArray(extraArgs))
    return extraArgs.map((entry, index) => {
      const { name, value } = fieldsOf(entry);
      return [textOf(name) ?? '', { values: [value], path: `${path}[${index}]` }];
    });
  return Object.entries(fieldsOf(extraArgs)).map(([name, value]) => [name, { values: [value], path: `${path}['${name}']` }]);
}

function viewOf(
  component: keyof typeof kubeadmArguments,
  extraArgs: unknown,
  path: string,
  more: Readonly<Record<string, unknown>> = {},
): ComponentView {
  const extra = extraArguments(extraArgs, path);
  const byName = Map.groupBy(extra, ([name]) => name.replaceAll('_', '-'));
  const isStructured = component === 'kube-apiserver' && byName.has('authorization-config');
  const defaults = Object.entries({ ...kubeadmArguments[component], ...more }).filter(
    ([name, value]) => value !== undefined && !(isStructured && name === 'authorization-mode'),
  );
  const all = new Map<string, ProgramArgument>(defaults.map(([name, value]) => [name, { values: [value], path }]));
  for (const [name, given] of byName) {
    const values = given.flatMap(([, argument]) => argument.values);
    all.set(name, { values, path: given.at(-1)?.[1].path ?? path });
  }
  return { component, place: path, arguments: all };
}

/** Returns the programs that a ClusterConfiguration of kubeadm sets up, with the arguments that kubeadm gives them and those of extraArgs. */
export function kubeadmViews(object: Fields): readonly ComponentView[] {
  const [apiServer, controllerManager, scheduler, etcd] = ['apiServer', 'controllerManager', 'scheduler', 'etcd'].map((field) =>
    fieldsOf(object[field]),
  );
  const views = [
    viewOf('kube-apiserver', apiServer?.['extraArgs'], 'apiServer.extraArgs', etcdClient(etcd ?? {})),
    viewOf('kube-controller-manager', controllerManager?.['extraArgs'], 'controllerManager.extraArgs'),
    viewOf('kube-scheduler', scheduler?.['extraArgs'], 'scheduler.extraArgs'),
  ];
  if (isFields(etcd?.['external'])) return views;
  return [...views, viewOf('etcd' satisfies ComponentName, fieldsOf(etcd?.['local'])['extraArgs'], 'etcd.local.extraArgs')];
}

/** The programs with extra arguments that are not a map and not a list. */
export function kubeadmFaults(object: Fields): readonly { readonly path: string; readonly problem: string }[] {
  const etcd = object['etcd'] ?? {};
  if (!isFields(etcd)) return [{ path: 'etcd', problem: 'expected a map' }];
  if (!isFields(etcd['external'] ?? {})) return [{ path: 'etcd.external', problem: 'expected a map' }];
  const places = ['apiServer', 'controllerManager', 'scheduler'].map((field): readonly [string, unknown] => [field, object[field]]);
  return [...places, ['etcd.local', etcd['local']] as const].flatMap(([field, given]) => {
    const value = given ?? {};
    if (!isFields(value)) return [{ path: field, problem: 'expected a map' }];
    const { extraArgs = [] } = value;
    return extraArgs === null || isFields(extraArgs) || (Array.isArray(extraArgs) && extraArgs.every(isFields))
      ? []
      : [{ path: `${field}.extraArgs`, problem: 'expected a list of names and values' }];
  });
}
