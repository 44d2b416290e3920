import { controlPlaneEquivalents, type EquivalentRow, unansweredControlPlane } from './control-plane-equivalents.ts';
import { catalogue } from './controls/catalogue.ts';

/** Other scanners and policy libraries whose checks are mapped to controls. */
export const tools = ['trivy', 'kubescape', 'kube-linter', 'polaris', 'kyverno'] as const;
export type Tool = (typeof tools)[number];

/** A check of another tool, and the controls that are about the same field. Their verdicts can differ in details. */
export interface Equivalent {
  readonly tool: Tool;
  readonly id: string;
  /** Empty: no control is known. */
  readonly controls: readonly string[];
}

// prettier-ignore
const rows: readonly EquivalentRow[] = [
  ...controlPlaneEquivalents,
  ['privileged-container', 'KSV-0017', 'C-0057 C-0193 C-0213', 'privileged-container', 'runAsPrivileged', 'disallow-privileged-containers'],
  ['host-network', 'KSV-0009', 'C-0041 C-0196 C-0216', 'host-network', 'hostNetworkSet', 'disallow-host-namespaces'],
  ['host-pid', 'KSV-0010', 'C-0038 C-0275 C-0194 C-0214', 'host-pid', 'hostPIDSet', 'disallow-host-namespaces'],
  ['host-ipc', 'KSV-0008', 'C-0038 C-0276 C-0195 C-0215', 'host-ipc', 'hostIPCSet', 'disallow-host-namespaces'],
  ['host-path-volume', 'KSV-0023', 'C-0048 C-0203', '', 'hostPathSet', 'disallow-host-path'],
  ['host-port', 'KSV-0024', 'C-0044 C-0204', '', 'hostPortSet', 'disallow-host-ports'],
  ['windows-host-process', 'KSV-0103', 'C-0202', '', 'hostProcess', 'disallow-host-process'],
  ['capabilities-baseline', 'KSV-0022', 'C-0200 C-0219', '', '', 'disallow-capabilities'],
  ['apparmor-profile', 'KSV-0002', '', '', '', 'restrict-apparmor-profiles'],
  ['selinux-options', 'KSV-0025', '', '', '', 'disallow-selinux'],
  ['proc-mount', 'KSV-0027', '', 'unsafe-proc-mount', 'procMount', 'disallow-proc-mount'],
  ['seccomp-unconfined', 'KSV-0104', '', '', '', 'restrict-seccomp'],
  ['unsafe-sysctls', 'KSV-0026', '', 'unsafe-sysctls', '', 'restrict-sysctls prevent-cr8escape'],
  ['volume-types', 'KSV-0028', '', '', '', 'restrict-volume-types'],
  ['privilege-escalation', 'KSV-0001', 'C-0016 C-0197 C-0217', 'privilege-escalation-container', 'privilegeEscalationAllowed', 'disallow-privilege-escalation'],
  ['run-as-non-root', 'KSV-0012', 'C-0013 C-0198 C-0218', 'run-as-non-root', 'runAsRootAllowed', 'require-run-as-nonroot'],
  ['run-as-user-root', 'KSV-0105', '', '', '', 'require-run-as-non-root-user'],
  ['seccomp-required', 'KSV-0030', 'C-0210', '', '', 'restrict-seccomp-strict'],
  ['capabilities-drop-all', 'KSV-0106 KSV-0003', 'C-0201 C-0220', '', 'insecureCapabilities', 'disallow-capabilities-strict require-drop-all'],
  ['read-only-root-filesystem', 'KSV-0014', 'C-0017', 'no-read-only-root-fs', 'notReadOnlyRootFilesystem', 'require-ro-rootfs'],
  ['drop-net-raw', '', 'C-0199', 'drop-net-raw-capability', '', 'require-drop-cap-net-raw'],
  ['dangerous-capabilities', 'KSV-0005 KSV-0119 KSV-0120', 'C-0046', '', 'dangerousCapabilities', ''],
  ['container-runtime-socket', 'KSV-0006', 'C-0074', 'docker-sock container-runtime-sock', '', 'disallow-cri-sock-mount'],
  ['host-path-sensitive', 'KSV-0121', 'C-0020', 'sensitive-host-mounts', '', ''],
  ['host-path-writable', '', 'C-0045', 'writable-host-mount', '', 'ensure-readonly-hostpath'],
  ['run-as-root-group', 'KSV-0116', '', '', '', 'require-non-root-groups'],
  ['run-as-high-uid', 'KSV-0020', '', '', '', ''],
  ['run-as-high-gid', 'KSV-0021', '', '', '', ''],
  ['ephemeral-container', '', '', '', '', 'block-ephemeral-containers'],
  ['automount-service-account-token', 'KSV-0036', 'C-0034 C-0190 C-0261', 'automount-service-account-token', 'automountServiceAccountToken', 'restrict-automount-sa-token'],
  ['default-service-account', '', 'C-0189', 'default-service-account', '', ''],
  ['control-plane-scheduling', '', '', '', '', 'restrict-controlplane-scheduling'],
  ['linux-hardening-missing', '', 'C-0055', '', 'linuxHardening', ''],
  ['security-context-missing', 'KSV-0118', 'C-0211', '', '', ''],
  ['host-aliases', 'KSV-0007', '', '', '', ''],
  ['privileged-container-port', 'KSV-0117', '', 'privileged-ports', '', ''],
  ['ssh-port-exposed', '', 'C-0042', 'ssh-port', '', ''],
  ['sudo-in-command', '', 'C-0062', '', '', ''],
  ['naked-pod', '', 'C-0073', '', '', 'prevent-bare-pods'],
  ['default-namespace', 'KSV-0110', 'C-0061 C-0212', 'use-namespace', '', 'disallow-default-namespace'],
  ['kube-system-workload', 'KSV-0037', '', '', '', ''],
  ['tiller-deployed', 'KSV-0102', '', '', '', 'disallow-helm-tiller'],
  ['cpu-limits', 'KSV-0011', 'C-0270 C-0009 C-0050', 'unset-cpu-requirements', 'cpuLimitsMissing', 'require-cpu-limits'],
  ['memory-limits', 'KSV-0018', 'C-0271 C-0004 C-0009', 'unset-memory-requirements', 'memoryLimitsMissing', 'require-pod-requests-limits'],
  ['cpu-requests', 'KSV-0015', 'C-0268 C-0050', 'unset-cpu-requirements', 'cpuRequestsMissing', ''],
  ['memory-requests', 'KSV-0016', 'C-0269 C-0004', 'unset-memory-requirements', 'memoryRequestsMissing', ''],
  ['liveness-probe', '', 'C-0056', 'no-liveness-probe', 'livenessProbeMissing', ''],
  ['readiness-probe', '', 'C-0018', 'no-readiness-probe', 'readinessProbeMissing', ''],
  ['deployment-replicas', '', '', 'minimum-three-replicas', 'deploymentMissingReplicas', 'require-deployments-have-multiple-replicas'],
  ['pod-disruption-budget', '', '', '', 'missingPodDisruptionBudget', 'require-pdb'],
  ['pdb-zero-disruption', '', '', 'pdb-max-unavailable pdb-min-available', 'pdbDisruptionsIsZero', 'pdb-maxunavailable'],
  ['namespace-resource-quota', 'KSV-0040', '', '', '', ''],
  ['namespace-limit-range', 'KSV-0039', '', '', '', ''],
  ['image-tag-latest', 'KSV-0013', '', 'latest-tag', 'tagNotSpecified', 'disallow-latest-tag'],
  ['image-digest-pinned', '', 'C-0306', 'image-not-pinned-by-digest', '', 'require-image-checksum'],
  ['image-pull-policy', '', 'C-0075', '', 'pullPolicyNotAlways', 'imagepullpolicy-always'],
  ['trusted-registries', 'KSV-0125 KSV-0034', 'C-0078 C-0001', '', '', 'restrict-image-registries'],
  ['deprecated-registry', '', 'C-0253', '', '', 'restrict-deprecated-registry'],
  ['deprecated-api-version', 'KSV-0107', '', 'no-extensions-v1beta', '', 'check-deprecated-apis'],
  ['secret-env-var', '', 'C-0207', 'read-secret-from-env-var', '', 'disallow-secrets-from-env-vars'],
  ['credential-in-env-var', '', 'C-0012 C-0259', 'env-var-secret', 'sensitiveContainerEnvVar', ''],
  ['credential-in-configmap', 'KSV-0109', 'C-0012', 'configmap-with-credentials', 'sensitiveConfigmapContent', ''],
  ['service-account-token-secret', '', '', '', '', 'deny-secret-service-account-token-type'],
  ['projected-token-expiry', '', '', 'projected-token-long-expiration', '', ''],
  ['rbac-cluster-admin-binding', 'KSV-0111', 'C-0185', 'cluster-admin-role-binding', 'clusterrolebindingClusterAdmin rolebindingClusterAdminClusterRole', 'restrict-binding-clusteradmin'],
  ['rbac-wildcard-all', 'KSV-0044 KSV-0046', 'C-0035 C-0187', 'wildcard-in-rules wildcard-resource-verb-combo', '', ''],
  ['rbac-wildcard-verbs', 'KSV-0045', '', '', '', 'restrict-wildcard-verbs'],
  ['rbac-wildcard-resources', 'KSV-0046 KSV-0112', '', '', '', 'restrict-wildcard-resources'],
  ['rbac-read-secrets', 'KSV-0041 KSV-0113', 'C-0015 C-0186', 'access-to-secrets cluster-wide-secrets-access', '', 'restrict-secret-role-verbs'],
  ['rbac-create-pods', '', 'C-0188', 'access-to-create-pods', '', ''],
  ['rbac-pod-exec', 'KSV-0053 KSV-0054', 'C-0002', '', 'rolePodExecAttach clusterrolePodExecAttach clusterrolebindingPodExecAttach rolebindingClusterRolePodExecAttach rolebindingRolePodExecAttach', ''],
  ['rbac-port-forward', '', 'C-0063', '', '', ''],
  ['rbac-bind-escalate', 'KSV-0050 KSV-0051 KSV-0052', 'C-0191', 'bind-verb-in-role escalate-verb-in-role', '', 'restrict-escalation-verbs-roles'],
  ['rbac-impersonate', 'KSV-0043', 'C-0065', 'impersonate-without-resource-names', '', ''],
  ['rbac-manage-rbac', 'KSV-0050 KSV-0055', '', '', '', ''],
  ['rbac-nodes-proxy', 'KSV-0047', 'C-0279', '', '', 'restrict-clusterrole-nodesproxy'],
  ['rbac-csr-approval', '', 'C-0280', 'approve-signers-without-resource-names', '', 'restrict-clusterrole-csr'],
  ['rbac-admission-webhooks', 'KSV-0114', 'C-0281', '', '', 'restrict-clusterrole-mutating-validating-admission-webhooks'],
  ['rbac-token-request', '', 'C-0282', '', '', ''],
  ['rbac-create-persistent-volumes', '', 'C-0278', '', '', ''],
  ['rbac-manage-workloads', 'KSV-0048', 'C-0007', '', '', ''],
  ['rbac-modify-configmaps', 'KSV-0049', 'C-0037', '', '', ''],
  ['rbac-manage-networking', 'KSV-0056', '', '', '', ''],
  ['rbac-delete-events-logs', 'KSV-0042', 'C-0031', '', '', ''],
  ['rbac-system-masters-binding', 'KSV-0123', 'C-0246', '', '', 'restrict-binding-system-groups'],
  ['rbac-anonymous-binding', 'KSV-0122', 'C-0262', '', '', 'restrict-binding-system-groups'],
  ['rbac-authenticated-binding', 'KSV-01011', 'C-0265', '', '', ''],
  ['rbac-default-service-account-binding', '', 'C-0189', '', '', ''],
  ['service-account-automount', '', 'C-0034', '', '', 'restrict-sa-automount-sa-token'],
  ['default-service-account-automount', '', 'C-0189', '', '', ''],
  ['workload-admin-service-account', '', 'C-0272', '', '', ''],
  ['workload-takeover-permissions', '', 'C-0267', '', '', ''],
  ['netpol-namespace-policy', '', 'C-0054 C-0206', '', '', ''],
  ['netpol-default-deny', '', '', '', '', 'add-network-policy'],
  ['netpol-coverage', '', 'C-0030 C-0260', 'non-isolated-pod', 'missingNetworkPolicy', ''],
  ['netpol-metadata-egress', '', 'C-0052', '', '', ''],
  ['netpol-dangling', '', 'C-0299', 'dangling-networkpolicy', '', ''],
  ['service-external-ips', 'KSV-0108', '', '', '', 'restrict-service-external-ips'],
  ['service-node-port', '', '', 'exposed-services', '', 'restrict-node-port'],
  ['service-load-balancer', '', '', 'exposed-services', '', 'restrict-loadbalancer'],
  ['service-external-name-localhost', '', '', 'externalname-service-redirect', '', 'disallow-localhost-services'],
  ['service-dangling-selector', '', 'C-0293', 'dangling-service', '', ''],
  ['workload-internet-exposed', '', 'C-0256', '', '', ''],
  ['exposed-sensitive-service', '', 'C-0021 C-0014', '', '', ''],
  ['ingress-tls', '', 'C-0263', '', 'tlsSettingsMissing', 'require-ingress-https'],
  ['gateway-tls', '', '', '', 'gatewayTLSMissing', ''],
  ['ingress-tls-host-match', '', '', '', '', 'ingress-host-match-tls'],
  ['ingress-wildcard-host', '', '', '', '', 'restrict-ingress-wildcard'],
  ['ingress-host-empty', '', '', '', '', 'disallow-empty-ingress-host'],
  ['ingress-default-backend', '', '', '', '', 'restrict-ingress-defaultbackend'],
  ['ingress-nginx-snippets', '', 'C-0059', '', '', 'disallow-ingress-nginx-custom-snippets'],
  ['ingress-nginx-annotations', 'KCV-0093', '', '', '', 'restrict-annotations'],
  ['ingress-nginx-paths', '', '', '', '', 'restrict-ingress-paths'],
  ['ingress-dangling-backend', '', 'C-0298', 'dangling-ingress', '', ''],
  // Kubescape judges the labels of namespaces for these requirements of CIS, not pods.
  ['namespace-psa-enforced', '', 'C-0192 C-0193 C-0194 C-0195 C-0196 C-0197 C-0198 C-0199 C-0200 C-0201 C-0202 C-0203 C-0204', '', '', 'deny-privileged-profile'],
  ['admission-policy-present', '', 'C-0192', '', '', ''],
  ['webhook-failure-policy', '', '', 'webhook-failure-policy-ignore', '', ''],
  ['service-account-missing', '', 'C-0307', 'non-existent-service-account', '', ''],
  ['replicas-spread', '', '', 'no-anti-affinity', 'topologySpreadConstraint', ''],
  ['autoscaler-target-missing', '', '', 'dangling-horizontalpodautoscaler', '', ''],
  ['required-labels', '', 'C-0076', 'required-label-owner', '', 'require-labels'],
];

