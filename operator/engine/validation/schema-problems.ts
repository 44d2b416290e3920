import { type Fields, groupOf, isFields, type KubernetesObject, textOf, versionOf, isUnset } from '../objects/kubernetes-object.ts';
import { type BuiltinKind, builtinKinds, type SchemaNode, schemaNode } from '../schema/schema-node.ts';
import { customProblems } from './custom-problems.ts';
import { customSchemaOf } from './custom-schema.ts';
import { fieldCheck, type FieldCheck, isPlainlyRight } from './field-check.ts';
import { fieldHint, type MapAbove } from './field-hint.ts';
import { joinPath, pathStep, type SchemaProblem, type SchemaProblemType, shortened } from './schema-problem.ts';
import { valueProblems } from './value-problem.ts';

let served: ReadonlyMap<string, BuiltinKind> | undefined;

/** Returns a kind whose fields are known in exactly this version. */
export function servedKind(group: string, version: string, kind: string): BuiltinKind | undefined {
  served ??= new Map(builtinKinds().flatMap((found) => (found.node < 0 ? [] : [[`${found.group}/${found.version}/${found.kind}`, found]])));
  return served.get(`${group}/${version}/${kind}`);
}

/** Whether the server takes the value of a required field for none. */
const isMissing = (value: unknown): boolean =>
  isUnset(value) || value === '' || value === 0 || (Array.isArray(value) && value.length === 0);

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
    for (const key in fields) {
      if (isWhole && typeFields.has(key)) continue;
      if (isWhole) this.#inStatus = key === 'status';
      this.#entry(key, fields[key], node);
    }
    this.#above.pop();
    if (isWhole) this.#inStatus = false;
    if (this.#inStatus) return;
    for (const key of node.rules.required) if (isMissing(fields[key])) this.#add('refused', [key], `${key} is required`);
  }

  #entry(key: string, value: unknown, node: SchemaNode): void {
    const check = fieldCheck(node, key);
    if (check === undefined) {
      this.#unknown(key, node);
      return;
    }
    if (isUnset(value) || isPlainlyRight(value, check)) return;
    this.#steps.push(key);
    this.#field(value, check);
    this.#steps.pop();
  }

  #field(value: unknown, check: FieldCheck): void {
    const { key, shape, node } = check;
    for (const [steps, problem] of valueProblems(value, check))
      this.#add('refused', steps, `${key}${steps.map(pathStep).join('')} ${problem}`);
    if (!this.#inStatus) this.#values(value, check);
    if (shape !== 'S') this.#items(value, check);
    else if (isFields(value)) this.map(value, node, key);
  }

  /** Walks the items of a list or map of maps. */
  #items(value: unknown, check: FieldCheck): void {
    const { shape } = check;
    if (shape === 'L' && Array.isArray(value)) for (let index = 0; index < value.length; index += 1) this.#item(index, value[index], check);
    if (shape === 'M' && isFields(value)) for (const name in value) this.#item(name, value[name], check);
  }

  #item(at: string | number, item: unknown, { key, node }: FieldCheck): void {
    if (!isFields(item)) return;
    this.#steps.push(at);
    this.map(item, node, key);
    this.#steps.pop();
  }

  /** Adds values that are not among those that the server accepts, and items with the same keys. */
  #values(value: unknown, check: FieldCheck): void {
    const { key, accepted, keys } = check;
    if (accepted !== undefined) this.#accepted(value, key, accepted);
    if (keys !== undefined && Array.isArray(value) && value.length > 1) this.#repeated(value, keys, check);
  }

  #accepted(value: unknown, key: string, accepted: readonly string[]): void {
    for (const [index, item] of Array.isArray(value) ? value.entries() : [[undefined, value] as const]) {
      if (typeof item !== 'string' || item === '' || accepted.includes(item)) continue;
      this.#add('refused', index === undefined ? [] : [index], `${key} '${shortened(item)}' is not one of ${accepted.join(', ')}`);
    }
  }

  #repeated(items: readonly unknown[], keys: readonly string[], { key, isUnique }: FieldCheck): void {
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
      this.#add(isUnique ? 'refused' : 'repeated', [index], `${key} has ${which.join(', ')} more than once`);
    }
  }

  #unknown(key: string, node: SchemaNode): void {
    if (node.rules.others.includes(key) || isFormer(key, node)) return;
    this.#add('unknown', [key], `${shortened(key)}${fieldHint(node, key, this.#above.slice(0, -1))}`);
  }

  /** `rest`: the steps from the current value to the problem. */
  #add(type: SchemaProblemType, rest: readonly (string | number)[], message: string): void {
    this.problems.push({ type, path: [...this.#steps, ...rest].reduce<string>(joinPath, ''), message });
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
  const custom = customSchemaOf(object);
  if (custom !== undefined) return customProblems(object, custom);
  const kind = servedKind(groupOf(object.apiVersion), versionOf(object.apiVersion), textOf(object.kind) ?? '');
  if (kind === undefined) return undefined;
  const walk = new SchemaWalk();
  walk.map(object, kind.node, '');
  return walk.problems;
}
