import type { RequirementSource } from './requirement-source.ts';

/**
 * A requirement of a benchmark of a managed cluster. It has the controls of requirements of the CIS Kubernetes Benchmark
 * {@link comparedWith}, and others by their ids.
 */
export interface ManagedRequirement extends RequirementSource {
  readonly as: readonly string[];
  readonly controls: readonly string[];
}

/** The version of the CIS Kubernetes Benchmark whose numbers {@link ManagedRequirement.as} has. */
export const comparedWith = '1.12';

/** `covered` lists numbers of the CIS Kubernetes Benchmark and ids of controls, separated by spaces. */
export type Entry = readonly [title: string, covered: string, manual?: string];

const unseen = 'No object in scope shows it. The configuration of kubelets is evaluated if files have it.';

/** The requirements of a section, numbered from 1. */
export const numbered = (section: string, entries: readonly Entry[]): ManagedRequirement[] =>
  entries.map(([title, covered, manual], index) => {
    const all = covered.split(' ').filter((id) => id !== '');
    const as = all.filter((id) => /^\d/.test(id));
    const controls = all.filter((id) => !/^\d/.test(id));
    return { id: `${section}.${index + 1}`, title, as, controls, unseen, ...(manual === undefined ? {} : { manual }) };
  });

/** A requirement about settings of the cloud, which the Kubernetes API does not show. */
export const ofCloud = (title: string, check: string, covered = ''): Entry => [
  title,
  covered,
  `The Kubernetes API does not show all of it. ${check}`,
];

const onNodes = 'Vigil does not read the files of nodes. Check them on each node.';
/** Two requirements for each file: its permissions and its owner. */
export const files = (...names: readonly string[]): readonly Entry[] =>
  names.flatMap((name): Entry[] => [
    [`Ensure that the ${name} permissions are restrictive`, '', onNodes],
    [`Ensure that the ${name} ownership is set to root:root`, '', onNodes],
  ]);

/** Section 3.2 of the benchmarks for EKS and AKS. */
export const kubelet: readonly Entry[] = [
  ['Ensure that anonymous requests are refused', '4.2.1'],
  ['Ensure that the authorization mode is not AlwaysAllow', '4.2.2'],
  ['Ensure that a client CA file is configured', '4.2.3'],
  ['Ensure that the read-only port is disabled', '4.2.4'],
  ['Ensure that the timeout of idle streaming connections is not 0', '4.2.5'],
  ['Ensure that iptables chains are managed', '4.2.6'],
  [
    'Ensure that eventRecordQPS captures enough events',
    '',
    'Decide whether eventRecordQPS fits the cluster. 0 is no limit. The default is 50.',
  ],
  ['Ensure that certificates are rotated', '4.2.10'],
  ['Ensure that RotateKubeletServerCertificate is true', '4.2.11'],
];

export const admin: Entry = ['Ensure that the cluster-admin role is only used where required', '5.1.1'];
export const secrets: Entry = ['Minimize access to secrets', '5.1.2'];
export const wildcards: Entry = ['Minimize wildcard use in Roles and ClusterRoles', '5.1.3'];
export const createPods: Entry = ['Minimize access to create pods', '5.1.4'];
export const defaultAccounts: Entry = ['Ensure that default service accounts are not actively used', '5.1.5'];
export const tokens: Entry = ['Ensure that Service Account Tokens are only mounted where necessary', '5.1.6'];
export const bindEscalate: Entry = ['Limit use of the Bind, Impersonate and Escalate permissions', '5.1.8'];
export const persistentVolumes: Entry = ['Minimize access to create persistent volumes', '5.1.9'];
export const nodesProxy: Entry = ['Minimize access to the proxy sub-resource of nodes', '5.1.10'];
export const webhooks: Entry = ['Minimize access to webhook configuration objects', '5.1.12'];
export const tokenRequests: Entry = ['Minimize access to the service account token creation', '5.1.13'];

/** Section 4.2 of the benchmarks for EKS and AKS. */
export const pods: readonly Entry[] = [
  ['Minimize the admission of privileged containers', '5.2.2'],
  ['Minimize the admission of containers that share the process ID namespace of the host', '5.2.3'],
  ['Minimize the admission of containers that share the IPC namespace of the host', '5.2.4'],
  ['Minimize the admission of containers that share the network namespace of the host', '5.2.5'],
  ['Minimize the admission of containers with allowPrivilegeEscalation', '5.2.6'],
];
export const plugin: Entry = [
  'Ensure that the CNI plugin supports NetworkPolicies',
  '',
  'Check that the network plugin of the cluster enforces NetworkPolicies.',
];
export const policies: Entry = ['Ensure that all Namespaces have NetworkPolicies defined', '5.3.2'];
export const secretFiles: Entry = ['Prefer using Secrets as files over Secrets as environment variables', '5.4.1'];
export const secretStore: Entry = [
  'Consider external secret storage',
  '5.4.2',
  'Decide whether to keep secrets in a secret store outside the cluster.',
];
export const namespaces: Entry = ['Create administrative boundaries between resources using namespaces', '5.6.1'];
export const securityContext: Entry = ['Apply Security Context to pods and containers', '5.6.3'];
export const defaultNamespace: Entry = ['The default namespace should not be used', '5.6.4'];

export const scanned = 'Check that images are scanned: by the registry, or with spec.images of a policy.';
/** Section 5.1 of the benchmarks for EKS and AKS. */
export const registry = (name: string): readonly Entry[] => [
  ['Ensure that images are scanned for vulnerabilities', '', scanned],
  ofCloud(`Minimize user access to ${name}`, 'Check who can push to the registry.'),
  ofCloud(`Minimize cluster access to read-only for ${name}`, 'Check the rights of the identity of the nodes.'),
  ofCloud('Minimize Container Registries to only those approved', 'Check which registries are approved.', 'trusted-registries'),
];
/** The requirements about the endpoint of the control plane. `cloud`: where it is set. */
export const endpoint = (cloud: string): readonly Entry[] => [
  ofCloud('Restrict access to the endpoint of the control plane', `Check the authorized networks in ${cloud}.`),
  ofCloud('Ensure that the endpoint is private and not public', `Check the endpoint in ${cloud}.`),
];
export const policiesEnabled = ofCloud(
  'Ensure that NetworkPolicies are enabled and set as appropriate',
  'Check that the network plugin enforces them.',
  '5.3.2',
);
export const balancers = ofCloud(
  'Encrypt traffic to HTTPS load balancers with TLS certificates',
  'Check the listeners of load balancers that Services make.',
  'ingress-tls gateway-tls',
);
