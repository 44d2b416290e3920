/** A value and its path, such as `Results.*.Packages.*`. */
export interface JsonElement {
  readonly path: string;
  readonly value: unknown;
}

/** The text is not JSON, is truncated, or contains a value that is too large. */
export class JsonElementsError extends Error {
  override readonly name = 'JsonElementsError';
}

/** A node of the tree of wanted paths. */
interface PathNode {
  /** The whole path, if the value at this path is wanted. */
  wanted?: string;
  readonly next: Map<string, PathNode>;
}

interface Level {
  readonly list: boolean;
  readonly node: PathNode | undefined;
  key: string;
  expectsKey: boolean;
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openMap, closeMap, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d];
const space = 0x20;
/** The maximum number of bytes of a wanted value or a key. */
const maxValueBytes = 4 * 1024 * 1024;

/**
 * Reads JSON of any size and yields the parsed values at the wanted paths, in their order. Memory is bounded by the largest of these
 * values. In a path, `*` stands for the items of a list. Throws a {@link JsonElementsError}.
 */
export async function* jsonElements(source: AsyncIterable<Buffer>, paths: readonly string[]): AsyncGenerator<JsonElement> {
  const scanner = new Scanner(pathTree(paths));
  for await (const chunk of source) yield* scanner.take(chunk);
  yield* scanner.take(Buffer.from('\n'));
  scanner.end();
}

function pathTree(paths: readonly string[]): PathNode {
  const root: PathNode = { next: new Map() };
  for (const path of paths) {
    let node = root;
    for (const part of path.split('.')) {
      const next: PathNode = node.next.get(part) ?? { next: new Map() };
      node.next.set(part, next);
      node = next;
    }
    node.wanted = path;
  }
  return root;
}

class Scanner {
  readonly #root: PathNode;
  readonly #levels: Level[] = [];
  #token: 'none' | 'string' | 'plain' = 'none';
  #isKey = false;
  /** Whether the last chunk ended with a backslash in a string, so that the next character is escaped. */
  #escaped = false;
  /** The path of the wanted value that is being collected; undefined outside of one. */
  #path: string | undefined;
  #depth = 0;
  #pieces: Buffer[] = [];
  #collectedBytes = 0;
  #from = -1;
  #seen = false;
  #found: JsonElement[] = [];

  constructor(root: PathNode) {
    this.#root = root;
  }

  take(chunk: Buffer): readonly JsonElement[] {
    this.#found = [];
    if (this.#from >= 0) this.#from = 0;
    for (let at = 0; at < chunk.length;) at = this.#token === 'string' ? this.#inString(chunk, at) : this.#outside(chunk, at);
    if (this.#from >= 0) this.#collect(chunk.subarray(this.#from));
    return this.#found;
  }

  end(): void {
    if (!this.#seen || this.#levels.length > 0 || this.#token !== 'none') throw new JsonElementsError('the JSON is truncated');
  }

  #inString(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#escaped) {
      this.#escaped = false;
      at++;
    }
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === quote) {
        this.#token = 'none';
        this.#stringEnds(chunk, at + 1);
        return at + 1;
      }
      if (byte === backslash && ++at >= chunk.length) this.#escaped = true;
    }
    return chunk.length;
  }

  #stringEnds(chunk: Buffer, end: number): void {
    if (!this.#isKey) {
      this.#valueEnds(chunk, end);
      return;
    }
    const level = this.#levels.at(-1);
    if (level) level.expectsKey = false;
    this.#isKey = false;
    if (level && this.#from >= 0 && this.#path === undefined) level.key = this.#parse(this.#cut(chunk, end)) as string;
  }

  #outside(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    if (this.#token === 'plain') {
      if (byte > space && byte !== comma && byte !== closeMap && byte !== closeList) return at + 1;
      this.#token = 'none';
      this.#valueEnds(chunk, at);
    }
    if (byte <= space || byte === colon) return at + 1;
    this.#structure(chunk, at, byte);
    return at + 1;
  }

  #structure(chunk: Buffer, at: number, byte: number): void {
    if (byte === quote) this.#stringBegins(at);
    else if (byte === openMap || byte === openList) this.#opens(at, byte === openList);
    else if (byte === closeMap || byte === closeList) this.#closes(chunk, at, byte === closeList);
    else if (byte === comma) this.#separates();
    else {
      this.#valueBegins(at);
      this.#token = 'plain';
    }
  }

  #separates(): void {
    const level = this.#levels.at(-1);
    if (!level) throw new JsonElementsError('the text is not JSON');
    level.expectsKey = !level.list;
  }

  #stringBegins(at: number): void {
    this.#token = 'string';
    const level = this.#levels.at(-1);
    this.#isKey = level !== undefined && !level.list && level.expectsKey;
    if (!this.#isKey) this.#valueBegins(at);
    else if (this.#path === undefined && level?.node) this.#from = at;
  }

  #opens(at: number, list: boolean): void {
    const node = this.#valueBegins(at);
    this.#levels.push({ list, node, key: '', expectsKey: !list });
  }

  #closes(chunk: Buffer, at: number, list: boolean): void {
    const level = this.#levels.pop();
    if (level?.list !== list) throw new JsonElementsError('the text is not JSON');
    this.#valueEnds(chunk, at + 1);
  }

  /** Starts a value and returns its node. Starts to collect the value if it is wanted. */
  #valueBegins(at: number): PathNode | undefined {
    const level = this.#levels.at(-1);
    if (!level && this.#seen) throw new JsonElementsError('the text is not JSON: data follows its end');
    this.#seen = true;
    if (this.#path !== undefined) return undefined;
    const node = level ? level.node?.next.get(level.list ? '*' : level.key) : this.#root;
    if (node?.wanted !== undefined) {
      this.#path = node.wanted;
      this.#depth = this.#levels.length;
      this.#from = at;
    }
    return node;
  }

  #valueEnds(chunk: Buffer, end: number): void {
    if (this.#path === undefined || this.#levels.length !== this.#depth) return;
    const path = this.#path;
    this.#path = undefined;
    this.#found.push({ path, value: this.#parse(this.#cut(chunk, end)) });
  }

  #collect(piece: Buffer): void {
    this.#collectedBytes += piece.length;
    if (this.#collectedBytes > maxValueBytes) throw new JsonElementsError(`a value of the JSON has more than ${maxValueBytes} bytes`);
    // Copy the piece, since the caller reuses its buffer.
    this.#pieces.push(Buffer.from(piece));
  }

  #cut(chunk: Buffer, end: number): string {
    const last = chunk.subarray(this.#from, end);
    const text = this.#pieces.length === 0 ? last.toString('utf8') : Buffer.concat([...this.#pieces, last]).toString('utf8');
    this.#pieces = [];
    this.#collectedBytes = 0;
    this.#from = -1;
    return text;
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new JsonElementsError('the text is not JSON', { cause: error });
    }
  }
}
