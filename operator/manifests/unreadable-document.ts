/** A document cannot be read. `line` is the line of the problem in the file, from 1. */
export class UnreadableDocument extends Error {
  override readonly name = 'UnreadableDocument';
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}
