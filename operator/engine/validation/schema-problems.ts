import { type Fields, groupOf, isFields, type KubernetesObject, listOf, textOf, versionOf } from '../objects/kubernetes-object.ts';
import { type BuiltinKind, builtinKinds, type SchemaField, type SchemaNode, schemaNode } from '../schema/schema-node.ts';
import { fieldHint, type MapAbove } from './field-hint.ts';
import { valueProblems } from './value-problem.ts';

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

let served: ReadonlyMap<string, BuiltinKind> | undefined;

/** Returns a kind whose fields are known in exactly this version. */
export function servedKind(group: string, version: string, kind: string): BuiltinKind | undefined {
  served ??= new Map(builtinKinds().flatMap((found) => (found.node < 0 ? [] : [[`${found.group}/${found.version}/${found.kind}`, found]])));
  return served.get(`${group}/${version}/${kind}`);
}

const step = (name: string | number): string => {
  if (typeof name === 'number') return `[${name}]`;
  return /^[A-Za-z_$][\w$-]*$/.test(name) ? `.${name}` : `['${name}']`;
};
const join = (path: string, name: string | number): string => (path === '' && typeof name === 'string' ? name : path + step(name));

const isUnset = (value: unknown): boolean => value === undefined || value === null;

/** Whether the server takes the value of a required field for none. */
const isMissing = (value: unknown): boolean =>
  isUnset(value) || value === '' || value === 0 || (Array.isArray(value) && value.length === 0);

/** A field with a value, and the map that it is in. */
interface Place {
  readonly key: string;
  readonly path: string;
  readonly field: SchemaField;
  readonly node: SchemaNode;
}

/** The items of a list or map with their steps. A map by itself is its only item. */
function itemsOf(value: unknown, { shape }: SchemaField): readonly (readonly [string | number | undefined, unknown])[] {
  if (shape === 'S') return [[undefined, value]];
  if (shape === 'L') return [...listOf(value).entries()];
  return shape === 'M' && isFields(value) ? Object.entries(value) : [];
}

/** The fields of an object that its schema leaves out. */
const typeFields: ReadonlySet<string> = new Set(['apiVersion', 'kind']);

class SchemaWalk {
  readonly problems: SchemaProblem[] = [];
  readonly #above: MapAbove[] = [];
  /** The server ignores the status of a new object, except for its types and unknown fields. */
  #inStatus = false;

  /** Adds the problems of a map. `name`: that of its field. Empty for the object as a whole. */
  map(fields: Fields, index: number, { path, name }: { readonly path: string; readonly name: string }): void {
    const node = schemaNode(index);
    if (node === undefined) return;
    this.#above.push({ name, node });
    for (const key in fields) if (path !== '' || !typeFields.has(key)) this.#entry(key, fields[key], node, path);
    this.#above.pop();
    if (this.#inStatus) return;
    for (const key of node.rules.required) if (isMissing(fields[key])) this.#add('refused', join(path, key), `${key} is required`);
  }

  #entry(key: string, value: unknown, node: SchemaNode, path: string): void {
    const field = node.fields.get(key);
    if (field === undefined) this.#unknown(key, node, path);
    else if (!isUnset(value)) this.#field(value, { key, field, node, path: join(path, key) });
  }

  #field(value: unknown, place: Place): void {
    const { key, field, node, path } = place;
    if (this.#above.length === 1) this.#inStatus = key === 'status';
    const problems = valueProblems(value, field.shape, node.rules.formats[key]);
    for (const [steps, problem] of problems) {
      const at = steps.reduce<string>(join, path);
      this.#add('refused', at, `${key}${at.slice(path.length)} ${problem}`);
    }
    if (!this.#inStatus) this.#values(value, place);
    for (const [step, item] of itemsOf(value, field))
      if (isFields(item)) this.map(item, field.node, { path: step === undefined ? path : join(path, step), name: key });
  }

  /** Adds values that are not among those that the server accepts, and items with the same keys. */
  #values(value: unknown, { key, node, path }: Place): void {
    const { values, keys } = node.rules;
    const accepted = values[key];
    if (accepted !== undefined) {
      for (const [index, item] of Array.isArray(value) ? value.entries() : [[undefined, value] as const]) {
        if (typeof item !== 'string' || item === '' || accepted.includes(item)) continue;
        this.#add('refused', index === undefined ? path : join(path, index), `${key} '${item}' is not one of ${accepted.join(', ')}`);
      }
    }
    if (keys[key] !== undefined) this.#repeated(listOf(value), keys[key], { key, node, path });
  }

  #repeated(items: readonly unknown[], keys: readonly string[], { key, node, path }: Omit<Place, 'field'>): void {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      const identity = isFields(item) ? keys.map((name) => item[name]) : [];
      if (isMissing(identity[0])) continue;
      const text = JSON.stringify(identity);
      const isRepeated = seen.has(text);
      seen.add(text);
      if (!isRepeated) continue;
      const which = keys.map((name, at) => (isUnset(identity[at]) ? '' : `${name} ${String(identity[at])}`)).filter((part) => part !== '');
      this.#add(
        node.rules.unique.includes(key) ? 'refused' : 'repeated',
        join(path, index),
        `${key} has ${which.join(', ')} more than once`,
      );
    }
  }

  #unknown(key: string, node: SchemaNode, path: string): void {
    if (!node.rules.others.includes(key)) this.#add('unknown', join(path, key), `${key}${fieldHint(node, key, this.#above.slice(0, -1))}`);
  }

  #add(type: SchemaProblemType, path: string, message: string): void {
    this.problems.push({ type, path, message });
  }
}

/**
 * Returns the fields of an object that are wrong by the schema of its kind, in the order of the object. The object must have been completed
 * by `applyManifestDefaults`. Undefined if the fields of its kind and version are not known.
 */
export function schemaProblems(object: KubernetesObject): readonly SchemaProblem[] | undefined {
  const kind = servedKind(groupOf(object.apiVersion), versionOf(object.apiVersion), textOf(object.kind) ?? '');
  if (kind === undefined) return undefined;
  const walk = new SchemaWalk();
  walk.map(object, kind.node, { path: '', name: '' });
  return walk.problems;
}
