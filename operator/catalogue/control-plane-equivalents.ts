/** Ids are separated by spaces. The columns after the control are those of the tools. */
export type EquivalentRow = readonly [
  control: string,
  trivy: string,
  kubescape: string,
  kubeLinter: string,
  polaris: string,
  kyverno: string,
];

type Row = readonly [control: string, trivy: string, kubescape: string];

/**
 * The control plane, nodes and managed clusters. Trivy: pkg/compliance/k8s-cis-1.23.yaml and the checks of aquasecurity/trivy-checks. Kubescape:
 * docs/controls/index.md and frameworks/cis-v1.12.0.json of kubescape/regolibrary. KCV-0003 and C-0115 are about the same argument, and fail
 * where the control passes: they are from a benchmark that wanted the plugin to be off.
 */
// prettier-ignore
const rows: readonly Row[] = [
  ['apiserver-anonymous-auth', 'KCV-0001', 'C-0113'],
  ['apiserver-token-auth-file', 'KCV-0002', 'C-0114'],
  ['apiserver-deny-external-ips', 'KCV-0003', 'C-0115 C-0283'],
  ['apiserver-kubelet-client-certificate', 'KCV-0005', 'C-0116'],
  ['apiserver-kubelet-certificate-authority', 'KCV-0006', 'C-0117'],
  ['apiserver-authorization-always-allow', 'KCV-0007', 'C-0118'],
  ['apiserver-authorization-node', 'KCV-0008', 'C-0119'],
  ['apiserver-authorization-rbac', 'KCV-0009', 'C-0120 C-0088'],
  ['apiserver-event-rate-limit', 'KCV-0010', 'C-0121'],
  ['apiserver-always-admit', 'KCV-0011', 'C-0122'],
  ['apiserver-always-pull-images', 'KCV-0012', 'C-0123'],
  ['apiserver-service-account-admission', 'KCV-0014', 'C-0125'],
  ['apiserver-namespace-lifecycle', 'KCV-0015', 'C-0126'],
  ['apiserver-node-restriction', 'KCV-0016', 'C-0127'],
  ['apiserver-profiling', 'KCV-0018', 'C-0129'],
  ['apiserver-audit-log', 'KCV-0019', 'C-0130 C-0067'],
  ['apiserver-audit-log-age', 'KCV-0020', 'C-0131'],
  ['apiserver-audit-log-backups', 'KCV-0021', 'C-0132'],
  ['apiserver-audit-log-size', 'KCV-0022', 'C-0133'],
  ['apiserver-audit-policy', '', 'C-0160'],
  ['apiserver-service-account-lookup', 'KCV-0024', 'C-0135'],
  ['apiserver-service-account-key', 'KCV-0025', 'C-0136'],
  ['apiserver-etcd-client-certificate', 'KCV-0026', 'C-0137'],
  ['apiserver-tls-certificate', 'KCV-0027', 'C-0138'],
  ['apiserver-client-ca', 'KCV-0028', 'C-0139'],
  ['apiserver-etcd-certificate-authority', 'KCV-0029', 'C-0140'],
  ['apiserver-encryption-config', 'KCV-0030', 'C-0141 C-0066'],
  ['apiserver-cipher-suites', '', 'C-0143 C-0277'],
  ['apiserver-extended-tokens', '', 'C-0290'],
  ['controller-manager-terminated-pods', 'KCV-0033', 'C-0144'],
  ['controller-manager-profiling', 'KCV-0034', 'C-0145'],
  ['controller-manager-credentials', 'KCV-0035', 'C-0146'],
  ['controller-manager-service-account-key', 'KCV-0036', 'C-0147'],
  ['controller-manager-root-ca', 'KCV-0037', 'C-0148'],
  ['controller-manager-kubelet-certificates', 'KCV-0038', 'C-0149'],
  ['controller-manager-bind-address', 'KCV-0039', 'C-0150'],
  ['scheduler-profiling', 'KCV-0040', 'C-0151'],
  ['scheduler-bind-address', 'KCV-0041', 'C-0152'],
  ['etcd-certificate', 'KCV-0042', 'C-0153'],
  ['etcd-client-auth', 'KCV-0043', 'C-0154'],
  ['etcd-auto-tls', 'KCV-0044', 'C-0155'],
  ['etcd-peer-certificate', 'KCV-0045', 'C-0156'],
  ['etcd-peer-auth', 'KCV-0046', 'C-0157'],
  ['etcd-peer-auto-tls', 'KCV-0047', 'C-0158'],
  ['etcd-certificate-authority', '', 'C-0159'],
  ['kubelet-anonymous-auth', 'KCV-0079', 'C-0069 C-0172'],
  ['kubelet-authorization', 'KCV-0080', 'C-0173'],
  ['kubelet-client-ca', 'KCV-0081', 'C-0070 C-0174'],
  ['kubelet-read-only-port', 'KCV-0082', 'C-0175'],
  ['kubelet-streaming-timeout', 'KCV-0085', 'C-0176'],
  ['kubelet-iptables-chains', 'KCV-0084', 'C-0178'],
  ['kubelet-tls-certificate', 'KCV-0088 KCV-0089', 'C-0181'],
  ['kubelet-rotate-certificates', 'KCV-0090', 'C-0182'],
  ['kubelet-rotate-server-certificates', 'KCV-0091', 'C-0183'],
  ['kubelet-cipher-suites', 'KCV-0092', 'C-0184'],
  ['kubelet-pod-pids-limit', '', 'C-0284'],
  ['kube-proxy-metrics-address', '', 'C-0291'],
  ['encryption-of-secrets', '', 'C-0142'],
  ['audit-policy-coverage', '', 'C-0161'],
  ['node-external-address', '', 'C-0229 C-0248'],
  ['default-service-account-cloud-identity', '', 'C-0225 C-0239'],
];

export const controlPlaneEquivalents: readonly EquivalentRow[] = rows.map(([control, trivy, kubescape]) => [
  control,
  trivy,
  kubescape,
  '',
  '',
  '',
]);

/** Trivy's and Kubescape's checks of files of nodes, and of arguments that no longer exist. */
export const unansweredControlPlane = {
  trivy: [4, 13, 17, ...Array.from({ length: 31 }, (_, index) => 48 + index), 83, 86, 87].map(
    (number) => `KCV-${String(number).padStart(4, '0')}`,
  ),
  kubescape: [
    5,
    ...Array.from({ length: 21 }, (_, index) => 92 + index),
    124,
    128,
    134,
    ...Array.from({ length: 10 }, (_, index) => 162 + index),
    177,
    179,
    180,
  ].map((number) => `C-${String(number).padStart(4, '0')}`),
} as const;
