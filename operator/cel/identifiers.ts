import { Environment, NEWEST_VERSION } from './checking/environment.ts';
import { parse } from './syntax/parser.ts';
import { visitUnshadowed } from './unshadowed.ts';

/** One identifier of an expression that no macro shadows. */
interface Found {
  readonly at: number;
  readonly name: string;
}

/** Returns the identifiers of an expression that no macro shadows, in the order of their positions. Throws if the expression has a syntax error. */
function identifiers(source: string): readonly Found[] {
  const environment = Environment.of(NEWEST_VERSION);
  const { root } = parse(source, (name, args, member) => environment.isMacro(name, args, member));
  const found = new Map<number, Found>();
  visitUnshadowed(root, (expr, isShadowed) => {
    if (expr.kind === 'ident' && !isShadowed(expr.name)) found.set(expr.at, { at: expr.at, name: expr.name });
    return false;
  });
  return [...found.values()].toSorted((a, b) => a.at - b.at);
}

/** Whether an expression reads an identifier. */
export function readsIdentifier(source: string, name: string): boolean {
  return identifiers(source).some((found) => found.name === name);
}

/**
 * Replaces identifiers of an expression by other expressions, each in the place of the identifier. Leaves strings, fields and the variables of
 * macros alone. `replacement` returns undefined to keep an identifier. The replacing expression must need no parentheses, and must not
 * read a variable of a macro of the expression. Throws if the expression has a syntax error.
 */
export function replaceIdentifiers(source: string, replacement: (name: string, rest: string) => Replacement | undefined): string {
  let text = '';
  let end = 0;
  for (const { at, name } of identifiers(source)) {
    const found = replacement(name, source.slice(at + name.length));
    if (found === undefined || at < end) continue;
    text += source.slice(end, at) + found.text;
    end = at + name.length + (found.length ?? 0);
  }
  return text + source.slice(end);
}

/** The text in the place of an identifier. `length`: the number of characters after the identifier that it replaces as well. */
export interface Replacement {
  readonly text: string;
  readonly length?: number;
}
