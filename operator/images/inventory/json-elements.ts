/** A value that was found, and where: `Results.*.Packages.*`. */
export interface JsonElement {
  readonly path: string;
  readonly value: unknown;
}

/** The text is no JSON, is cut off, or holds a single value that is too large. */
export class JsonElementsError extends Error {
  override readonly name = 'JsonElementsError';
}

interface Way {
  /** The whole path, where a value here is wanted. */
  wanted?: string;
  readonly next: Map<string, Way>;
}

interface Level {
  readonly list: boolean;
  readonly way: Way | undefined;
  key: string;
  expectsKey: boolean;
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openMap, closeMap, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d];
const space = 0x20;
/** The most bytes of one wanted value, or of a key. */
const maximumValue = 4 * 1024 * 1024;

/**
 * Reads JSON of any size and yields the wanted values alone, each parsed, in their order: memory is bounded by the largest
 * of them, whatever the whole is. Paths have `*` for the items of a list. Throws {@link JsonElementsError}.
 */
export async function* jsonElements(source: AsyncIterable<Buffer>, paths: readonly string[]): AsyncGenerator<JsonElement> {
  const scanner = new Scanner(wayOf(paths));
  for await (const chunk of source) yield* scanner.take(chunk);
  yield* scanner.take(Buffer.from('\n'));
  scanner.end();
}

function wayOf(paths: readonly string[]): Way {
  const root: Way = { next: new Map() };
  for (const path of paths) {
    let way = root;
    for (const part of path.split('.')) {
      const next: Way = way.next.get(part) ?? { next: new Map() };
      way.next.set(part, next);
      way = next;
    }
    way.wanted = path;
  }
  return root;
}

class Scanner {
  readonly #root: Way;
  readonly #levels: Level[] = [];
  #token: 'none' | 'string' | 'plain' = 'none';
  #isKey = false;
  /** Backslashes that end what was seen of a string so far: an odd number makes a quote part of it. */
  #escaped = false;
  /** The wanted value that is being gathered, or a key. */
  #path: string | undefined;
  #depth = 0;
  #pieces: Buffer[] = [];
  #gathered = 0;
  #from = -1;
  #seen = false;
  #found: JsonElement[] = [];

  constructor(root: Way) {
    this.#root = root;
  }

  take(chunk: Buffer): readonly JsonElement[] {
    this.#found = [];
    if (this.#from >= 0) this.#from = 0;
    for (let at = 0; at < chunk.length;) at = this.#token === 'string' ? this.#inString(chunk, at) : this.#outside(chunk, at);
    if (this.#from >= 0) this.#gather(chunk.subarray(this.#from));
    return this.#found;
  }

  end(): void {
    if (!this.#seen || this.#levels.length > 0 || this.#token !== 'none') throw new JsonElementsError('the JSON is cut off');
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
    else if (this.#path === undefined && level?.way) this.#from = at;
  }

  #opens(at: number, list: boolean): void {
    const way = this.#valueBegins(at);
    this.#levels.push({ list, way, key: '', expectsKey: !list });
  }

  #closes(chunk: Buffer, at: number, list: boolean): void {
    const level = this.#levels.pop();
    if (level?.list !== list) throw new JsonElementsError('the text is not JSON');
    this.#valueEnds(chunk, at + 1);
  }

  /** Where the value lies that begins here; its gathering begins when it is wanted. */
  #valueBegins(at: number): Way | undefined {
    const level = this.#levels.at(-1);
    if (!level && this.#seen) throw new JsonElementsError('the text is not JSON: something follows its end');
    this.#seen = true;
    if (this.#path !== undefined) return undefined;
    const way = level ? level.way?.next.get(level.list ? '*' : level.key) : this.#root;
    if (way?.wanted !== undefined) {
      this.#path = way.wanted;
      this.#depth = this.#levels.length;
      this.#from = at;
    }
    return way;
  }

  #valueEnds(chunk: Buffer, end: number): void {
    if (this.#path === undefined || this.#levels.length !== this.#depth) return;
    const path = this.#path;
    this.#path = undefined;
    this.#found.push({ path, value: this.#parse(this.#cut(chunk, end)) });
  }

  #gather(piece: Buffer): void {
    this.#gathered += piece.length;
    if (this.#gathered > maximumValue) throw new JsonElementsError(`a value of the JSON has more than ${maximumValue} bytes`);
    // What the caller reads into next must not change what is kept.
    this.#pieces.push(Buffer.from(piece));
  }

  #cut(chunk: Buffer, end: number): string {
    const last = chunk.subarray(this.#from, end);
    const text = this.#pieces.length === 0 ? last.toString('utf8') : Buffer.concat([...this.#pieces, last]).toString('utf8');
    this.#pieces = [];
    this.#gathered = 0;
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
