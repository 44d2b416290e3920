import type { Literal } from './ast.ts';
import { SyntaxFault } from './source.ts';
import { bytesBody, stringBody } from './string-literal.ts';

/** A token of the source. `text` is the name or the operator. It is '' for a literal and at the end. */
export interface Token {
  readonly kind: 'ident' | 'literal' | 'operator' | 'end';
  readonly text: string;
  readonly at: number;
  readonly literal?: Literal;
}

const SPACE = /(?:[\t\n\f\r ]+|\/\/[^\n]*)+/y;
const IDENT = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const NUMBER = /0x[0-9a-fA-F]+[uU]?|(?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)|[0-9]+[uU]?/y;
const QUOTE = /([bB]?)([rR]?)("""|'''|"|')/y;
const OPERATOR = /&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()[\]{}]/y;

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source) ?? undefined;
}

/** Returns the offset after the body of a quoted literal that starts at `from`, or -1 if it is not closed. */
function closing(source: string, from: number, quote: string, isRaw: boolean): number {
  for (let i = from; i < source.length; i++) {
    if (source.startsWith(quote, i)) return i;
    const c = source[i];
    if (c === '\\' && !isRaw) i++;
    else if (quote.length === 1 && (c === '\n' || c === '\r')) return -1;
  }
  return -1;
}

function quoted(source: string, at: number, opened: RegExpExecArray): { token: Token; next: number } {
  const isRaw = opened[2] !== '';
  const quote = opened[3] as string;
  const from = at + opened[0].length;
  const end = closing(source, from, quote, isRaw);
  if (end < 0) throw new SyntaxFault(`the string is not closed with ${quote}`, at);
  const body = source.slice(from, end);
  try {
    const literal: Literal =
      opened[1] === '' ? { kind: 'string', value: stringBody(body, isRaw) } : { kind: 'bytes', value: bytesBody(body, isRaw) };
    return { token: { kind: 'literal', text: '', at, literal }, next: end + quote.length };
  } catch (fault) {
    throw fault instanceof SyntaxFault ? new SyntaxFault(fault.message, from + fault.at) : fault;
  }
}

function number(text: string, at: number): Literal {
  if (/^0x|^[0-9]+[uU]?$/.test(text)) {
    const unsigned = /[uU]$/.test(text);
    const value = BigInt(unsigned ? text.slice(0, -1) : text);
    if (unsigned && value > 0xffffffffffffffffn) throw new SyntaxFault('invalid uint literal: it does not fit 64 bits', at);
    return { kind: unsigned ? 'uint' : 'int', value };
  }
  const value = Number(text);
  if (!Number.isFinite(value)) throw new SyntaxFault('invalid double literal: it does not fit 64 bits', at);
  return { kind: 'double', value };
}

const HINTS: Readonly<Record<string, string>> = {
  '=': " (did you mean '=='?)",
  '&': " (did you mean '&&'?)",
  '|': " (did you mean '||'?)",
  '`': ' (quoted field names are not enabled: write the name itself, or object["name"])',
};

function next(source: string, at: number): { token: Token; next: number } {
  const opened = match(QUOTE, source, at);
  if (opened !== undefined) return quoted(source, at, opened);
  const name = match(IDENT, source, at);
  if (name !== undefined) return { token: { kind: 'ident', text: name[0], at }, next: at + name[0].length };
  const digits = match(NUMBER, source, at);
  if (digits !== undefined) {
    return { token: { kind: 'literal', text: '', at, literal: number(digits[0], at) }, next: at + digits[0].length };
  }
  const operator = match(OPERATOR, source, at);
  if (operator !== undefined) return { token: { kind: 'operator', text: operator[0], at }, next: at + operator[0].length };
  const c = String.fromCodePoint(source.codePointAt(at) ?? 0);
  throw new SyntaxFault(`unexpected character '${c}'${HINTS[c] ?? ''}`, at);
}

/** Splits a source into tokens. The last one is `end`. Throws `SyntaxFault`. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = match(SPACE, source, 0)?.[0].length ?? 0;
  while (at < source.length) {
    const found = next(source, at);
    tokens.push(found.token);
    at = found.next + (match(SPACE, source, found.next)?.[0].length ?? 0);
  }
  tokens.push({ kind: 'end', text: '', at: source.length });
  return tokens;
}
