import { jsonElements, JsonElementsError, type JsonElement } from './json-elements.ts';

/** The supported schema version of Trivy reports. */
const schema = 2;
const schemaPath = 'SchemaVersion';

/**
 * Reads a Trivy report of any size and yields the wanted values, as `jsonElements` does. Also throws a `JsonElementsError` if the JSON is
 * not a report of the supported schema, so that other output never counts as an image without findings.
 */
export async function* trivyReport(source: AsyncIterable<Buffer>, paths: readonly string[]): AsyncGenerator<JsonElement> {
  let version: unknown;
  for await (const element of jsonElements(source, [schemaPath, ...paths])) {
    const { path, value } = element;
    if (path === schemaPath) version = value;
    else if (path.endsWith('.*') && (typeof value !== 'object' || value === null))
      throw new JsonElementsError(`an item of ${path.slice(0, -2)} is not an object`);
    else yield element;
  }
  if (version === undefined) throw new JsonElementsError(`the JSON is not a Trivy report: it has no ${schemaPath}`);
  if (version !== schema)
    throw new JsonElementsError(
      `the report has schema ${JSON.stringify(version)}, but Vigil supports schema ${schema}: use a supported version of Trivy`,
    );
}
