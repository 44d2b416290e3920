import { type Fields, isFields, type KubernetesObject, nameOf, namespaceOf } from '../objects/kubernetes-object.ts';
import { customTemplatePaths, referredWorkload, valueAt } from '../objects/custom-workloads.ts';
import { templatePathOf } from '../objects/workload-kind.ts';
import { applyPodSpecDefaults } from './manifest-defaults.ts';
import { type WorkflowPod, workflowPods, workflowReference } from './workflow-pods.ts';

/** The Pod that a workload creates, as the API server would store it. */
export interface SyntheticPod {
  /** The object itself if it is a Pod, else a Pod with the template's spec and the workload's namespace and name. */
  readonly pod: KubernetesObject & { readonly spec: Fields };
  /** The prefix of the Pod's paths in the object: empty for Pods, `spec.template.` for Deployments. */
  readonly prefix: string;
  /** Turns a path of the Pod into a path of the object, if a prefix does not: the Pod is put together from several fields. */
  readonly toPath?: (path: string) => string;
}

/** The fault of a workload without a usable pod template, with its path. */
export interface MissingTemplate {
  readonly pod: undefined;
  readonly path: string;
  readonly problem: string;
}

/** A workload whose pod template is in another object, which is evaluated instead. */
export interface ReferredTemplate {
  readonly pod: undefined;
  readonly referred: string;
}

const found = (value: unknown): string =>
  value === undefined || value === null ? 'nothing' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;

const missing = (path: string, value: unknown, expected = 'a map'): MissingTemplate => ({
  pod: undefined,
  path,
  problem: `expected ${expected}, found ${found(value)}`,
});

const identityOf = (object: KubernetesObject): Fields => ({ name: nameOf(object) ?? '', namespace: namespaceOf(object) });

/**
 * Derives the synthetic Pods of a workload: one for each pod template. Custom kinds can have several, and their Pods have the defaults that
 * the server will set in them. Empty for other kinds.
 */
export function syntheticPods(object: KubernetesObject): readonly (SyntheticPod | MissingTemplate | ReferredTemplate)[] {
  const builtin = syntheticPod(object);
  if (builtin !== undefined) return [builtin];
  const referred = referredWorkload(object) ?? workflowReference(object);
  if (referred !== undefined) return [{ pod: undefined, referred }];
  const workflow = workflowPods(object);
  if (workflow === undefined) return customTemplatePaths(object).map((path) => customPod(object, path));
  if ('path' in workflow) return [missing(workflow.path, workflow.value, workflow.expected)];
  return workflow.length === 0 ? [{ pod: undefined, referred: 'other templates' }] : workflow.map((pod) => assembledPod(object, pod));
}

function assembledPod(object: KubernetesObject, { spec, metadata, toPath }: WorkflowPod): SyntheticPod {
  const copied = structuredClone(spec);
  applyPodSpecDefaults(copied);
  return {
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, ...identityOf(object) }, spec: withPodDefaults(copied) },
    prefix: '',
    toPath,
  };
}

function customPod(object: KubernetesObject, path: string): SyntheticPod | MissingTemplate {
  const template = path === '' ? object : valueAt(object, path);
  if (!isFields(template)) return missing(path, template);
  const prefix = path === '' ? '' : `${path}.`;
  const spec = template['spec'];
  if (!isFields(spec)) return missing(`${prefix}spec`, spec);
  if (spec['containers'] === undefined) return missing(`${prefix}spec.containers`, undefined, 'a list');
  const own = template['metadata'] ?? {};
  if (!isFields(own)) return missing(`${prefix}metadata`, own);
  const copied = structuredClone(spec);
  applyPodSpecDefaults(copied);
  return { pod: { apiVersion: 'v1', kind: 'Pod', metadata: { ...own, ...identityOf(object) }, spec: withPodDefaults(copied) }, prefix };
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
