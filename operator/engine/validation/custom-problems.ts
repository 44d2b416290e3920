import { ownEntry } from '../../api/own-entry.ts';
import { didYouMean } from '../../catalogue/suggestion.ts';
import { type Fields, fieldsOf, isFields, isUnset, type KubernetesObject, listOf, textsOf } from '../objects/kubernetes-object.ts';
import type { CustomSchema } from './custom-schema.ts';
import { boundProblems, junctorProblems, typeProblem } from './custom-values.ts';
import { joinPath, type SchemaProblem, type SchemaProblemType, shortened } from './schema-problem.ts';

/** The most problems of one object. */
const mostProblems = 100;
const deepest = 200;

/** The fields that every object has, also one inside of another. */
const objectFields = ['apiVersion', 'kind', 'metadata'];
/** Whether the server keeps the fields of a map that its schema does not name. */
const keepsFields = (schema: Fields): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true || schema['additionalProperties'] === true;

/** Whether a required field has no value: neither its own nor a default. Null is a value only of a field that is nullable. */
const lacks = (value: unknown, schema: Fields): boolean =>
  schema['default'] === undefined && (value === undefined || (value === null && schema['nullable'] !== true));

/** Walks an object along the schema of its CustomResourceDefinition, as the API server prunes and validates it. */
class CustomWalk {
  readonly problems: SchemaProblem[] = [];
  readonly #keepsUnknown: boolean;

  constructor(keepsUnknown: boolean) {
    this.#keepsUnknown = keepsUnknown;
  }

  /** Adds the problems of a value. `name`: that of its field. */
  value(value: unknown, schema: Fields, { path, name, depth }: Place): void {
    if (depth > deepest) return;
    const wrong = typeProblem(value, schema);
    if (wrong !== undefined) {
      this.#add('refused', path, `${name} ${wrong}`);
      return;
    }
    for (const problem of [...boundProblems(value, schema), ...junctorProblems(value, schema)])
      this.#add('refused', path, `${name} ${problem}`);
    if (isFields(value)) this.map(value, schema, { path, depth });
    else if (Array.isArray(value)) this.#list(value, schema, { path, name, depth });
  }

  /** Adds the problems of the fields of a map. `isWhole`: it is the object itself. */
  map(fields: Fields, schema: Fields, { path, depth, isWhole = false }: Omit<Place, 'name'> & { readonly isWhole?: boolean }): void {
    const properties = fieldsOf(schema['properties']);
    const own = isWhole || schema['x-kubernetes-embedded-resource'] === true ? objectFields : [];
    for (const [name, value] of Object.entries(fields)) {
      if (own.includes(name)) continue;
      const inner = Object.hasOwn(properties, name) ? properties[name] : schema['additionalProperties'];
      const at = { path: joinPath(path, name), name: shortened(name), depth: depth + 1 };
      if (isFields(inner)) this.#field(value, inner, at);
      else if (!this.#keepsUnknown && !keepsFields(schema))
        this.#add('unknown', at.path, at.name + didYouMean(name, Object.keys(properties)));
    }
    this.#required(fields, schema, { path, own });
  }

  #required(fields: Fields, schema: Fields, { path, own }: { readonly path: string; readonly own: readonly string[] }): void {
    const properties = fieldsOf(schema['properties']);
    for (const name of textsOf(schema['required']))
      if (!own.includes(name) && lacks(ownEntry(fields, name), fieldsOf(ownEntry(properties, name))))
        this.#add('refused', joinPath(path, name), `${name} is required`);
  }

  /** Null is a value only of a field that is nullable. Of others, the server removes it. */
  #field(value: unknown, schema: Fields, place: Place): void {
    if (!isUnset(value)) this.value(value, schema, place);
  }

  #list(items: readonly unknown[], schema: Fields, { path, name, depth }: Place): void {
    const { items: inner } = schema;
    if (isFields(inner)) {
      for (const [index, item] of items.entries()) {
        if (item === null && inner['nullable'] === true) continue;
        this.value(item, inner, { path: joinPath(path, index), name: `${name}[${index}]`, depth: depth + 1 });
      }
    }
    this.#repeated(items, schema, { path, name });
  }

  /** Adds the items of sets and of lists with keys that are there several times. */
  #repeated(items: readonly unknown[], schema: Fields, { path, name }: Omit<Place, 'depth'>): void {
    const type = schema['x-kubernetes-list-type'];
    if (type !== 'set' && type !== 'map') return;
    const keys = textsOf(schema['x-kubernetes-list-map-keys']);
    const defaults = fieldsOf(fieldsOf(schema['items'])['properties']);
    const keyOf = (item: unknown): unknown =>
      type === 'set' ? item : keys.map((key) => fieldsOf(item)[key] ?? fieldsOf(defaults[key])['default'] ?? null);
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      const key = JSON.stringify(keyOf(item) ?? null);
      if (seen.has(key)) this.#add('refused', joinPath(path, index), `${name} has ${shortened(key)} more than once`);
      seen.add(key);
    }
  }

  #add(type: SchemaProblemType, path: string, message: string): void {
    if (this.problems.length < mostProblems) this.problems.push({ type, path, message });
  }
}

interface Place {
  readonly path: string;
  readonly name: string;
  readonly depth: number;
}

/**
 * Returns the fields of an object of a custom kind that are wrong by the schema of its CustomResourceDefinition: those that the server
 * refuses, and those that it drops. The expressions of `x-kubernetes-validations` and formats are not evaluated.
 */
export function customProblems(object: KubernetesObject, { schema, keepsUnknown, ignoresStatus }: CustomSchema): readonly SchemaProblem[] {
  const walk = new CustomWalk(keepsUnknown);
  const { status, ...rest } = object;
  const whole = ignoresStatus || status === undefined ? rest : { ...rest, status };
  const required = listOf(schema['required']).filter((name) => !(ignoresStatus && name === 'status'));
  walk.map(whole, { ...schema, required }, { path: '', depth: 0, isWhole: true });
  for (const problem of [...boundProblems(whole, schema), ...junctorProblems(whole, schema)])
    walk.problems.push({ type: 'refused', path: '', message: `the object ${problem}` });
  return walk.problems;
}
