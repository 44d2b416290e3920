import { plainScalar } from './plain-scalar.ts';
import { fallBack, indicators, maximumDepth, plainKey, quotedEnd, unquote } from './plain-yaml-tokens.ts';
import type { EntryLines } from './positions.ts';

const space = 32;

/** Reads values in flow style on one line, such as `{a: 1, b: [x]}`. {@link FlowReader.end} is the index after the value. */
export class FlowReader {
  readonly #text: string;
  readonly #line: number;
  readonly #positions: Map<object, EntryLines>;
  #at: number;

  constructor(text: string, start: number, line: number, positions: Map<object, EntryLines>) {
    this.#text = text;
    this.#at = start;
    this.#line = line;
    this.#positions = positions;
  }

  get end(): number {
    return this.#at;
  }

  read(depth: number): unknown {
    if (depth > maximumDepth) return fallBack();
    const first = this.#text[this.#at];
    if (first === '{') return this.#map(depth);
    if (first === '[') return this.#list(depth);
    if (first === '"' || first === "'") return this.#quoted();
    return plainScalar(this.#plain());
  }

  #spaces(): void {
    while (this.#text.charCodeAt(this.#at) === space) this.#at += 1;
  }

  #quoted(): string {
    const end = quotedEnd(this.#text, this.#at);
    const value = unquote(this.#text.slice(this.#at, end));
    this.#at = end;
    return value;
  }

  #plain(): string {
    const start = this.#at;
    if (indicators.has(this.#text[start] ?? '#')) return fallBack();
    const stop = /[,[\]{}]|:(?=[ ,[\]{}]|$)| #/g;
    stop.lastIndex = start;
    const end = stop.exec(this.#text)?.index;
    if (end === undefined) return fallBack();
    this.#at = end;
    const text = this.#text.slice(start, end).trimEnd();
    return text === '-' || text === '' || text.startsWith('- ') ? fallBack() : text;
  }

  /** Reads `,` or the closing bracket. Returns true for the bracket. */
  #closes(bracket: string): boolean {
    this.#spaces();
    const next = this.#text[this.#at];
    if (next !== ',' && next !== bracket) return fallBack();
    this.#at += 1;
    this.#spaces();
    return next === bracket;
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    const lines: number[] = [];
    this.#positions.set(list, lines);
    this.#at += 1;
    this.#spaces();
    if (this.#text[this.#at] === ']') {
      this.#at += 1;
      return list;
    }
    do {
      list.push(this.read(depth + 1));
      lines.push(this.#line);
    } while (!this.#closes(']'));
    return list;
  }

  #map(depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    const lines: (string | number)[] = [];
    this.#positions.set(map, lines);
    this.#at += 1;
    this.#spaces();
    if (this.#text[this.#at] === '}') {
      this.#at += 1;
      return map;
    }
    do {
      this.#entry(map, lines, depth);
    } while (!this.#closes('}'));
    return map;
  }

  #entry(map: Record<string, unknown>, lines: (string | number)[], depth: number): void {
    const first = this.#text[this.#at];
    const key = first === '"' || first === "'" ? this.#quoted() : plainKey(this.#plain());
    this.#spaces();
    if (this.#text[this.#at] !== ':' || Object.hasOwn(map, key) || key === '__proto__' || key === '<<') fallBack();
    this.#at += 1;
    this.#spaces();
    map[key] = this.read(depth + 1);
    lines.push(key, this.#line);
  }
}
