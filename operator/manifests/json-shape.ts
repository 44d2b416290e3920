/** More would not be written by people, and no reader that recurses survives it. */
export const maximumDepth = 500;

/** What the text of a JSON document looks like, as far as its parsed value no longer tells. */
interface JsonShape {
  readonly keys: number;
  readonly depth: number;
}

const quote = 34;
const backslash = 92;

/** The index behind a string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** Goes through valid JSON once: how many keys there are, and how deep it nests. */
function shapeOf(text: string): JsonShape {
  let keys = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = stringEnd(text, at) - 1;
    else if (code === 58) keys += 1;
    else if (code === 123 || code === 91) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 125 || code === 93) depth -= 1;
  }
  return { keys, depth: deepest };
}

function keysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + keysOf(item), 0);
  let keys = 0;
  for (const name in value) keys += 1 + keysOf((value as Record<string, unknown>)[name]);
  return keys;
}

/** Whether valid JSON nests deeper than anything here survives, or holds a key twice in one map, which parsing does not tell. */
export function jsonShapeProblem(text: string, value: unknown): 'depth' | 'duplicates' | undefined {
  const { keys, depth } = shapeOf(text);
  if (depth > maximumDepth) return 'depth';
  return keysOf(value) === keys ? undefined : 'duplicates';
}
