import { writeSync } from 'node:fs';

/** Writes a complete line to standard output. Repeats the write until the pipe has accepted all of it. */
export function writeStreamLine(line: string): void {
  const data = Buffer.from(`${line}\n`);
  for (let at = 0; at < data.length;) {
    try {
      at += writeSync(1, data, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}
