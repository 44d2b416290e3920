import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { languageReference } from '../operator/cel/reference.ts';
import { customResourceDefinition } from '../operator/api/crds/crd.ts';
import { ownKinds } from '../operator/api/crds/own-kinds.ts';
import { reportKinds } from '../operator/api/crds/report-kinds.ts';
import { detectionsPage } from './detections-page.ts';
import { equivalentsPage } from './equivalents-page.ts';
import { readRooms, withRooms } from './rooms.ts';
import { schemaDigest } from './server-schema/write.ts';

/** Writes all generated files. With --check, lists those that are not up to date and fails. */
const root = join(import.meta.dirname, '..');
const header = '# Generated from operator/api by hack/generate; do not edit.\n';
const files = new Map<string, string>();
/** Each kustomization has a copy, since kustomize does not read files above its folder. */
const homes = [
  { kinds: ownKinds, folder: 'config/base/crds' },
  { kinds: reportKinds, folder: 'config/components/report-crds/crds' },
];
for (const { kinds, folder } of homes) {
  const names = kinds.map((kind) => `${kind.group}_${kind.plural}.yaml`);
  for (const [index, kind] of kinds.entries()) {
    const text = header + stringify(customResourceDefinition(kind), { lineWidth: 0 });
    files.set(`crds/${names[index] ?? ''}`, text);
    files.set(`${folder}/${names[index] ?? ''}`, text);
  }
  files.set(
    `${folder}/kustomization.yaml`,
    header + stringify({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: names }),
  );
}

files.set('docs/expressions.md', `<!-- Generated from operator/cel by hack/generate; do not edit. -->\n\n${languageReference()}`);
files.set(
  'docs/detections.md',
  `<!-- Generated from operator/catalogue/detections by hack/generate; do not edit. -->\n\n${detectionsPage()}`,
);
files.set('docs/equivalents.md', `<!-- Generated from operator/catalogue by hack/generate; do not edit. -->\n\n${equivalentsPage()}`);
files.set('ARCHITECTURE.md', withRooms(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'), readRooms(root)));

const check = process.argv.includes('--check');
const stale = [...files].filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text);
/** Written by hack/schema, which needs Go. */
for (const schema of ['operator/engine/schema/server-schema.ts', 'operator/engine/schema/api-lifecycles.ts']) {
  const first = `// Generated from the code of Kubernetes by hack/schema; do not edit. Sources: ${schemaDigest()}\n`;
  if (readFileSync(join(root, schema), 'utf8').startsWith(first)) continue;
  console.error(`${schema} is not current: run hack/schema`);
  process.exitCode = 1;
}
if (check) {
  for (const [path] of stale) console.error(`${path} is not current: run hack/generate`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.error(`wrote ${path}`);
  }
}
