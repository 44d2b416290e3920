import { writeSync } from 'node:fs';

/** Writes bytes from this offset on. Returns how many were written. Throws EAGAIN while the pipe is full. */
type WriteBytes = (data: Buffer, offset: number) => number;

/** Prints a line of a stream. */
export type PrintLine = (line: string) => void;

const toStandardOutput: WriteBytes = (data, offset) => writeSync(1, data, offset);

/** Writes a complete line to standard output. Repeats the write until the pipe has accepted all of it. `write` is replaced in tests. */
export function writeStreamLine(line: string, write: WriteBytes = toStandardOutput): void {
  const data = Buffer.from(`${line}\n`);
  for (let at = 0; at < data.length;) {
    try {
      at += write(data, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}
