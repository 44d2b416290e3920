import { ownEntry } from '../../api/own-entry.ts';
import { boundedText } from '../../audit/parsing/bounded-text.ts';
import { isDefaultRole } from '../../engine/rbac/default-objects.ts';
import { hasGroup, hasResource, hasVerb, policyRules, type PolicyRule } from '../../engine/rbac/policy-rule.ts';
import { accountOfUser } from '../../engine/rbac/subject.ts';
import { listAt, recordAt, textAt, textsAt, type Json } from './json.ts';

/** A right that leads to other rights, to Secrets or to nodes. */
export type Power =
  | 'everything'
  | 'write everything'
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
  /** Its label says that Kubernetes made it at its start. Whoever makes a role can write that. */
  readonly builtIn: boolean;
  /** It has the name of a default role, and grants no more than that. */
  readonly isDefault: boolean;
  /** The roles that it is added to: `view`, `edit`, `admin` or others. */
  readonly addedTo: readonly string[];
  /** All rules as text: two roles with equal text give equal rights. */
  readonly rules: string;
}

/** The facts of a RoleBinding or a ClusterRoleBinding. */
export interface BindingFacts {
  /** `ClusterRole/NAME` or `Role/NAME`. */
  readonly role: string;
  /** Each as `User/NAME`, `Group/NAME` or `ServiceAccount/NAMESPACE/NAME`. Names are bounded as audit events have them. */
  readonly subjects: readonly string[];
  /** How many names were cut. The API server does not bound names of users and groups. */
  readonly cut?: number;
}

const rbac = 'rbac.authorization.k8s.io';
const write = ['create', 'update', 'patch'] as const;

/** Whether a rule grants one of some verbs on one of some resources, as the authorizer reads it. */
function grants(rule: PolicyRule, group: string, resources: readonly string[], verbs: readonly string[]): boolean {
  if (!hasGroup(rule, group) || !verbs.some((verb) => hasVerb(rule, verb))) return false;
  return resources.some((resource) => hasResource(rule, resource));
}

const roles = ['roles', 'clusterroles'];
const tests: readonly (readonly [Power, (rule: PolicyRule) => boolean])[] = [
  ['everything', ({ verbs, groups, resources }) => verbs.includes('*') && groups.includes('*') && resources.includes('*')],
  [
    'write everything',
    ({ verbs, groups, resources }) =>
      groups.includes('*') && resources.includes('*') && (verbs.includes('*') || write.every((verb) => verbs.includes(verb))),
  ],
  ['all verbs', ({ verbs, resources }) => verbs.includes('*') && resources.length > 0],
  ['all resources', (rule) => rule.resources.includes('*') && ['', 'apps', rbac].some((group) => hasGroup(rule, group))],
  ['escalate', (rule) => grants(rule, rbac, roles, ['escalate'])],
  ['bind', (rule) => grants(rule, rbac, roles, ['bind'])],
  [
    'impersonate',
    (rule) =>
      grants(rule, '', ['users', 'groups', 'serviceaccounts'], ['impersonate']) ||
      grants(rule, 'authentication.k8s.io', ['users', 'serviceaccounts', 'userextras', 'uids'], ['impersonate']) ||
      // Constrained impersonation has a verb for each kind of user, such as `impersonate:serviceaccount`.
      (hasGroup(rule, 'authentication.k8s.io') && rule.verbs.some((verb) => verb.startsWith('impersonate:'))),
  ],
  ['create tokens', (rule) => grants(rule, '', ['serviceaccounts/token'], ['create'])],
  ['reach kubelets', (rule) => grants(rule, '', ['nodes/proxy'], ['get', ...write])],
  [
    'exec into pods',
    (rule) =>
      grants(rule, '', ['pods/exec', 'pods/attach'], ['create', 'get']) ||
      grants(rule, '', ['pods/ephemeralcontainers'], ['update', 'patch']),
  ],
  [
    'approve certificates',
    (rule) =>
      grants(rule, 'certificates.k8s.io', ['signers'], ['approve']) ||
      grants(rule, 'certificates.k8s.io', ['certificatesigningrequests/approval'], write),
  ],
  ['read secrets', (rule) => grants(rule, '', ['secrets'], ['get', 'list', 'watch'])],
  ['write roles', (rule) => grants(rule, rbac, [...roles, 'rolebindings', 'clusterrolebindings'], write)],
  [
    'write webhooks',
    (rule) =>
      grants(
        rule,
        'admissionregistration.k8s.io',
        ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations', 'mutatingadmissionpolicies'],
        write,
      ) || grants(rule, 'apiregistration.k8s.io', ['apiservices'], write),
  ],
];
/** A rule for named objects gives nothing beyond these, unless it names what every role can be bound to. */
const named: ReadonlySet<Power> = new Set<Power>(['escalate', 'bind', 'impersonate', 'create tokens']);

/** Returns the powers of a rule of a role. */
export const rulePowers = (rule: PolicyRule): readonly Power[] =>
  tests.flatMap(([power, test]) => (test(rule) && (rule.names.length === 0 || named.has(power)) ? [power] : []));

const addedLabel = `${rbac}/aggregate-to-`;

/** Returns the facts of a role. */
export function roleFacts(role: Json): RoleFacts {
  const rules = listAt(role, 'rules');
  const labels = recordAt(role, 'metadata', 'labels');
  const namespace = textAt(role, 'metadata', 'namespace');
  const reference = {
    apiVersion: `${rbac}/v1`,
    kind: textAt(role, 'kind'),
    name: textAt(role, 'metadata', 'name'),
    ...(namespace === '' ? {} : { namespace }),
  };
  const text = rules.map((rule) =>
    ['apiGroups', 'resources', 'resourceNames', 'verbs', 'nonResourceURLs']
      .map((field) => textsAt(rule, field).toSorted().join(','))
      .join(';'),
  );
  return {
    powers: [...new Set(policyRules(rules).flatMap(rulePowers))],
    aggregated: role['aggregationRule'] !== undefined,
    builtIn: textAt(labels, 'kubernetes.io/bootstrapping') !== '',
    isDefault: isDefaultRole({ reference, body: role }),
    addedTo: Object.keys(labels)
      .filter((label) => label.startsWith(addedLabel) && labels[label] === 'true')
      .map((label) => label.slice(addedLabel.length))
      .slice(0, 8),
    rules: text.toSorted().join('\n'),
  };
}

/** The bounds of names in audit events: the same name must be equal here and there. */
const longest: Readonly<Record<string, number>> = { User: 512, Group: 253 };

/** Returns the facts of a binding. `namespace` is that of the binding: a subject without one is in it. */
export function bindingFacts(binding: Json, namespace: string): BindingFacts {
  const { kind, name } = recordAt(binding, 'roleRef');
  let cut = 0;
  const subjects = listAt(binding, 'subjects').map((subject) => {
    const type = textAt(subject, 'kind');
    const whole = textAt(subject, 'name');
    const own = boundedText(whole, ownEntry(longest, type) ?? 253);
    if (own !== whole) cut += 1;
    if (type === 'ServiceAccount') return `ServiceAccount/${textAt(subject, 'namespace') || namespace}/${own}`;
    // A service account can also be named as the user that it is.
    const account = type === 'User' ? accountOfUser(own) : undefined;
    return account === undefined ? `${type}/${own}` : `ServiceAccount/${account.namespace}/${account.name}`;
  });
  return { role: `${String(kind)}/${String(name)}`, subjects: subjects.toSorted(), ...(cut === 0 ? {} : { cut }) };
}
