/** What a type is, apart from its parameters. `param` is a type variable, `opaque` and `object` are told apart by name. */
export type TypeKind =
  | 'dyn'
  | 'error'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'list'
  | 'map'
  | 'object'
  | 'type'
  | 'param'
  | 'opaque';

/** A type of the language. `name` is what `type(x)` shows; `fields` are those of a declared object, which has no others. */
export interface CelType {
  readonly kind: TypeKind;
  readonly name: string;
  readonly params: readonly CelType[];
  readonly fields?: Readonly<Record<string, CelType>>;
}

const plain = (kind: TypeKind, name: string = kind): CelType => ({ kind, name, params: [] });

export const DYN = plain('dyn');
/** The type of what did not check; it agrees with everything, so that one mistake gives one message. */
export const ERROR = plain('error', '!error!');
export const NULL = plain('null', 'null_type');
export const BOOL = plain('bool');
export const INT = plain('int');
export const UINT = plain('uint');
export const DOUBLE = plain('double');
export const STRING = plain('string');
export const BYTES = plain('bytes');
export const TIMESTAMP = plain('timestamp', 'google.protobuf.Timestamp');
export const DURATION = plain('duration', 'google.protobuf.Duration');

/** The type of a list of `element`. */
export const listOf = (element: CelType): CelType => ({ kind: 'list', name: 'list', params: [element] });
/** The type of a map from `key` to `value`. */
export const mapOf = (key: CelType, value: CelType): CelType => ({ kind: 'map', name: 'map', params: [key, value] });
/** The type of a type, as `type(1)` has it. */
export const typeOf = (type?: CelType): CelType => ({ kind: 'type', name: 'type', params: type === undefined ? [] : [type] });
/** A type that the language knows by name only. */
export const opaque = (name: string, ...params: CelType[]): CelType => ({ kind: 'opaque', name, params });
/** The type of a value that may be absent. */
export const optionalOf = (type: CelType): CelType => opaque('optional_type', type);
/** A type variable of an overload. */
export const typeParam = (name: string): CelType => ({ kind: 'param', name, params: [] });
/** A declared object: reading a field that is not among `fields` does not compile. */
export const objectOf = (name: string, fields: Readonly<Record<string, CelType>>): CelType => ({
  kind: 'object',
  name,
  params: [],
  fields,
});

/** Whether `type` is `optional_type(…)`. */
export function isOptionalType(type: CelType): boolean {
  return type.kind === 'opaque' && type.name === 'optional_type';
}

/** Whether two types are the same, parameters and all. */
export function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.name !== b.name || a.params.length !== b.params.length) return false;
  return a.params.every((param, i) => sameType(param, b.params[i] as CelType));
}

/** The type as messages write it: `map(string, list(int))`. */
export function showType(type: CelType): string {
  if (type.kind === 'null') return 'null';
  if (type.params.length === 0) return type.name;
  return `${type.name}(${type.params.map(showType).join(', ')})`;
}

const NAMED: Readonly<Record<string, CelType>> = {
  dyn: DYN,
  null: NULL,
  bool: BOOL,
  int: INT,
  uint: UINT,
  double: DOUBLE,
  string: STRING,
  bytes: BYTES,
  timestamp: TIMESTAMP,
  duration: DURATION,
};

const GENERIC: Readonly<Record<string, (params: CelType[]) => CelType>> = {
  list: (params) => listOf(params[0] ?? DYN),
  map: (params) => mapOf(params[0] ?? DYN, params[1] ?? DYN),
  type: (params) => typeOf(params[0]),
  optional: (params) => optionalOf(params[0] ?? DYN),
};

/** Splits at the commas that are not inside parentheses. */
export function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i];
    if (c === '(') depth++;
    if (c === ')') depth--;
    if (c === undefined || (c === ',' && depth === 0)) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  return parts.filter((part) => part !== '');
}

/** Reads a type as the overload tables write it: `map(K, list(string))`; a single capital letter is a type variable. */
export function parseType(text: string): CelType {
  const open = text.indexOf('(');
  const name = open < 0 ? text : text.slice(0, open);
  const params = open < 0 ? [] : splitTypes(text.slice(open + 1, -1)).map(parseType);
  const named = NAMED[name];
  if (named !== undefined) return named;
  if (/^[A-Z]$/.test(name)) return typeParam(name);
  return GENERIC[name]?.(params) ?? opaque(name, ...params);
}
