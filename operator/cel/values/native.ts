import { toText } from './conversion.ts';
import { Boxed, CelMap, Double, Optional, TypeValue, Uint } from './value.ts';

/**
 * Converts a CEL value to a JavaScript value: number, string, array, plain object. Integers beyond 2^53 are bigint. Values without a JSON
 * form are converted to text.
 */
export function native(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(native);
  if (!(value instanceof Boxed)) return value;
  if (value instanceof Double) return value.float;
  if (value instanceof Uint) return value.unsigned <= 9007199254740991n ? Number(value.unsigned) : value.unsigned;
  if (value instanceof TypeValue) return value.typeName;
  if (value instanceof Optional) return value.held === undefined ? null : native(value.held);
  return value instanceof CelMap ? nativeMap(value) : text(value);
}

function text(value: Boxed): unknown {
  try {
    return toText(value);
  } catch {
    return value;
  }
}

function nativeMap(map: CelMap): unknown {
  const out: Record<string, unknown> = {};
  for (const [key, value] of map.entryOf.values()) {
    Object.defineProperty(out, String(native(key)), { value: native(value), enumerable: true, configurable: true, writable: true });
  }
  return out;
}
