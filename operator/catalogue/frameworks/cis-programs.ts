import type { RequirementSource } from './requirement-source.ts';

/** The version of the benchmark as a number: 1.12 is 12. */
const minorOf = (version: string): number => Number(version.slice(2));

const unseen =
  'No object in scope shows the arguments of this program. Managed clusters do not show them: see the documentation of the cloud.';

type Entry = readonly [title: string, manual?: string];

const numbered = (section: string, entries: readonly Entry[]): RequirementSource[] =>
  entries.map(([title, manual], index) => ({
    id: `${section}.${index + 1}`,
    title,
    unseen,
    ...(manual === undefined ? {} : { manual }),
  }));

const onNodes = 'Vigil does not read the files of nodes. Check them on each node.';

/** Two requirements for each file: its permissions and its owner. */
const files = (...names: readonly string[]): readonly Entry[] =>
  names.flatMap((name): Entry[] => [
    [`Ensure that the ${name} permissions are restrictive`, onNodes],
    [`Ensure that the ${name} ownership is set to root:root`, onNodes],
  ]);

const controlPlaneFiles: readonly Entry[] = [
  ...files(
    'API server pod specification file',
    'controller manager pod specification file',
    'scheduler pod specification file',
    'etcd pod specification file',
    'Container Network Interface file',
  ),
  ['Ensure that the etcd data directory permissions are set to 700 or more restrictive', onNodes],
  ['Ensure that the etcd data directory ownership is set to etcd:etcd', onNodes],
  ...files('default administrative credential file', 'scheduler.conf file', 'controller-manager.conf file'),
  ['Ensure that the Kubernetes PKI directory and file ownership is set to root:root', onNodes],
  ['Ensure that the Kubernetes PKI certificate file permissions are restrictive', onNodes],
  ['Ensure that the Kubernetes PKI key file permissions are set to 600', onNodes],
];

const securityContextDeny: Entry = [
  'Ensure that the admission control plugin SecurityContextDeny is set if PodSecurityPolicy is not used',
  'Kubernetes 1.30 removed the plugin. Check that Pod Security Standards are enforced.',
];
const tokenExpiration: Entry = ['Ensure that the --service-account-extend-token-expiration parameter is set to false'];

const apiServer = (minor: number): readonly Entry[] => [
  ['Ensure that the --anonymous-auth argument is set to false'],
  ['Ensure that the --token-auth-file parameter is not set'],
  ['Ensure that the DenyServiceExternalIPs is set'],
  ['Ensure that the --kubelet-client-certificate and --kubelet-client-key arguments are set as appropriate'],
  ['Ensure that the --kubelet-certificate-authority argument is set as appropriate'],
  ['Ensure that the --authorization-mode argument is not set to AlwaysAllow'],
  ['Ensure that the --authorization-mode argument includes Node'],
  ['Ensure that the --authorization-mode argument includes RBAC'],
  ['Ensure that the admission control plugin EventRateLimit is set'],
  ['Ensure that the admission control plugin AlwaysAdmit is not set'],
  ['Ensure that the admission control plugin AlwaysPullImages is set'],
  ...(minor === 8 ? [securityContextDeny] : []),
  ['Ensure that the admission control plugin ServiceAccount is set'],
  ['Ensure that the admission control plugin NamespaceLifecycle is set'],
  ['Ensure that the admission control plugin NodeRestriction is set'],
  ['Ensure that the --profiling argument is set to false'],
  ['Ensure that the --audit-log-path argument is set'],
  ['Ensure that the --audit-log-maxage argument is set to 30 or as appropriate'],
  ['Ensure that the --audit-log-maxbackup argument is set to 10 or as appropriate'],
  ['Ensure that the --audit-log-maxsize argument is set to 100 or as appropriate'],
  [
    'Ensure that the --request-timeout argument is set as appropriate',
    'Decide whether the timeout of requests fits the cluster. The default is 60 seconds.',
  ],
  ['Ensure that the --service-account-lookup argument is set to true'],
  ['Ensure that the --service-account-key-file argument is set as appropriate'],
  ['Ensure that the --etcd-certfile and --etcd-keyfile arguments are set as appropriate'],
  ['Ensure that the --tls-cert-file and --tls-private-key-file arguments are set as appropriate'],
  ['Ensure that the --client-ca-file argument is set as appropriate'],
  ['Ensure that the --etcd-cafile argument is set as appropriate'],
  ['Ensure that the --encryption-provider-config argument is set as appropriate'],
  ['Ensure that encryption providers are appropriately configured'],
  ['Ensure that the API Server only makes use of Strong Cryptographic Ciphers'],
  ...(minor >= 11 ? [tokenExpiration] : []),
];

