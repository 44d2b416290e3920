import { errs, fails, objects, passes, pods, skips, type Tables } from '../control-table.ts';

const name = { parameters: { labels: ['app.kubernetes.io/name'] } };
const namespace = (name: string, level?: string): string =>
  `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}${level === undefined ? '' : `, labels: {pod-security.kubernetes.io/enforce: ${level}}`}}}`;
const pinnedTo = (version: string): string =>
  `{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/enforce-version: "${version}"}}}`;
const together = (...documents: readonly string[]): string => documents.join('\n---\n');
const rules = (group: string, resource: string): string =>
  `rules: [{apiGroups: ["${group}"], apiVersions: ["*"], operations: [CREATE], resources: ["${resource}"]}]`;
const webhook = (body: string, kind = 'ValidatingWebhookConfiguration', version = 'v1'): string =>
  `{apiVersion: admissionregistration.k8s.io/${version}, kind: ${kind}, metadata: {name: w}, webhooks: [{name: w.example.com, ${body}}]}`;
const policy = (resource: string): string =>
  `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: p}, spec: {matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [${resource}]}]}}}`;
const bound = (body: string): string =>
  `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: b}, spec: {policyName: p, ${body}}}`;
const binding =
  '{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: b}, spec: {policyName: p, validationActions: [Deny]}}';

