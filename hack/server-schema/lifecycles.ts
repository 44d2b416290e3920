import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { schemaDigest } from './write.ts';

/**
 * Writes the releases in which each version of a built-in kind came, was deprecated and was removed. Reads the sources of Kubernetes: the
 * generated lifecycles beside the types, and the discovery documents of each version.
 *   node hack/server-schema/lifecycles.ts KUBERNETES-FOLDER:TYPES-FOLDER[:TYPES-FOLDER]...      oldest version first
 */

/** Minor versions of Kubernetes 1. */
interface Lifecycle {
  introduced?: number;
  deprecated?: number;
  removed?: number;
  replacement?: string | undefined;
}

/** Groups whose kinds are requests and answers, not objects. */
const withoutObjects = /^(admission|apidiscovery|imagepolicy)\.k8s\.io$/;
const requests = /(List|Review|Options|Rollback)$|^(Scale|Eviction)$/;

function groupOf(folder: string): string {
  const texts = globSync(['register.go', 'doc.go'], { cwd: folder }).map((name) => readFileSync(join(folder, name), 'utf8'));
  const [, group] = texts.map((text) => /GroupName\s*=\s*"([^"]*)"|\+groupName=(\S*)/.exec(text)).find((match) => match !== null) ?? [];
  if (group === undefined) throw new Error(`${folder}: no group`);
  return group;
}

const method = /func \(in \*(\w+)\) APILifecycle(Introduced|Deprecated|Removed|Replacement)\(\)[^{]*\{\s*return ([^\n]*)/g;
const versionIn = (text: string): number => Number(/^1, (\d+)$/.exec(text)?.[1]);

function replacementIn(text: string): string | undefined {
  const [, group = '', version = '', kind = ''] = /Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"/.exec(text) ?? [];
  return version === '' ? undefined : `${group === '' ? version : `${group}/${version}`} ${kind.replace(/List$/, '')}`;
}

function readLifecycles(folder: string, into: Map<string, Lifecycle>): void {
  for (const path of globSync('**/zz_generated.prerelease-lifecycle.go', { cwd: folder })) {
    const home = join(folder, dirname(path));
    const group = groupOf(home);
    for (const [, kind = '', what = '', text = ''] of readFileSync(join(folder, path), 'utf8').matchAll(method)) {
      if (requests.test(kind) || withoutObjects.test(group)) continue;
      const name = `${group === '' ? '' : `${group}/`}${basename(home)} ${kind}`;
      const found = into.get(name) ?? {};
      into.set(name, found);
      if (what === 'Replacement') found.replacement = replacementIn(text);
      else found[what.toLowerCase() as 'introduced' | 'deprecated' | 'removed'] = versionIn(text);
    }
  }
}

interface ResourceList {
  readonly groupVersion: string;
  readonly resources: readonly { readonly name: string; readonly kind: string }[];
}

/** The versions of kinds that a version of Kubernetes serves. */
function servedBy(kubernetes: string): ReadonlySet<string> {
  const paths = globSync(join(kubernetes, 'api/discovery/*__v*.json'));
  if (paths.length === 0) throw new Error(`${kubernetes}: no discovery documents`);
  const lists = paths.map((path) => JSON.parse(readFileSync(path, 'utf8')) as ResourceList);
  return new Set(
    lists.flatMap(({ groupVersion, resources }) =>
      resources.filter(({ name }) => !name.includes('/')).map(({ kind }) => `${groupVersion} ${kind}`),
    ),
  );
}

const minorOf = (kubernetes: string): number => Number(/@v1\.(\d+)\./.exec(kubernetes)?.[1]);

/** Corrects the lifecycles by what each version really serves: some alpha versions went without notice, and some stayed. */
function correct(lifecycles: Map<string, Lifecycle>, served: ReadonlyMap<number, ReadonlySet<string>>): void {
  const minors = [...served.keys()].sort((a, b) => a - b);
  for (const [index, minor] of minors.entries()) {
    for (const name of served.get(minor) ?? []) {
      const found = lifecycles.get(name) ?? {};
      if (found.removed !== undefined && found.removed <= minor) delete found.removed;
      const next = minors[index + 1];
      if (next !== undefined && served.get(next)?.has(name) === false && !(found.removed !== undefined && found.removed <= next)) {
        found.removed = next;
        lifecycles.set(name, found);
      }
    }
  }
}

async function main(): Promise<void> {
  const lifecycles = new Map<string, Lifecycle>();
  const served = new Map<number, ReadonlySet<string>>();
  for (const argument of process.argv.slice(2)) {
    const [kubernetes = '', ...types] = argument.split(':');
    for (const folder of types) readLifecycles(folder, lifecycles);
    served.set(minorOf(kubernetes), servedBy(kubernetes));
  }
  correct(lifecycles, served);
  const rows = [...lifecycles]
    .filter(([, { introduced = 0, deprecated, removed }]) => introduced > 15 || deprecated !== undefined || removed !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { introduced = 0, deprecated = 0, removed = 0, replacement = '' }]) => [
      name,
      introduced,
      deprecated,
      removed,
      replacement,
    ]);
  const text =
    `// Generated from the code of Kubernetes by hack/schema; do not edit. Sources: ${schemaDigest()}\n` +
    `/** Versions of built-in kinds: the minor versions of Kubernetes 1 that have it first, deprecate it and remove it (0: none known), and what replaces it. */\n` +
    `export const apiLifecycles: readonly (readonly [name: string, introduced: number, deprecated: number, removed: number, replacement: string])[] = ${JSON.stringify(rows)};\n`;
  process.stdout.write(await format(text, { ...(await resolveConfig(import.meta.filename)), parser: 'typescript' }));
}

await main();
