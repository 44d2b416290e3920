import type { PolicyRule } from './policy-rule.ts';
import { grantsRight, type Right } from './right.ts';

/** What a rule grants of the rights of a control. */
export interface Granted {
  /** The rule is limited by `resourceNames`. */
  readonly named: boolean;
  /** The rule grants rights on cluster-scoped resources only. */
  readonly clusterScoped: boolean;
}

const rbac = 'rbac.authorization.k8s.io';
const modify = ['create', 'update', 'patch'];
const write = [...modify, 'delete', 'deletecollection'];
const core = (...resources: readonly string[]): Pick<Right, 'groups' | 'resources'> => ({ groups: [''], resources });
const workloads: readonly Right[] = [
  core('pods', 'replicationcontrollers'),
  { groups: ['apps', 'extensions'], resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'] },
  { groups: ['batch'], resources: ['jobs', 'cronjobs'] },
];
const accessKinds: readonly Right[] = [
  { groups: [rbac], resources: ['roles', 'rolebindings'] },
  { groups: [rbac], resources: ['clusterroles', 'clusterrolebindings'], clusterScoped: true },
];
/** The signers whose certificates the API server or the kubelet accepts, and the name that stands for all of them. */
const clusterSigners = [
  'kubernetes.io/kube-apiserver-client',
  'kubernetes.io/kube-apiserver-client-kubelet',
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/legacy-unknown',
  'kubernetes.io/*',
];
const identities = 'authentication.k8s.io';

/** The rights that each control about roles looks for. */
const rightsOf: ReadonlyMap<string, readonly Right[]> = new Map<string, readonly Right[]>([
  ['rbac-read-secrets', [{ ...core('secrets'), verbs: ['get', 'list', 'watch'] }]],
  ['rbac-write-secrets', [{ ...core('secrets'), verbs: modify }]],
  ['rbac-create-pods', workloads.map((right) => ({ ...right, verbs: ['create'] }))],
  [
    'rbac-pod-exec',
    [
      { ...core('pods/exec', 'pods/attach'), verbs: ['create', 'get'] },
      { ...core('pods/ephemeralcontainers'), verbs: ['update', 'patch'] },
    ],
  ],
  ['rbac-port-forward', [{ ...core('pods/portforward'), verbs: ['create', 'get'] }]],
  ['rbac-pods-services-proxy', [core('pods/proxy', 'services/proxy')]],
  [
    'rbac-bind-escalate',
    [
      ...accessKinds.map((right) => ({ ...right, verbs: ['bind', 'escalate'] })),
      // A RoleBinding may refer to a ClusterRole, so this right is enough in a namespace.
      { groups: [rbac], resources: ['clusterroles'], verbs: ['bind'] },
    ],
  ],
  [
    'rbac-impersonate',
    [
      { ...core('users', 'groups'), verbs: ['impersonate'], clusterScoped: true },
      { groups: [identities], resources: ['userextras', 'uids'], verbs: ['impersonate'], clusterScoped: true },
      { ...core('serviceaccounts'), verbs: ['impersonate'] },
    ],
  ],
  ['rbac-manage-rbac', accessKinds.map((right) => ({ ...right, verbs: modify }))],
  ['rbac-nodes-proxy', [{ ...core('nodes/proxy'), clusterScoped: true }]],
  [
    'rbac-csr-approval',
    [
      {
        groups: ['certificates.k8s.io'],
        resources: ['certificatesigningrequests/approval'],
        verbs: ['update', 'patch'],
        clusterScoped: true,
      },
      { groups: ['certificates.k8s.io'], resources: ['signers'], verbs: ['approve'], clusterScoped: true, names: clusterSigners },
    ],
  ],
  [
    'rbac-admission-webhooks',
    [
      {
        groups: ['admissionregistration.k8s.io'],
        resources: [
          'validatingwebhookconfigurations',
          'mutatingwebhookconfigurations',
          'validatingadmissionpolicies',
          'validatingadmissionpolicybindings',
          'mutatingadmissionpolicies',
          'mutatingadmissionpolicybindings',
        ],
        verbs: write,
        clusterScoped: true,
      },
    ],
  ],
  ['rbac-token-request', [{ ...core('serviceaccounts/token'), verbs: ['create'] }]],
  ['rbac-manage-service-accounts', [{ ...core('serviceaccounts'), verbs: modify }]],
  ['rbac-create-persistent-volumes', [{ ...core('persistentvolumes'), verbs: ['create'], clusterScoped: true }]],
  [
    'rbac-manage-nodes',
    [
      { ...core('nodes'), verbs: write, clusterScoped: true },
      { ...core('nodes/status'), verbs: ['update', 'patch'], clusterScoped: true },
    ],
  ],
  // The API server takes a Namespace for an object in itself, so a Role can grant these verbs on its own Namespace.
  ['rbac-manage-namespaces', [{ ...core('namespaces'), verbs: ['update', 'patch'] }]],
  ['rbac-manage-api-services', [{ groups: ['apiregistration.k8s.io'], resources: ['apiservices'], verbs: write, clusterScoped: true }]],
  [
    'rbac-manage-custom-resource-definitions',
    [{ groups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: write, clusterScoped: true }],
  ],
  ['rbac-manage-workloads', workloads.map((right) => ({ ...right, verbs: write }))],
  ['rbac-modify-configmaps', [{ ...core('configmaps'), verbs: write }]],
  [
    'rbac-manage-networking',
    [
      { groups: ['networking.k8s.io', 'extensions'], resources: ['networkpolicies', 'ingresses'], verbs: write },
      { ...core('services', 'endpoints'), verbs: write },
      { groups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: write },
    ],
  ],
  [
    'rbac-delete-events-logs',
    [
      { groups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['delete', 'deletecollection'] },
      { ...core('pods/log'), verbs: ['delete', 'deletecollection'] },
    ],
  ],
]);

const inNamespaces = (matches: (rule: PolicyRule) => boolean): ((rule: PolicyRule) => Granted | undefined) => {
  return (rule) => (matches(rule) ? { named: rule.names.length > 0, clusterScoped: false } : undefined);
};
const all = (list: readonly string[]): boolean => list.includes('*');

/** The URLs of debugging and of files of the host, which the API server and the other components serve beside resources. */
const sensitiveUrl = /^(\*|\/\*|\/(debug|logs)(\/.*|\*)?)$/;

/** The resources of identities in constrained impersonation (KEP-5284). */
const identityResources = ['users', 'groups', 'uids', 'userextras', 'serviceaccounts', 'nodes'];
const constrained = /^impersonate:(associated-node|arbitrary-node|serviceaccount|user-info)$/;
const constrainedOn = /^impersonate-on:(associated-node|arbitrary-node|serviceaccount|user-info):[a-z]+$/;

function grantsConstrained({ groups, resources, verbs }: PolicyRule): boolean {
  if (resources.length === 0 || groups.length === 0) return false;
  if (verbs.some((verb) => constrainedOn.test(verb))) return true;
  if (!verbs.some((verb) => constrained.test(verb)) || !(all(groups) || groups.includes(identities))) return false;
  return resources.some((entry) => entry === '*' || identityResources.includes(entry.split('/')[0] ?? ''));
}

/** The controls that compare the entries of a rule literally. */
const literals: ReadonlyMap<string, (rule: PolicyRule) => Granted | undefined> = new Map([
  [
    'rbac-wildcard-all',
    inNamespaces(({ groups, resources, verbs, names }) => all(groups) && all(resources) && all(verbs) && names.length === 0),
  ],
  ['rbac-wildcard-verbs', inNamespaces(({ resources, verbs }) => resources.length > 0 && all(verbs))],
  ['rbac-wildcard-resources', inNamespaces(({ resources, verbs }) => all(resources) && verbs.length > 0)],
  ['rbac-constrained-impersonation', inNamespaces(grantsConstrained)],
  [
    'rbac-non-resource-urls',
    ({ urls, verbs }) =>
      verbs.length > 0 && urls.some((url) => sensitiveUrl.test(url)) ? { named: false, clusterScoped: true } : undefined,
  ],
]);

/** `userextras` with a key is a subresource: a rule with any key grants the right to set that key. */
function grantsExtras(rule: PolicyRule): boolean {
  return rule.resources.some(
    (entry) => entry.startsWith('userextras/') && grantsRight(rule, { groups: [identities], resources: [entry], verbs: ['impersonate'] }),
  );
}

/** Returns what a rule grants of the rights of a control. Undefined if it grants none. Rules about URLs grant no resources. */
export function grantedBy(rule: PolicyRule, control: string): Granted | undefined {
  const literal = literals.get(control);
  if (literal !== undefined) return literal(rule);
  const granted = (rightsOf.get(control) ?? []).filter((right) => grantsRight(rule, right));
  const named = rule.names.length > 0;
  if (granted.length > 0) return { named, clusterScoped: granted.every(({ clusterScoped }) => clusterScoped === true) };
  return control === 'rbac-impersonate' && grantsExtras(rule) ? { named, clusterScoped: true } : undefined;
}
