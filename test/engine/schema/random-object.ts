import {
  type BuiltinKind,
  type Condition,
  schemaNode,
  type SchemaField,
  type SchemaNode,
} from '../../../operator/engine/schema/schema-node.ts';

/** Returns a number from 0 up to, but not including, 1. */
export type Random = () => number;

/** Returns a generator of the same numbers for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
const texts = [
  '',
  'a',
  'web',
  'registry.example.org/app',
  'app:latest',
  'app:1',
  'App',
  'localhost/app@sha256:' + 'a'.repeat(64),
  'Always',
];
const quantities = ['0', '1', 2, 0.25, '2048Mi', '1536Mi', '0.5Gi', '1e3', '100m', '0.0001', '1500k', '1.5Ki', '123456789n', '10Ki'];

function valueOf(random: Random, { shape, node }: SchemaField, depth: number): unknown {
  switch (shape) {
    case 'S':
      return node < 0 ? {} : fieldsOf(random, node, depth);
    case 'L':
      return node < 0 ? [] : Array.from({ length: Math.floor(random() * 3) }, () => fieldsOf(random, node, depth));
    case 'M':
      return node < 0 ? {} : { a: fieldsOf(random, node, depth) };
    case 'b':
      return random() < 0.5;
    case 'n':
      return pick(random, [0, 1, 8080]);
    case 'i':
      return pick(random, [0, 1, '25%', 'http', '']);
    case 'q':
      return pick(random, quantities);
    case 'r':
    case 'w':
      return pick(random, [{}, { cpu: pick(random, quantities) }, { memory: pick(random, quantities), 'hugepages-2Mi': '2Mi' }]);
    case 'l':
      return pick(random, [[], ['YQ==']]);
    case 'm':
      return pick(random, [{}, { a: 'YQ==' }, { a: null }]);
    default:
      return pick(random, texts);
  }
}

const named = (conditions: readonly Condition[]): readonly unknown[] => conditions.flatMap(({ v }) => (v === undefined ? [] : [v]));

/** Returns a random value of a field: often one that selects defaults. */
export function randomValue(random: Random, node: SchemaNode, name: string, field: SchemaField): unknown {
  const values = named(node.conditions.get(name) ?? []);
  return values.length > 0 && random() < 0.6 ? pick(random, values) : valueOf(random, field, 4);
}

/** Returns a map with some of the fields of a node, and sometimes null for a field. */
function fieldsOf(random: Random, index: number, depth: number): Record<string, unknown> {
  const node = schemaNode(index);
  const fields: Record<string, unknown> = {};
  for (const [name, field] of node?.fields ?? []) {
    if (field.shape === 'x' || field.shape === 't' || name === 'managedFields' || random() > (depth < 3 ? 0.5 : 0.3) || depth > 9) continue;
    const values = named(node?.conditions.get(name) ?? []);
    if (random() < 0.05) fields[name] = null;
    else fields[name] = values.length > 0 && random() < 0.6 ? pick(random, values) : valueOf(random, field, depth + 1);
  }
  return fields;
}

/** Returns a random object of a kind. The server can decode it, but may refuse it. */
export function randomObject(random: Random, { group, version, kind, node }: BuiltinKind): Record<string, unknown> {
  const { status, ...fields } = fieldsOf(random, node, 0);
  const metadata = typeof fields['metadata'] === 'object' && fields['metadata'] !== null ? fields['metadata'] : {};
  return { ...fields, apiVersion: group === '' ? version : `${group}/${version}`, kind, metadata: { ...metadata, name: 'a' } };
}
