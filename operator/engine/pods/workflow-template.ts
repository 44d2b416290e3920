import { type Fields, fieldsOf, isFields, isUnset, listOf } from '../objects/kubernetes-object.ts';
import { valueAt } from '../objects/custom-workloads.ts';
import type { IncompletePod } from './incomplete-pod.ts';
import { mergePodSpec } from './pod-spec-patch.ts';
import { type BrokenPatch, type PatchedSpec, patchedSpec } from './workflow-patches.ts';

/** The parts of a pod of a workflow, and where they are in the object. */
export interface WorkflowPod {
  readonly spec: Fields;
  readonly metadata: Fields;
  /** Turns a path of the pod into a path of the object. */
  readonly toPath: (path: string) => string;
  /** If not all of the pod is known. */
  readonly incomplete?: IncompletePod;
}

/** The fields of a pod that a workflow sets for all its templates, and that a template can set for its own pod. */
const podFields = [
  'securityContext', 'serviceAccountName', 'automountServiceAccountToken', 'hostAliases', 'priorityClassName', 'tolerations', 'nodeSelector', 'affinity', 'schedulerName',
] as const; // prettier-ignore
/** The fields that only a workflow sets. */
const workflowFields = ['hostNetwork', 'dnsPolicy', 'dnsConfig', 'imagePullSecrets'] as const;
/** The fields of a template of which it has one, and that make its type. */
const typeFields = ['container', 'script', 'containerSet', 'resource', 'data', 'http', 'plugin', 'suspend', 'steps', 'dag'] as const;

/** A value of a workflow, and its path in the object or in a template. */
export interface Part {
  readonly value: unknown;
  readonly path: string;
}

/** Returns the entries of a list. */
export const partsOf = (list: unknown, path: string): readonly Part[] =>
  listOf(list).map((value, index) => ({ value, path: `${path}[${index}]` }));

/** What a workflow sets for all its templates, and its path in the object. */
export interface WorkflowBase {
  readonly fields: Fields;
  readonly path: string;
}

/** A template with the defaults of its workflow, and where its fields are. */
interface Template {
  readonly fields: Fields;
  /** Returns the path in the object of a path of the template. */
  readonly pathOf: (path: string) => string;
}

/** Merges the defaults of a workflow into a template, as Argo does: the template's type stays. */
function templateOf(base: WorkflowBase, { value, path }: Part): Template {
  const own = fieldsOf(value);
  const ownType = typeFields.find((field) => !isUnset(own[field]));
  const defaults = Object.fromEntries(
    Object.entries(fieldsOf(base.fields['templateDefaults'])).filter(
      ([name]) => name === ownType || !typeFields.some((field) => field === name),
    ),
  );
  if (Object.keys(defaults).length === 0) return { fields: own, pathOf: (inside) => `${path}.${inside}` };
  const isDefault = (inside: string): boolean => valueAt(own, inside) === undefined && valueAt(defaults, inside) !== undefined;
  return {
    fields: mergePodSpec(defaults, own),
    pathOf: (inside) => (isDefault(inside) ? `${base.path}.templateDefaults.${inside}` : `${path}.${inside}`),
  };
}

/** The main containers of a template: a container, a script, or a set of containers. The executor names the first two main. */
function mainContainers(template: Fields): readonly Part[] {
  const single = (['container', 'script'] as const).filter((name) => isFields(template[name]));
  const [field] = single;
  if (field !== undefined) return [{ value: { ...fieldsOf(template[field]), name: 'main' }, path: field }];
  return partsOf(fieldsOf(template['containerSet'])['containers'], 'containerSet.containers');
}

/** The lists of a pod and its fields, with their places in the object. */
interface Places {
  readonly lists: Readonly<Record<string, readonly Part[]>>;
  /** The paths of the fields that are set for all templates. */
  readonly fields: ReadonlyMap<string, string>;
  readonly template: Template;
  readonly base: WorkflowBase;
}

/** The place of an entry of a list, by its name: a patch can move it. Undefined for paths outside of lists. */
function entryPath({ lists, template }: Places, spec: Fields, path: string): string | undefined {
  const found = /^spec\.(\w+)\[(\d+)\](.*)$/.exec(path);
  if (found === null) return undefined;
  const [, list = '', index = '', rest = ''] = found;
  const entry = fieldsOf(listOf(spec[list])[Number(index)]);
  const parts = lists[list] ?? [];
  const part = parts.find(({ value }) => entry['name'] !== undefined && fieldsOf(value)['name'] === entry['name']) ?? parts[Number(index)];
  if (part === undefined) return undefined;
  return isInWorkflow(part) ? part.path + rest : template.pathOf(part.path + rest);
}

/** Whether the path of a part is one of the object, and not one of the template. */
const isInWorkflow = ({ path }: Part): boolean => path.startsWith('spec.');

