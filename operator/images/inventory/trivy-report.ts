import { jsonElements, JsonElementsError, type JsonElement } from './json-elements.ts';

/** The schema of Trivy's reports that is read here. */
const schema = 2;
const schemaPath = 'SchemaVersion';

/**
 * Reads a Trivy report of any size and yields the wanted values, as `jsonElements` does. Throws its error too for JSON that is no report of
 * the known schema: what says nothing must not pass for an image without findings.
 */
export async function* trivyReport(source: AsyncIterable<Buffer>, paths: readonly string[]): AsyncGenerator<JsonElement> {
  let said: unknown;
  for await (const element of jsonElements(source, [schemaPath, ...paths])) {
    const { path, value } = element;
    if (path === schemaPath) said = value;
    else if (path.endsWith('.*') && (typeof value !== 'object' || value === null))
      throw new JsonElementsError(`an item of ${path.slice(0, -2)} is no object`);
    else yield element;
  }
  if (said === undefined) throw new JsonElementsError(`the JSON is no report of Trivy: it has no ${schemaPath}`);
  if (said !== schema)
    throw new JsonElementsError(`the report is of schema ${JSON.stringify(said)}, not ${schema}: use a Trivy that this Vigil knows`);
}
