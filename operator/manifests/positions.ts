/** The lines of the entries of one collection, from 1: `[key, line, key, line, …]` for a map, and `[line, line, …]` for a list. */
export type EntryLines = readonly (string | number)[];

/** The lines of the entries of a document, by collection. */
export type Positions = ReadonlyMap<object, EntryLines>;

/** Splits a path such as `spec.containers[0].ports` or `data['a.b']` into steps. */
export function pathSteps(path: string): readonly (string | number)[] {
  return [...path.matchAll(/\['([^']*)'\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, name]) =>
    index === undefined ? (quoted ?? name ?? '') : Number(index),
  );
}

function lineOfEntry(lines: EntryLines | undefined, step: string | number): number | undefined {
  if (lines === undefined) return undefined;
  if (typeof step === 'number') return typeof lines[step] === 'number' ? lines[step] : undefined;
  for (let at = 0; at < lines.length; at += 2) if (lines[at] === step) return lines[at + 1] as number;
  return undefined;
}

/** Returns the line of a path in a document. If the path does not exist, returns the line of its nearest existing parent. */
export function lineOfPath(root: unknown, positions: Positions, path: string, fallback: number): number {
  let line = fallback;
  let current = root;
  for (const step of pathSteps(path)) {
    if (typeof current !== 'object' || current === null) return line;
    const found = lineOfEntry(positions.get(current), step);
    if (found === undefined) return line;
    line = found;
    current = (current as Readonly<Record<string | number, unknown>>)[step];
  }
  return line;
}
