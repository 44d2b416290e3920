import { labelMatch, type LabelMatch, type Labels } from '../../api/label-match.ts';
import { fieldsOf, isFields, listOf, textMapOf, textOf, textsOf } from './kubernetes-object.ts';

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

/** Returns the labels that an object must have to be selected: those of `matchLabels`, and expressions with a single value. */
export function requiredLabels(selector: unknown): Labels {
  const { matchLabels, matchExpressions } = fieldsOf(selector);
  const single = listOf(matchExpressions)
    .map(fieldsOf)
    .filter(({ operator, values }) => operator === 'In' && textsOf(values).length === 1);
  return {
    ...textMapOf(matchLabels),
    ...Object.fromEntries(single.map(({ key, values }) => [textOf(key) ?? '', textsOf(values)[0] ?? ''])),
  };
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
