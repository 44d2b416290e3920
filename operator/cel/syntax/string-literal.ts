import { SyntaxFault } from './source.ts';

const SIMPLE: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
  '`': 96,
  '?': 63,
};
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, X: 2, u: 4, U: 8 };

/** Collects the content of a literal: code points of a string, or bytes. */
interface Sink {
  raw(text: string): void;
  /** Adds a numeric escape: a byte in a bytes literal, a code point in a string. */
  code(value: number): void;
  readonly bytes: boolean;
}

/** Returns the digits of a numeric escape with its letter or first digit at `i`, or undefined if they are not valid. */
function escapeDigits(body: string, i: number, isBytes: boolean): string | undefined {
  const digits = HEX_DIGITS[body[i] as string];
  const text = digits === undefined ? body.slice(i, i + 3) : body.slice(i + 1, i + 1 + digits);
  if (digits === undefined) return /^[0-3][0-7]{2}$/.test(text) ? text : undefined;
  if (isBytes && digits > 2) return undefined;
  return text.length === digits && /^[0-9a-fA-F]+$/.test(text) ? text : undefined;
}

function numericEscape(body: string, i: number, sink: Sink): number {
  const letter = body[i] ?? '';
  const text = escapeDigits(body, i, sink.bytes);
  if (text === undefined) throw new SyntaxFault(`invalid escape sequence \\${letter} in a literal`, i);
  const isOctal = HEX_DIGITS[letter] === undefined;
  const value = parseInt(text, isOctal ? 8 : 16);
  if (!sink.bytes && (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))) throw new SyntaxFault('invalid unicode code point', i);
  sink.code(value);
  return i + text.length + (isOctal ? 0 : 1);
}

function unescapeInto(body: string, sink: Sink): void {
  let i = 0;
  while (i < body.length) {
    const slash = body.indexOf('\\', i);
    if (slash < 0) break;
    sink.raw(body.slice(i, slash));
    const simple = SIMPLE[body[slash + 1] ?? ''];
    if (simple === undefined) i = numericEscape(body, slash + 1, sink);
    else {
      sink.raw(String.fromCharCode(simple));
      i = slash + 2;
    }
  }
  if (i < body.length) sink.raw(body.slice(i));
}

/** Returns the text of the body of a string literal. Throws `SyntaxFault` with an offset into the body. */
export function stringBody(body: string, isRaw: boolean): string {
  const text = body.replaceAll(/\r\n?/g, '\n');
  if (isRaw || !text.includes('\\')) return text;
  let out = '';
  unescapeInto(text, { bytes: false, raw: (part) => (out += part), code: (value) => (out += String.fromCodePoint(value)) });
  return out;
}

/** Returns the bytes of the body of a bytes literal. Throws `SyntaxFault` with an offset into the body. */
export function bytesBody(body: string, isRaw: boolean): Uint8Array {
  const text = body.replaceAll(/\r\n?/g, '\n');
  const encoder = new TextEncoder();
  if (isRaw || !text.includes('\\')) return encoder.encode(text);
  const out: number[] = [];
  unescapeInto(text, {
    bytes: true,
    raw: (part) => encoder.encode(part).forEach((byte) => out.push(byte)),
    code: (value) => out.push(value),
  });
  return Uint8Array.from(out);
}
