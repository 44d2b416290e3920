import { compile } from '../cel/compile.ts';
import { type CelType, parseType } from '../cel/cel-type.ts';

/** Values by variable name. */
export type Bindings = Record<string, unknown>;

/** A CEL expression of the catalogue over the given bindings: its truth, or why it has none. */
export type Predicate = (bindings: Bindings) => boolean | string;

/** What an expression of the catalogue may read. */
const variables: Readonly<Record<string, CelType>> = {
  object: parseType('dyn'),
  item: parseType('dyn'),
  container: parseType('dyn'),
  params: parseType('dyn'),
  version: parseType('int'),
  key: parseType('string'),
};

const known = new Map<string, Predicate>();

/** Compiles an expression of the catalogue, once. Throws when it does not compile: the catalogue is ours. */
export function predicate(source: string): Predicate {
  const found = known.get(source);
  if (found !== undefined) return found;
  const compiled = compile(source, { variables, resultType: 'bool' });
  if (!compiled.ok)
    throw new Error(`the catalogue holds an expression that does not compile: ${source}: ${compiled.errors[0]?.message ?? ''}`);
  const { program } = compiled;
  const made: Predicate = (bindings) => {
    const result = program.test(bindings);
    return typeof result === 'boolean' ? result : result.message;
  };
  known.set(source, made);
  return made;
}
