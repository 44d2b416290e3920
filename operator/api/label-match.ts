import type { LabelSelector } from './field.ts';

/** Labels of an object or a namespace. */
export type Labels = Readonly<Record<string, string>>;

/** Whether labels satisfy a selector. */
export type LabelMatch = (labels: Labels) => boolean;

const everything: LabelMatch = () => true;
const has = (labels: Labels, key: string): boolean => Object.hasOwn(labels, key);

/** A condition on one label. */
interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[] | undefined;
}

/** Whether a label with this value, undefined if the label is absent, meets a requirement. No label meets an unknown operator. */
export function meets({ operator, values = [] }: Omit<Requirement, 'key'>, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** Whether labels meet a requirement. */
export const meetsRequirement = (requirement: Requirement, labels: Labels): boolean =>
  meets(requirement, has(labels, requirement.key) ? labels[requirement.key] : undefined);

/** Compiles a label selector. All labels and expressions must match. `{}` and undefined select everything. */
export function labelMatch(selector: LabelSelector | undefined): LabelMatch {
  const labels = Object.entries(selector?.matchLabels ?? {});
  const expressions = selector?.matchExpressions ?? [];
  if (labels.length === 0 && expressions.length === 0) return everything;
  return (candidate) =>
    labels.every(([key, value]) => has(candidate, key) && candidate[key] === value) &&
    expressions.every((requirement) => meetsRequirement(requirement, candidate));
}

/** Whether a selector selects everything. */
export function selectsEverything(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
}
