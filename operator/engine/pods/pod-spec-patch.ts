import { type Fields, isFields, isUnset, listOf, textsOf } from '../objects/kubernetes-object.ts';

/** The fields by which a strategic merge patch finds the entries of lists of pods. Other lists are replaced. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  volumes: 'name',
  imagePullSecrets: 'name',
  schedulingGates: 'name',
  resourceClaims: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
  ports: 'containerPort',
  env: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
};

/** Where the key of an entry may be in a list of another kind, such as `env` of a ConfigMap's items: those lists are replaced. */
const mergesAt =
  /^((init|ephemeral)?[cC]ontainers|sidecars|volumes|imagePullSecrets|schedulingGates|resourceClaims|hostAliases|topologySpreadConstraints|((init|ephemeral)?[cC]ontainers|sidecars|container|script)\.(ports|env|volumeMounts|volumeDevices))$/;

const directive = '$patch';
const isDirective = (name: string): boolean => name.startsWith('$');

/** The path of a field, with the names of fields only. */
const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const keyAt = (path: string): string | undefined =>
  mergesAt.test(path) ? (mergeKeys[path.slice(path.lastIndexOf('.') + 1)] ?? 'name') : undefined;

function mergedFields(base: Fields, patch: Fields, path: string): Fields {
  if (patch[directive] === 'replace') return withoutDirectives(patch);
  if (patch[directive] === 'delete') return {};
  const kept = Array.isArray(patch['$retainKeys']) ? new Set(textsOf(patch['$retainKeys'])) : undefined;
  const result: Record<string, unknown> = Object.fromEntries(Object.entries(base).filter(([name]) => kept?.has(name) !== false));
  for (const [name, value] of Object.entries(patch)) {
    const removed = /^\$deleteFromPrimitiveList\/(.+)$/.exec(name)?.[1];
    if (removed !== undefined) result[removed] = listOf(result[removed]).filter((item) => !listOf(value).includes(item));
    if (isDirective(name)) continue;
    result[name] = isUnset(value) ? undefined : merged(result[name], value, below(path, name));
  }
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined));
}

function mergedLists(
  base: readonly unknown[],
  patch: readonly unknown[],
  { key, path }: { key: string; path: string },
): readonly unknown[] {
  const entries = patch.filter(isFields);
  const named = (value: unknown) => (item: unknown) => isFields(item) && item[key] === value;
  let result: readonly unknown[] = entries.some((entry) => entry[directive] === 'replace' && entry[key] === undefined) ? [] : base;
  for (const entry of entries) {
    const isSame = named(entry[key]);
    if (entry[key] === undefined) continue;
    if (entry[directive] === 'delete') result = result.filter((item) => !isSame(item));
    else if (result.some(isSame)) result = result.map((item) => (isSame(item) ? mergedFields(item as Fields, entry, path) : item));
    else result = [...result, withoutDirectives(entry)];
  }
  return result;
}

function merged(base: unknown, patch: unknown, path: string): unknown {
  if (isFields(patch)) return isFields(base) ? mergedFields(base, patch, path) : withoutDirectives(patch);
  const key = keyAt(path);
  return Array.isArray(patch) && Array.isArray(base) && key !== undefined
    ? mergedLists(base, patch, { key, path })
    : withoutDirectives(patch);
}

function withoutDirectives<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutDirectives) as Value;
  if (!isFields(value)) return value;
  const fields = Object.entries(value).filter(([name, field]) => !isDirective(name) && !isUnset(field));
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutDirectives(field)])) as Value;
}

/**
 * Returns the spec of a pod after a strategic merge patch, as the API server's library merges it: lists of containers, volumes and such by
 * the names of their entries, maps by their fields, other lists as a whole, and null removes a field. Also merges two templates of Argo,
 * whose lists of containers have the same keys. Changes neither.
 */
export const mergePodSpec = (spec: Fields, patch: Fields): Fields => mergedFields(spec, patch, '');

/** Returns the entry of a patch for the entry at an index of the merged list. */
function entryOf(patch: readonly unknown[], list: unknown, index: number, key: string | undefined): unknown {
  if (key === undefined) return patch[index];
  const item = listOf(list)[index];
  return isFields(item) ? patch.find((entry) => isFields(entry) && entry[key] === item[key]) : undefined;
}

/** Whether a patch sets the value at a path of the merged spec, such as `containers[1].image`. */
export function setsPath(patch: Fields, spec: Fields, path: string): boolean {
  let [here, there, at]: [unknown, unknown, string] = [patch, spec, ''];
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (name !== undefined) {
      if (!isFields(here)) return here !== undefined;
      at = below(at, name);
      [here, there] = [here[name], isFields(there) ? there[name] : undefined];
    } else if (Array.isArray(here)) {
      here = entryOf(here, there, Number(index), keyAt(at));
      there = listOf(there)[Number(index)];
    }
    if (here === undefined) return false;
  }
  return true;
}
