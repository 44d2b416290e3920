/** Bytes of one line past which a stream is not read on: far more than an object and what a watch wraps around it. */
const longest = 16 * 1024 * 1024;

/** A line has no end. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

/** The lines of a byte stream, whatever its chunks; an unfinished last line is left out. Throws {@link LineTooLongError}. */
export async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let waiting = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10, start); end >= 0; end = chunk.indexOf(10, start)) {
      rest.push(chunk.subarray(start, end));
      const line = Buffer.concat(rest).toString('utf8');
      rest = [];
      waiting = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    rest.push(chunk.subarray(start));
    waiting += chunk.length - start;
    if (waiting > longest) throw new LineTooLongError(`a line is longer than ${longest} bytes`);
  }
}
