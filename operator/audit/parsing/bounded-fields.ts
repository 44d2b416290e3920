import { boundedText } from './bounded-text.ts';

/** A JSON object. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object. */
export const isRecord = (value: unknown): value is JsonRecord => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads fields of a JSON object as bounded texts. A value of another type counts as absent. */
export class BoundedFields {
  /** The fields that were longer than their bound. */
  readonly cut: Set<string>;
  readonly #json: JsonRecord;
  readonly #prefix: string;

  /** `prefix` comes before the names in `cut`. */
  constructor(json: JsonRecord, prefix = '', cut: Set<string> = new Set()) {
    this.#json = json;
    this.#prefix = prefix;
    this.cut = cut;
  }

  /** A text, '' if absent. */
  text(name: string, limit: number): string {
    return this.optional(name, limit) ?? '';
  }

  /** A text that is not empty, or undefined. */
  optional(name: string, limit: number): string | undefined {
    const value = this.#json[name];
    return typeof value === 'string' && value !== '' ? this.#bounded(value, name, limit) : undefined;
  }

  /** The last `count` texts of a list. */
  texts(name: string, count: number, limit: number): readonly string[] {
    const value = this.#json[name];
    if (!Array.isArray(value)) return [];
    if (value.length > count) this.cut.add(this.#prefix + name);
    const kept: readonly unknown[] = value.slice(-count);
    return kept.filter((entry) => typeof entry === 'string').map((entry) => this.#bounded(entry, name, limit));
  }

  #bounded(value: string, name: string, limit: number): string {
    if (value.length > limit) this.cut.add(this.#prefix + name);
    return boundedText(value, limit);
  }
}
