import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hash } from 'node:crypto';
import { globSync } from 'node:fs';

const root = join(import.meta.dirname, '..', '..');

/** The files that the generated schema depends on. Paths from the root of the repository. */
const sources = ['hack/server-schema/*.go', 'hack/server-schema/*.ts', 'hack/cluster.d/modules/kubernetes-*/go.mod'];

/** A digest of the sources of the schema. `hack/generate --check` compares it with that in the file, without building them. */
export function schemaDigest(): string {
  const files = globSync(sources, { cwd: root }).sort();
  return hash('sha256', files.map((file) => `${file}\n${readFileSync(join(root, file), 'utf8')}`).join('\n')).slice(0, 16);
}

/** Turns the output of hack/server-schema into a TypeScript module with one string, which is quicker to parse than an object literal. */
if (import.meta.main) {
  const text = readFileSync(0, 'utf8').trim();
  const literal = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  process.stdout.write(
    `// Generated from the code of Kubernetes by hack/schema; do not edit. Sources: ${schemaDigest()}\n` +
      `/** The built-in kinds, their fields and their defaults, as JSON. hack/server-schema/schema.go documents its form. */\n` +
      `export const serverSchemaText =\n  '${literal}';\n`,
  );
}
