import { z } from 'zod';
import type { KindDefinition } from './kind-definition.ts';

type Json = Record<string, unknown>;

/** Converts each JSON Schema keyword to a structural schema (KEP-1693). A keyword without an entry is kept. A result of `undefined` removes it. */
const keywords: Readonly<Record<string, (value: unknown, schema: Json) => unknown>> = {
  $schema: () => undefined,
  propertyNames: () => undefined,
  properties: (value) => Object.fromEntries(Object.entries(value as Json).map(([name, child]) => [name, structural(child as Json)])),
  items: (value) => structural(value as Json),
  additionalProperties: (value, schema) =>
    typeof value === 'object' && value !== null && !schema['x-kubernetes-preserve-unknown-fields'] ? structural(value as Json) : undefined,
  minimum: (value) => (value === Number.MIN_SAFE_INTEGER ? undefined : value),
  maximum: (value) => (value === Number.MAX_SAFE_INTEGER ? undefined : value),
};

/** Converts a JSON Schema that zod generated into the structural schema of a CRD. */
function structural(schema: Json): Json {
  if (schema['x-kubernetes-int-or-string'] === true) return { 'x-kubernetes-int-or-string': true };
  const entries = Object.entries(schema).map(
    ([key, value]) => [key, keywords[key]?.(value, schema) ?? (key in keywords ? undefined : value)] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Returns the CustomResourceDefinition of a kind as an object for `kubectl apply`. */
export function customResourceDefinition(kind: KindDefinition): Json {
  const body = structural({ ...z.toJSONSchema(kind.body) });
  const text = { apiVersion: 'The API group and version of this object.', kind: 'The kind of this object.' };
  const properties: Json = {
    apiVersion: { type: 'string', description: text.apiVersion },
    kind: { type: 'string', description: text.kind },
    metadata: { type: 'object' },
    ...(body['properties'] as Json),
  };
  const schema: Json = { type: 'object', description: kind.description, properties };
  if (Array.isArray(body['required'])) schema['required'] = body['required'];
  if (kind.rules) schema['x-kubernetes-validations'] = kind.rules;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${kind.group}`, labels: { 'app.kubernetes.io/part-of': 'vigil' } },
    spec: {
      group: kind.group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
        ...(kind.categories ? { categories: kind.categories } : {}),
      },
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          additionalPrinterColumns: kind.columns,
          schema: { openAPIV3Schema: schema },
          ...(kind.statusSubresource ? { subresources: { status: {} } } : {}),
        },
      ],
    },
  };
}
