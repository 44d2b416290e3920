/** Why a document cannot be read, and the line. */
export class UnreadableDocument extends Error {
  override readonly name = 'UnreadableDocument';
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}
