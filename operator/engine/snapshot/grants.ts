import { fieldsOf, listOf, textsOf } from '../objects/kubernetes-object.ts';

/** A permission that a role may grant: any of the verbs on any of the resources in any of the groups. */
export interface Grant {
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  /** Omitted: any verb. */
  readonly verbs?: readonly string[];
  /** The resources are cluster-scoped. A Role or a RoleBinding cannot grant them. */
  readonly clusterScoped?: boolean;
}

const rbac = 'rbac.authorization.k8s.io';
const write = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const workloads: readonly Grant[] = [
  { groups: [''], resources: ['pods', 'replicationcontrollers'] },
  { groups: ['apps', 'extensions'], resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'] },
  { groups: ['batch'], resources: ['jobs', 'cronjobs'] },
];
const wildcard = { groups: ['*'], resources: ['*'], verbs: ['*'] };
const accessKinds: readonly Grant[] = [
  { groups: [rbac], resources: ['roles', 'rolebindings'] },
  { groups: [rbac], resources: ['clusterroles', 'clusterrolebindings'], clusterScoped: true },
];

/** The permissions that each rbac control about roles checks for. Wildcard controls compare literally. See {@link grantingRules}. */
export const grantsOf: ReadonlyMap<string, readonly Grant[]> = new Map<string, readonly Grant[]>([
  ['rbac-wildcard-all', [wildcard]],
  ['rbac-wildcard-verbs', [{ groups: [], resources: [], verbs: ['*'] }]],
  ['rbac-wildcard-resources', [{ groups: [], resources: ['*'] }]],
  ['rbac-read-secrets', [{ groups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch'] }]],
  ['rbac-create-pods', workloads.map((grant) => ({ ...grant, verbs: ['create'] }))],
  [
    'rbac-pod-exec',
    [
      { groups: [''], resources: ['pods/exec', 'pods/attach'], verbs: ['create', 'get'] },
      { groups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['update', 'patch'] },
    ],
  ],
  ['rbac-port-forward', [{ groups: [''], resources: ['pods/portforward'], verbs: ['create', 'get'] }]],
  [
    'rbac-bind-escalate',
    [
      ...accessKinds.map((grant) => ({ ...grant, verbs: ['bind', 'escalate'] })),
      // A RoleBinding may refer to a ClusterRole, so this permission is enough in a namespace.
      { groups: [rbac], resources: ['clusterroles'], verbs: ['bind'] },
    ],
  ],
  [
    'rbac-impersonate',
    [
      {
        groups: ['', 'authentication.k8s.io'],
        resources: ['users', 'groups', 'userextras', 'userextras/*', 'uids'],
        verbs: ['impersonate'],
        clusterScoped: true,
      },
      { groups: ['', 'authentication.k8s.io'], resources: ['serviceaccounts'], verbs: ['impersonate'] },
    ],
  ],
  ['rbac-manage-rbac', accessKinds.map((grant) => ({ ...grant, verbs: ['create', 'update', 'patch'] }))],
  ['rbac-nodes-proxy', [{ groups: [''], resources: ['nodes/proxy'], clusterScoped: true }]],
  [
    'rbac-csr-approval',
    [
      {
        groups: ['certificates.k8s.io'],
        resources: ['certificatesigningrequests/approval'],
        verbs: ['update', 'patch'],
        clusterScoped: true,
      },
      { groups: ['certificates.k8s.io'], resources: ['signers'], verbs: ['approve'], clusterScoped: true },
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
  ['rbac-token-request', [{ groups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] }]],
  ['rbac-create-persistent-volumes', [{ groups: [''], resources: ['persistentvolumes'], verbs: ['create'], clusterScoped: true }]],
  ['rbac-manage-workloads', workloads.map((grant) => ({ ...grant, verbs: write }))],
  ['rbac-modify-configmaps', [{ groups: [''], resources: ['configmaps'], verbs: write }]],
  [
    'rbac-manage-networking',
    [
      { groups: ['networking.k8s.io', 'extensions'], resources: ['networkpolicies', 'ingresses'], verbs: write },
      { groups: [''], resources: ['services', 'endpoints'], verbs: write },
      { groups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: write },
    ],
  ],
  [
    'rbac-delete-events-logs',
    [
      { groups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['delete', 'deletecollection'] },
      { groups: [''], resources: ['pods/log'], verbs: ['delete', 'deletecollection'] },
    ],
  ],
]);

/** The controls whose permissions let a workload take over the cluster. */
export const takeoverControls: readonly string[] = [
  'rbac-read-secrets',
  'rbac-create-pods',
  'rbac-pod-exec',
  'rbac-bind-escalate',
  'rbac-impersonate',
  'rbac-nodes-proxy',
  'rbac-token-request',
  'rbac-manage-rbac',
  'rbac-admission-webhooks',
  'rbac-csr-approval',
];

interface RoleRule {
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly named: boolean;
}

/** A rule of a role that grants one of the permissions of a control. */
export interface GrantingRule {
  readonly index: number;
  /** The rule is limited by `resourceNames`. */
  readonly named: boolean;
  /** The rule grants permissions on cluster-scoped resources only. */
  readonly clusterScoped: boolean;
}

function ruleOf(rule: unknown): RoleRule {
  const { apiGroups, resources, verbs, resourceNames } = fieldsOf(rule);
  return { groups: textsOf(apiGroups), resources: textsOf(resources), verbs: textsOf(verbs), named: textsOf(resourceNames).length > 0 };
}

/** Whether an entry of a role's `resources` covers a resource. Of the wildcards, only `*` covers a resource without a subresource. */
function covers(entry: string, resource: string): boolean {
  if (entry === '*' || entry === resource) return true;
  const [base = '', sub] = resource.split('/');
  if (sub === undefined) return false;
  if (sub === '*') return entry.startsWith(`${base}/`);
  return entry === `*/${sub}` || entry === `${base}/*` || entry === '*/*';
}

/** Wildcard controls need the wildcard itself in the rule. For all other controls a wildcard in the rule is enough. */
function grants(rule: RoleRule, { groups, resources, verbs }: Grant): boolean {
  if (rule.resources.length === 0) return false;
  const group = groups.length === 0 || groups.includes('*') || rule.groups.some((name) => name === '*' || groups.includes(name));
  const resource = resources.length === 0 || resources.some((wanted) => rule.resources.some((entry) => covers(entry, wanted)));
  const verb = verbs === undefined ? rule.verbs.length > 0 : rule.verbs.some((name) => name === '*' || verbs.includes(name));
  return group && resource && verb;
}

/** Returns the rules that grant the permissions of a control. Rules about nonResourceURLs grant no resources. */
export function grantingRules(rules: unknown, control: string): readonly GrantingRule[] {
  const wanted = grantsOf.get(control) ?? [];
  return listOf(rules).flatMap((entry, index) => {
    const rule = ruleOf(entry);
    const granted = wanted.filter((grant) => grants(rule, grant));
    if (granted.length === 0) return [];
    return [{ index, named: rule.named, clusterScoped: granted.every(({ clusterScoped }) => clusterScoped === true) }];
  });
}
