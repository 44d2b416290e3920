import { fieldsOf, groupKindOf, isFields, isUnset, type KubernetesObject, listOf, textOf } from '../objects/kubernetes-object.ts';
import { workflowKinds } from '../objects/custom-kinds.ts';
import { valueAt } from '../objects/custom-workloads.ts';
import { foundType } from './incomplete-pod.ts';
import { type BrokenPatch, patchedSpec } from './workflow-patches.ts';
import { type Part, partsOf, podsOfTemplate, type WorkflowBase, type WorkflowPod } from './workflow-template.ts';

/** The pods of a workflow, or what is broken, with its path. */
export type WorkflowPods = readonly WorkflowPod[] | BrokenPatch;

const expectedAt = (path: string, value: unknown, expected: string): BrokenPatch => ({
  path,
  problem: `expected ${expected}, found ${foundType(value)}`,
});

/** The templates that are written in the steps and tasks of another one. */
function inlineParts({ value, path }: Part): readonly Part[] {
  const { steps, dag } = fieldsOf(value);
  const groups = partsOf(steps, `${path}.steps`).flatMap((group) => partsOf(group.value, group.path));
  return [...groups, ...partsOf(fieldsOf(dag)['tasks'], `${path}.dag.tasks`)]
    .map((step) => ({ value: fieldsOf(step.value)['inline'] ?? undefined, path: `${step.path}.inline` }))
    .filter((inline) => inline.value !== undefined);
}

function brokenPart({ value, path }: Part): BrokenPatch | undefined {
  if (!isFields(value)) return expectedAt(path, value, 'a map');
  const field = ['container', 'script', 'containerSet'].find((name) => !isUnset(value[name]) && !isFields(value[name]));
  return field === undefined ? undefined : expectedAt(`${path}.${field}`, value[field], 'a map');
}

/** Joins the pods of several parts. The first broken part counts. */
function joined(pods: readonly WorkflowPods[]): WorkflowPods {
  return pods.find((part) => 'problem' in part) ?? (pods as readonly (readonly WorkflowPod[])[]).flat();
}

/** The pods that remove the artifacts of a workflow. They are Argo's own, except for a patch. */
function cleanupPods({ fields, path }: WorkflowBase): WorkflowPods {
  const value = fieldsOf(fields['artifactGC'])['podSpecPatch'];
  if (isUnset(value) || value === '') return [];
  const at = `${path}.artifactGC.podSpecPatch`;
  const patched = patchedSpec({}, [{ path: at, value }]);
  if ('problem' in patched) return patched;
  const incomplete = { unknown: [''], reason: patched.reason };
  return [{ spec: { restartPolicy: 'Never', ...patched.spec }, metadata: {}, toPath: () => at, incomplete }];
}

/** Whether a workflow without templates of its own sets something for the pods of others. */
const setsPods = ({ fields }: WorkflowBase): boolean =>
  ['podSpecPatch', 'securityContext', 'hostNetwork', 'serviceAccountName', 'automountServiceAccountToken', 'volumes', 'podMetadata'].some(
    (name) => !isUnset(fields[name]),
  );

/**
 * Returns the pods of a workflow of Argo: one for each template with containers, also inside of steps and tasks, or what is broken. Other
 * steps and DAGs run the pods of other templates. If it has no containers but sets fields of pods, its pod has only these. Undefined for
 * other kinds.
 */
export function workflowPods(object: KubernetesObject): WorkflowPods | undefined {
  const path = workflowKinds.get(groupKindOf(object));
  if (path === undefined) return undefined;
  const base = { fields: fieldsOf(valueAt(object, path)), path };
  const { templates } = base.fields;
  if (!isUnset(templates) && !Array.isArray(templates)) return expectedAt(`${path}.templates`, templates, 'a list');
  const parts = partsOf(templates, `${path}.templates`).flatMap((part) => [part, ...inlineParts(part)]);
  const broken = parts.map(brokenPart).find((found) => found !== undefined);
  if (broken !== undefined) return broken;
  const own = joined(parts.map((part) => podsOfTemplate(base, part)));
  if ('problem' in own) return own;
  const others = `its containers are those of ${workflowReference(object) ?? 'other templates'}, which are evaluated with that`;
  const shared = own.length === 0 && setsPods(base) ? podsOfTemplate(base, { value: {}, path }, others) : [];
  return joined([own, shared, cleanupPods(base)]);
}

/** The template that a workflow uses in place of its own. */
export function workflowReference(object: KubernetesObject): string | undefined {
  const basePath = workflowKinds.get(groupKindOf(object));
  if (basePath === undefined) return undefined;
  const { workflowTemplateRef, templates } = fieldsOf(valueAt(object, basePath));
  if (!isFields(workflowTemplateRef) || listOf(templates).length > 0) return undefined;
  return `${workflowTemplateRef['clusterScope'] === true ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate'} ${textOf(workflowTemplateRef['name']) ?? ''}`.trim();
}
