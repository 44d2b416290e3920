import { CelFault } from '../values/cel-fault.ts';
import { codePointCount, codePoints, isFlat, sliceCodePoints } from '../values/code-point.ts';
import { withNumberArguments, library, method } from './overload.ts';
import { format } from './string-format.ts';

function outOfRange(index: number): CelFault {
  return new CelFault('index_out_of_bounds', `index out of range: ${String(index)}`);
}

/** Checks a code-point offset. Returns the offset in UTF-16 units. */
function unitOffset(text: string, offset: number): number {
  if (offset < 0 || offset > codePointCount(text)) throw outOfRange(offset);
  return isFlat(text) ? offset : sliceCodePoints(text, 0, offset).length;
}

/** Converts a UTF-16 offset of `indexOf` to code points. Returns -1 for -1. */
function codePointOffset(text: string, unit: number): number {
  return unit < 0 || isFlat(text) ? unit : codePointCount(text.slice(0, unit));
}

function charAt(text: string, index: number): string {
  if (index < 0 || index > codePointCount(text)) throw outOfRange(index);
  return sliceCodePoints(text, index, index + 1);
}

const indexOf = (text: string, part: string, from = 0): number => {
  if (part === '') return from;
  // A start after the end is not an error. Nothing is found.
  if (from >= codePointCount(text) && from > 0) return -1;
  const start = unitOffset(text, from);
  return codePointOffset(text, text.indexOf(part, start));
};

const lastIndexOf = (text: string, part: string, from?: number): number => {
  if (part !== '' && from !== undefined && from >= codePointCount(text) && from > 0) return -1;
  const start = from === undefined ? text.length : unitOffset(text, from);
  return part === '' ? (from ?? codePointCount(text)) : codePointOffset(text, text.lastIndexOf(part, start));
};

function substring(text: string, from: number, to?: number): string {
  const size = codePointCount(text);
  const end = to ?? size;
  if (from < 0 || from > size) throw outOfRange(from);
  if (end < 0 || end > size) throw outOfRange(end);
  if (from > end) throw new CelFault('invalid_argument', `invalid substring range. start: ${String(from)}, end: ${String(end)}`);
  return sliceCodePoints(text, from, end);
}

/** Splits text into at most `limit` pieces. The last piece has the rest. A negative limit means no limit. */
function split(text: string, separator: string, limit: number): string[] {
  const parts = separator === '' ? codePoints(text) : text.split(separator);
  if (limit === 0) return [];
  if (limit < 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

function replace(text: string, from: string, to: string, limit: number): string {
  if (limit < 0) return from === '' ? codePoints(text).reduce((out, c) => out + c + to, to) : text.replaceAll(from, () => to);
  const parts = from === '' ? ['', ...codePoints(text), ''] : text.split(from);
  const count = Math.min(limit, parts.length - 1);
  return (
    parts.slice(0, count + 1).join(to) +
    parts
      .slice(count + 1)
      .map((part) => from + part)
      .join('')
  );
}

function join(list: readonly unknown[], separator = ''): string {
  if (!list.every((item) => typeof item === 'string'))
    throw new CelFault('no_such_overload', 'no such overload: join takes a list of strings');
  return list.join(separator);
}

const SPACES = /^[\s\u0085]+|[\s\u0085]+$/gu;
const trim = (text: string): string => text.replace(SPACES, (space) => space.replaceAll(/[^\ufeff]/gu, ''));
const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};
const QUOTED = /[\u0007\b\f\n\r\t\v\\"]/g;
const quote = (text: string): string => `"${text.toWellFormed().replaceAll(QUOTED, (c) => ESCAPES[c] ?? c)}"`;

/** The string functions of the strings library of cel-go, in the version that Kubernetes uses. */
export const STRINGS = [
  ...library('1.0', [
    withNumberArguments(method('charAt', 'string_char_at_int', 'string, int -> string', charAt)),
    method('indexOf', 'string_index_of_string', 'string, string -> int', indexOf),
    withNumberArguments(method('indexOf', 'string_index_of_string_int', 'string, string, int -> int', indexOf)),
    method('lastIndexOf', 'string_last_index_of_string', 'string, string -> int', lastIndexOf),
    withNumberArguments(method('lastIndexOf', 'string_last_index_of_string_int', 'string, string, int -> int', lastIndexOf)),
    method('lowerAscii', 'string_lower_ascii', 'string -> string', (text: string) =>
      text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()),
    ),
    method('upperAscii', 'string_upper_ascii', 'string -> string', (text: string) =>
      text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase()),
    ),
    method('replace', 'string_replace_string_string', 'string, string, string -> string', (text: string, from: string, to: string) =>
      replace(text, from, to, -1),
    ),
    withNumberArguments(method('replace', 'string_replace_string_string_int', 'string, string, string, int -> string', replace)),
    method('split', 'string_split_string', 'string, string -> list(string)', (text: string, separator: string) =>
      split(text, separator, -1),
    ),
    withNumberArguments(method('split', 'string_split_string_int', 'string, string, int -> list(string)', split)),
    withNumberArguments(method('substring', 'string_substring_int', 'string, int -> string', substring)),
    withNumberArguments(method('substring', 'string_substring_int_int', 'string, int, int -> string', substring)),
    method('trim', 'string_trim', 'string -> string', trim),
    method('join', 'list_join', 'list(string) -> string', join),
    method('join', 'list_join_string', 'list(string), string -> string', join),
  ]),
  ...library('1.29', [
    method('format', 'string_format', 'string, list(dyn) -> string', format),
    { name: 'strings.quote', id: 'strings_quote', member: false, signature: 'string -> string', run: quote },
  ]),
];
