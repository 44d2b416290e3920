import type { Labels } from '../../api/label-match.ts';
import { type Fields, fieldsOf, isFields, listOf, textOf } from '../objects/kubernetes-object.ts';
import { selectorMatch } from '../objects/label-selector.ts';

/** Whether a selector matches the pods themselves. Without one, the scheduler matches no pod. */
const selectsOwn = (selector: unknown, labels: Labels): boolean => isFields(selector) && selectorMatch(selector)(labels);

/** Whether a term of a podAntiAffinity is about the pods themselves. */
function isAboutOwn(term: unknown, labels: Labels): boolean {
  const { labelSelector, topologyKey } = fieldsOf(term);
  return (textOf(topologyKey) ?? '') !== '' && selectsOwn(labelSelector, labels);
}

/** Whether the scheduler is asked to place pods with these labels on different nodes, zones or others: by spread constraints or an anti-affinity. */
export function keepsApart({ affinity, topologySpreadConstraints }: Fields, labels: Labels): boolean {
  const { requiredDuringSchedulingIgnoredDuringExecution: required, preferredDuringSchedulingIgnoredDuringExecution: preferred } = fieldsOf(
    fieldsOf(affinity)['podAntiAffinity'],
  );
  const terms = [...listOf(required), ...listOf(preferred).map((weighted) => fieldsOf(weighted)['podAffinityTerm'])];
  return [...listOf(topologySpreadConstraints), ...terms].some((term) => isAboutOwn(term, labels));
}
