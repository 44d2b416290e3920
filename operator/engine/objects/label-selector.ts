import type { LabelSelector } from '../../api/field.ts';
import { fieldsOf, isFields, listOf, textMapOf, textOf, textsOf } from './kubernetes-object.ts';

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

const isNothing = (value: unknown): boolean => value === undefined || value === null;
const isMapOfTexts = (value: unknown): boolean =>
  isNothing(value) || (isFields(value) && Object.values(value).every((item) => typeof item === 'string'));
const isListOfMaps = (value: unknown): boolean => isNothing(value) || (Array.isArray(value) && value.every(isFields));

/** Whether a selector is well-formed. A malformed selector does not select everything. */
function isWellFormed(selector: unknown): boolean {
  if (isNothing(selector)) return true;
  return isFields(selector) && isMapOfTexts(selector['matchLabels']) && isListOfMaps(selector['matchExpressions']);
}

/** Whether the selector of an object has no labels and no expressions. */
export function isEmptySelector(selector: unknown): boolean {
  if (!isWellFormed(selector)) return false;
  const { matchLabels, matchExpressions } = fieldsOf(selector);
  return Object.keys(fieldsOf(matchLabels)).length === 0 && listOf(matchExpressions).length === 0;
}

/** Compiles the selector of an object. A malformed selector and an unknown operator select nothing. */
export function selectorMatch(selector: unknown): LabelMatch {
  if (!isWellFormed(selector)) return () => false;
  const { matchLabels, matchExpressions } = fieldsOf(selector);
  return labelMatch({
    matchLabels: textMapOf(matchLabels),
    matchExpressions: listOf(matchExpressions)
      .map(fieldsOf)
      .map(({ key, operator, values }) => ({
        key: textOf(key) ?? '',
        operator: (textOf(operator) ?? '') as 'In',
        values: [...textsOf(values)],
      })),
  });
}

/** Whether a selector selects everything. */
export function selectsEverything(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
}
