/** Lines of the entries of one collection: for a map `[key, line, key, line, …]`, for a list `[line, line, …]`; both count from 1. */
export type EntryLines = readonly (string | number)[];

/** Where the parts of a document stand, by collection. */
export type Positions = ReadonlyMap<object, EntryLines>;

/** The steps of a path such as `spec.containers[0].ports` or `data['a.b']`. */
function stepsOf(path: string): readonly (string | number)[] {
  return [...path.matchAll(/\['([^']*)'\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, name]) =>
    index === undefined ? (quoted ?? name ?? '') : Number(index),
  );
}

const known = new Map<string, readonly (string | number)[]>();
const mostKnown = 4096;

/** The steps of a path; the same paths come again and again. */
export function pathSteps(path: string): readonly (string | number)[] {
  const found = known.get(path);
  if (found !== undefined) return found;
  if (known.size >= mostKnown) known.clear();
  const steps = stepsOf(path);
  known.set(path, steps);
  return steps;
}

function lineOfEntry(lines: EntryLines | undefined, step: string | number): number | undefined {
  if (lines === undefined) return undefined;
  if (typeof step === 'number') return typeof lines[step] === 'number' ? lines[step] : undefined;
  for (let at = 0; at < lines.length; at += 2) if (lines[at] === step) return lines[at + 1] as number;
  return undefined;
}

function child(value: unknown, step: string | number): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, step) ? (value as Record<string | number, unknown>)[step] : undefined;
}

/** The line of a path in a document; of the nearest part above it that is there, when it is not. */
export function lineOfPath(root: unknown, positions: Positions, path: string, fallback: number): number {
  let line = fallback;
  let current = root;
  for (const step of pathSteps(path)) {
    const found = typeof current === 'object' && current !== null ? lineOfEntry(positions.get(current), step) : undefined;
    if (found === undefined) return line;
    line = found;
    current = child(current, step);
  }
  return line;
}
