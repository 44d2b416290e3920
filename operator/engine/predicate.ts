import { type Bindings, compileExpression } from './expression.ts';

export type { Bindings } from './expression.ts';

/** A CEL expression of the catalogue over the given bindings: its truth, or why it has none. */
export type Predicate = (bindings: Bindings) => boolean | string;

const known = new Map<string, Predicate>();

/** Compiles an expression of the catalogue, once. Throws when it does not compile: the catalogue is ours. */
export function predicate(source: string): Predicate {
  const found = known.get(source);
  if (found !== undefined) return found;
  const compiled = compileExpression(source, 'catalogue');
  if (!compiled.ok) throw new Error(`the catalogue holds an expression that does not compile: ${source}: ${compiled.error.message}`);
  const made: Predicate = (bindings) => {
    const result = compiled.evaluate(bindings);
    if (!result.ok) return result.message;
    return typeof result.value === 'boolean' ? result.value : 'the expression gave no truth value';
  };
  known.set(source, made);
  return made;
}
