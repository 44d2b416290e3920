import { hiddenPodsOf, knownKinds } from './custom-kinds.ts';
import { customTemplatePaths, entriesOf, incompleteTemplates, mayHaveTemplates, TemplateSearch } from './custom-workloads.ts';
import { type Fields, groupKindOf, isFields, type KubernetesObject, textOf } from './kubernetes-object.ts';
import { isBuiltinWorkloadKind, isWorkloadKind } from './workload-kind.ts';

const listsOfContainers = /containers$|^sidecars$|^steps$/i;
const partsOfPods = /^pod(Template(Spec)?|Spec)$/;

const isContainer = (value: unknown): boolean => isFields(value) && typeof value['image'] === 'string';

/** Whether a map has containers with images, or a part of a pod under the name of one. */
function hasPartOfPod(value: Fields): boolean {
  return Object.entries(value).some(
    ([name, field]) =>
      (listsOfContainers.test(name) && Array.isArray(field) && field.some(isContainer)) ||
      (partsOfPods.test(name) && isFields(field) && Object.keys(field).length > 0) ||
      (name === 'container' && isContainer(field)),
  );
}

const deepest = 12;

const isWorkload = (value: unknown): value is Fields =>
  isFields(value) && textOf(value['apiVersion']) !== undefined && isWorkloadKind(groupKindOf(value));

/** Returns the kind and path of a workload inside of an object, which its controller applies to a cluster. */
function workloadIn(value: unknown, path: string, depth = 0): string | undefined {
  if (depth > deepest) return undefined;
  if (isWorkload(value)) return `${path} is a ${String(value['kind'])}`;
  for (const [, step, entry] of entriesOf(value)) {
    const found = workloadIn(entry, path + step, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Why the pods that the controller of a custom resource makes are not evaluated, or not in full. Undefined if they are, and if nothing shows
 * that it makes pods.
 */
export function unevaluatedPods(object: KubernetesObject): string | undefined {
  const kind = groupKindOf(object);
  const known = hiddenPodsOf(kind);
  if (known !== undefined) return known;
  if (isBuiltinWorkloadKind(kind) || knownKinds.has(kind) || !mayHaveTemplates(object)) return undefined;
  if (customTemplatePaths(object).length > 0) return incompleteTemplates(object)?.reason;
  const search = new TemplateSearch(hasPartOfPod);
  search.visit({ spec: object['spec'] }, '', 0);
  if (search.found.length > 0) return 'its containers are not in a pod template';
  const inside = workloadIn(object['spec'], 'spec');
  return inside === undefined ? undefined : `${inside} that is not evaluated inside of it`;
}
