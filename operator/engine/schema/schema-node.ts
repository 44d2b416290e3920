import { serverSchemaText } from './server-schema.ts';

/** A kind that some version of Kubernetes serves. */
export interface BuiltinKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: string;
  readonly namespaced: boolean;
  /** The index of its fields. Negative if the schema does not have them. */
  readonly node: number;
}

/** Other defaults of a map if one of its fields has a value. */
export interface Condition {
  readonly f: string;
  /** The value. Undefined: any value that no other condition names. */
  readonly v?: unknown;
  /** Fields that have no default then. */
  readonly u?: readonly string[];
  /** Fields whose default is the value itself. */
  readonly k?: readonly string[];
  /** Defaults. */
  readonly d?: Readonly<Record<string, unknown>>;
}

/** The fields and defaults of a map. hack/server-schema/schema.go documents the form. */
interface Node {
  readonly f: Readonly<Record<string, string>>;
  readonly d?: Readonly<Record<string, unknown>>;
  readonly c?: readonly Condition[];
  readonly r?: readonly string[];
  readonly e?: Readonly<Record<string, readonly string[]>>;
  readonly k?: Readonly<Record<string, readonly string[]>>;
  readonly u?: readonly string[];
  readonly p?: Readonly<Record<string, ValueFormat>>;
  readonly n?: readonly string[];
}

/** What a text holds, or what the items of a list or map are: base64, a duration, numbers, anything. Without one, items are texts. */
export type ValueFormat = 'B' | 'D' | 'n' | 'x';

/** What the server accepts in a map, as far as it can be told from the map alone. */
export interface NodeRules {
  /** Fields without which the server refuses the map. Zero and empty values count as none. */
  readonly required: readonly string[];
  /** The only values of texts, and of the texts of lists. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** The fields that identify the items of lists. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  /** The lists of `keys` that the server always refuses if two items are the same. Others, only server-side apply refuses. */
  readonly unique: readonly string[];
  readonly formats: Readonly<Record<string, ValueFormat>>;
  /** Fields that other versions of Kubernetes have. */
  readonly others: readonly string[];
}

/** How a value is completed: see `shapeOf` in hack/server-schema/schema.go. */
export type Shape = 'S' | 'L' | 'M' | 's' | 'n' | 'b' | 'q' | 'r' | 'l' | 'm' | 'i' | 't' | 'x' | 'y' | 'w';

/** A field of a map. */
export interface SchemaField {
  readonly shape: Shape;
  /** An empty value is the same as none. */
  readonly dropsEmpty: boolean;
  readonly node: number;
}

/** A map of the schema, prepared for use. */
export interface SchemaNode {
  readonly fields: ReadonlyMap<string, SchemaField>;
  readonly defaults: readonly (readonly [name: string, value: unknown])[];
  readonly conditions: ReadonlyMap<string, readonly Condition[]>;
  /** The default of a map of which one field is set: the type of a volume. A field of a later version of Kubernetes counts as set. */
  readonly choice: string | undefined;
  readonly rules: NodeRules;
}

interface Schema {
  readonly kinds: readonly BuiltinKind[];
  readonly nodes: readonly Node[];
}

let parsed: Schema | undefined;
/** Parsed at the first use: not every command needs it. */
const schema = (): Schema => (parsed ??= JSON.parse(serverSchemaText) as Schema);

/** Every kind in every version that a supported version of Kubernetes serves, alpha versions included. */
export const builtinKinds = (): readonly BuiltinKind[] => schema().kinds;

const prepared: (SchemaNode | undefined)[] = [];

/** Returns a map of the schema. Undefined for a negative index. */
export function schemaNode(index: number): SchemaNode | undefined {
  const node = schema().nodes[index];
  return node === undefined ? undefined : (prepared[index] ??= prepare(node));
}

function prepare({ f, d = {}, c = [], r = [], e = {}, k = {}, u = [], p = {}, n = [] }: Node): SchemaNode {
  return {
    rules: { required: r, values: e, keys: k, unique: u, formats: p, others: n },
    fields: new Map(Object.entries(f).map(([name, text]) => [name, fieldOf(text)])),
    defaults: Object.entries(d),
    conditions: Map.groupBy(c, (condition) => condition.f),
    choice: Object.keys(d).find((name) => c.filter(({ u }) => u?.includes(name) === true).length > 10),
  };
}

function fieldOf(text: string): SchemaField {
  const dropsEmpty = text[1] === '?';
  const index = text.slice(dropsEmpty ? 2 : 1);
  return { shape: text[0] as Shape, dropsEmpty, node: index === '' ? -1 : Number(index) };
}

/** Returns the index of a field's map, or of the items of its list or map. Undefined if the field has none. */
export const nodeOfField = (node: number, field: string): number | undefined => schemaNode(node)?.fields.get(field)?.node;