/** CONTROLS.md §9. */
export const table: Tables = {
  'namespace-psa-enforced': objects(
    errs('a label that is no string', namespace('shop', 'true'), 'metadata.labels'),
    passes('baseline', namespace('shop', 'baseline')),
    passes('restricted', namespace('shop', 'restricted')),
    passes('system namespaces', namespace('kube-system')),
    passes('restricted, when that is asked for', namespace('shop', 'restricted'), { parameters: { minimum: 'restricted' } }),
    fails('no label', namespace('shop'), 'metadata.labels'),
    fails('privileged', namespace('shop', 'privileged'), 'metadata.labels'),
    fails('in capitals', namespace('shop', 'Baseline'), 'metadata.labels'),
    fails(
      'audit enforces nothing',
      '{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {pod-security.kubernetes.io/audit: restricted, pod-security.kubernetes.io/warn: restricted}}}',
      'metadata.labels',
    ),
    fails('baseline, when restricted is asked for', namespace('shop', 'baseline'), 'metadata.labels', {
      parameters: { minimum: 'restricted' },
    }),
  ),
  'namespace-psa-version-pinned': objects(
    passes('no standard', namespace('shop')),
    ...['v1.37', 'v1.36', 'v1.34'].map((version) => passes(version, pinnedTo(version))),
    passes('another standard of the policy', pinnedTo('v1.36'), { minor: 30 }),
    passes('a system namespace', pinnedTo('latest').replace('name: shop', 'name: kube-system')),
    fails('no version', namespace('shop', 'baseline'), 'metadata.labels'),
    ...['latest', 'v1.88', 'v1.38', 'v1.33', 'v1', 'v1.036', 'v1.36.2', '1.36', 'v1.', 'v1.99999999999999999999', 'V1.36', ''].map(
      (version) => fails(`'${version}'`, pinnedTo(version), 'metadata.labels'),
    ),
  ),
  'admission-policy-present': objects(
    passes('a standard is enforced', together(namespace('shop'), namespace('web', 'restricted'))),
    passes('a webhook', together(namespace('shop'), webhook(rules('', 'pods')))),
    passes('a webhook for everything', together(namespace('shop'), webhook(rules('*', '*')))),
    passes('an admission policy', together(namespace('shop'), policy('pods'), binding)),
    skips('no Namespace is there', webhook(rules('', 'pods'))),
    passes(
      'a webhook that reaches a namespace',
      together(namespace('shop'), webhook(`namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}, ${rules('', 'pods')}`)),
    ),
    passes('a webhook that fails open', together(namespace('shop'), webhook(`failurePolicy: Ignore, ${rules('', 'pods')}`))),
    passes('a binding that denies and audits', together(namespace('shop'), policy('pods'), bound('validationActions: [Audit, Deny]'))),
    passes(
      'a binding for one namespace',
      together(
        namespace('shop'),
        policy('pods'),
        bound('validationActions: [Deny], matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}'),
      ),
    ),
    ...(
      [
        ['a binding that only audits', policy('pods'), bound('validationActions: [Audit]')],
        ['a binding that only warns', policy('pods'), bound('validationActions: [Warn, Audit]')],
        ['a binding of another policy', policy('pods'), bound('validationActions: [Deny]').replace('policyName: p', 'policyName: q')],
        [
          'a binding for no namespace',
          policy('pods'),
          bound('validationActions: [Deny], matchResources: {namespaceSelector: {matchLabels: {team: a}}}'),
        ],
        [
          'a binding for other kinds',
          policy('pods'),
          bound(
            'validationActions: [Deny], matchResources: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}',
          ),
        ],
        [
          'a binding without pods',
          policy('pods'),
          bound(
            'validationActions: [Deny], matchResources: {excludeResourceRules: [{apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [pods]}]}',
          ),
        ],
        [
          'a policy that validates nothing',
          policy('pods').replace('matchConstraints', 'auditAnnotations: [{key: a, valueExpression: string(true)}], matchConstraints'),
          binding,
        ],
      ] as const
    ).map(([title, ...documents]) => fails(title, together(namespace('shop'), ...documents), '')),
    ...(
      [
        [
          'a webhook for no namespace',
          `failurePolicy: Ignore, namespaceSelector: {matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}, ${rules('', 'pods')}`,
        ],
        ['a webhook for namespaces that do not exist', `namespaceSelector: {matchLabels: {team: a}}, ${rules('', 'pods')}`],
        ['a webhook for updates', rules('', 'pods').replace('CREATE', 'UPDATE')],
        ['a webhook for subresources', rules('', 'pods/exec')],
        ['a webhook for cluster-scoped objects', rules('', '*').replace('operations', 'scope: Cluster, operations')],
      ] as const
    ).map(([title, body]) => fails(title, together(namespace('shop'), webhook(body)), '')),
    passes('a webhook for pods and their subresources', together(namespace('shop'), webhook(rules('', 'pods/*')))),
    fails('a webhook that only mutates', together(namespace('shop'), webhook(rules('', 'pods'), 'MutatingWebhookConfiguration')), ''),
    fails('nothing', namespace('shop'), ''),
    fails('privileged is no standard', namespace('shop', 'privileged'), ''),
    fails('a webhook for others', together(namespace('shop'), webhook(rules('apps', 'deployments'))), ''),
    fails('a policy that nobody binds', together(namespace('shop'), policy('pods')), ''),
    fails('a policy for others', together(namespace('shop'), policy('configmaps'), binding), ''),
  ),
  'webhook-failure-policy': objects(
    fails(
      'HTTP in capitals',
      webhook(`clientConfig: {url: "HTTP://w.example.com"}, ${rules('apps', 'deployments')}`),
      'webhooks[0].clientConfig.url',
    ),
    errs('a failurePolicy that is no string', webhook(`failurePolicy: false, ${rules('', 'pods')}`), 'webhooks[0].failurePolicy'),
    passes('Fail', webhook(`failurePolicy: Fail, ${rules('', 'pods')}`)),
    passes('unset is Fail', webhook(rules('', 'pods'))),
    passes('Ignore for others', webhook(`failurePolicy: Ignore, ${rules('apps', 'deployments')}`)),
    passes('https', webhook(`clientConfig: {url: "https://w.example.com"}, ${rules('', 'pods')}`)),
    fails('Ignore for pods', webhook(`failurePolicy: Ignore, ${rules('', 'pods')}`), 'webhooks[0]'),
    fails('Ignore for everything', webhook(`failurePolicy: Ignore, ${rules('*', '*')}`, 'MutatingWebhookConfiguration'), 'webhooks[0]'),
    fails('Ignore for RBAC', webhook(`failurePolicy: Ignore, ${rules('rbac.authorization.k8s.io', 'rolebindings')}`), 'webhooks[0]'),
    fails('unset was Ignore in v1beta1', webhook(rules('', 'pods'), 'ValidatingWebhookConfiguration', 'v1beta1'), 'webhooks[0]'),
    fails('http', webhook(`clientConfig: {url: "http://w.example.com"}, ${rules('apps', 'deployments')}`), 'webhooks[0].clientConfig.url'),
  ),
  'service-account-missing': objects(
    passes(
      'it is there',
      together(
        '{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {serviceAccountName: app}}',
        '{apiVersion: v1, kind: ServiceAccount, metadata: {name: app, namespace: shop}}',
      ),
    ),
    fails(
      'it is not',
      '{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {serviceAccountName: app}}',
      'spec.serviceAccountName',
    ),
  ),
  'required-labels': pods(
    fails('no labels', 'containers: []', 'metadata.labels', name),
    fails('other labels', '{metadata: {labels: {app: web}}, spec: {}}', 'metadata.labels', name),
    fails('an empty label', '{metadata: {labels: {app.kubernetes.io/name: ""}}, spec: {}}', 'metadata.labels', name),
    passes('the label', '{metadata: {labels: {app.kubernetes.io/name: web, app: web}}, spec: {}}', name),
    skips('no label is required', 'containers: []'),
  ),
};
