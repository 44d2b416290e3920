import {
  type Alias,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { plainScalar } from './plain-scalar.ts';
import type { ParsedDocument } from './plain-yaml.ts';
import type { EntryLines } from './positions.ts';
import { UnreadableDocument } from './unreadable-document.ts';

/** Limits against aliases that multiply values ("billion laughs"), and against nesting that overflows the stack. */
const limits = { nodes: 1_000_000, depth: 500 };

class Converter {
  readonly #positions = new Map<object, EntryLines>();
  readonly #lineOf: (node: unknown) => number;
  readonly #anchors = new Map<string, Node>();
  #nodes = 0;

  constructor(lineOf: (node: unknown) => number) {
    this.#lineOf = lineOf;
  }

  get positions(): Map<object, EntryLines> {
    return this.#positions;
  }

  convert(node: unknown, depth: number): unknown {
    this.#nodes += 1;
    if (this.#nodes > limits.nodes) throw new UnreadableDocument(`more than ${limits.nodes} values, aliases included`, this.#lineOf(node));
    if (depth > limits.depth) throw new UnreadableDocument(`nested deeper than ${limits.depth} levels`, this.#lineOf(node));
    if (isAlias(node)) return this.#alias(node, depth);
    if (isScalar(node)) return this.#scalar(node);
    if (!isCollection(node)) return null;
    this.#remember(node);
    return isMap(node) ? this.#map(node, depth) : this.#list(node.items, depth);
  }

  #remember(node: Node & { anchor?: string | undefined }): void {
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
  }

  #alias(node: Alias, depth: number): unknown {
    const target = this.#anchors.get(node.source);
    if (target === undefined) throw new UnreadableDocument(`anchor '${node.source}' not found`, this.#lineOf(node));
    return this.convert(target, depth + 1);
  }

  #scalar(node: Scalar): unknown {
    this.#remember(node);
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    const tagged = node.tag;
    if (tagged === 'tag:yaml.org,2002:str' || tagged === '!') return text;
    return node.type === 'PLAIN' || node.value === null ? plainScalar(text) : text;
  }

  #list(items: readonly unknown[], depth: number): unknown[] {
    const list: unknown[] = [];
    const lines: number[] = [];
    this.#positions.set(list, lines);
    for (const item of items) {
      lines.push(this.#lineOf(item));
      list.push(this.convert(item, depth + 1));
    }
    return list;
  }

  #map(node: YAMLMap, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    const lines: (string | number)[] = [];
    this.#positions.set(map, lines);
    const merges: unknown[] = [];
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const key = this.#key(pair, depth);
      if (key === '<<') merges.push(pair.value);
      else this.#entry(map, lines, { key, pair, depth });
    }
    for (const merge of merges) this.#merge(map, this.convert(merge, depth + 1));
    return map;
  }

  #entry(map: Record<string, unknown>, lines: (string | number)[], { key, pair, depth }: { key: string; pair: Pair; depth: number }): void {
    if (Object.hasOwn(map, key)) throw new UnreadableDocument(`duplicate key '${key}'`, this.#lineOf(pair.key));
    lines.push(key, this.#lineOf(pair.key));
    const value = this.convert(pair.value, depth + 1);
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  }

  #key(pair: Pair, depth: number): string {
    const key = this.convert(pair.key, depth + 1);
    if (typeof key === 'object' && key !== null) throw new UnreadableDocument('a key must be a scalar', this.#lineOf(pair.key));
    return String(key);
  }

  #merge(map: Record<string, unknown>, source: unknown): void {
    if (Array.isArray(source)) {
      for (const part of source) this.#merge(map, part);
      return;
    }
    if (typeof source !== 'object' || source === null) return;
    for (const [key, value] of Object.entries(source)) if (!Object.hasOwn(map, key)) map[key] = value;
  }
}

/** Reads one document with all features of YAML. Throws {@link UnreadableDocument}. */
export function readFullYaml(text: string, firstLine: number): ParsedDocument {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    schema: 'failsafe',
    uniqueKeys: false,
    logLevel: 'silent',
    strict: true,
    version: '1.2',
  });
  const lineAt = (offset: number): number => firstLine - 1 + counter.linePos(offset).line;
  const [error] = document.errors;
  if (error !== undefined) throw new UnreadableDocument(firstSentence(error.message), lineAt(error.pos[0]));
  const converter = new Converter((node) => lineAt((node as { range?: readonly number[] } | null)?.range?.[0] ?? 0));
  return { value: converter.convert(document.contents, 0), positions: converter.positions };
}

const firstSentence = (message: string): string => message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message;
