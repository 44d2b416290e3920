import { stripVTControlCharacters } from 'node:util';

/** The most characters that are kept of a line. */
const longest = 500;

/** The last line with text, without the control sequences of a terminal, 500 characters at most; undefined for a text without such a line. */
export const lastLine = (text: string): string | undefined =>
  stripVTControlCharacters(text)
    .split('\n')
    .findLast((line) => line.trim() !== '')
    ?.trim()
    .slice(0, longest);

/** How Vigil's own programs begin the line with the reason why they ended; a stack trace may follow. */
const ownPattern = /^vigil(?: [a-z]+)?: (.+)$/m;
/** How a Go program begins its report of a crash; a stack trace follows. */
const crashPattern = /^(?:panic|fatal error): .*/m;

/** The reason that a program of Vigil's gave in its output, without its own name; undefined if it gave none. */
export const vigilReason = (text: string): string | undefined =>
  ownPattern.exec(stripVTControlCharacters(text))?.[1]?.trim().slice(0, longest);

/** Why a program ended, by its output: the reason of a Go crash, else the last line, else that no output. One line, 500 characters at most. */
export function exitMessage(text: string): string {
  const [crash] = crashPattern.exec(stripVTControlCharacters(text)) ?? [];
  return crash?.trim().slice(0, longest) ?? lastLine(text) ?? 'no output';
}
