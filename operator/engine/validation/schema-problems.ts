import { type Fields, groupOf, isFields, type KubernetesObject, textOf, versionOf, isUnset } from '../objects/kubernetes-object.ts';
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

/** Whether the server takes the value of a required field for none. */
const isMissing = (value: unknown): boolean =>
  isUnset(value) || value === '' || value === 0 || (Array.isArray(value) && value.length === 0);

/** A field with a value, and the map that it is in. */
interface Place {
  readonly key: string;
  readonly field: SchemaField;
  readonly node: SchemaNode;
}

/** The most characters of a value or name in a message. */
const longestValue = 80;
const shortened = (text: string): string => (text.length > longestValue ? `${text.slice(0, longestValue)}...` : text);

/** Whether only Kubernetes 1.35 has a field, of which the schema is not made: the spec of its pods has a `workloadRef`. */
const isFormer = (key: string, { fields }: SchemaNode): boolean => key === 'workloadRef' && fields.has('restartPolicy');

/** The fields of an object that its schema leaves out. */
const typeFields: ReadonlySet<string> = new Set(['apiVersion', 'kind']);

/** Walks an object along its schema. Every object of every scan of files passes here: paths are only made of problems. */
class SchemaWalk {
  readonly problems: SchemaProblem[] = [];
  readonly #above: MapAbove[] = [];
  /** The steps to the current value. */
  readonly #steps: (string | number)[] = [];
  /** The server ignores the status of a new object, except for its types and unknown fields. */
  #inStatus = false;

  /** Adds the problems of a map. `name`: that of its field. Empty for the object as a whole. */
  map(fields: Fields, index: number, name: string): void {
    const node = schemaNode(index);
    if (node === undefined) return;
    const isWhole = this.#steps.length === 0;
    this.#above.push({ name, node });
    for (const key in fields) if (!isWhole || !typeFields.has(key)) this.#entry(key, fields[key], node);
    this.#above.pop();
    if (this.#inStatus) return;
    for (const key of node.rules.required) if (isMissing(fields[key])) this.#add('refused', [key], `${key} is required`);
  }

  #entry(key: string, value: unknown, node: SchemaNode): void {
    const field = node.fields.get(key);
    if (field === undefined) {
      this.#unknown(key, node);
      return;
    }
    if (isUnset(value)) return;
    this.#steps.push(key);
    this.#field(value, { key, field, node });
    this.#steps.pop();
  }

  #field(value: unknown, place: Place): void {
    const { key, field, node } = place;
    if (this.#above.length === 1) this.#inStatus = key === 'status';
    for (const [steps, problem] of valueProblems(value, field.shape, node.rules.formats[key]))
      this.#add('refused', steps, `${key}${steps.map(step).join('')} ${problem}`);
    if (!this.#inStatus) this.#values(value, place);
    if (field.shape !== 'S') this.#items(value, place);
    else if (isFields(value)) this.map(value, field.node, key);
  }

  /** Walks the items of a list or map of maps. */
  #items(value: unknown, place: Place): void {
    const { shape } = place.field;
    if (shape === 'L' && Array.isArray(value)) for (const [index, item] of value.entries()) this.#item(index, item, place);
    if (shape === 'M' && isFields(value)) for (const name in value) this.#item(name, value[name], place);
  }

  #item(at: string | number, item: unknown, { key, field }: Place): void {
    if (!isFields(item)) return;
    this.#steps.push(at);
    this.map(item, field.node, key);
    this.#steps.pop();
  }

  /** Adds values that are not among those that the server accepts, and items with the same keys. */
  #values(value: unknown, { key, node }: Place): void {
    const { values, keys } = node.rules;
    if (values[key] !== undefined) this.#accepted(value, key, values[key]);
    if (keys[key] !== undefined && Array.isArray(value) && value.length > 1) this.#repeated(value, keys[key], { key, node });
  }

  #accepted(value: unknown, key: string, accepted: readonly string[]): void {
    for (const [index, item] of Array.isArray(value) ? value.entries() : [[undefined, value] as const]) {
      if (typeof item !== 'string' || item === '' || accepted.includes(item)) continue;
      this.#add('refused', index === undefined ? [] : [index], `${key} '${shortened(item)}' is not one of ${accepted.join(', ')}`);
    }
  }

  #repeated(items: readonly unknown[], keys: readonly string[], { key, node }: Omit<Place, 'field'>): void {
    const seen = new Set<unknown>();
    for (const [index, item] of items.entries()) {
      if (!isFields(item) || isMissing(item[keys[0] ?? ''])) continue;
      const identity = identityOf(item, keys);
      const isRepeated = seen.has(identity);
      seen.add(identity);
      if (!isRepeated) continue;
      const which = keys
        .filter((name) => !isUnset(item[name]))
        .map((name) => `${name} ${shortened(textOf(item[name]) ?? JSON.stringify(item[name]))}`);
      this.#add(node.rules.unique.includes(key) ? 'refused' : 'repeated', [index], `${key} has ${which.join(', ')} more than once`);
    }
  }

  #unknown(key: string, node: SchemaNode): void {
    if (node.rules.others.includes(key) || isFormer(key, node)) return;
    this.#add('unknown', [key], `${shortened(key)}${fieldHint(node, key, this.#above.slice(0, -1))}`);
  }

  /** `rest`: the steps from the current value to the problem. */
  #add(type: SchemaProblemType, rest: readonly (string | number)[], message: string): void {
    this.problems.push({ type, path: [...this.#steps, ...rest].reduce<string>(join, ''), message });
  }
}

/** A value that two items share if they have the same keys. Most lists have one key, a text. */
function identityOf(item: Fields, keys: readonly string[]): unknown {
  const [first = ''] = keys;
  return keys.length === 1 && typeof item[first] === 'string' ? item[first] : JSON.stringify(keys.map((name) => item[name]));
}

/**
 * Returns the fields of an object that are wrong by the schema of its kind, in the order of the object. The object must have been completed
 * by `applyManifestDefaults`. Undefined if the fields of its kind and version are not known.
 */
export function schemaProblems(object: KubernetesObject): readonly SchemaProblem[] | undefined {
  const kind = servedKind(groupOf(object.apiVersion), versionOf(object.apiVersion), textOf(object.kind) ?? '');
  if (kind === undefined) return undefined;
  const walk = new SchemaWalk();
  walk.map(object, kind.node, '');
  return walk.problems;
}