/** The path of a label or annotation of a pod. Other metadata is the workflow's. */
function metadataPath({ template, base }: Places, path: string): string {
  const found = /^metadata\.(labels|annotations)(?:\['(.+)'\])?/.exec(path);
  if (found === null) return path;
  const [, field = '', name = ''] = found;
  const isIn = (metadata: unknown): boolean => fieldsOf(fieldsOf(metadata)[field])[name] !== undefined;
  const ofWorkflow = !isIn(template.fields['metadata']) && isIn(base.fields['podMetadata']);
  return ofWorkflow ? path.replace('metadata', `${base.path}.podMetadata`) : template.pathOf(path);
}

/** Turns a path of a pod into a path of the object. */
function pathIn(places: Places, spec: Fields, path: string): string {
  const inList = entryPath(places, spec, path);
  if (inList !== undefined) return inList;
  const field = /^spec\.(\w+)(.*)$/.exec(path);
  if (field === null) return metadataPath(places, path);
  const [, name = '', rest = ''] = field;
  const ofWorkflow = places.fields.get(name);
  return ofWorkflow === undefined ? places.template.pathOf(name + rest) : ofWorkflow + rest;
}

/** The metadata of the pods of a template: labels and annotations of both. */
function metadataOf(base: Fields, template: Fields): Fields {
  const [all, own] = [fieldsOf(base['podMetadata']), fieldsOf(template['metadata'])];
  const joined = (['labels', 'annotations'] as const).filter((name) => isFields(all[name]) && isFields(own[name]));
  return { ...all, ...own, ...Object.fromEntries(joined.map((name) => [name, { ...fieldsOf(all[name]), ...fieldsOf(own[name]) }])) };
}

/** The spec of a pod of a template before patches, and the places of its parts. */
function composed(base: WorkflowBase, template: Template): { readonly spec: Fields; readonly places: Places } {
  const { fields } = template;
  const lists = {
    containers: [...mainContainers(fields), ...partsOf(fields['sidecars'], 'sidecars')],
    initContainers: partsOf(fields['initContainers'], 'initContainers'),
    volumes: [...partsOf(base.fields['volumes'], `${base.path}.volumes`), ...partsOf(fields['volumes'], 'volumes')],
  };
  const ofTemplate = podFields.filter((field) => !isUnset(fields[field]));
  const ofWorkflow = [...podFields.filter((field) => isUnset(fields[field])), ...workflowFields].filter(
    (field) => !isUnset(base.fields[field]),
  );
  const spec = {
    restartPolicy: 'Never',
    ...Object.fromEntries(ofTemplate.map((field) => [field, fields[field]])),
    ...Object.fromEntries(ofWorkflow.map((field) => [field, base.fields[field]])),
    ...Object.fromEntries(
      Object.entries(lists)
        .filter(([, parts]) => parts.length > 0)
        .map(([name, parts]) => [name, parts.map((part) => part.value)]),
    ),
  };
  return {
    spec,
    places: { lists, template, base, fields: new Map(ofWorkflow.map((field) => [field as string, `${base.path}.${field}`])) },
  };
}

const inSpec = (path: string): string => path.replace(/^spec\./, '');

/** The containers that Argo adds, with what the patches set in them. Nothing else of them is known, or evaluated. */
function executorPod({ ofExecutor }: PatchedSpec, path: string): readonly WorkflowPod[] {
  if (ofExecutor === undefined) return [];
  const incomplete = { unknown: [''], reason: undefined };
  return [{ spec: { restartPolicy: 'Never', ...ofExecutor }, metadata: {}, toPath: () => path, incomplete }];
}

/**
 * Returns the pod of a template and what its patches set in the containers of Argo, or what is broken. Empty if the template has no
 * containers. `others`: why the containers are in another object. The pod then has what the workflow sets for it.
 */
export function podsOfTemplate(base: WorkflowBase, part: Part, others?: string): readonly WorkflowPod[] | BrokenPatch {
  const template = templateOf(base, part);
  const { spec, places } = composed(base, template);
  if (others === undefined && places.lists['containers']?.length === 0) return [];
  const texts = [
    { path: `${base.path}.podSpecPatch`, value: base.fields['podSpecPatch'] },
    { path: template.pathOf('podSpecPatch'), value: template.fields['podSpecPatch'] },
  ].filter(({ value }) => !isUnset(value) && value !== '');
  const patched = patchedSpec(spec, texts);
  if ('problem' in patched) return patched;
  const { reason = others, unknown } = patched;
  const own: WorkflowPod = {
    spec: patched.spec,
    metadata: metadataOf(base.fields, template.fields),
    toPath: (path) => (path.startsWith('spec.') ? patched.patchAt(inSpec(path)) : undefined) ?? pathIn(places, patched.spec, path),
    ...(reason === undefined
      ? {}
      : { incomplete: { reason, unknown: others === undefined ? unknown.map((path) => `spec.${path}`) : [''] } }),
  };
  return [own, ...executorPod(patched, texts.at(-1)?.path ?? '')];
}
