/** The kind of a type, without its parameters. `param` is a type variable. Types of kind `opaque` or `object` differ by name. */
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

/** A type of the language. `name` is the result of `type(x)`. `fields` are all fields of a declared object. */
export interface CelType {
  readonly kind: TypeKind;
  readonly name: string;
  readonly params: readonly CelType[];
  readonly fields?: Readonly<Record<string, CelType>>;
}

const plain = (kind: TypeKind, name: string = kind): CelType => ({ kind, name, params: [] });

export const DYN = plain('dyn');
/** The type of an expression with a fault. It agrees with all types, so that one mistake causes one message. */
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

/** Creates the type of a list. */
export const listOf = (element: CelType): CelType => ({ kind: 'list', name: 'list', params: [element] });
/** Creates the type of a map. */
export const mapOf = (key: CelType, value: CelType): CelType => ({ kind: 'map', name: 'map', params: [key, value] });
/** Creates the type of a type, such as of `type(1)`. */
export const typeOf = (type?: CelType): CelType => ({ kind: 'type', name: 'type', params: type === undefined ? [] : [type] });
/** Creates a type that is only identified by its name. */
export const opaque = (name: string, ...params: CelType[]): CelType => ({ kind: 'opaque', name, params });
/** Creates the type of an optional value. */
export const optionalOf = (type: CelType): CelType => opaque('optional_type', type);
/** Creates a type variable of an overload. */
export const typeParam = (name: string): CelType => ({ kind: 'param', name, params: [] });
/** Creates the type of an object with declared fields. Other fields do not compile. */
export const objectOf = (name: string, fields: Readonly<Record<string, CelType>>): CelType => ({
  kind: 'object',
  name,
  params: [],
  fields,
});

/** Returns whether `type` is `optional_type(…)`. */
export function isOptionalType(type: CelType): boolean {
  return type.kind === 'opaque' && type.name === 'optional_type';
}

/** Returns whether two types are the same, including their parameters. */
export function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.name !== b.name || a.params.length !== b.params.length) return false;
  return a.params.every((param, i) => sameType(param, b.params[i] as CelType));
}

/** Formats a type for messages, such as `map(string, list(int))`. */
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

/** Splits a text at commas outside of parentheses. */
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

/** Parses a type of the overload tables, such as `map(K, list(string))`. A single capital letter is a type variable. */
export function parseType(text: string): CelType {
  const open = text.indexOf('(');
  const name = open < 0 ? text : text.slice(0, open);
  const params = open < 0 ? [] : splitTypes(text.slice(open + 1, -1)).map(parseType);
  const named = NAMED[name];
  if (named !== undefined) return named;
  if (/^[A-Z]$/.test(name)) return typeParam(name);
  return GENERIC[name]?.(params) ?? opaque(name, ...params);
}
