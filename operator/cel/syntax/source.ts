import { codePointCount } from '../values/code-point.ts';

/** A position in a source. Line and column are counted from 1, columns in code points. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** An error of the compiler with its position. `message` can end with a hint. */
export interface CompileError extends Position {
  readonly message: string;
}

/** Thrown inside the module if the source cannot be parsed. Callers of the module never receive it. */
export class SyntaxFault extends Error {
  override readonly name = 'SyntaxFault';
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Returns the position of a UTF-16 offset. */
export function positionOf(source: string, at: number): Position {
  const before = source.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (const c of before) if (c === '\n') line++;
  return { line, column: codePointCount(before.slice(lineStart)) + 1 };
}

/** Creates an error at a UTF-16 offset of the source. */
export function errorAt(source: string, at: number, message: string): CompileError {
  return { message, ...positionOf(source, at) };
}

/** Formats an error with its line of the source and a caret at its position. */
export function showError(source: string, error: CompileError): string {
  const text = source.split('\n')[error.line - 1] ?? '';
  return `${String(error.line)}:${String(error.column)}: ${error.message}\n | ${text}\n | ${'.'.repeat(error.column - 1)}^`;
}
