import { fieldsOf, listOf, textOf, textsOf, type Fields } from '../../engine/objects/kubernetes-object.ts';

/** Readers of JSON whose shape is not known. A value of another type reads as empty. */
export type Json = Fields;

const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((current, step) => fieldsOf(current)[step], value);

/** The object at a path of fields. */
export const recordAt = (value: unknown, ...path: readonly string[]): Json => fieldsOf(valueAt(value, path));

/** The list at a path of fields. */
export const listAt = (value: unknown, ...path: readonly string[]): readonly unknown[] => listOf(valueAt(value, path));

/** The text at a path of fields, or ''. */
export const textAt = (value: unknown, ...path: readonly string[]): string => textOf(valueAt(value, path)) ?? '';

/** The texts of a list at a path of fields. */
export const textsAt = (value: unknown, ...path: readonly string[]): readonly string[] => textsOf(valueAt(value, path));

/** The number at a path of fields, or undefined. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, path);
  return typeof found === 'number' ? found : undefined;
}
