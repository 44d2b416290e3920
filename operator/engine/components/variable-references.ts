import { type Fields, fieldsOf, listOf } from '../objects/kubernetes-object.ts';

/** A text with its references to variables replaced. */
export interface Expanded {
  readonly text: string;
  /** What is left without the references that could not be replaced. Undefined if all were. */
  readonly known?: string;
}

/**
 * Replaces references as the kubelet does (third_party/forked/golang/expansion of Kubernetes): `$(NAME)` is the value of a variable, `$$` is `$`,
 * and a reference to a variable that is not there stays.
 */
export function expandReferences(text: string, values: ReadonlyMap<string, string>): Expanded {
  if (!text.includes('$')) return { text };
  const parts = [...text.matchAll(/\$(\$|\(([^)]*)\))|[^$]+|\$/g)].map(([whole, after, name]) => {
    if (name === undefined) return { text: after === '$' ? '$' : whole, isKnown: true };
    const value = values.get(name);
    return { text: value ?? whole, isKnown: value !== undefined };
  });
  const all = parts.map((part) => part.text).join('');
  const known = parts.filter(({ isKnown }) => isKnown);
  return known.length === parts.length ? { text: all } : { text: all, known: known.map((part) => part.text).join('') };
}

/**
 * The variables of a container whose values are written in it. A value can refer to variables before it. Later entries replace earlier ones of
 * the same name.
 */
export function writtenVariables(container: Fields): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const entry of listOf(container['env'])) {
    const { name, value, valueFrom } = fieldsOf(entry);
    if (typeof name !== 'string') continue;
    const written = (valueFrom ?? null) === null ? (value ?? '') : undefined;
    const { text, known } = typeof written === 'string' ? expandReferences(written, values) : { text: '', known: '' };
    if (known === undefined) values.set(name, text);
    else values.delete(name);
  }
  return values;
}
