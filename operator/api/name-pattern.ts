/** Compiles a pattern for names: `*` matches any number of characters, everything else matches itself. */
export function patternMatch(pattern: string): (name: string) => boolean {
  if (!pattern.includes('*')) return (name) => name === pattern;
  const parts = pattern.split('*');
  return (name) => globMatches(parts, name);
}

/** Matches the parts between the stars from left to right. The first and the last part are anchored. */
function globMatches(parts: readonly string[], name: string): boolean {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > name.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

/** Returns a pattern for names as a regular expression of RE2 that matches whole names. */
export const patternExpression = (pattern: string): string =>
  `^${pattern
    .split(/\*+/)
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*')}$`;
