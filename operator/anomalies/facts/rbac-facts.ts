import { accountOfUser } from '../../engine/rbac/subject.ts';
import { listAt, recordAt, textAt, textsAt, type Json } from './json.ts';

/** A right that leads to other rights, to Secrets or to nodes. */
export type Power =
  | 'everything'
  | 'all verbs'
  | 'all resources'
  | 'escalate'
  | 'bind'
  | 'impersonate'
  | 'create tokens'
  | 'reach kubelets'
  | 'exec into pods'
  | 'approve certificates'
  | 'read secrets'
  | 'write roles'
  | 'write webhooks';

/** The powers that role-gains-power reports. The others only tell which accounts are powerful. */
export const reportedPowers: ReadonlySet<Power> = new Set<Power>([
  'everything',
  'all verbs',
  'all resources',
  'escalate',
  'bind',
  'impersonate',
  'create tokens',
  'reach kubelets',
  'exec into pods',
  'approve certificates',
]);

/** The facts of a Role or a ClusterRole. */
export interface RoleFacts {
  readonly powers: readonly Power[];
  /** Whether the rules are those of other roles, which the API server adds up. */
  readonly aggregated: boolean;
  /** Kubernetes made it at its start. */
  readonly builtIn: boolean;
  /** All rules as text: two roles with equal text give equal rights. */
  readonly rules: string;
}

/** The facts of a RoleBinding or a ClusterRoleBinding. */
export interface BindingFacts {
  /** `ClusterRole/NAME` or `Role/NAME`. */
  readonly role: string;
  /** Each as `User/NAME`, `Group/NAME` or `ServiceAccount/NAMESPACE/NAME`. */
  readonly subjects: readonly string[];
}

interface Rule {
  readonly verbs: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly resources: readonly string[];
}

const has = (set: ReadonlySet<string>, ...values: readonly string[]): boolean => set.has('*') || values.some((value) => set.has(value));
/** Whether a rule is about a resource, which may be a subresource: `pods/*` and `*\/exec` are about `pods/exec`. */
const about = ({ groups, resources }: Rule, group: string, resource: string): boolean => {
  const [plural = '', subresource] = resource.split('/');
  const names = subresource === undefined ? ['*', plural] : ['*', resource, `*/${subresource}`, `${plural}/*`, '*/*'];
  return has(groups, group) && resources.some((each) => names.includes(each));
};
const rbac = 'rbac.authorization.k8s.io';
const write = ['create', 'update', 'patch'] as const;

const tests: readonly (readonly [Power, (rule: Rule) => boolean])[] = [
  ['everything', ({ verbs, groups, resources }) => verbs.has('*') && groups.has('*') && resources.includes('*')],
  ['all verbs', ({ verbs }) => verbs.has('*')],
  ['all resources', ({ resources, groups }) => resources.includes('*') && has(groups, '', 'apps', rbac)],
  [
    'escalate',
    (rule) => rule.verbs.has('escalate') || (rule.verbs.has('*') && (about(rule, rbac, 'roles') || about(rule, rbac, 'clusterroles'))),
  ],
  ['bind', (rule) => rule.verbs.has('bind')],
  [
    'impersonate',
    (rule) =>
      rule.verbs.has('impersonate') ||
      (rule.verbs.has('*') && (about(rule, '', 'users') || about(rule, '', 'groups') || about(rule, '', 'serviceaccounts'))),
  ],
  ['create tokens', (rule) => has(rule.verbs, 'create') && about(rule, '', 'serviceaccounts/token')],
  ['reach kubelets', (rule) => about(rule, '', 'nodes/proxy')],
  [
    'exec into pods',
    (rule) =>
      has(rule.verbs, 'create', 'get') &&
      (about(rule, '', 'pods/exec') || about(rule, '', 'pods/attach') || about(rule, '', 'pods/ephemeralcontainers')),
  ],
  [
    'approve certificates',
    (rule) =>
      has(rule.verbs, 'approve') ||
      (has(rule.verbs, ...write) && about(rule, 'certificates.k8s.io', 'certificatesigningrequests/approval')),
  ],
  ['read secrets', (rule) => has(rule.verbs, 'get', 'list', 'watch') && about(rule, '', 'secrets')],
  [
    'write roles',
    (rule) =>
      has(rule.verbs, ...write) &&
      ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].some((resource) => about(rule, rbac, resource)),
  ],
  ['write webhooks', (rule) => has(rule.verbs, ...write) && about(rule, 'admissionregistration.k8s.io', 'mutatingwebhookconfigurations')],
];

/** Returns the powers of a rule of a role. */
export function rulePowers(rule: unknown): readonly Power[] {
  // A rule for named objects gives nothing beyond these, unless it names what every role can be bound to.
  const named = textsAt(rule, 'resourceNames').length > 0;
  const parsed: Rule = {
    verbs: new Set(textsAt(rule, 'verbs')),
    groups: new Set(textsAt(rule, 'apiGroups')),
    resources: textsAt(rule, 'resources'),
  };
  const always: ReadonlySet<Power> = new Set<Power>(['escalate', 'bind', 'impersonate', 'create tokens']);
  return tests.flatMap(([power, test]) => (test(parsed) && (!named || always.has(power)) ? [power] : []));
}

/** Returns the facts of a role. */
export function roleFacts(role: Json): RoleFacts {
  const rules = listAt(role, 'rules');
  const text = rules.map((rule) =>
    ['apiGroups', 'resources', 'resourceNames', 'verbs', 'nonResourceURLs']
      .map((field) => textsAt(rule, field).toSorted().join(','))
      .join(';'),
  );
  return {
    powers: [...new Set(rules.flatMap(rulePowers))],
    aggregated: role['aggregationRule'] !== undefined,
    builtIn: textAt(role, 'metadata', 'labels', 'kubernetes.io/bootstrapping') !== '',
    rules: text.toSorted().join('\n'),
  };
}

/** Returns the facts of a binding. `namespace` is that of the binding: a subject without one is in it. */
export function bindingFacts(binding: Json, namespace: string): BindingFacts {
  const { kind, name } = recordAt(binding, 'roleRef');
  return {
    role: `${String(kind)}/${String(name)}`,
    subjects: listAt(binding, 'subjects')
      .map((subject) => {
        const type = textAt(subject, 'kind');
        const own = textAt(subject, 'name');
        if (type === 'ServiceAccount') return `ServiceAccount/${textAt(subject, 'namespace') || namespace}/${own}`;
        // A service account can also be named as the user that it is.
        const account = type === 'User' ? accountOfUser(own) : undefined;
        return account === undefined ? `${type}/${own}` : `ServiceAccount/${account.namespace}/${account.name}`;
      })
      .toSorted(),
  };
}
