import { type Fields, groupKindOf, isFields, listOf } from '../objects/kubernetes-object.ts';
import { templatePathOf } from '../objects/workload-kind.ts';

/** A mutable map: an object just read from a file that no other code refers to. */
type Draft = Record<string, unknown>;

const draft = (value: unknown): Draft | undefined => (isFields(value) ? value : undefined);
const drafts = (value: unknown): readonly Draft[] => listOf(value).filter((item) => isFields(item));

/** Whether the server sets a default: the value is unset, null or an empty string. */
const isDefaulted = (value: unknown): boolean => value === undefined || value === null || value === '';

function withDefault(target: Draft | undefined, name: string, value: unknown): void {
  if (target !== undefined && isDefaulted(target[name])) target[name] = value;
}

/** Removes null fields, as the server does for built-in kinds. Keeps nulls in lists. */
function dropNulls(value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item);
    return;
  }
  const fields = draft(value);
  if (fields === undefined) return;
  for (const name of Object.keys(fields)) {
    if (fields[name] === null) Reflect.deleteProperty(fields, name);
    else dropNulls(fields[name]);
  }
}

const movingTag = (image: string): boolean => {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return !image.includes('@') && (!last.includes(':') || last.endsWith(':latest') || last.endsWith(':'));
};

function containerDefaults(container: Draft): void {
  const image = container['image'];
  if (typeof image === 'string') withDefault(container, 'imagePullPolicy', movingTag(image) ? 'Always' : 'IfNotPresent');
  for (const port of drafts(container['ports'])) withDefault(port, 'protocol', 'TCP');
}

function podDefaults(spec: Draft): void {
  withDefault(spec, 'securityContext', {});
  withDefault(spec, 'restartPolicy', 'Always');
  withDefault(spec, 'dnsPolicy', 'ClusterFirst');
  withDefault(spec, 'terminationGracePeriodSeconds', 30);
  withDefault(spec, 'schedulerName', 'default-scheduler');
  for (const name of ['initContainers', 'containers', 'ephemeralContainers']) drafts(spec[name]).forEach(containerDefaults);
  for (const volume of drafts(spec['volumes'])) if (Object.keys(volume).every((name) => name === 'name')) volume['emptyDir'] = {};
}

function templateOf(object: Fields, path: readonly string[]): Draft | undefined {
  let current: unknown = object;
  for (const name of [...path, 'spec']) current = isFields(current) ? current[name] : undefined;
  return draft(current);
}

const specDefaults =
  (defaults: Readonly<Record<string, unknown>>) =>
  (object: Draft): void => {
    for (const [name, value] of Object.entries(defaults)) withDefault(draft(object['spec']), name, value);
  };

const serviceDefaults = (object: Draft): void => {
  const spec = draft(object['spec']);
  withDefault(spec, 'type', 'ClusterIP');
  withDefault(spec, 'sessionAffinity', 'None');
  for (const port of drafts(spec?.['ports'])) {
    withDefault(port, 'protocol', 'TCP');
    withDefault(port, 'targetPort', port['port']);
  }
};

const networkPolicyDefaults = (object: Draft): void => {
  const spec = draft(object['spec']);
  withDefault(spec, 'policyTypes', listOf(spec?.['egress']).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']);
  for (const rule of [...drafts(spec?.['ingress']), ...drafts(spec?.['egress'])]) {
    for (const port of drafts(rule['ports'])) withDefault(port, 'protocol', 'TCP');
  }
};

const webhookDefaults = (object: Draft): void => {
  const early = object['apiVersion'] === 'admissionregistration.k8s.io/v1beta1';
  for (const webhook of drafts(object['webhooks'])) {
    withDefault(webhook, 'failurePolicy', early ? 'Ignore' : 'Fail');
    withDefault(webhook, 'matchPolicy', 'Equivalent');
    withDefault(webhook, 'timeoutSeconds', 10);
    withDefault(webhook, 'namespaceSelector', {});
    withDefault(webhook, 'objectSelector', {});
    for (const rule of drafts(webhook['rules'])) withDefault(rule, 'scope', '*');
  }
};

const rbacGroup = 'rbac.authorization.k8s.io';
const bindingDefaults = (object: Draft): void => {
  withDefault(draft(object['roleRef']), 'apiGroup', rbacGroup);
  for (const subject of drafts(object['subjects']))
    if (subject['kind'] === 'User' || subject['kind'] === 'Group') withDefault(subject, 'apiGroup', rbacGroup);
};

const defaults: ReadonlyMap<string, (object: Draft) => void> = new Map(
  Object.entries({
    'Deployment.apps': specDefaults({ replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 }),
    'StatefulSet.apps': specDefaults({ replicas: 1, revisionHistoryLimit: 10, podManagementPolicy: 'OrderedReady' }),
    'DaemonSet.apps': specDefaults({ revisionHistoryLimit: 10 }),
    'ReplicaSet.apps': specDefaults({ replicas: 1 }),
    ReplicationController: specDefaults({ replicas: 1 }),
    'Job.batch': specDefaults({ backoffLimit: 6, completionMode: 'NonIndexed', suspend: false }),
    'CronJob.batch': specDefaults({ concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 }),
    Service: serviceDefaults,
    'NetworkPolicy.networking.k8s.io': networkPolicyDefaults,
    'ValidatingWebhookConfiguration.admissionregistration.k8s.io': webhookDefaults,
    'MutatingWebhookConfiguration.admissionregistration.k8s.io': webhookDefaults,
    [`RoleBinding.${rbacGroup}`]: bindingDefaults,
    [`ClusterRoleBinding.${rbacGroup}`]: bindingDefaults,
  }),
);

/**
 * Sets the API server's defaults in an object from a file, for the fields that controls and rules commonly read. The file and the live
 * object then get the same verdict. Changes the object. Not for objects that the server returned. `typed`: a built-in kind, whose null
 * fields the server removes. `namespaced`: sets the namespace `default` if the object has none.
 */
export function applyManifestDefaults(
  object: Record<string, unknown>,
  { typed, namespaced }: { typed: boolean; namespaced: boolean },
): void {
  if (typed) dropNulls(object);
  const metadata = draft(object['metadata']);
  if (namespaced && metadata !== undefined && (metadata['namespace'] ?? '') === '') metadata['namespace'] = 'default';
  const path = templatePathOf(object);
  const spec = path === undefined ? undefined : templateOf(object, path);
  if (spec !== undefined) podDefaults(spec);
  defaults.get(groupKindOf(object))?.(object);
}
