import { type Fields, fieldsOf, groupKindOf, type KubernetesObject, nameOf } from '../../objects/kubernetes-object.ts';
import type { AddProblem } from './content-problem.ts';
import { isDnsLabel, isDnsSubdomain, isLabelKey, isLabelValue, isPathSegment, labelForm } from '../../objects/name-forms.ts';

interface NameForm {
  readonly fits: (name: string) => boolean;
  readonly problem: string;
}

const label: NameForm = { fits: isDnsLabel, problem: labelForm };
const subdomain: NameForm = {
  fits: isDnsSubdomain,
  problem: 'name must have only small letters, digits, - and ., and begin and end with a letter or a digit',
};
const segment: NameForm = { fits: isPathSegment, problem: "name must not have '/' or '%', nor be '.' or '..'" };

const formOf: ReadonlyMap<string, NameForm> = new Map([
  ...['Namespace', 'Service'].map((kind) => [kind, label] as const),
  ...['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'].map((kind) => [`${kind}.rbac.authorization.k8s.io`, segment] as const),
  ...[
    'Pod', 'ConfigMap', 'Secret', 'ServiceAccount', 'PersistentVolumeClaim', 'PersistentVolume', 'ReplicationController', 'PodTemplate', 'LimitRange',
    'ResourceQuota', 'Node', 'Deployment.apps', 'StatefulSet.apps', 'DaemonSet.apps', 'ReplicaSet.apps', 'Job.batch', 'CronJob.batch',
    'Ingress.networking.k8s.io', 'IngressClass.networking.k8s.io', 'NetworkPolicy.networking.k8s.io',
    'StorageClass.storage.k8s.io', 'PriorityClass.scheduling.k8s.io', 'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
    'MutatingWebhookConfiguration.admissionregistration.k8s.io',
  ].map((kind) => [kind, subdomain] as const),
]); // prettier-ignore

const keyProblem = 'must be a name of letters, digits, -, _ and ., with a domain and / before it or without';

/** Adds what the API server refuses in the keys and values of labels, and in the keys of annotations. `path`: that of the metadata. */
export function labelProblems(metadata: Fields, path: string, add: AddProblem): void {
  const labels = fieldsOf(metadata['labels']);
  for (const key in labels) {
    const value = labels[key];
    if (!isLabelKey(key)) add(`${path}.labels['${key}']`, `labels: a key ${keyProblem}`);
    else if (typeof value === 'string' && !isLabelValue(value))
      add(
        `${path}.labels['${key}']`,
        `labels['${key}'] must have at most 63 letters, digits, -, _ and ., and begin and end with a letter or a digit`,
      );
  }
  for (const key in fieldsOf(metadata['annotations']))
    if (!isLabelKey(key.toLowerCase())) add(`${path}.annotations['${key}']`, `annotations: a key ${keyProblem}`);
}

/** Adds what the API server refuses in the metadata of an object. */
export function metadataProblems(object: KubernetesObject, add: AddProblem): void {
  const name = nameOf(object);
  const form = formOf.get(groupKindOf(object));
  const metadata = fieldsOf(object['metadata']);
  if (form !== undefined && typeof metadata['name'] === 'string' && name !== undefined && !form.fits(name))
    add('metadata.name', form.problem);
  if (groupKindOf(object) === 'CronJob.batch' && (name?.length ?? 0) > 52)
    add('metadata.name', 'name of a CronJob must have at most 52 characters');
  labelProblems(metadata, 'metadata', add);
}
