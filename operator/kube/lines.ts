/** The maximum length of a line in bytes: far more than an object in a watch event. */
const longest = 16 * 1024 * 1024;

/** A line of a stream exceeds the maximum length. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

/** Yields the lines of a byte stream. Skips an unfinished last line. Throws {@link LineTooLongError}. */
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
