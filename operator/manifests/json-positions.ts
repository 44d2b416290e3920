import type { EntryLines, Positions } from './positions.ts';
import { UnreadableDocument } from './unreadable-document.ts';

/** Reads a JSON text together with its parsed value, and records the line of every entry. The text must be valid JSON. */
class JsonScanner {
  readonly #text: string;
  readonly #positions = new Map<object, EntryLines>();
  #at = 0;
  #line: number;

  constructor(text: string, firstLine: number) {
    this.#text = text;
    this.#line = firstLine;
  }

  scan(value: unknown): Positions {
    this.#spaces();
    this.#value(value);
    return this.#positions;
  }

  #spaces(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 10) this.#line += 1;
      else if (code !== 32 && code !== 9 && code !== 13) return;
    }
  }

  #value(value: unknown): void {
    const first = this.#text[this.#at];
    if (first === '{') this.#map(value);
    else if (first === '[') this.#list(value);
    else if (first === '"') this.#string();
    else while (this.#at < this.#text.length && !',]} \n\r\t'.includes(this.#text[this.#at] ?? ' ')) this.#at += 1;
  }

  #string(): string {
    const start = this.#at;
    this.#at += 1;
    while (this.#text[this.#at] !== '"') this.#at += this.#text[this.#at] === '\\' ? 2 : 1;
    this.#at += 1;
    const raw = this.#text.slice(start, this.#at);
    return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
  }

  #map(value: unknown): void {
    const lines: (string | number)[] = [];
    const seen = new Set<string>();
    const fields = typeof value === 'object' && value !== null ? value : {};
    this.#positions.set(fields, lines);
    this.#at += 1;
    this.#spaces();
    while (this.#text[this.#at] !== '}') {
      const line = this.#line;
      const key = this.#string();
      if (seen.has(key)) throw new UnreadableDocument(`duplicate key '${key}'`, line);
      seen.add(key);
      lines.push(key, line);
      this.#spaces();
      this.#at += 1;
      this.#spaces();
      this.#value((fields as Record<string, unknown>)[key]);
      this.#comma();
    }
    this.#at += 1;
  }

  #list(value: unknown): void {
    const lines: number[] = [];
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    this.#positions.set(items, lines);
    this.#at += 1;
    this.#spaces();
    while (this.#text[this.#at] !== ']') {
      lines.push(this.#line);
      this.#value(items[lines.length - 1]);
      this.#comma();
    }
    this.#at += 1;
  }

  #comma(): void {
    this.#spaces();
    if (this.#text[this.#at] === ',') this.#at += 1;
    this.#spaces();
  }
}

/** Returns the lines of the entries of a parsed JSON text. Throws {@link UnreadableDocument} for a duplicate key. */
export function jsonPositions(text: string, value: unknown, firstLine: number): Positions {
  return new JsonScanner(text, firstLine).scan(value);
}
