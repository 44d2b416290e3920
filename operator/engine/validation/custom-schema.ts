import type { ApiResource } from '../../api/api-resource.ts';
import { type Fields, fieldsOf, isFields, type KubernetesObject, listOf, textOf } from '../objects/kubernetes-object.ts';

/** The schema of a version of a custom kind, from its CustomResourceDefinition. */
export interface CustomSchema {
  readonly schema: Fields;
  /** Whether the server keeps fields that the schema does not have. */
  readonly keepsUnknown: boolean;
  /** Whether the server ignores the status of a new object. */
  readonly ignoresStatus: boolean;
}

/** The schemas by which objects are checked. */
const known = new WeakMap<KubernetesObject, CustomSchema>();

/** Sets the schema by which an object of a custom kind is checked. */
export const checkBySchema = (object: KubernetesObject, schema: CustomSchema): void => void known.set(object, schema);

/** The schema of an object of a custom kind. Undefined if none was set. */
export const customSchemaOf = (object: KubernetesObject): CustomSchema | undefined => known.get(object);

/** The schema of a version. The first version of CustomResourceDefinitions can have one for all. */
function versionSchema(spec: Fields, version: Fields): Fields | undefined {
  const own = fieldsOf(version['schema'])['openAPIV3Schema'] ?? fieldsOf(spec['validation'])['openAPIV3Schema'];
  return isFields(own) ? own : undefined;
}

function schemaIn(definition: KubernetesObject, version: Fields): CustomSchema | undefined {
  const spec = fieldsOf(definition['spec']);
  const schema = versionSchema(spec, version);
  if (schema === undefined) return undefined;
  const isFirst = definition.apiVersion === 'apiextensions.k8s.io/v1beta1';
  const subresources = fieldsOf(version['subresources'] ?? spec['subresources']);
  return {
    schema,
    keepsUnknown: spec['preserveUnknownFields'] === true || (isFirst && spec['preserveUnknownFields'] !== false),
    ignoresStatus: subresources['status'] !== undefined,
  };
}

/** The schemas of the custom kinds among the objects, by `apiVersion kind`. A kind that two definitions describe in two ways has none. */
export function customSchemas(definitions: readonly KubernetesObject[]): ReadonlyMap<string, CustomSchema> {
  const found = new Map<string, CustomSchema | undefined>();
  for (const definition of definitions) {
    const spec = fieldsOf(definition['spec']);
    const [group, kind] = [textOf(spec['group']) ?? '', textOf(fieldsOf(spec['names'])['kind']) ?? ''];
    for (const version of listOf(spec['versions']).map(fieldsOf)) {
      const key = schemaKey({ group, version: textOf(version['name']) ?? '', kind });
      const schema = schemaIn(definition, version);
      const isOther = found.has(key) && JSON.stringify(found.get(key)) !== JSON.stringify(schema);
      found.set(key, isOther ? undefined : schema);
    }
  }
  return new Map([...found].filter((entry): entry is [string, CustomSchema] => entry[1] !== undefined));
}

/** The key of a kind in {@link customSchemas}. */
export const schemaKey = ({ group, version, kind }: Pick<ApiResource, 'group' | 'version' | 'kind'>): string =>
  `${group}/${version} ${kind}`;
