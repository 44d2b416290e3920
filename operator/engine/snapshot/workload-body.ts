import type { Labels } from '../../api/label-match.ts';
import { type HostPort, hostPortsOf, namedPort } from '../network/exposure/ways-in.ts';
import { type Fields, fieldsOf, type KubernetesObject, listOf, textMapOf, textOf } from '../objects/kubernetes-object.ts';
import { type PodReference, podReferences } from '../pods/pod-references.ts';
import { keepsApart } from '../pods/pod-spread.ts';
import type { MissingTemplate, SyntheticPod } from '../pods/synthetic-pod.ts';
import { hasTokenVolume } from '../pods/token-volume.ts';

/** A container of a workload, and its image. */
export interface ContainerImage {
  readonly name: string;
  /** The path of the image in the pod. */
  readonly path: string;
  readonly image: string;
  /** The digest that the status of a Pod reports. */
  readonly running?: string;
}

/** The fields of a workload that cross-object checks read. */
export interface WorkloadBody extends Fields {
  readonly prefix: string;
  readonly podLabels: Labels;
  readonly serviceAccount: string;
  readonly automount: boolean | undefined;
  /** Whether a volume holds a token of the service account for the API server. */
  readonly tokenVolume: boolean;
  readonly containers: readonly ContainerImage[];
  /** The numbers of the TCP ports of its containers. */
  readonly ports: readonly number[];
  /** Its ports with a name, such as `TCP http`. */
  readonly namedPorts: readonly string[];
  readonly hostNetwork: boolean;
  readonly hostPorts: readonly HostPort[];
  readonly replicas: number | undefined;
  /** The number of the first replica, if it is set. */
  readonly firstOrdinal?: number;
  /** The objects that the pods need. Only in snapshots whose content includes them. */
  readonly references?: readonly PodReference[];
  /** For a StatefulSet: the StorageClasses of its claims. */
  readonly claimClasses?: readonly unknown[];
  /** Whether the pods ask the scheduler to keep them apart. With `references` only. */
  readonly spread?: boolean;
}

/** The service account of a pod, from `serviceAccountName` or the deprecated `serviceAccount`. */
function accountOf(spec: Fields): string {
  const named = ['serviceAccountName', 'serviceAccount'].map((field) => textOf(spec[field]) ?? '');
  return named.find((name) => name !== '') ?? 'default';
}

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
const statusLists = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'] as const;

/** The digest at the end of an image id with a repository. Other ids are those of a configuration, which no registry knows. */
const runningDigest = /@(sha256:[0-9a-f]{64})$/;

function containerImages(spec: Fields, status: Fields): readonly ContainerImage[] {
  const ids = new Map(
    statusLists.flatMap((list) => listOf(status[list]).map(fieldsOf)).map(({ name, imageID }) => [textOf(name), textOf(imageID)]),
  );
  return containerLists.flatMap((list) =>
    listOf(spec[list]).map((item, index) => {
      const { name, image } = fieldsOf(item);
      const [, running] = runningDigest.exec(ids.get(textOf(name)) ?? '') ?? [];
      const found = { name: textOf(name) ?? '', path: `spec.${list}[${index}].image`, image: textOf(image) ?? '' };
      return running === undefined ? found : { ...found, running };
    }),
  );
}

/**
 * The labels of a workload's pods. A template without labels has those that the workload selects: the API server takes no other template, and
 * who writes an excerpt of a manifest means these.
 */
function podLabelsOf(object: KubernetesObject, pod: KubernetesObject | undefined): Labels {
  const labels = textMapOf(fieldsOf(pod?.metadata)['labels']);
  if (Object.keys(labels).length > 0 || object.kind === 'Pod') return labels;
  const selector = fieldsOf(fieldsOf(object['spec'])['selector']);
  return textMapOf(object.kind === 'ReplicationController' ? selector : selector['matchLabels']);
}

/** What workloads name of other objects. */
function referencesOf(object: KubernetesObject, pod: Fields): Pick<WorkloadBody, 'references' | 'claimClasses' | 'spread'> {
  const spec = fieldsOf(pod['spec']);
  const templates = listOf(fieldsOf(object['spec'])['volumeClaimTemplates']);
  const claimClasses = templates.map((template) => fieldsOf(fieldsOf(template)['spec'])['storageClassName']);
  const labels = textMapOf(fieldsOf(pod['metadata'])['labels']);
  return { references: podReferences(spec), spread: keepsApart(spec, labels), ...(claimClasses.length === 0 ? {} : { claimClasses }) };
}

/** Reduces a workload with one of its pod templates. `hasReferences`: whether to include what it names of other objects. */
export function workloadBody(object: KubernetesObject, synthetic: SyntheticPod | MissingTemplate, hasReferences: boolean): WorkloadBody {
  const { pod } = synthetic;
  const spec = fieldsOf(pod?.spec);
  const containers = containerLists.flatMap((list) => listOf(spec[list]).map(fieldsOf));
  const ports = containers.flatMap((container) => listOf(container['ports']).map(fieldsOf));
  const automount = spec['automountServiceAccountToken'];
  const serviceAccount = accountOf(spec);
  const { replicas, ordinals } = fieldsOf(object['spec']);
  const firstOrdinal = fieldsOf(ordinals)['start'];
  return {
    prefix: synthetic.pod === undefined ? '' : synthetic.prefix,
    podLabels: podLabelsOf(object, pod),
    serviceAccount,
    automount: typeof automount === 'boolean' ? automount : undefined,
    tokenVolume: hasTokenVolume(spec, serviceAccount),
    containers: containerImages(spec, fieldsOf(object['status'])),
    ports: ports
      .filter(({ protocol }) => (protocol ?? 'TCP') === 'TCP')
      .map(({ containerPort }) => containerPort)
      .filter((port) => typeof port === 'number'),
    namedPorts: ports.flatMap(({ name, protocol }) => (typeof name === 'string' ? [namedPort(protocol, name)] : [])),
    hostNetwork: spec['hostNetwork'] === true,
    hostPorts: hostPortsOf(spec),
    replicas: typeof replicas === 'number' ? replicas : undefined,
    ...(typeof firstOrdinal === 'number' ? { firstOrdinal } : {}),
    ...(hasReferences ? referencesOf(object, fieldsOf(pod)) : {}),
  };
}
