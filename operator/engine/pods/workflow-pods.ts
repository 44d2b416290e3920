import { type Fields, fieldsOf, groupKindOf, isFields, type KubernetesObject, listOf, textOf } from '../objects/kubernetes-object.ts';
import { valueAt, workflowKinds } from '../objects/custom-workloads.ts';

/** The parts of a pod of a workflow, and where they are in the object. */
export interface WorkflowPod {
  readonly spec: Fields;
  readonly metadata: Fields;
  /** Turns a path of the pod into a path of the object. */
  readonly toPath: (path: string) => string;
}

/** The fields of a pod that a workflow sets for all its templates, and that a template can set for its own pod. */
const podFields = [
  'securityContext', 'serviceAccountName', 'automountServiceAccountToken', 'hostNetwork', 'hostAliases', 'priorityClassName', 'tolerations',
] as const; // prettier-ignore

interface Part {
  readonly value: unknown;
  readonly path: string;
}

const partsOf = (list: unknown, path: string): readonly Part[] =>
  listOf(list).map((value, index) => ({ value, path: `${path}[${index}]` }));

/** The main containers of a template: a container, a script, or a set of containers. The executor names the first two main. */
function mainContainers(template: Fields, path: string): readonly Part[] {
  const single = (['container', 'script'] as const).filter((name) => isFields(template[name]));
  const [field] = single;
  if (field !== undefined) return [{ value: { name: 'main', ...fieldsOf(template[field]) }, path: `${path}.${field}` }];
  return partsOf(fieldsOf(template['containerSet'])['containers'], `${path}.containerSet.containers`);
}

/** The lists of a pod and its fields, with their places in the object. */
interface Places {
  readonly lists: Readonly<Record<string, readonly Part[]>>;
  /** The paths of the fields that are set for all templates. */
  readonly fields: ReadonlyMap<string, string>;
  /** The path of the template. */
  readonly template: string;
}

/** The place of an entry of a list. Undefined for paths outside of lists. */
function entryPath(lists: Places['lists'], path: string): string | undefined {
  const found = /^spec\.(\w+)\[(\d+)\](.*)$/.exec(path);
  const part = found === null ? undefined : lists[String(found[1])]?.[Number(found[2])];
  return part === undefined ? undefined : part.path + String(found?.[3]);
}

/** Turns a path of a pod into a path of the object. */
function pathIn({ lists, fields, template }: Places, path: string): string {
  const inList = entryPath(lists, path);
  if (inList !== undefined) return inList;
  const field = /^spec\.(\w+)(.*)$/.exec(path);
  if (field !== null) return (fields.get(String(field[1])) ?? `${template}.${String(field[1])}`) + String(field[2]);
  return /^metadata\.(labels|annotations)\b/.test(path) ? `${template}.${path}` : path;
}

function podOf(base: Fields, basePath: string, { value, path }: Part): WorkflowPod | undefined {
  const defaults = fieldsOf(base['templateDefaults']);
  const template: Fields = { ...defaults, ...fieldsOf(value) };
  const containers = [...mainContainers(template, path), ...partsOf(template['sidecars'], `${path}.sidecars`)];
  if (containers.length === 0) return undefined;
  const lists = {
    containers,
    initContainers: partsOf(template['initContainers'], `${path}.initContainers`),
    volumes: [...partsOf(base['volumes'], `${basePath}.volumes`), ...partsOf(template['volumes'], `${path}.volumes`)],
  };
  const owners = podFields.map((field) => [field, template[field] === undefined && base[field] !== undefined ? base : template] as const);
  const set = owners.filter(([field, owner]) => owner[field] !== undefined);
  const inSpec = new Map(set.filter(([, owner]) => owner === base).map(([field]) => [field as string, `${basePath}.${field}`]));
  const values = Object.entries(lists).filter(([, parts]) => parts.length > 0);
  return {
    spec: {
      restartPolicy: 'Never',
      ...Object.fromEntries(set.map(([field, owner]) => [field, owner[field]])),
      ...Object.fromEntries(values.map(([name, parts]) => [name, parts.map((part) => part.value)])),
    },
    metadata: { ...fieldsOf(base['podMetadata']), ...fieldsOf(template['metadata']) },
    toPath: (inPod) => pathIn({ lists, fields: inSpec, template: path }, inPod),
  };
}

/** A value of the wrong type in place of the templates of a workflow. */
export interface BrokenWorkflow {
  readonly path: string;
  readonly value: unknown;
  readonly expected: string;
}

/** The templates that are written in the steps and tasks of another one. */
function inlineParts({ value, path }: Part): readonly Part[] {
  const { steps, dag } = fieldsOf(value);
  const groups = partsOf(steps, `${path}.steps`).flatMap((group) => partsOf(group.value, group.path));
  return [...groups, ...partsOf(fieldsOf(dag)['tasks'], `${path}.dag.tasks`)]
    .map((step) => ({ value: fieldsOf(step.value)['inline'] ?? undefined, path: `${step.path}.inline` }))
    .filter((inline) => inline.value !== undefined);
}

function brokenPart({ value, path }: Part): BrokenWorkflow | undefined {
  if (!isFields(value)) return { path, value, expected: 'a map' };
  const field = ['container', 'script', 'containerSet'].find((name) => (value[name] ?? undefined) !== undefined && !isFields(value[name]));
  return field === undefined ? undefined : { path: `${path}.${field}`, value: value[field], expected: 'a map' };
}

/**
 * Returns the pods of a workflow of Argo: one for each template with containers, also inside of steps and tasks, or what is broken. Other
 * steps and DAGs run the pods of other templates. Undefined for other kinds.
 */
export function workflowPods(object: KubernetesObject): readonly WorkflowPod[] | BrokenWorkflow | undefined {
  const basePath = workflowKinds.get(groupKindOf(object));
  if (basePath === undefined) return undefined;
  const base = fieldsOf(valueAt(object, basePath));
  const { templates } = base;
  if (templates !== undefined && templates !== null && !Array.isArray(templates))
    return { path: `${basePath}.templates`, value: templates, expected: 'a list' };
  const parts = partsOf(templates, `${basePath}.templates`).flatMap((part) => [part, ...inlineParts(part)]);
  const broken = parts.map(brokenPart).find((found) => found !== undefined);
  return broken ?? parts.map((part) => podOf(base, basePath, part)).filter((pod) => pod !== undefined);
}

/** The template that a workflow uses in place of its own. */
export function workflowReference(object: KubernetesObject): string | undefined {
  const basePath = workflowKinds.get(groupKindOf(object));
  if (basePath === undefined) return undefined;
  const { workflowTemplateRef, templates } = fieldsOf(valueAt(object, basePath));
  if (!isFields(workflowTemplateRef) || listOf(templates).length > 0) return undefined;
  return `${workflowTemplateRef['clusterScope'] === true ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate'} ${textOf(workflowTemplateRef['name']) ?? ''}`.trim();
}
