/** The maximum nesting of a document. Deeper documents would overflow the stack of recursive readers. */
export const maximumDepth = 500;

/** Facts of a JSON text that its parsed value does not have. */
interface JsonShape {
  readonly keys: number;
  readonly depth: number;
}

const quote = 34;
const backslash = 92;

/** Returns the index after a string that begins at `start`. */
export function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** Counts the keys of a valid JSON text, and its maximum nesting. */
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

/** Returns whether a valid JSON text is nested deeper than {@link maximumDepth}, or has a duplicate key in a map. JSON.parse accepts both. */
export function jsonShapeProblem(text: string, value: unknown): 'depth' | 'duplicates' | undefined {
  const { keys, depth } = shapeOf(text);
  if (depth > maximumDepth) return 'depth';
  return keysOf(value) === keys ? undefined : 'duplicates';
}
