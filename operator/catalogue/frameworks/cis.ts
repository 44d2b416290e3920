import { isMoved, programRequirements } from './cis-programs.ts';
import type { RequirementSource } from './requirement-source.ts';

const partly: Readonly<Record<string, string>> = {
  '5.1.7': 'Vigil checks bindings. Check also for client certificates with the organization system:masters.',
  '5.3.1': 'Check that the network plugin of the cluster enforces NetworkPolicies.',
  '5.4.2': 'Decide whether to keep secrets in a secret store outside the cluster.',
  '5.5.1': 'Check that an image policy webhook or another admission policy verifies images.',
};

const access: readonly string[] = [
  'Ensure that the cluster-admin role is only used where required',
  'Minimize access to secrets',
  'Minimize wildcard use in Roles and ClusterRoles',
  'Minimize access to create pods',
  'Ensure that default service accounts are not actively used',
  'Ensure that Service Account Tokens are only mounted where necessary',
  'Avoid use of system:masters group',
  'Limit use of the Bind, Impersonate and Escalate permissions in the Kubernetes cluster',
  'Minimize access to create persistent volumes',
  'Minimize access to the proxy sub-resource of nodes',
  'Minimize access to the approval sub-resource of certificatesigningrequests objects',
  'Minimize access to webhook configuration objects',
  'Minimize access to the service account token creation',
];
const pods: readonly string[] = [
  'Ensure that the cluster has at least one active policy control mechanism in place',
  'Minimize the admission of privileged containers',
  'Minimize the admission of containers wishing to share the host process ID namespace',
  'Minimize the admission of containers wishing to share the host IPC namespace',
  'Minimize the admission of containers wishing to share the host network namespace',
  'Minimize the admission of containers with allowPrivilegeEscalation',
  'Minimize the admission of root containers',
  'Minimize the admission of containers with the NET_RAW capability',
];
const added = 'Minimize the admission of containers with added capabilities';
const laterPods: readonly string[] = [
  'Minimize the admission of containers with capabilities assigned',
  'Minimize the admission of Windows HostProcess Containers',
  'Minimize the admission of HostPath volumes',
  'Minimize the admission of containers which use HostPorts',
];
const general: readonly string[] = [
  'Create administrative boundaries between resources using namespaces',
  'Ensure that the seccomp profile is set to docker/default or RuntimeDefault in pod definitions',
  'Apply Security Context to pods and containers',
  'The default namespace should not be used',
];

const numbered = (section: string, titles: readonly string[]): RequirementSource[] =>
  titles.map((title, index) => {
    const id = `${section}.${index + 1}`;
    const manual = partly[id];
    return { id, title, ...(manual === undefined ? {} : { manual }) };
  });

/** The versions of the CIS Kubernetes Benchmark in the catalogue, oldest first. */
export const cisVersions = ['1.8', '1.9', '1.10', '1.11', '1.12'] as const;

/** Returns whether a version numbers the general policies 5.6. True from 1.11. */
const generalIsSix = (version: string): boolean => version === '1.11' || version === '1.12';
/** Returns whether a version has no requirement 5.2.9 "added capabilities". True from 1.12. */
const addedIsDropped = (version: string): boolean => version === '1.12';

/** Returns the requirements of the CIS Kubernetes Benchmark in one version. */
export function cisRequirements(version: string): readonly RequirementSource[] {
  return [
    ...programRequirements(version),
    ...numbered('5.1', access),
    ...numbered('5.2', [...pods, ...(addedIsDropped(version) ? [] : [added]), ...laterPods]),
    ...numbered('5.3', ['Ensure that the CNI in use supports NetworkPolicies', 'Ensure that all Namespaces have NetworkPolicies defined']),
    ...numbered('5.4', ['Prefer using Secrets as files over Secrets as environment variables', 'Consider external secret storage']),
    ...numbered('5.5', ['Configure Image Provenance using ImagePolicyWebhook admission controller']),
    ...numbered(generalIsSix(version) ? '5.6' : '5.7', general),
  ];
}

/** Resolves an id `old/new` for one version. Returns undefined if the version does not have the requirement. */
export function cisId(id: string, version: string): string | undefined {
  const [before = '', after = before] = id.split('/');
  const moved = isMoved(id, version) ?? (before.startsWith('5.7') ? generalIsSix(version) : addedIsDropped(version));
  const found = moved ? after : before;
  return found === '-' ? undefined : found;
}
