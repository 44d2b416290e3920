import { shortHash } from '../../api/short-hash.ts';
import type { BaselineDocument, LoadResult } from '../anomaly-detector.ts';

/** The version of the documents that this version of Vigil writes. */
export const BASELINE_VERSION = 2;
/** The versions that it reads. What version 1 did not have is missing: counts of the day, forgotten owners, keys that were seen once. */
const readable: ReadonlySet<number> = new Set([1, BASELINE_VERSION]);
/** The size of a document as JSON in bytes: under 1 MiB with its header. */
const chunk = 900_000;
/** The size of all documents in bytes. */
const whole = 7_900_000;

/** The parts of a baseline as lists of JSON values. The name is that of its documents. */
export type BaselineParts = Readonly<Record<string, Iterable<unknown>>>;

interface Content {
  /** A hash of the items: a document that was torn or edited is not read. */
  readonly sum: string;
  readonly items: readonly unknown[];
}

/** What was written: the documents of a save, and how many items did not fit. */
export interface WrittenBaseline {
  readonly documents: readonly BaselineDocument[];
  /** Items that were left out because of the size of all documents. */
  readonly leftOut: number;
}

const sumOf = (text: string): string => shortHash(text, 24);

/** The items of a document that is being made. */
class Chunk {
  readonly items: unknown[] = [];
  /** The items as JSON, without the brackets around them. */
  #text = '';

  /** Adds an item with its JSON. */
  add(item: unknown, text: string): void {
    this.#text = this.items.length === 0 ? text : `${this.#text},${text}`;
    this.items.push(item);
  }

  document(name: string): BaselineDocument {
    return { name, formatVersion: BASELINE_VERSION, content: { sum: sumOf(`[${this.#text}]`), items: this.items } };
  }
}

/**
 * Splits the parts of a baseline into documents. The document `index` names all others with their hashes. The documents contain the items
 * themselves, because a copy of megabytes takes as much memory again: nobody may change an item after this.
 */
export function writeBaseline(parts: BaselineParts): WrittenBaseline {
  const documents: BaselineDocument[] = [];
  let size = 0;
  let leftOut = 0;
  for (const [name, items] of Object.entries(parts)) {
    let part = new Chunk();
    let length = 0;
    let count = 0;
    const end = (): void => {
      if (part.items.length > 0) documents.push(part.document(`${name}-${count}`));
      count += 1;
      part = new Chunk();
      length = 0;
    };
    for (const item of items) {
      const text = JSON.stringify(item);
      const bytes = Buffer.byteLength(text) + 1;
      if (size + bytes > whole || bytes > chunk) {
        leftOut += 1;
        continue;
      }
      if (length + bytes > chunk) end();
      part.add(item, text);
      length += bytes;
      size += bytes;
    }
    end();
  }
  const index = new Chunk();
  for (const { name, content } of documents) {
    const entry = [name, (content as Content).sum];
    index.add(entry, JSON.stringify(entry));
  }
  return { documents: [index.document('index'), ...documents], leftOut };
}

/** What was read of a baseline: the items of each part, and what is missing. */
export interface ReadBaseline extends LoadResult {
  readonly items: ReadonlyMap<string, readonly unknown[]>;
  /** The parts of which a document is missing or cannot be read. */
  readonly lost: ReadonlySet<string>;
}

const partOf = (name: string): string => name.replace(/-\d+$/, '');

/** Reads documents. What is missing, torn, edited or of another version is in the problems. No documents at all are no problem. */
export function readBaseline(documents: readonly BaselineDocument[]): ReadBaseline {
  const items = new Map<string, unknown[]>();
  const lost = new Set<string>();
  const problems: string[] = [];
  if (documents.length === 0) return { items, lost, problems, read: 0 };
  const byName = new Map(documents.map((document) => [document.name, document]));
  const index = contentOf(byName.get('index'));
  if (typeof index === 'string') return { items, lost: new Set(['all']), problems: [`the index of the baseline ${index}`], read: 0 };
  let read = 1;
  for (const [name, sum] of index.items.filter(isEntry)) {
    const content = contentOf(byName.get(name));
    if (typeof content !== 'string' && content.sum === sum) {
      read += 1;
      items.set(partOf(name), [...(items.get(partOf(name)) ?? []), ...content.items]);
      continue;
    }
    lost.add(partOf(name));
    problems.push(`the baseline document ${name} ${typeof content === 'string' ? content : 'is of another save than the index'}`);
  }
  return { items, lost, problems, read };
}

const isEntry = (entry: unknown): entry is readonly [name: string, sum: string] =>
  Array.isArray(entry) && entry.length === 2 && entry.every((each) => typeof each === 'string');

/** The content of a document, or what is wrong with it. */
function contentOf(document: BaselineDocument | undefined): Content | string {
  if (document === undefined) return 'is missing';
  if (!readable.has(document.formatVersion))
    return `has the format version ${String(document.formatVersion)}, which this version of Vigil does not read`;
  const { sum, items } = (document.content ?? {}) as Partial<Content>;
  if (typeof sum !== 'string' || !Array.isArray(items)) return 'has no content';
  return sum === sumOf(JSON.stringify(items)) ? { sum, items: items as readonly unknown[] } : 'is damaged: its hash does not fit';
}