/** Checks that no control answers. */
const unanswered: Readonly<Partial<Record<Tool, readonly string[]>>> = {
  trivy: [
    ...['KSV-0004', 'KSV-0032', 'KSV-0033', 'KSV-0035', 'KSV-0038', 'KSV-01010', 'KSV-0115', 'KSV-0124'],
    ...unansweredControlPlane.trivy,
  ],
  kubescape: unansweredControlPlane.kubescape,
};

const split = (text: string): readonly string[] => text.split(' ').filter((id) => id !== '');

function readEquivalents(): readonly Equivalent[] {
  const found = new Map<string, { tool: Tool; id: string; controls: string[] }>();
  const at = (tool: Tool, id: string): string[] => {
    const key = `${tool} ${id}`;
    const known = found.get(key) ?? { tool, id, controls: [] };
    found.set(key, known);
    return known.controls;
  };
  for (const [control, ...columns] of rows)
    for (const [index, tool] of tools.entries()) for (const id of split(columns[index] ?? '')) at(tool, id).push(control);
  for (const tool of tools) for (const id of unanswered[tool] ?? []) at(tool, id);
  const order = (item: Equivalent): string => `${tools.indexOf(item.tool)} ${item.id}`;
  return [...found.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Every check of other tools that is known, by tool and id. */
export const equivalents: readonly Equivalent[] = readEquivalents();

/** The form in which ids are compared: `AVD-KSV-0012`, `ksv012` and `KSV-0012` are the same. */
function canonical(id: string): string {
  const [, family, digits] = /^(?:avd-)?(ksv|kcv|c)-?0*(\d+)$/.exec(id.toLowerCase()) ?? [];
  return family === undefined ? id.toLowerCase() : `${family}-${digits ?? ''}`;
}

/** Returns the checks with an id, and those that a control with this id answers. Some tools have the ids of controls. */
export function equivalentsOf(id: string): readonly Equivalent[] {
  const wanted = canonical(id);
  return equivalents.filter((item) => canonical(item.id) === wanted || item.controls.includes(id));
}

/** The controls without an equivalent in any of the tools. */
export const withoutEquivalent = (): readonly string[] => {
  const mapped = new Set(equivalents.flatMap(({ controls }) => controls));
  return catalogue.map(({ id }) => id).filter((id) => !mapped.has(id));
};
