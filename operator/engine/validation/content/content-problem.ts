import type { Fields } from '../../objects/kubernetes-object.ts';

/** Takes a problem: the path of the field, and what is wrong with it. The text begins with the name of the field and does not have its value. */
export type AddProblem = (path: string, message: string) => void;

/** The name of the field at the end of a path. */
export const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/** Adds a problem if a number is set and not a port. Texts are names of ports, or a problem of the schema. */
export function checkPort(value: unknown, path: string, add: AddProblem): void {
  if (typeof value === 'number' && (value < 1 || value > 65535)) add(path, `${lastName(path)} must be from 1 to 65535`);
}

/** Adds a problem if a number is set and less than zero. */
export function checkNotNegative(fields: Fields, names: readonly string[], { path, add }: { path: string; add: AddProblem }): void {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'number' && value < 0) add(`${path}.${name}`, `${name} must not be less than 0`);
  }
}

/** Whether a field has a value. */
export const isSet = (value: unknown): boolean => value !== undefined && value !== null;
