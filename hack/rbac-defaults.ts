import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/**
 * Writes operator/engine/rbac/default-objects.json: the roles and bindings that the API server creates when it starts, and those that
 * kubeadm creates, as the union over the supported versions. The source of the first is the test data that Kubernetes compares its
 * bootstrap policy with, with and without feature gates. The source of the second is kubeadm itself.
 */
const versions = ['1.33.13', '1.34.4', '1.35.4', '1.36.3', '1.37.2'];
const root = join(import.meta.dirname, '..');
const target = join(root, 'operator/engine/rbac/default-objects.json');
const policy = 'plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata';

type Json = Readonly<Record<string, unknown>>;

interface DefaultObject {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  labels?: Json;
  selectors?: readonly unknown[];
  roleRef?: unknown;
  readonly entries: Map<string, Json>;
}

const go = (...args: readonly string[]): string =>
  execFileSync('go', args, { cwd: join(root, 'hack/rbac-defaults.d'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** The folder of the sources of a version. Undefined if they are not in the module cache and may not be downloaded. */
function sourcesOf(version: string, download: boolean): string | undefined {
  const folder = join(go('env', 'GOMODCACHE').trim(), `k8s.io/kubernetes@v${version}`);
  if (existsSync(folder)) return folder;
  return download ? (JSON.parse(go('mod', 'download', '-json', `k8s.io/kubernetes@v${version}`)) as { Dir: string }).Dir : undefined;
}

const documents = (text: string): readonly Json[] => parseAllDocuments(text).map((document) => document.toJS() as Json);
const itemsOf = (document: Json): readonly Json[] => (document['kind'] === 'List' ? (document['items'] as readonly Json[]) : [document]);

/** The objects of the API server and of kubeadm in one version. */
function objectsOf(folder: string): readonly Json[] {
  const files = readdirSync(join(folder, policy)).filter((name) => name.endsWith('.yaml'));
  const own = files.flatMap((name) => documents(readFileSync(join(folder, policy, name), 'utf8'))).flatMap(itemsOf);
  const lines = go('run', '.', folder).trim().split('\n');
  const kubeadm = lines.flatMap((line): readonly Json[] => {
    const object = JSON.parse(line) as Json;
    return typeof object['yaml'] === 'string' ? documents(object['yaml']) : [object];
  });
  if (own.length === 0 || kubeadm.length === 0) throw new Error(`${folder}: no default objects found`);
  return [...own, ...kubeadm];
}

const sorted = (list: unknown): readonly string[] => [...((list ?? []) as readonly string[])].sort();
const ruleFields = ['apiGroups', 'resources', 'resourceNames', 'nonResourceURLs', 'verbs'];
const ruleOf = (rule: Json): Json =>
  Object.fromEntries(ruleFields.filter((field) => rule[field] !== undefined).map((field) => [field, sorted(rule[field])]));
const subjectOf = ({ kind, name, namespace }: Json): Json => ({ kind, name, ...(namespace === undefined ? {} : { namespace }) });

function add(table: Map<string, DefaultObject>, object: Json): void {
  const kind = String(object['kind']);
  const { name, namespace, labels } = object['metadata'] as { name: string; namespace?: string; labels?: Json };
  const key = [kind, namespace ?? '', name].join('/');
  const entry = table.get(key) ?? { kind, ...(namespace === undefined ? {} : { namespace }), name, entries: new Map<string, Json>() };
  table.set(key, entry);
  const { aggregationRule, roleRef } = object as { aggregationRule?: { clusterRoleSelectors: readonly unknown[] }; roleRef?: Json };
  if (labels !== undefined && kind === 'ClusterRole') entry.labels = { ...entry.labels, ...labels };
  if (aggregationRule !== undefined) entry.selectors = aggregationRule.clusterRoleSelectors;
  if (roleRef !== undefined) entry.roleRef = { kind: roleRef['kind'], name: roleRef['name'] };
  const entries = kind.endsWith('Binding')
    ? ((object['subjects'] ?? []) as readonly Json[]).map(subjectOf)
    : ((object['rules'] ?? []) as readonly Json[]).map(ruleOf);
  for (const item of entries) entry.entries.set(JSON.stringify(item), item);
}

/** The table as text: one object a line. */
function textOf(table: ReadonlyMap<string, DefaultObject>): string {
  const lines = [...table.keys()].sort().map((key) => {
    const { entries, ...rest } = table.get(key) as DefaultObject;
    const list = [...entries.keys()].sort().map((item) => entries.get(item));
    return JSON.stringify({ ...rest, [rest.kind.endsWith('Binding') ? 'subjects' : 'rules']: list });
  });
  return `{"versions":${JSON.stringify(versions)},"objects":[\n${lines.join(',\n')}\n]}\n`;
}

const check = process.argv.includes('--check');
if (check && spawnSync('go', ['version']).status !== 0) {
  console.error('default-objects.json is not checked: go is not installed');
  process.exit(0);
}
const missing = versions.filter((version) => sourcesOf(version, !check) === undefined);
if (missing.length > 0) {
  console.error(`default-objects.json is not checked: the sources of ${missing.join(', ')} are not in the Go module cache`);
  process.exit(0);
}
const table = new Map<string, DefaultObject>();
for (const version of versions) for (const object of objectsOf(sourcesOf(version, !check) as string)) add(table, object);
const text = textOf(table);
if (!check) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('operator/engine/rbac/default-objects.json is not current: run hack/rbac-defaults');
  process.exitCode = 1;
}
