import { errs, fails, objects, passes, skips, type Tables } from '../control-table.ts';

const namespace = (name: string, level?: string): string =>
  `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}${level === undefined ? '' : `, labels: {pod-security.kubernetes.io/enforce: ${level}}`}}}`;
const together = (...documents: readonly string[]): string => documents.join('\n---\n');
const rules = (group: string, resource: string): string =>
  `rules: [{apiGroups: ["${group}"], apiVersions: ["*"], operations: [CREATE], resources: ["${resource}"]}]`;
const webhook = (body: string, kind = 'ValidatingWebhookConfiguration', version = 'v1'): string =>
  `{apiVersion: admissionregistration.k8s.io/${version}, kind: ${kind}, metadata: {name: w}, webhooks: [{name: w.example.com, ${body}}]}`;
const policy = (resource: string): string =>
  `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: p}, spec: {matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [${resource}]}]}}}`;
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
  'admission-policy-present': objects(
    passes('a standard is enforced', together(namespace('shop'), namespace('web', 'restricted'))),
    passes('a webhook', together(namespace('shop'), webhook(rules('', 'pods')))),
    passes('a webhook for everything', together(namespace('shop'), webhook(rules('*', '*')))),
    passes('an admission policy', together(namespace('shop'), policy('pods'), binding)),
    skips('no Namespace is there', webhook(rules('', 'pods'))),
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
};
