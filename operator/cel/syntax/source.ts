import { codePointCount } from '../values/code-point.ts';

/** A place in a source: line and column from 1, columns in code points. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with an expression, and where. `hint` says what to write instead, where that can be known; `message` already ends with it. */
export interface CompileError extends Position {
  readonly message: string;
}

/** Thrown inside the module where parsing cannot go on. Never leaves it. */
export class SyntaxFault extends Error {
  override readonly name = 'SyntaxFault';
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** The position of a UTF-16 offset. */
export function positionOf(source: string, at: number): Position {
  const before = source.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (const c of before) if (c === '\n') line++;
  return { line, column: codePointCount(before.slice(lineStart)) + 1 };
}

/** An error at an offset of the source. */
export function errorAt(source: string, at: number, message: string): CompileError {
  return { message, ...positionOf(source, at) };
}

/** The error with its line of source and a caret under the place. */
export function showError(source: string, error: CompileError): string {
  const text = source.split('\n')[error.line - 1] ?? '';
  return `${String(error.line)}:${String(error.column)}: ${error.message}\n | ${text}\n | ${'.'.repeat(error.column - 1)}^`;
}
