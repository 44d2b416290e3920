import { isFields } from '../objects/kubernetes-object.ts';
import type { Fault } from '../outcomes/outcome.ts';

/** The type of a value that is set: a scalar, a map of strings (`labels`), a list of one shape, or a map whose fields have shapes. */
export type Shape = 'string' | 'boolean' | 'number' | 'labels' | readonly [Shape] | { readonly [field: string]: Shape };

const expected = { string: 'a string', boolean: 'true or false', number: 'a number' } as const;

const isList = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape);

function mapFaults(
  value: unknown,
  path: string,
  faultsIn: (fields: Readonly<Record<string, unknown>>) => readonly Fault[],
): readonly Fault[] {
  return isFields(value) ? faultsIn(value) : [{ path, problem: 'expected a map' }];
}

function labelFaults(value: unknown, path: string): readonly Fault[] {
  return mapFaults(value, path, (fields) =>
    Object.keys(fields)
      .filter((key) => typeof fields[key] !== 'string')
      .map((key) => ({ path: `${path}['${key}']`, problem: 'expected a string' })),
  );
}

function listFaults(value: unknown, [item]: readonly [Shape], path: string): readonly Fault[] {
  if (!Array.isArray(value)) return [{ path, problem: 'expected a list' }];
  return value.flatMap((entry: unknown, index) => {
    const at = `${path}[${index}]`;
    return entry === null ? [{ path: at, problem: 'expected a value' }] : shapeFaults(entry, item, at);
  });
}

/** Whether a value is unset or has the scalar type of its shape. This is the frequent case and needs no path. */
function isPlain(value: unknown, shape: Shape): boolean {
  return value === undefined || value === null || typeof value === shape;
}

const none: readonly Fault[] = [];

function fieldFaults(fields: Readonly<Record<string, unknown>>, shapes: Readonly<Record<string, Shape>>, path: string): readonly Fault[] {
  let faults = none;
  for (const name in shapes) {
    const shape = shapes[name] as Shape;
    if (!isPlain(fields[name], shape)) faults = [...faults, ...shapeFaults(fields[name], shape, path === '' ? name : `${path}.${name}`)];
  }
  return faults;
}

/** Returns the faults of a value: each value of the wrong type, with its path. Unset values and fields without a shape are no faults. */
export function shapeFaults(value: unknown, shape: Shape, path: string): readonly Fault[] {
  if (isPlain(value, shape)) return none;
  if (shape === 'labels') return labelFaults(value, path);
  if (typeof shape === 'string') return [{ path, problem: `expected ${expected[shape]}` }];
  if (isList(shape)) return listFaults(value, shape, path);
  return mapFaults(value, path, (fields) => fieldFaults(fields, shape, path));
}

/** Returns the faults of the value at a path such as `spec.serviceAccountName`, or the fault that a value on the path is not a map. */
export function pathFaults(object: unknown, steps: readonly string[], shape: Shape): readonly Fault[] {
  let value = object;
  for (let index = 0; index < steps.length; index += 1) {
    if (value === undefined || value === null) return none;
    if (!isFields(value)) return [{ path: steps.slice(0, index).join('.'), problem: 'expected a map' }];
    value = value[steps[index] as string];
  }
  return isPlain(value, shape) ? none : shapeFaults(value, shape, steps.join('.'));
}
