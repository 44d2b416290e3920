import { stripVTControlCharacters } from 'node:util';

/** The most characters of a line that are kept. */
const longest = 500;

/** The last non-blank line, without terminal control sequences and at most 500 characters long; undefined if there is none. */
export const lastLine = (text: string): string | undefined =>
  stripVTControlCharacters(text)
    .split('\n')
    .findLast((line) => line.trim() !== '')
    ?.trim()
    .slice(0, longest);

/** Vigil's programs begin the line with the error like this. A stack trace may follow. */
const ownPattern = /^vigil(?: [a-z]+)?: (.+)$/m;
/** A Go program begins its crash report like this. A stack trace follows. */
const crashPattern = /^(?:panic|fatal error): .*/m;

/** The error that one of Vigil's programs wrote, without the program's name; undefined if it wrote none. */
export const vigilReason = (text: string): string | undefined =>
  ownPattern.exec(stripVTControlCharacters(text))?.[1]?.trim().slice(0, longest);

/**
 * Why a program ended, by its output: the error of a Go crash, else the last line, else `no output`. One line of at most 500 characters.
 */
export function exitMessage(text: string): string {
  const [crash] = crashPattern.exec(stripVTControlCharacters(text)) ?? [];
  return crash?.trim().slice(0, longest) ?? lastLine(text) ?? 'no output';
}
