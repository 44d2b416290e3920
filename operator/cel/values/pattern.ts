import { RE2JS } from 're2js';
import { CelFault } from './cel-fault.ts';

/** A compiled regular expression with the syntax and semantics of RE2. Matching takes linear time for every expression. */
export interface Pattern {
  /** Returns whether the expression matches a part of the text. */
  test(text: string): boolean;
  readonly compiled: RE2JS;
}

const CACHE_SIZE = 256;
const cache = new Map<string, Pattern>();

const PIECE = /(?:[A-Za-z0-9 _\-/:@,;=!"#%&'<>~`]|\\[.\-/*+?()|{}[\]^$\\dw]|\[\^?(?:[A-Za-z0-9 _./:@,;=!#%&+*?$()|-]|\\[\-\]\\.\/dw])+\])/
  .source;
const SIMPLE = new RegExp(`^\\^?(?:${PIECE}\\??)*(?:${PIECE}[+*])?(?:${PIECE}\\??)*\\$?$`);

/**
 * Returns a JavaScript regular expression with the same matches as RE2 and linear time, or undefined. Only sequences of plain characters
 * and classes, with at most one unbounded repetition, have this form. It is ten times as fast as RE2.
 */
export function nativeForm(expression: string): RegExp | undefined {
  if (!expression.startsWith('^') || !SIMPLE.test(expression)) return undefined;
  try {
    return new RegExp(expression, 'u');
  } catch {
    return undefined;
  }
}

function compilePattern(expression: string): Pattern {
  try {
    const compiled = RE2JS.compile(expression);
    const simple = nativeForm(expression);
    return { compiled, test: simple === undefined ? (text) => compiled.matcher(text).find() : (text) => simple.test(text) };
  } catch (error) {
    throw new CelFault(
      'invalid_argument',
      `error parsing regexp: ${(error instanceof Error ? error.message : String(error)).replace('error parsing regexp: ', '')}`,
    );
  }
}

/** Compiles a regular expression. Caches the most recent ones. Throws `CelFault` if RE2 refuses the expression. */
export function pattern(expression: string): Pattern {
  let found = cache.get(expression);
  if (found === undefined) {
    found = compilePattern(expression);
    if (cache.size >= CACHE_SIZE) cache.clear();
    cache.set(expression, found);
  }
  return found;
}
