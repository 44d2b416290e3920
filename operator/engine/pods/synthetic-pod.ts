import { type Fields, fieldsOf, isFields, type KubernetesObject, nameOf, namespaceOf } from '../objects/kubernetes-object.ts';
import { customTemplatePaths, incompleteTemplates, referredWorkload, valueAt } from '../objects/custom-workloads.ts';
import { templatePathOf } from '../objects/workload-kind.ts';
import { applyPodSpecDefaults } from './manifest-defaults.ts';
import { foundType, type IncompletePod } from './incomplete-pod.ts';
import { type AutoscalerContainer, rayAutoscaler } from './ray-autoscaler.ts';
import { workflowPods, workflowReference } from './workflow-pods.ts';
import type { WorkflowPod } from './workflow-template.ts';

/** The Pod that a workload creates, as the API server would store it. */
export interface SyntheticPod {
  /** The object itself if it is a Pod, else a Pod with the template's spec and the workload's namespace and name. */
  readonly pod: KubernetesObject & { readonly spec: Fields };
  /** The prefix of the Pod's paths in the object: empty for Pods, `spec.template.` for Deployments. */
  readonly prefix: string;
  /** Turns a path of the Pod into a path of the object, if a prefix does not: the Pod is put together from several fields. */
  readonly toPath?: (path: string) => string;
  /** If the object does not describe all of the Pod. */
  readonly incomplete?: IncompletePod;
}

/** The fault of a workload without a usable pod template, with its path. */
export interface MissingTemplate {
  readonly pod: undefined;
  readonly path: string;
  readonly problem: string;
}

/** A workload whose pod template is in another object, which is evaluated with that. */
export interface ReferredTemplate {
  readonly pod: undefined;
  readonly referred: string;
}

const missing = (path: string, value: unknown, expected = 'a map'): MissingTemplate => ({
  pod: undefined,
  path,
  problem: `expected ${expected}, found ${foundType(value)}`,
});

/** Paths of a pod that are in the template. Other metadata is the workload's. */
const ofTemplate = /^(spec\b|metadata\.(annotations|labels)\b)/;

/** Turns a path of a pod into a path of the object whose template has a prefix. */
export const inTemplate = (prefix: string, path: string): string => (prefix !== '' && ofTemplate.test(path) ? prefix + path : path);

const identityOf = (object: KubernetesObject): Fields => ({ name: nameOf(object) ?? '', namespace: namespaceOf(object) });

/**
 * Derives the synthetic Pods of a workload: one for each pod template. Custom kinds can have several, and their Pods have the defaults that
 * the server will set in them. Empty for other kinds.
 */
export function syntheticPods(object: KubernetesObject): readonly (SyntheticPod | MissingTemplate | ReferredTemplate)[] {
  const builtin = syntheticPod(object);
  if (builtin !== undefined) return [builtin];
  const referred = referredWorkload(object);
  if (referred !== undefined) return [{ pod: undefined, referred }];
  const workflow = workflowPods(object);
  if (workflow === undefined) return customTemplatePaths(object).map((path) => customPod(object, path));
  if ('problem' in workflow) return [{ pod: undefined, ...workflow }];
  if (workflow.length === 0) return [{ pod: undefined, referred: workflowReference(object) ?? 'other templates' }];
  return workflow.map((pod) => assembledPod(object, pod));
}

function assembledPod(object: KubernetesObject, { spec, metadata, toPath, incomplete }: WorkflowPod): SyntheticPod {
  const copied = structuredClone(spec);
  applyPodSpecDefaults(copied);
  return {
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, ...identityOf(object) }, spec: withPodDefaults(copied) },
    prefix: '',
    toPath,
    ...(incomplete === undefined ? {} : { incomplete }),
  };
}

/** Returns the first fault of a pod template, or undefined. `isFragment`: it needs no containers. */
function templateFault(template: unknown, path: string, isFragment: boolean): MissingTemplate | undefined {
  if (!isFields(template)) return missing(path, template);
  const prefix = path === '' ? '' : `${path}.`;
  const { spec, metadata = {} } = template;
  if (!isFields(spec)) return missing(`${prefix}spec`, spec);
  if (spec['containers'] === undefined && !isFragment) return missing(`${prefix}spec.containers`, undefined, 'a list');
  return isFields(metadata ?? {}) ? undefined : missing(`${prefix}metadata`, metadata);
}

