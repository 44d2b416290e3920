import { type Labels, meetsRequirement } from '../../api/label-match.ts';
import { isFields } from '../objects/kubernetes-object.ts';
import type { Fault } from '../outcomes/outcome.ts';

/** A condition on one label. A selector is the conjunction of its requirements. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

const operators: readonly unknown[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

function valuesFault(operator: unknown, values: unknown, path: string): Fault | undefined {
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'string')) return { path, problem: 'expected a list of strings' };
  const needsValues = operator === 'In' || operator === 'NotIn';
  if (needsValues === values.length > 0) return undefined;
  return { path, problem: needsValues ? 'expected at least one value' : `${String(operator)} takes no values` };
}

function expressionOf(item: unknown, path: string): LabelRequirement | Fault {
  if (!isFields(item)) return { path, problem: 'expected a map' };
  const { key, operator } = item;
  const values = item['values'] ?? [];
  if (typeof key !== 'string' || key === '') return { path: `${path}.key`, problem: 'expected the key of a label' };
  if (!operators.includes(operator)) return { path: `${path}.operator`, problem: 'expected In, NotIn, Exists or DoesNotExist' };
  const fault = valuesFault(operator, values, `${path}.values`);
  return fault ?? { key, operator: operator as LabelRequirement['operator'], values: values as readonly string[] };
}

function labelRequirements(labels: unknown, path: string): readonly (LabelRequirement | Fault)[] {
  if (!isFields(labels)) return [{ path, problem: 'expected a map' }];
  return Object.entries(labels).map(([key, value]) =>
    typeof value === 'string' ? { key, operator: 'In', values: [value] } : { path: `${path}['${key}']`, problem: 'expected a string' },
  );
}

function expressionRequirements(expressions: unknown, path: string): readonly (LabelRequirement | Fault)[] {
  if (!Array.isArray(expressions)) return [{ path, problem: 'expected a list' }];
  return expressions.map((item, index) => expressionOf(item, `${path}[${index}]`));
}

/** Returns the requirements of a label selector, as the API server validates it. Adds what is wrong to `faults`. */
export function requirementsOf(selector: unknown, path: string, faults: Fault[]): readonly LabelRequirement[] {
  if (selector === undefined || selector === null) return [];
  if (!isFields(selector)) {
    faults.push({ path, problem: 'expected a map' });
    return [];
  }
  const requirements: LabelRequirement[] = [];
  const found = [
    ...labelRequirements(selector['matchLabels'] ?? {}, `${path}.matchLabels`),
    ...expressionRequirements(selector['matchExpressions'] ?? [], `${path}.matchExpressions`),
  ];
  for (const one of found) {
    if ('problem' in one) faults.push(one);
    else requirements.push(one);
  }
  return requirements;
}

/** Whether labels meet all requirements. */
export const labelsMeet = (requirements: readonly LabelRequirement[], labels: Labels): boolean =>
  requirements.every((requirement) => meetsRequirement(requirement, labels));
