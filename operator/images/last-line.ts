import { stripVTControlCharacters } from 'node:util';

/** The last line that says something, without the colours that a terminal would show; undefined when there is none. */
export const lastLine = (text: string): string | undefined =>
  stripVTControlCharacters(text)
    .split('\n')
    .findLast((line) => line.trim() !== '')
    ?.trim()
    .slice(0, 500);

/** What a crash of a Go program begins with; a trace of its calls follows. */
const crashPattern = /^(panic|fatal error): .*/m;

/** What a program that ended said of it: why it crashed, else the last line. */
export function lastWords(text: string): string {
  const [crash] = crashPattern.exec(stripVTControlCharacters(text)) ?? [];
  return crash?.trim().slice(0, 500) ?? lastLine(text) ?? 'it said nothing';
}
