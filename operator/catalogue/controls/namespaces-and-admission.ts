import type { Section } from './control.ts';
import { references } from '../object-references.ts';

const system = { when: "has(object.metadata.name) && object.metadata.name in ['kube-system', 'kube-public', 'kube-node-lease']" };

const enforce = 'pod-security.kubernetes.io/enforce';
const enforceVersion = 'pod-security.kubernetes.io/enforce-version';
const minor = `int(item['${enforceVersion}'].substring(3))`;
const pinned = `!('${enforce}' in item && '${enforceVersion}' in item && item['${enforceVersion}'].matches('^v1[.](0|[1-9][0-9]{0,3})$'))`;

/** Whether a webhook that fails open gets requests about resources of a group. `pods/*` are pods and all of their subresources. */
const failsOpen = (group: string, scope: 'Cluster' | 'Namespaced', resources: readonly string[]): string => {
  const entries = ['*', ...resources].flatMap((resource) => [`'${resource}'`, `'${resource}/*'`]);
  return [
    "!(has(item.failurePolicy) && item.failurePolicy == 'Ignore' && has(item.rules)",
    `item.rules.exists(r, has(r.resources) && has(r.apiGroups) && (!has(r.scope) || r.scope in ['*', '${scope}'])`,
    `r.apiGroups.exists(g, g in ['${group}', '*']) && r.resources.exists(s, s in [${entries.join(', ')}])))`,
  ].join(' && ');
};

