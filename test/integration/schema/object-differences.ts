import { isDeepStrictEqual } from 'node:util';

const isBranch = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Returns where two objects differ, with their values as text. Paths have `[]` for the items of a list. */
export function differencesOf(ours: unknown, served: unknown, path: string): (readonly [path: string, text: string])[] {
  if (isDeepStrictEqual(ours, served)) return [];
  if (!isBranch(ours) || !isBranch(served) || Array.isArray(ours) !== Array.isArray(served))
    return [[path, `${JSON.stringify(ours)}, the server has ${JSON.stringify(served)}`]];
  const names = new Set([...Object.keys(ours), ...Object.keys(served)]);
  return [...names].flatMap((name) => differencesOf(ours[name], served[name], Array.isArray(ours) ? `${path}[]` : `${path}.${name}`));
}
