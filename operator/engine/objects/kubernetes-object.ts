/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** Any object as a file or the API server has it: nothing about its shape is certain but that it is a map. */
export interface KubernetesObject extends Fields {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: unknown;
}

/** A reference of `metadata.ownerReferences`. */
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

/** The value as a map; an empty one where it is none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : nothing;
}

/** The value as a list; an empty one where it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as text; undefined where it is none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The strings of a list. */
export function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}

/** The string values of a map, such as labels. */
export function textMapOf(value: unknown): Readonly<Record<string, string>> {
  const fields = fieldsOf(value);
  if (Object.values(fields).every((item) => typeof item === 'string')) return fields as Readonly<Record<string, string>>;
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

const nothing: Fields = Object.freeze({});

/** The API group of an `apiVersion`; empty for the core group. */
export function groupOf(apiVersion: unknown): string {
  if (typeof apiVersion !== 'string') return '';
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** The version of an `apiVersion`. */
export function versionOf(apiVersion: unknown): string {
  if (typeof apiVersion !== 'string') return '';
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** `Kind` in the core group, `Kind.group` in others: how the catalogue names kinds. */
export function groupKindOf(object: KubernetesObject): string {
  const kind = textOf(object.kind) ?? '';
  const group = groupOf(object.apiVersion);
  return group === '' ? kind : `${kind}.${group}`;
}

/** The object's name; `generateName` serves as one. Undefined where it has neither. */
export function nameOf(object: KubernetesObject): string | undefined {
  const metadata = fieldsOf(object.metadata);
  const name = textOf(metadata['name']) ?? '';
  return name === '' ? textOf(metadata['generateName']) : name;
}

/** The object's namespace, or the one that it is created in when it names none. */
export function namespaceOf(object: KubernetesObject): string {
  const namespace = textOf(fieldsOf(object.metadata)['namespace']);
  return namespace === undefined || namespace === '' ? 'default' : namespace;
}

/** The owner that controls the object, if any. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  for (const reference of listOf(fieldsOf(object.metadata)['ownerReferences'])) {
    const { controller, apiVersion, kind, name, uid } = fieldsOf(reference);
    if (controller !== true || typeof kind !== 'string' || typeof name !== 'string') continue;
    return { apiVersion: textOf(apiVersion) ?? '', kind, name, ...(typeof uid === 'string' ? { uid } : {}) };
  }
  return undefined;
}
