/**
 * What is wrong with a field. `unknown`: the kind has no such field, which strict validation refuses and other clients drop. `repeated`: two
 * items of a list have the same keys, which server-side apply refuses. `refused`: the API server refuses the object.
 */
export type SchemaProblemType = 'unknown' | 'repeated' | 'refused';

/** A field that is wrong by the schema of its kind. */
export interface SchemaProblem {
  readonly type: SchemaProblemType;
  readonly path: string;
  /** What is wrong, with the name of the field. Does not have its value: that may be secret. */
  readonly message: string;
}

/** The most characters of a value or name in a message. */
const longestValue = 80;

/** Returns a value or name for a message, at most 80 characters of it. */
export const shortened = (text: string): string => (text.length > longestValue ? `${text.slice(0, longestValue)}...` : text);

/** Returns a step of a path: `.name`, `['other name']` or `[0]`. */
export const pathStep = (name: string | number): string => {
  if (typeof name === 'number') return `[${name}]`;
  return /^[A-Za-z_$][\w$-]*$/.test(name) ? `.${name}` : `['${name}']`;
};

/** Adds a step to a path. */
export const joinPath = (path: string, name: string | number): string =>
  path === '' && typeof name === 'string' ? name : path + pathStep(name);
