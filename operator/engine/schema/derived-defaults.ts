import { imagePullPolicy } from './image-pull-policy.ts';
import { setPodAdmission } from './pod-admission.ts';
import { setPodRequests } from './pod-requests.ts';
import { type Draft, draftOf, draftsOf } from './server-defaults.ts';

/** Whether the server sets a default: the value is unset, null or an empty string. */
const isDefaulted = (value: unknown): boolean => value === undefined || value === null || value === '';

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'];

function setPullPolicy(owner: Draft, image: string, policy: string): void {
  const name = owner[image];
  if (typeof name === 'string' && isDefaulted(owner[policy])) owner[policy] = imagePullPolicy(name);
}

/** Sets the defaults of a pod's spec that depend on the content of other fields. Called before the others are set. */
export function derivePodSpec(spec: Draft): void {
  for (const list of containerLists) for (const container of draftsOf(spec[list])) setPullPolicy(container, 'image', 'imagePullPolicy');
  for (const volume of draftsOf(spec['volumes'])) {
    const image = draftOf(volume['image']);
    if (image !== undefined) setPullPolicy(image, 'reference', 'pullPolicy');
  }
  if (typeof spec['serviceAccountName'] === 'string' && spec['serviceAccountName'] !== '')
    spec['serviceAccount'] = spec['serviceAccountName'];
}

function setHostPorts(spec: Draft): void {
  if (spec['hostNetwork'] !== true) return;
  const containers = [...draftsOf(spec['initContainers']), ...draftsOf(spec['containers'])];
  for (const port of containers.flatMap(({ ports }) => draftsOf(ports)))
    if (port['hostPort'] === undefined && port['containerPort'] !== 0) port['hostPort'] = port['containerPort'];
}

/** Sets what the server sets in a Pod but not in a template. Called after the other defaults. */
export function derivePod(pod: Draft): void {
  const spec = draftOf(pod['spec']);
  if (spec === undefined) return;
  setPodRequests(spec);
  setHostPorts(spec);
  setPodAdmission(spec);
}

function deriveNamespace(namespace: Draft): void {
  const metadata = draftOf(namespace['metadata']);
  const name = metadata?.['name'];
  if (metadata === undefined || typeof name !== 'string' || name === '') return;
  const labels = draftOf(metadata['labels']) ?? {};
  metadata['labels'] = { ...labels, 'kubernetes.io/metadata.name': name };
}

/** The selector and the labels of a ReplicationController are by default the labels of its pods. */
function deriveReplicationController(controller: Draft): void {
  const spec = draftOf(controller['spec']);
  const labels = draftOf(draftOf(draftOf(spec?.['template'])?.['metadata'])?.['labels']);
  const metadata = draftOf(controller['metadata']);
  if (spec === undefined || labels === undefined || metadata === undefined) return;
  spec['selector'] ??= { ...labels };
  metadata['labels'] ??= { ...labels };
}

/** The labels of a Job are by default those of its pods. */
function deriveJob(job: Draft): void {
  const labels = draftOf(draftOf(draftOf(draftOf(job['spec'])?.['template'])?.['metadata'])?.['labels']);
  const metadata = draftOf(job['metadata']);
  if (metadata !== undefined && labels !== undefined) metadata['labels'] ??= { ...labels };
}

function deriveService(service: Draft): void {
  const spec = draftOf(service['spec']);
  if (spec === undefined) return;
  const timeout = draftOf(draftOf(spec['sessionAffinityConfig'])?.['clientIP'])?.['timeoutSeconds'];
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig'];
  else if (spec['sessionAffinity'] === 'ClientIP' && timeout === undefined)
    spec['sessionAffinityConfig'] = { clientIP: { timeoutSeconds: 10_800 } };
}

function deriveStatefulSet(set: Draft): void {
  for (const claim of draftsOf(draftOf(set['spec'])?.['volumeClaimTemplates']))
    Object.assign(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
}

/** The server sets this annotation on creation. */
function deriveDaemonSet(set: Draft): void {
  const metadata = draftOf(set['metadata']);
  const annotations = metadata?.['annotations'] ?? {};
  if (metadata !== undefined && draftOf(annotations) !== undefined)
    metadata['annotations'] = { ...draftOf(annotations), 'deprecated.daemonset.template.generation': '1' };
}

function deriveNode(node: Draft): void {
  const spec = draftOf(node['spec']);
  if (spec === undefined) return;
  const [first] = Array.isArray(spec['podCIDRs']) ? (spec['podCIDRs'] as unknown[]) : [];
  if (typeof first === 'string') spec['podCIDR'] = first;
  else if (typeof spec['podCIDR'] === 'string') spec['podCIDRs'] = [spec['podCIDR']];
}

/** `stringData` is only for writing: its values are part of `data`. */
function deriveSecret(secret: Draft): void {
  const texts = draftOf(secret['stringData']);
  if (texts === undefined || !Object.values(texts).every((value) => typeof value === 'string')) return;
  const encoded = Object.entries(texts).map(([key, value]) => [key, Buffer.from(String(value)).toString('base64')]);
  if (encoded.length > 0) secret['data'] = { ...draftOf(secret['data']), ...Object.fromEntries(encoded) };
  delete secret['stringData'];
}

/** In a LimitRange for containers: the default limit is the maximum, the default request is the default limit, else the minimum. */
function deriveLimits(range: Draft): void {
  for (const item of draftsOf(draftOf(range['spec'])?.['limits'])) {
    if (item['type'] !== 'Container') continue;
    const limits = { ...draftOf(item['max']), ...draftOf(item['default']) };
    const requests = { ...draftOf(item['min']), ...limits, ...draftOf(item['defaultRequest']) };
    if (Object.keys(limits).length > 0) item['default'] = limits;
    if (Object.keys(requests).length > 0) item['defaultRequest'] = requests;
  }
}

function deriveDefinition(definition: Draft): void {
  const names = draftOf(draftOf(definition['spec'])?.['names']);
  const kind = names?.['kind'];
  if (names === undefined || typeof kind !== 'string' || kind === '') return;
  if (isDefaulted(names['singular'])) names['singular'] = kind.toLowerCase();
  if (isDefaulted(names['listKind'])) names['listKind'] = `${kind}List`;
}

/** By kind: what the server derives from the content of other fields, after it set the other defaults. */
export const derivedDefaults: ReadonlyMap<string, (object: Draft) => void> = new Map([
  ['Pod', derivePod],
  ['Namespace', deriveNamespace],
  ['Node', deriveNode],
  ['Service', deriveService],
  ['Secret', deriveSecret],
  ['Job.batch', deriveJob],
  ['DaemonSet.apps', deriveDaemonSet],
  ['StatefulSet.apps', deriveStatefulSet],
  ['ReplicationController', deriveReplicationController],
  ['LimitRange', deriveLimits],
  ['CustomResourceDefinition.apiextensions.k8s.io', deriveDefinition],
]);
