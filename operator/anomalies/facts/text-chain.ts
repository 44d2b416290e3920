/** Steps of a text that follow each other, each a pattern with the flag g. */
export interface TextChain {
  readonly steps: readonly RegExp[];
  /** What must not be between two steps, with the flag g. Default: the end of a line. */
  readonly breaks?: RegExp;
}

/** Finds matches of a pattern from left to right. Positions never go back, so that each character is read once. */
class Finder {
  readonly #text: string;
  readonly #pattern: RegExp;
  #found: { readonly start: number; readonly end: number } | undefined = { start: -1, end: -1 };

  constructor(text: string, pattern: RegExp) {
    this.#text = text;
    this.#pattern = pattern;
  }

  /** The first match that starts at a position or after it. */
  from(position: number): { readonly start: number; readonly end: number } | undefined {
    if (this.#found === undefined || this.#found.start >= position) return this.#found;
    this.#pattern.lastIndex = position;
    const match = this.#pattern.exec(this.#text);
    this.#found = match === null ? undefined : { start: match.index, end: match.index + match[0].length };
    return this.#found;
  }
}

const lineEnd = /\n/g;

/**
 * Whether a text has the steps of a chain in order. A pattern such as `a.*b.*c` says the same, but takes a time that grows with the third power of
 * the length: whoever writes the text could stop this process. The time of this grows with the length.
 */
export function hasChain(text: string, { steps, breaks = lineEnd }: TextChain): boolean {
  const finders = steps.map((step) => new Finder(text, step));
  const breakFinder = new Finder(text, breaks);
  let next: boolean | number = 0;
  while (typeof next === 'number') next = follow(finders, breakFinder, next);
  return next;
}

/** Follows a chain from a position. Returns whether it is there or nowhere, or the position after a break from which to begin again. */
function follow(finders: readonly Finder[], breaks: Finder, from: number): boolean | number {
  let at = from;
  for (const [index, finder] of finders.entries()) {
    const found = finder.from(at);
    if (found === undefined) return false;
    const between = index === 0 ? undefined : breaks.from(at);
    if (between !== undefined && between.start < found.start) return between.end;
    at = found.end;
  }
  return true;
}
