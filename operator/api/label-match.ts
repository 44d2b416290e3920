import type { LabelSelector } from './field.ts';

/** Labels of an object or a namespace. */
export type Labels = Readonly<Record<string, string>>;

/** Whether labels satisfy a selector. */
export type LabelMatch = (labels: Labels) => boolean;

const everything: LabelMatch = () => true;
const has = (labels: Labels, key: string): boolean => Object.hasOwn(labels, key);

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

function requirementMatch({ key, operator, values = [] }: Requirement): LabelMatch {
  switch (operator) {
    case 'In':
      return (labels) => has(labels, key) && values.includes(labels[key] ?? '');
    case 'NotIn':
      return (labels) => !has(labels, key) || !values.includes(labels[key] ?? '');
    case 'Exists':
      return (labels) => has(labels, key);
    case 'DoesNotExist':
      return (labels) => !has(labels, key);
    default:
      return () => false;
  }
}

/** Compiles a label selector. All labels and expressions must match. `{}` and undefined select everything. */
export function labelMatch(selector: LabelSelector | undefined): LabelMatch {
  const labels = Object.entries(selector?.matchLabels ?? {});
  const expressions = (selector?.matchExpressions ?? []).map(requirementMatch);
  if (labels.length === 0 && expressions.length === 0) return everything;
  return (candidate) =>
    labels.every(([key, value]) => has(candidate, key) && candidate[key] === value) && expressions.every((match) => match(candidate));
}

/** Whether a selector selects everything. */
export function selectsEverything(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
}
