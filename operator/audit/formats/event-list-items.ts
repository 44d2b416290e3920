/** The bytes of a list without its items, and where each item is. */
export interface EventListItems {
  /** The list as JSON, with no items. */
  readonly list: string;
  readonly items: readonly (readonly [start: number, end: number])[];
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
/** The most items. A body of 10 MiB has about ten thousand events. */
const MOST = 100_000;
const ITEMS = Buffer.from('"items"');

/**
 * Finds the items of a list without parsing it: an API server sends 400 events in a body, and all of them as one value stay in memory until the
 * last one is read. Undefined if the bytes are anything but an object with one list `items` of objects: then they are read as a whole. What is not
 * valid JSON inside or around the items is found by the parser.
 */
export const eventListItems = (bytes: Buffer): EventListItems | undefined => {
  const start = skipSpaces(bytes, 0);
  const first = bytes[start] === OPEN ? listStart(bytes, start + 1) : undefined;
  if (first === undefined) return undefined;
  const found = itemsFrom(bytes, first);
  // A second list of items would replace the first.
  if (found === undefined || bytes.includes(ITEMS, found.end)) return undefined;
  return { list: bytes.toString('utf8', 0, first) + bytes.toString('utf8', found.end), items: found.items };
};

/** The items of a list whose `[` is before `first`, and where its `]` is. Undefined: it is empty, or has something else than objects. */
const itemsFrom = (bytes: Buffer, first: number): { readonly items: EventListItems['items']; readonly end: number } | undefined => {
  const items: (readonly [number, number])[] = [];
  for (let at = skipSpaces(bytes, first); bytes[at] === OPEN && items.length < MOST;) {
    const end = valueEnd(bytes, at);
    if (end === undefined) return undefined;
    items.push([at, end]);
    const next = skipSpaces(bytes, end);
    if (bytes[next] === CLOSE_LIST) return { items, end: next };
    if (bytes[next] !== COMMA) return undefined;
    at = skipSpaces(bytes, next + 1);
  }
  return undefined;
};

/** The position after the `[` of the field `items` of the object that begins before `from`. Undefined: it has none. */
const listStart = (bytes: Buffer, from: number): number | undefined => {
  for (let at = from; at < bytes.length && bytes[at] !== CLOSE;) {
    const end = tokenEnd(bytes, at);
    if (end === undefined) return undefined;
    const colon = skipSpaces(bytes, end);
    if (bytes[colon] === COLON && bytes.subarray(at, end).equals(ITEMS)) {
      const value = skipSpaces(bytes, colon + 1);
      return bytes[value] === OPEN_LIST ? value + 1 : undefined;
    }
    at = end;
  }
  return undefined;
};

/** The position after a string, an object, a list, or any other byte. Undefined: it has no end. */
const tokenEnd = (bytes: Buffer, at: number): number | undefined => {
  if (bytes[at] === QUOTE) return stringEnd(bytes, at);
  return bytes[at] === OPEN || bytes[at] === OPEN_LIST ? valueEnd(bytes, at) : at + 1;
};

/** The position after an object or list that begins at `from`. Undefined: it has no end. */
const valueEnd = (bytes: Buffer, from: number): number | undefined => {
  let depth = 0;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at);
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (byte === OPEN || byte === OPEN_LIST) depth += 1;
    else if (byte === CLOSE || byte === CLOSE_LIST) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
};

/** The position after a string whose first quote is at `from`. Undefined: it has no end. */
const stringEnd = (bytes: Buffer, from: number): number | undefined => {
  for (let end = bytes.indexOf(QUOTE, from + 1); end >= 0; end = bytes.indexOf(QUOTE, end + 1)) {
    let escapes = 0;
    while (bytes[end - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return end + 1;
  }
  return undefined;
};

const skipSpaces = (bytes: Buffer, from: number): number => {
  let at = from;
  while (SPACES.has(bytes[at] ?? 0)) at += 1;
  return at;
};
