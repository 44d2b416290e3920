import { type Fields, isFields } from '../objects/kubernetes-object.ts';

/** A list of containers of a pod, with its path. */
export interface ContainerList {
  readonly path: string;
  readonly containers: readonly unknown[];
  /** The value at the path is not a list. */
  readonly broken?: boolean;
}

/** The input of checks: the object and its containers. For a workload, the object is its synthetic Pod. */
export interface CheckInput {
  readonly object: Fields;
  /** Init, main and ephemeral containers, in this order. Empty if the object has none. */
  readonly containers: readonly ContainerList[];
}

/** Whether a value counts as unset: undefined, null, `{}` or `[]`. */
export function isUnset(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

/** Whether a value is set at a path, given as its steps, such as `spec`, `volumes[]`, `hostPath`. */
export function pathExists(value: unknown, steps: readonly string[]): boolean {
  const [step, ...rest] = steps;
  if (step === undefined) return !isUnset(value);
  if (!isFields(value)) return false;
  if (!step.endsWith('[]')) return pathExists(value[step], rest);
  const list = value[step.slice(0, -2)];
  return Array.isArray(list) && list.some((item) => pathExists(item, rest));
}
