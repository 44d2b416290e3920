import { type Fields, fieldsOf } from '../objects/kubernetes-object.ts';
import type { ComponentView } from './component-view.ts';
import { extraArgumentFaults, withExtraArguments } from './kubeadm-arguments.ts';

/** The flags of the kubelet by the fields of its configuration, which they override. */
const fieldOf: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'anonymous-auth': 'authentication.anonymous.enabled',
    'authorization-mode': 'authorization.mode',
    'client-ca-file': 'authentication.x509.clientCAFile',
    'read-only-port': 'readOnlyPort',
    'streaming-connection-idle-timeout': 'streamingConnectionIdleTimeout',
    'make-iptables-util-chains': 'makeIPTablesUtilChains',
    'tls-cert-file': 'tlsCertFile',
    'tls-private-key-file': 'tlsPrivateKeyFile',
    'tls-cipher-suites': 'tlsCipherSuites',
    'tls-min-version': 'tlsMinVersion',
    'rotate-certificates': 'rotateCertificates',
    'rotate-server-certificates': 'serverTLSBootstrap',
    'feature-gates': 'featureGates',
    'pod-max-pids': 'podPidsLimit',
    'seccomp-default': 'seccompDefault',
  }),
);

/**
 * Returns the view of the kubelet in an InitConfiguration or a JoinConfiguration of kubeadm: the flags that it gives the kubelet of one node.
 * What they do not set is in the KubeletConfiguration.
 */
export function nodeRegistrationView(object: Fields): ComponentView {
  const field = 'nodeRegistration';
  const path = `${field}.kubeletExtraArgs`;
  const faults = extraArgumentFaults(object[field], field, 'kubeletExtraArgs', object['apiVersion']);
  const given = withExtraArguments({}, { extraArgs: fieldsOf(object[field])['kubeletExtraArgs'], path });
  const found = [...given].flatMap(([name, argument]) => {
    const known = fieldOf.get(name);
    return known === undefined ? [] : [[known, argument] as const];
  });
  const all = new Map(found);
  return { component: 'kubelet', place: path, arguments: all, shown: new Set(all.keys()), ...(faults.length === 0 ? {} : { faults }) };
}
