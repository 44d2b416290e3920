import { type Fields, fieldsOf, groupKindOf, groupOf, isFields, type KubernetesObject, textOf } from './kubernetes-object.ts';
import { type CustomKind, hiddenPodsOf, knownKinds } from './custom-kinds.ts';
import { builtinKinds } from '../schema/schema-node.ts';

let builtinGroups: ReadonlySet<string> | undefined;
/** Whether Kubernetes itself serves a group, now or in former versions. */
export const isBuiltinGroup = (group: string): boolean =>
  group === 'extensions' || (builtinGroups ??= new Set(builtinKinds().map((kind) => kind.group))).has(group);

/** Groups of objects that describe other objects, such as policies with patterns. */
const describing = /(^|\.)(kyverno\.io|gatekeeper\.sh|kubewarden\.io|crossplane\.io)$/;
/** Fields with parts of other objects, of which nobody makes pods. */
const notTemplates =
  /pattern|patch|overlay|override|match|exclude|mutat|validat|generat|^values|manifest|example|schema|^status$|^metadata$/i;
const deepest = 8;
const mostValues = 5000;

/** Whether a map is a pod template: its spec has a list of containers. A single container in place of the list counts, and is then a fault. */
function isTemplate(value: Fields): boolean {
  const containers = fieldsOf(value['spec'])['containers'];
  if (isFields(containers)) return typeof containers['image'] === 'string';
  if (!Array.isArray(containers) || containers.length === 0) return false;
  return containers.some((item) => isFields(item) && (typeof item['image'] === 'string' || typeof item['name'] === 'string'));
}

/** An object inside of another, which its own controller handles. */
const isObject = (value: Fields): boolean => textOf(value['apiVersion']) !== undefined && textOf(value['kind']) !== undefined;

/** Searches the values of an object for maps, such as pod templates. */
export class TemplateSearch {
  readonly found: string[] = [];
  readonly #matches: (value: Fields) => boolean;
  #left = mostValues;

  constructor(matches: (value: Fields) => boolean) {
    this.#matches = matches;
  }

  /** Visits the values of a map or list. `path` is empty or ends in a name or an index. */
  visit(value: unknown, path: string, depth: number): void {
    this.#left -= 1;
    if (depth > deepest || this.#left < 0) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.#below(item, `${path}[${index}]`, depth);
    } else if (isFields(value)) {
      for (const name of Object.keys(value))
        if (!notTemplates.test(name)) this.#below(value[name], path === '' ? name : `${path}.${name}`, depth);
    }
  }

  #below(value: unknown, path: string, depth: number): void {
    if (!Array.isArray(value) && !isFields(value)) return;
    if (isFields(value)) {
      if (isObject(value)) return;
      if (this.#matches(value)) {
        this.found.push(path);
        return;
      }
    }
    this.visit(value, path, depth + 1);
  }
}

/** Returns the paths of an object that a path with `[]` stands for. A value of a wrong type ends a path: the path then has no template. */
function expanded(value: unknown, steps: readonly string[], path: string): readonly string[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [path];
  const name = step.replace(/\[\]$/, '');
  const next = fieldsOf(value)[name];
  const at = path === '' ? name : `${path}.${name}`;
  if (name === step) return expanded(next, rest, at);
  if (Array.isArray(next)) return next.flatMap((item, index) => expanded(item, rest, `${at}[${index}]`));
  return isFields(next) ? Object.keys(next).flatMap((key) => expanded(next[key], rest, `${at}.${key}`)) : [at];
}

/** Whether a known path of several has no template: a RayJob without a submitter of its own. */
function isOptional(object: KubernetesObject, path: string, all: readonly string[]): boolean {
  return all.length > 1 && valueAt(object, path) === undefined;
}

/** Returns the value at a path such as `spec.tasks[0].template`. */
export function valueAt(object: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
    .reduce<unknown>((value, step) => (Array.isArray(value) ? value[Number(step)] : fieldsOf(value)[step]), object);
}

function knownPaths(object: KubernetesObject, { templates }: CustomKind): readonly string[] {
  const paths = templates.flatMap((path) => expanded(object, path === '' ? [] : path.split('.'), ''));
  const present = paths.filter((path) => !isOptional(object, path, templates));
  return present.length > 0 ? present : paths.slice(0, 1);
}

