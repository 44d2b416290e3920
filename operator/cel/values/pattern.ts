import { RE2JS } from 're2js';
import { CelFault } from './cel-fault.ts';

/** A compiled regular expression of RE2's syntax and meaning; linear in the text, whatever the expression. */
export interface Pattern {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
  readonly compiled: RE2JS;
}

const CACHE_SIZE = 256;
const cache = new Map<string, Pattern>();

const PIECE = /(?:[A-Za-z0-9 _\-/:@,;=!"#%&'<>~`]|\\[.\-/*+?()|{}[\]^$\\dw]|\[\^?(?:[A-Za-z0-9 _./:@,;=!#%&+*?$()|-]|\\[\-\]\\.\/dw])+\])/
  .source;
const SIMPLE = new RegExp(`^\\^?(?:${PIECE}\\??)*(?:${PIECE}[+*])?(?:${PIECE}\\??)*\\$?$`);

/**
 * A pattern that JavaScript's engine reads just as RE2 does, and cannot spend more than linear time on: plain characters and
 * classes one after the other, with at most one that repeats without end. Ten times as fast; undefined for all others.
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

/** The compiled form of an expression; the latest ones are kept. Throws `CelFault` for what RE2 refuses. */
export function pattern(expression: string): Pattern {
  let found = cache.get(expression);
  if (found === undefined) {
    found = compilePattern(expression);
    if (cache.size >= CACHE_SIZE) cache.clear();
    cache.set(expression, found);
  }
  return found;
}
