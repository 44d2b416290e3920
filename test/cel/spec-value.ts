import { DYN, ERROR, listOf, mapOf, NULL, opaque, parseType, typeOf, typeParam } from '../../operator/cel/values/cel-type.ts';
import type { CelType } from '../../operator/cel/values/cel-type.ts';
import { parseDuration, parseTimestamp } from '../../operator/cel/values/timestamp.ts';
import { CelMap, double, int, keyOf, TypeValue, Uint } from '../../operator/cel/values/value.ts';

const MESSAGES: Record<string, string> = { 'google.protobuf.Duration': 'duration', 'google.protobuf.Timestamp': 'timestamp' };

type Json = Record<string, unknown>;

const list = (json: unknown, key: string): Json[] => ((json as Json)[key] as Json[] | undefined) ?? [];

const READERS: Record<string, (json: unknown) => unknown> = {
  nullValue: () => null,
  boolValue: (json) => json,
  int64Value: (json) => int(BigInt(json as string)),
  uint64Value: (json) => new Uint(BigInt(json as string)),
  doubleValue: (json) => double(Number(json)),
  stringValue: (json) => json,
  bytesValue: (json) => new Uint8Array(Buffer.from(json as string, 'base64')),
  typeValue: (json) => new TypeValue(json as string),
  listValue: (json) => list(json, 'values').map(readValue),
  mapValue: (json) => {
    const entries = list(json, 'entries').map((entry) => [readValue(entry['key'] as Json), readValue(entry['value'] as Json)] as const);
    return new CelMap(new Map(entries.map(([key, value]) => [keyOf(key), [key, value]])));
  },
  objectValue: (json) => {
    const { '@type': type, value } = json as { '@type': string; value: string };
    if (type.endsWith('Timestamp')) return parseTimestamp(value);
    if (type.endsWith('Duration')) return parseDuration(value);
    throw new Unsupported(type);
  },
};

/** Thrown for a message without a value in the dialect. */
export class Unsupported extends Error {}

/** Converts the JSON of a cel.expr.Value to a value. */
export function readValue(json: Json): unknown {
  const [name, value] = Object.entries(json)[0] ?? ['', undefined];
  const reader = READERS[name];
  if (reader === undefined) throw new Unsupported(name);
  return reader(value);
}

/** Converts the JSON of a cel.expr.Type to a type. */
export function readType(json: Json): CelType {
  const [name, value] = Object.entries(json)[0] ?? ['dyn', {}];
  const inner = value as Json;
  const part = (key: string): CelType => (inner[key] === undefined ? DYN : readType(inner[key] as Json));
  switch (name) {
    case 'primitive':
      return parseType((value as string).toLowerCase().replace('64', ''));
    case 'wellKnown':
      return value === 'ANY' ? DYN : parseType((value as string).toLowerCase());
    case 'listType':
      return listOf(part('elemType'));
    case 'mapType':
      return mapOf(part('keyType'), part('valueType'));
    case 'null':
      return NULL;
    case 'typeParam':
      return typeParam(value as string);
    case 'type':
      return typeOf(Object.keys(inner).length === 0 ? undefined : readType(inner));
    case 'abstractType':
      return opaque(inner['name'] as string, ...((inner['parameterTypes'] as Json[] | undefined) ?? []).map(readType));
    case 'dyn':
      return DYN;
    case 'messageType':
      return parseType(MESSAGES[value as string] ?? '');
    default:
      return name === 'error' ? ERROR : unsupported(name);
  }
}

function unsupported(name: string): never {
  throw new Unsupported(name);
}
