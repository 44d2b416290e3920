/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object from a file or the API server. It is a map. The types of its fields are not checked. */
export interface KubernetesObject extends Fields {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: unknown;
}

/** An entry of `metadata.ownerReferences`. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid?: string;
}

/** Whether a value is a map: neither null, a list, nor a scalar. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the value if it is a map, else an empty map. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : nothing;
}

/** Returns the value if it is a list, else an empty list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns the value if it is a string, else undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Returns the strings in a list. */
export function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}

/** Returns the entries of a map with string values, such as labels. */
export function textMapOf(value: unknown): Readonly<Record<string, string>> {
  const fields = fieldsOf(value);
  if (Object.values(fields).every((item) => typeof item === 'string')) return fields as Readonly<Record<string, string>>;
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

const nothing: Fields = Object.freeze({});

/** Returns the API group of an `apiVersion`. Empty for the core group. */
export function groupOf(apiVersion: unknown): string {
  if (typeof apiVersion !== 'string') return '';
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** Returns the version of an `apiVersion`. */
export function versionOf(apiVersion: unknown): string {
  if (typeof apiVersion !== 'string') return '';
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** Returns `Kind` for the core group and `Kind.group` for others. The catalogue names kinds in this form. */
export function groupKindOf(object: KubernetesObject): string {
  const kind = textOf(object.kind) ?? '';
  const group = groupOf(object.apiVersion);
  return group === '' ? kind : `${kind}.${group}`;
}

/** Returns the object's name, or its `generateName`. Undefined if it has neither. */
export function nameOf(object: KubernetesObject): string | undefined {
  const metadata = fieldsOf(object.metadata);
  const name = textOf(metadata['name']) ?? '';
  return name === '' ? textOf(metadata['generateName']) : name;
}

/** Returns the object's namespace, or `default` if it has none. */
export function namespaceOf(object: KubernetesObject): string {
  const namespace = textOf(fieldsOf(object.metadata)['namespace']);
  return namespace === undefined || namespace === '' ? 'default' : namespace;
}

/** Returns the owner reference with `controller: true`, if any. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  for (const reference of listOf(fieldsOf(object.metadata)['ownerReferences'])) {
    const { controller, apiVersion, kind, name, uid } = fieldsOf(reference);
    if (controller !== true || typeof kind !== 'string' || typeof name !== 'string') continue;
    return { apiVersion: textOf(apiVersion) ?? '', kind, name, ...(typeof uid === 'string' ? { uid } : {}) };
  }
  return undefined;
}

/** Whether a value is absent. The API server reads null as absent. */
export const isUnset = (value: unknown): value is undefined | null => value === undefined || value === null;