function customPod(object: KubernetesObject, path: string): SyntheticPod | MissingTemplate {
  const template = path === '' ? object : valueAt(object, path);
  const incomplete = incompleteTemplates(object);
  const fault = templateFault(template, path, incomplete?.fragment === true);
  if (fault !== undefined) return fault;
  const prefix = path === '' ? '' : `${path}.`;
  const { spec, metadata } = fieldsOf(template);
  const copied = structuredClone(spec) as Record<string, unknown>;
  const autoscaler = rayAutoscaler(object, path);
  const toPath = autoscaler === undefined ? undefined : withAutoscaler(copied, autoscaler, prefix);
  applyPodSpecDefaults(copied);
  return {
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: { ...fieldsOf(metadata), ...identityOf(object) }, spec: withPodDefaults(copied) },
    prefix,
    ...(toPath === undefined ? {} : { toPath }),
    ...(incomplete === undefined ? {} : { incomplete: { reason: incomplete.reason, unknown: incomplete.fragment ? [''] : [] } }),
  };
}

/** Adds the autoscaler's container to the spec of a head of Ray. Returns what turns paths of the pod into paths of the object. */
function withAutoscaler(spec: Record<string, unknown>, { container, path }: AutoscalerContainer, prefix: string): SyntheticPod['toPath'] {
  const containers = spec['containers'];
  if (!Array.isArray(containers)) return undefined;
  const own = `spec.containers[${containers.length}]`;
  spec['containers'] = [...(containers as unknown[]), structuredClone(container)];
  return (inPod) => (inPod === own || inPod.startsWith(`${own}.`) ? path + inPod.slice(own.length) : inTemplate(prefix, inPod));
}

/**
 * Derives the synthetic Pod of a workload of a built-in kind. Returns undefined for other kinds. Sets what the server sets on Pods but not on templates:
 * requests from limits, and host ports with hostNetwork. Does not change the object.
 */
export function syntheticPod(object: KubernetesObject): SyntheticPod | MissingTemplate | undefined {
  const path = templatePathOf(object);
  if (path === undefined) return undefined;
  let template: Fields = object;
  for (const [index, name] of path.entries()) {
    const next = template[name];
    if (!isFields(next)) return missing(path.slice(0, index + 1).join('.'), next);
    template = next;
  }
  const prefix = path.length === 0 ? '' : `${path.join('.')}.`;
  const spec = template['spec'];
  if (!isFields(spec)) return missing(`${prefix}spec`, spec);
  const podSpec = withPodDefaults(spec);
  if (path.length === 0) return { pod: podSpec === spec ? (object as SyntheticPod['pod']) : { ...object, spec: podSpec }, prefix };
  const own = template['metadata'] ?? {};
  if (!isFields(own)) return missing(`${prefix}metadata`, own);
  const metadata = { ...own, ...identityOf(object) };
  return { pod: { apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec }, prefix };
}

const containerLists = ['initContainers', 'containers'] as const;

function withPodDefaults(spec: Fields): Fields {
  let result: Record<string, unknown> | undefined;
  const hostNetwork = spec['hostNetwork'] === true;
  const own = withRequests(spec);
  if (own !== spec) result = { ...own };
  for (const name of containerLists) {
    const list = spec[name];
    if (!Array.isArray(list)) continue;
    const defaulted = withContainerDefaults(list, hostNetwork);
    if (defaulted !== list) (result ??= { ...spec })[name] = defaulted;
  }
  return result ?? spec;
}

function withContainerDefaults(list: readonly unknown[], hostNetwork: boolean): readonly unknown[] {
  let result: unknown[] | undefined;
  for (let index = 0; index < list.length; index += 1) {
    const container = list[index];
    if (!isFields(container)) continue;
    const defaulted = withHostPorts(withRequests(container), hostNetwork);
    if (defaulted !== container) (result ??= [...list])[index] = defaulted;
  }
  return result ?? list;
}

/** Sets the requests of a container, or of a pod as a whole, to its limits. */
function withRequests(owner: Fields): Fields {
  const resources = owner['resources'];
  if (!isFields(resources) || !isFields(resources['limits'])) return owner;
  const limits = resources['limits'];
  const requests = resources['requests'] ?? {};
  if (!isFields(requests)) return owner;
  let complete = true;
  for (const name in limits) complete &&= name in requests;
  return complete ? owner : { ...owner, resources: { ...resources, requests: { ...limits, ...requests } } };
}

function withHostPorts(container: Fields, hostNetwork: boolean): Fields {
  const ports = container['ports'];
  if (!hostNetwork || !Array.isArray(ports)) return container;
  const closed = (port: unknown): port is Fields => isFields(port) && (port['hostPort'] === undefined || port['hostPort'] === 0);
  if (!ports.some(closed)) return container;
  return { ...container, ports: ports.map((port: unknown) => (closed(port) ? { ...port, hostPort: port['containerPort'] } : port)) };
}
