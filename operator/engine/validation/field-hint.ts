import { didYouMean } from '../../catalogue/suggestion.ts';
import { type SchemaNode, schemaNode } from '../schema/schema-node.ts';

/** A map on the way to a field: its name, and its fields. */
export interface MapAbove {
  readonly name: string;
  readonly node: SchemaNode;
}

const withName = (node: SchemaNode, name: string): string | undefined =>
  node.fields.has(name) ? name : [...node.fields.keys()].find((known) => known.toLowerCase() === name.toLowerCase());

/** Returns the field of a map of the node that has a name, such as `securityContext.runAsUser`. */
function below(node: SchemaNode, name: string): string | undefined {
  for (const [field, { shape, node: index }] of node.fields) {
    const inner = shape === 'S' ? schemaNode(index) : undefined;
    if (inner?.fields.has(name) === true) return `${field}.${name}`;
  }
  return undefined;
}

/**
 * Returns ` (did you mean 'x'?)` for a field that a map does not have: the same name in other letters, a field of a map beside it, a similar
 * name, or a field of a map above. `above`: the maps that lead to it, the nearest last. Empty if nothing is similar.
 */
export function fieldHint(node: SchemaNode, name: string, above: readonly MapAbove[]): string {
  const near = withName(node, name) ?? below(node, name);
  if (near !== undefined) return ` (did you mean '${near}'?)`;
  const similar = didYouMean(name, node.fields.keys());
  if (similar !== '') return similar;
  const home = above.findLast((map) => map.node.fields.has(name));
  return home === undefined ? '' : ` (did you mean '${name}' of ${home.name === '' ? 'the object' : home.name}?)`;
}