const controllerManager: readonly Entry[] = [
  ['Ensure that the --terminated-pod-gc-threshold argument is set as appropriate', 'Decide whether the threshold fits the cluster.'],
  ['Ensure that the --profiling argument is set to false'],
  ['Ensure that the --use-service-account-credentials argument is set to true'],
  ['Ensure that the --service-account-private-key-file argument is set as appropriate'],
  ['Ensure that the --root-ca-file argument is set as appropriate'],
  ['Ensure that the RotateKubeletServerCertificate argument is set to true'],
  ['Ensure that the --bind-address argument is set to 127.0.0.1'],
];

const scheduler: readonly Entry[] = [
  ['Ensure that the --profiling argument is set to false'],
  ['Ensure that the --bind-address argument is set to 127.0.0.1'],
];

const etcd: readonly Entry[] = [
  ['Ensure that the --cert-file and --key-file arguments are set as appropriate'],
  ['Ensure that the --client-cert-auth argument is set to true'],
  ['Ensure that the --auto-tls argument is not set to true'],
  ['Ensure that the --peer-cert-file and --peer-key-file arguments are set as appropriate'],
  ['Ensure that the --peer-client-cert-auth argument is set to true'],
  ['Ensure that the --peer-auto-tls argument is not set to true'],
  ['Ensure that a unique Certificate Authority is used for etcd', 'Check that the authority of etcd is not that of the cluster.'],
];

const users: readonly Entry[] = [
  'Client certificate authentication',
  'Service account token authentication',
  'Bootstrap token authentication',
].map((means): Entry => [`${means} should not be used for users`, 'Check how users authenticate.']);

const auditing: readonly Entry[] = [
  ['Ensure that a minimal audit policy is created'],
  ['Ensure that the audit policy covers key security concerns', 'Check which requests the audit policy logs.'],
];

const nodeFiles: readonly Entry[] = [
  ...files(
    'kubelet service file',
    'proxy kubeconfig file',
    'kubelet.conf file',
    'certificate authorities file',
    'kubelet config.yaml configuration file',
  ),
];

const kubelet = (minor: number): readonly Entry[] => [
  ['Ensure that the --anonymous-auth argument is set to false'],
  ['Ensure that the --authorization-mode argument is not set to AlwaysAllow'],
  ['Ensure that the --client-ca-file argument is set as appropriate'],
  ['Verify that if defined, the --read-only-port argument is set to 0'],
  ['Ensure that the --streaming-connection-idle-timeout argument is not set to 0'],
  ['Ensure that the --make-iptables-util-chains argument is set to true'],
  ['Ensure that the --hostname-override argument is not set', 'Check the arguments of the kubelet on each node.'],
  [
    'Ensure that the eventRecordQPS argument is set to a level which ensures appropriate event capture',
    'Decide whether eventRecordQPS fits the cluster. The default is 50.',
  ],
  ['Ensure that the --tls-cert-file and --tls-private-key-file arguments are set as appropriate'],
  ['Ensure that the --rotate-certificates argument is not set to false'],
  ['Verify that the RotateKubeletServerCertificate argument is set to true'],
  ['Ensure that the Kubelet only makes use of Strong Cryptographic Ciphers'],
  ['Ensure that a limit is set on pod PIDs'],
  ...(minor >= 11 ? [['Ensure that the --seccomp-default parameter is set to true'] as const] : []),
  ...(minor === 11 ? [['Ensure that the --IPAddressDeny is set to any', 'Check the unit of the kubelet on each node.'] as const] : []),
];

/** Returns the requirements of sections 1 to 4 of the CIS Kubernetes Benchmark in one version. */
export function programRequirements(version: string): readonly RequirementSource[] {
  const minor = minorOf(version);
  return [
    ...numbered('1.1', controlPlaneFiles),
    ...numbered('1.2', apiServer(minor)),
    ...numbered('1.3', controllerManager),
    ...numbered('1.4', scheduler),
    ...numbered('2', etcd),
    ...numbered('3.1', users),
    ...numbered('3.2', auditing),
    ...numbered('4.1', nodeFiles),
    ...numbered('4.2', kubelet(minor)),
    ...(minor >= 9 ? numbered('4.3', [['Ensure that the kube-proxy metrics service is bound to localhost']]) : []),
  ];
}

/** The versions from which requirements have the second of two numbers `old/new`, by the beginning of the id. */
const movedAt: readonly (readonly [prefix: string, minor: number])[] = [
  ['-/1.2.30', 11],
  ['-/4.2.14', 11],
  ['-/4.3.1', 9],
  ['1.', 9],
];

/** Whether a requirement of sections 1 to 4 has its new number in a version. Undefined for other sections. */
export function isMoved(id: string, version: string): boolean | undefined {
  const found = movedAt.find(([prefix]) => id.startsWith(prefix));
  return found === undefined ? undefined : minorOf(version) >= found[1];
}
