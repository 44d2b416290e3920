import { stringEnd } from './json-shape.ts';

/** One of several JSON objects of a text, and how many lines of the text are before it. */
export interface JsonPart {
  readonly text: string;
  readonly linesBefore: number;
}

/** Returns the offset after the object that begins at an offset, or -1 if it does not end. */
function objectEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return -1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at]?.trim() === '') at += 1;
  return at;
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Returns the JSON objects of a text that has several after each other, as `jq` and kubectl print them. Undefined for any other text. */
export function jsonStream(text: string): readonly JsonPart[] | undefined {
  if (!/^\s*\{/.test(text) || !/\}\s*\{/.test(text)) return undefined;
  const parts: JsonPart[] = [];
  let linesBefore = 0;
  for (let at = 0; at < text.length;) {
    const start = skipSpace(text, at);
    const end = text[start] === '{' ? objectEnd(text, start) : -1;
    const part = text.slice(start, end);
    if (start < text.length && (end < 0 || !isJson(part))) return undefined;
    linesBefore += text.slice(at, start).split('\n').length - 1;
    if (start === text.length) break;
    parts.push({ text: part, linesBefore });
    linesBefore += part.split('\n').length - 1;
    at = end;
  }
  return parts.length > 1 ? parts : undefined;
}