/** CONTROLS.md §9. */
export const namespacesAndAdmission: Section = {
  title: 'Namespace, admission policy, dangling references',
  controls: [
    {
      id: 'namespace-psa-enforced',
      title: 'Namespaces enforce a Pod Security Standard',
      severity: 'medium',
      essential: true,
      kinds: ['Namespace'],
      why: 'Without it the cluster itself does not refuse privileged pods.',
      fix: 'Set the label pod-security.kubernetes.io/enforce of the namespace to baseline or restricted.',
      example: {
        before: 'metadata: {name: shop}\n',
        after: 'metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}\n',
      },
      message: 'the label pod-security.kubernetes.io/enforce is missing or lower than required',
      placement: { cis: ['5.2.1'], nsa: ['PS.enforcement'] },
      theme: 'hardening',
      parameters: {
        minimum: { description: 'The lowest allowed level.', type: 'string', default: 'baseline', values: ['baseline', 'restricted'] },
      },
      checks: [
        {
          at: 'metadata.labels',
          type: 'map',
          missing: 'fail',
          require:
            "'pod-security.kubernetes.io/enforce' in item && item['pod-security.kubernetes.io/enforce'].matches(params.minimum == 'baseline' ? '^(baseline|restricted)$' : '^restricted$')",
        },
      ],
      exemptions: [system],
    },
    {
      id: 'namespace-psa-version-pinned',
      title: 'The enforced Pod Security Standard has a version',
      severity: 'low',
      essential: false,
      kinds: ['Namespace'],
      why: 'Without a version, an upgrade of the cluster changes which pods are refused.',
      fix: 'Set the label pod-security.kubernetes.io/enforce-version of the namespace to the minor version of the cluster, such as v1.36, or to one of the three before it.',
      example: {
        before: 'metadata: {labels: {pod-security.kubernetes.io/enforce: restricted}}\n',
        after: 'metadata: {labels: {pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/enforce-version: v1.36}}\n',
      },
      message: 'the label pod-security.kubernetes.io/enforce-version is not set, pins no version, or is too old or too new',
      placement: { cis: ['5.2.1'] },
      theme: 'hardening',
      atClusterVersion: true,
      checks: [
        { at: 'metadata.labels', type: 'map', require: `!('${enforce}' in item) || '${enforceVersion}' in item` },
        {
          at: 'metadata.labels',
          type: 'map',
          require: `!('${enforce}' in item && '${enforceVersion}' in item) || item['${enforceVersion}'].matches('^v1[.](0|[1-9][0-9]{0,3})$')`,
        },
        { at: 'metadata.labels', type: 'map', require: `${pinned} || (${minor} >= version - 3 && ${minor} <= version)` },
      ],
      exemptions: [system],
    },
    {
      id: 'admission-policy-present',
      title: 'Pods are checked at admission',
      severity: 'medium',
      essential: true,
      kinds: ['Cluster.vigil.dev'],
      why: 'Without admission control every user who can create pods can create privileged pods.',
      fix: 'Enforce a Pod Security Standard on namespaces, or install an admission policy for pods.',
      example: {
        before: 'kind: Namespace\nmetadata: {name: shop}\n',
        after: 'kind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}\n',
      },
      message: 'no Pod Security Standard is enforced, and no admission policy or webhook checks pods',
      placement: { cis: ['5.2.1'], nist: ['4.3.2'] },
      theme: 'hardening',
      crossObject: {
        check: 'admissionPresent',
        reads: [
          'Namespace',
          'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
          'MutatingWebhookConfiguration.admissionregistration.k8s.io',
          'ValidatingAdmissionPolicy.admissionregistration.k8s.io',
          'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io',
        ],
      },
    },
    {
      id: 'webhook-failure-policy',
      title: 'Security webhooks fail closed and use TLS',
      severity: 'medium',
      essential: true,
      kinds: ['ValidatingWebhookConfiguration.admissionregistration.k8s.io', 'MutatingWebhookConfiguration.admissionregistration.k8s.io'],
      why: 'With failurePolicy Ignore, an attacker who makes the webhook slow or unavailable bypasses it. Over http, others on the network can answer for it.',
      fix: 'Set failurePolicy: Fail, and https in clientConfig.url.',
      example: { before: 'webhooks: [{failurePolicy: Ignore}]\n', after: 'webhooks: [{failurePolicy: Fail}]\n' },
      message: 'failurePolicy is Ignore, or clientConfig.url does not use https',
      placement: { mitre: ['T1562.001'] },
      theme: 'hardening',
      checks: [
        { at: 'webhooks[]', type: 'map', require: failsOpen('', 'Namespaced', ['pods']) },
        { at: 'webhooks[]', type: 'map', require: failsOpen('rbac.authorization.k8s.io', 'Namespaced', ['roles', 'rolebindings']) },
        {
          at: 'webhooks[]',
          type: 'map',
          require: failsOpen('rbac.authorization.k8s.io', 'Cluster', ['clusterroles', 'clusterrolebindings']),
        },
        { at: 'webhooks[].failurePolicy', type: 'string', require: 'true' },
        { at: 'webhooks[].clientConfig.url', type: 'string', require: "!item.lowerAscii().startsWith('http://')" },
      ],
    },
    {
      id: 'service-account-missing',
      title: 'The ServiceAccounts of workloads exist',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'The workload does not start. A user who creates the ServiceAccount decides on its rights.',
      fix: 'Create the ServiceAccount, or correct the name.',
      example: { before: 'serviceAccountName: gone\n', after: 'serviceAccountName: app\n' },
      message: 'the ServiceAccount in serviceAccountName does not exist',
      placement: {},
      theme: 'access',
      crossObject: { check: 'missingServiceAccount', reads: ['ServiceAccount'] },
    },
    {
      id: 'rbac-dangling-binding',
      title: 'The roles and service accounts of bindings exist',
      severity: 'low',
      essential: false,
      kinds: ['RoleBinding.rbac.authorization.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io'],
      why: 'A user who creates the missing role or service account gets or defines the rights.',
      fix: 'Delete the binding, or correct the names.',
      example: { before: 'roleRef: {kind: Role, name: gone}\n', after: 'roleRef: {kind: Role, name: reader}\n' },
      message: 'roleRef or subjects has a name that does not exist',
      placement: { mitre: ['T1098.006'] },
      theme: 'access',
      crossObject: {
        check: 'danglingBinding',
        reads: ['Role.rbac.authorization.k8s.io', 'ClusterRole.rbac.authorization.k8s.io', 'ServiceAccount'],
        across: ['ServiceAccount'],
      },
    },
    {
      id: 'required-labels',
      title: 'Pods have the required labels',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'Without its labels nobody can tell whose workload it is, and policies, budgets and reports that select by them leave it out.',
      fix: 'Set the labels on the pod or the pod template.',
      example: {
        before: 'metadata: {labels: {app: shop}}\n',
        after: 'metadata: {labels: {app.kubernetes.io/name: shop, app.kubernetes.io/part-of: store}}\n',
      },
      message: 'a required label is not set',
      placement: {},
      theme: [],
      parameters: {
        labels: {
          description:
            'The names of labels, such as app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/version, app.kubernetes.io/component, app.kubernetes.io/part-of and app.kubernetes.io/managed-by.',
          type: 'strings',
        },
      },
      checks: [
        {
          at: 'metadata.labels',
          type: 'map',
          missing: 'fail',
          require: "params.labels.all(name, name in item && string(item[name]) != '')",
        },
      ],
    },
    ...references,
  ],
};