/** Groups whose operators complete the pod templates of objects: a template has only what differs. */
const completing = /(^|\.)k8s\.elastic\.co$/;
/** Fields that change the templates of an object for some of its pods. */
const changes = /patch|overlay|override/i;

/** Whether a map has the part of a pod template that an operator completes. */
const isPartOfTemplate = ({ spec, containers }: Fields): boolean =>
  containers === undefined && isFields(spec) && podSpecFields.some((field) => field in spec);
const podSpecFields = [
  'containers',
  'initContainers',
  'volumes',
  'securityContext',
  'serviceAccountName',
  'hostNetwork',
  'automountServiceAccountToken',
];

/** Returns the entries of a map or list, with what follows a path to it. */
export const entriesOf = (value: unknown): readonly (readonly [name: string, step: string, entry: unknown])[] =>
  Array.isArray(value)
    ? value.map((entry, index) => ['', `[${index}]`, entry] as const)
    : Object.entries(fieldsOf(value)).map(([name, entry]) => [name, `.${name}`, entry] as const);

const isEmpty = (value: unknown): boolean =>
  isFields(value) ? Object.keys(value).length === 0 : !value || (Array.isArray(value) && value.length === 0);

/** Returns the path of a field below `spec` that changes the pods of an object, such as the patches of subsets. */
function changeIn(value: unknown, path: string, depth: number): string | undefined {
  if (depth > deepest) return undefined;
  for (const [name, step, entry] of entriesOf(value).slice(0, mostValues)) {
    if (name === 'template' || typeof entry === 'number' || typeof entry === 'boolean') continue;
    const found = changes.test(name) && !isEmpty(entry) ? path + step : changeIn(entry, path + step, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Why the pod templates of an object do not say all about its pods. `fragment`: they have only what differs. Undefined if they do. */
export function incompleteTemplates(object: KubernetesObject): { readonly reason: string; readonly fragment: boolean } | undefined {
  const kind = groupKindOf(object);
  if (completing.test(groupOf(object.apiVersion))) return { reason: `the operator of ${kind} completes its pod templates`, fragment: true };
  const change = knownKinds.has(kind) ? undefined : changeIn(object['spec'], 'spec', 1);
  return change === undefined ? undefined : { reason: `${change} changes its pods, and is not evaluated`, fragment: false };
}

const searched = new WeakMap<object, readonly string[]>();

/** Whether an object is of a custom kind whose objects are searched for pod templates. */
export function mayHaveTemplates(object: KubernetesObject): boolean {
  const group = groupOf(object.apiVersion);
  return !isBuiltinGroup(group) && !describing.test(group) && hiddenPodsOf(groupKindOf(object)) === undefined;
}

/**
 * Returns the paths of the pod templates of a custom resource: those that are known for its kind, else those that have the shape of one.
 * An empty path: the object itself has the spec of a pod. Empty for objects without one, and for built-in kinds.
 */
export function customTemplatePaths(object: KubernetesObject): readonly string[] {
  const known = knownKinds.get(groupKindOf(object));
  if (known !== undefined) return knownPaths(object, known);
  if (!mayHaveTemplates(object)) return [];
  const cached = searched.get(object);
  if (cached !== undefined) return cached;
  const search = new TemplateSearch(completing.test(groupOf(object.apiVersion)) ? isPartOfTemplate : isTemplate);
  search.visit(object['spec'], 'spec', 1);
  searched.set(object, search.found);
  return search.found;
}

/** The other workload whose pod template an object uses, such as `Deployment web`. Undefined if it has its own. */
export function referredWorkload(object: KubernetesObject): string | undefined {
  const groupKind = groupKindOf(object);
  const { template, workloadRef, rayClusterSpec, clusterSelector } = fieldsOf(object['spec']);
  if (groupKind === 'RayJob.ray.io' && rayClusterSpec === undefined && isFields(clusterSelector)) return 'another RayCluster';
  if (groupKind !== 'Rollout.argoproj.io' || template !== undefined || !isFields(workloadRef)) return undefined;
  return `${textOf(workloadRef['kind']) ?? 'a workload'} ${textOf(workloadRef['name']) ?? ''}`.trim();
}
