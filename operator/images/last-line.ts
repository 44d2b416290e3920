import { stripVTControlCharacters } from 'node:util';

/** The last line that says something, without the colours that a terminal would show; undefined when there is none. */
export const lastLine = (text: string): string | undefined =>
  stripVTControlCharacters(text)
    .split('\n')
    .findLast((line) => line.trim() !== '')
    ?.trim()
    .slice(0, 500);

/** The same of a program that ended. */
export const lastWords = (text: string): string => lastLine(text) ?? 'it said nothing';
