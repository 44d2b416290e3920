import { type Fields, fieldsOf, listOf } from '../objects/kubernetes-object.ts';

/** A text with its references to variables replaced. */
export interface Expanded {
  readonly text: string;
  /** What is left without the references that could not be replaced. Undefined if all were. */
  readonly known?: string;
}

/** The most characters that the values of one container or list may add up to. Each variable can double the one before it. */
const mostCharacters = 1_000_000;

const withReferences = /\$(\$|\(([^)]*)\))|[^$]+|\$/g;
const withoutReferences = /\$(\$)|[^$]+|\$/g;

/** The parts of a text. References end in a `)`: none is looked for after the last one. */
function partsOf(text: string): readonly RegExpExecArray[] {
  const end = text.lastIndexOf(')') + 1;
  return [...text.slice(0, end).matchAll(withReferences), ...text.slice(end).matchAll(withoutReferences)];
}

/**
 * Replaces references in several texts as the kubelet does (third_party/forked/golang/expansion of Kubernetes): `$(NAME)` is the value of a
 * variable, `$$` is `$`, and a reference to a variable that is not there stays. So does one after a million characters of values.
 */
export class Expansion {
  readonly #values: ReadonlyMap<string, string>;
  #left = mostCharacters;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  of(text: string): Expanded {
    if (!text.includes('$')) return { text };
    const parts = partsOf(text).map(([whole, after, name]) =>
      name === undefined ? { text: after === '$' ? '$' : whole, isKnown: true } : this.#valueOf(name, whole),
    );
    const all = parts.map((part) => part.text).join('');
    const known = parts.filter(({ isKnown }) => isKnown);
    return known.length === parts.length ? { text: all } : { text: all, known: known.map((part) => part.text).join('') };
  }

  #valueOf(name: string, whole: string): { readonly text: string; readonly isKnown: boolean } {
    const value = this.#values.get(name);
    if (value === undefined || value.length > this.#left) return { text: whole, isKnown: false };
    this.#left -= value.length;
    return { text: value, isKnown: true };
  }
}

/** Replaces the references in one text. See {@link Expansion}. */
export const expandReferences = (text: string, values: ReadonlyMap<string, string>): Expanded => new Expansion(values).of(text);

/**
 * The variables of a container whose values are written in it. A value can refer to variables before it. Later entries replace earlier ones of
 * the same name.
 */
export function writtenVariables(container: Fields): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const expansion = new Expansion(values);
  for (const entry of listOf(container['env'])) {
    const { name, value, valueFrom } = fieldsOf(entry);
    if (typeof name !== 'string') continue;
    const written = (valueFrom ?? null) === null ? (value ?? '') : undefined;
    const { text, known } = typeof written === 'string' ? expansion.of(written) : { text: '', known: '' };
    if (known === undefined) values.set(name, text);
    else values.delete(name);
  }
  return values;
}
