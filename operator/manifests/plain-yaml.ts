import { plainScalar } from './plain-scalar.ts';
import { FlowReader } from './plain-yaml-flow.ts';
import { fallBack, indicators, maximumDepth, notPlain, plainKey, quotedEnd, unquote } from './plain-yaml-tokens.ts';
import type { EntryLines, Positions } from './positions.ts';

/** The value of a document, and the lines of its parts. */
export interface ParsedDocument {
  readonly value: unknown;
  readonly positions: Positions;
}

const space = 32;
const dash = 45;
const blockHeader = /^\|([-+]?)\s*(#.*)?$/;

const indentOf = (line: string): number => {
  let at = 0;
  while (line.charCodeAt(at) === space) at += 1;
  return at;
};

/** Returns the index of the colon after a plain key, or -1 if the text is not `key: value`. */
function keyEnd(text: string): number {
  const colon = text.indexOf(': ');
  if (colon >= 0) {
    const comment = text.indexOf(' #');
    return comment >= 0 && comment < colon ? -1 : colon;
  }
  const bare = text.indexOf(' #') >= 0 ? text.slice(0, text.indexOf(' #')).trimEnd() : text.trimEnd();
  return bare.endsWith(':') ? bare.length - 1 : -1;
}

/** Reads values in block style, line by line. */
class BlockReader {
  readonly #lines: string[];
  readonly #firstLine: number;
  readonly #positions = new Map<object, EntryLines>();
  #at = 0;

  constructor(lines: string[], firstLine: number) {
    this.#lines = lines;
    this.#firstLine = firstLine;
  }

  document(): ParsedDocument {
    this.#skip();
    if (this.#at >= this.#lines.length) return { value: null, positions: this.#positions };
    const value = this.#block(indentOf(this.#line()), 0);
    this.#skip();
    if (this.#at < this.#lines.length) fallBack();
    return { value, positions: this.#positions };
  }

  #line(): string {
    return this.#lines[this.#at] ?? '';
  }

  /** Moves to the next line that is not empty and not a comment. Returns its indent, or -1 at the end. */
  #skip(): number {
    for (; this.#at < this.#lines.length; this.#at += 1) {
      const line = this.#line();
      const indent = indentOf(line);
      const first = line[indent];
      if (first === '\t') fallBack();
      if (first !== undefined && first !== '#') return indent;
    }
    return -1;
  }

  #isItem(line: string, indent: number): boolean {
    return line.charCodeAt(indent) === dash && (line.length === indent + 1 || line.charCodeAt(indent + 1) === space);
  }

  #block(indent: number, depth: number): unknown {
    if (depth > maximumDepth) fallBack();
    return this.#isItem(this.#line(), indent) ? this.#sequence(indent, depth) : this.#mapping(indent, depth);
  }

  #sequence(indent: number, depth: number): unknown[] {
    const list: unknown[] = [];
    const lines: number[] = [];
    this.#positions.set(list, lines);
    for (let next = indent; next === indent && this.#isItem(this.#line(), indent); next = this.#skip()) {
      lines.push(this.#firstLine + this.#at);
      list.push(this.#item(indent, depth));
    }
    if (this.#skip() > indent) fallBack();
    return list;
  }

  #item(indent: number, depth: number): unknown {
    const line = this.#line();
    let start = indent + 1;
    while (line.charCodeAt(start) === space) start += 1;
    const first = line[start];
    if (first === undefined || first === '#') return this.#below(indent, depth, false);
    if (first === '\t') fallBack();
    if (this.#isItem(line, start) || this.#isEntry(line, start)) {
      this.#lines[this.#at] = ' '.repeat(start) + line.slice(start);
      return this.#block(start, depth + 1);
    }
    return this.#scalar(line, start, indent, depth);
  }

  /** Returns whether the text from `start` is `key: value`. */
  #isEntry(line: string, start: number): boolean {
    const first = line[start] ?? '';
    if (first === '{' || first === '[' || first === '|' || first === '>') return false;
    if (first === '"' || first === "'") return line[quotedEnd(line, start)] === ':';
    return keyEnd(line.slice(start)) >= 0;
  }

  #mapping(indent: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    const lines: (string | number)[] = [];
    this.#positions.set(map, lines);
    for (let next = indent; next === indent; next = this.#skip()) {
      if (this.#isItem(this.#line(), indent)) fallBack();
      this.#entry(map, lines, indent, depth);
    }
    if (this.#skip() > indent) fallBack();
    return map;
  }

  #entry(map: Record<string, unknown>, lines: (string | number)[], indent: number, depth: number): void {
    const line = this.#line();
    const [key, after] = this.#key(line, indent);
    if (Object.hasOwn(map, key) || key === '__proto__' || key === '<<') fallBack();
    lines.push(key, this.#firstLine + this.#at);
    let start = after;
    while (line.charCodeAt(start) === space) start += 1;
    const first = line[start];
    if (first === '\t') fallBack();
    map[key] = first === undefined || first === '#' ? this.#below(indent, depth, true) : this.#scalar(line, start, indent, depth);
  }

  /** Returns the key of a line, and the index after its colon. */
  #key(line: string, indent: number): readonly [string, number] {
    const first = line[indent] ?? '';
    if (first === '"' || first === "'") {
      const end = quotedEnd(line, indent);
      if (line[end] !== ':' || (line.length > end + 1 && line[end + 1] !== ' ')) fallBack();
      return [unquote(line.slice(indent, end)), end + 1];
    }
    if (indicators.has(first)) fallBack();
    const text = line.slice(indent);
    const end = keyEnd(text);
    if (end <= 0 || text.includes('\t')) fallBack();
    return [plainKey(text.slice(0, end).trimEnd()), indent + end + 1];
  }

  /** Reads the value on the lines below a key or a dash. Returns null if there is none. A list can have the indent of its key. */
  #below(indent: number, depth: number, afterKey: boolean): unknown {
    this.#at += 1;
    const next = this.#skip();
    if (next > indent) {
      const line = this.#line();
      if (this.#isItem(line, next) || this.#isEntry(line, next)) return this.#block(next, depth + 1);
      fallBack();
    }
    if (afterKey && next === indent && this.#isItem(this.#line(), indent)) return this.#sequence(indent, depth + 1);
    return null;
  }

  #scalar(line: string, start: number, indent: number, depth: number): unknown {
    const first = line[start] ?? '';
    if (first === '|') return this.#literal(line.slice(start), indent);
    const [value, end] = this.#inline(line, start, depth);
    const rest = line.slice(end);
    if (!/^(\s*|\s+#.*)$/.test(rest)) fallBack();
    this.#at += 1;
    if (this.#skip() > indent) fallBack();
    return value;
  }

  #inline(line: string, start: number, depth: number): readonly [unknown, number] {
    const first = line[start] ?? '';
    if (first === '"' || first === "'") {
      const end = quotedEnd(line, start);
      return [unquote(line.slice(start, end)), end];
    }
    if (first === '{' || first === '[') {
      const reader = new FlowReader(line, start, this.#firstLine + this.#at, this.#positions);
      return [reader.read(depth), reader.end];
    }
    return this.#plain(line, start);
  }

  #plain(line: string, start: number): readonly [unknown, number] {
    if (indicators.has(line[start] ?? '') || this.#isItem(line, start)) fallBack();
    const comment = line.indexOf(' #', start);
    const text = (comment < 0 ? line.slice(start) : line.slice(start, comment)).trimEnd();
    if (text.includes(': ') || text.endsWith(':') || text.includes('\t')) fallBack();
    return [plainScalar(text), start + text.length];
  }

  #literal(header: string, indent: number): string {
    const match = blockHeader.exec(header);
    if (match === null) return fallBack();
    const chomping = match[1] ?? '';
    const content = this.#literalLines(indent);
    let kept = content.length;
    while (kept > 0 && content[kept - 1] === '') kept -= 1;
    const text = content.slice(0, kept).join('\n');
    if (chomping === '-') return text;
    if (chomping === '+') return content.length === 0 ? '' : `${content.join('\n')}\n`;
    return kept === 0 ? '' : `${text}\n`;
  }

  #literalLines(indent: number): string[] {
    const content: string[] = [];
    let depth = -1;
    for (this.#at += 1; this.#at < this.#lines.length; this.#at += 1) {
      const line = this.#line();
      const own = indentOf(line);
      if (own === line.length) {
        if (depth < 0 && own > indent + 1) fallBack();
        content.push(line.slice(depth < 0 ? own : depth));
        continue;
      }
      if (own <= indent) break;
      if (depth < 0) depth = own;
      if (own < depth) fallBack();
      content.push(line.slice(depth));
    }
    return content;
  }
}

/**
 * Reads the subset of YAML that most manifests use, much faster than a full reader: block style, flow style on one line, quoted and
 * literal scalars, comments. Returns undefined if a document uses other features or is not valid. Then use {@link readFullYaml}.
 * Changes `lines`. The first one is line `firstLine` of the file.
 */
export function readPlainYaml(lines: string[], firstLine: number): ParsedDocument | undefined {
  try {
    return new BlockReader(lines, firstLine).document();
  } catch (failure) {
    if (failure === notPlain) return undefined;
    throw failure;
  }
}
