import { readdirSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import type { KubernetesObject } from '../../../operator/engine/objects/kubernetes-object.ts';

/** The optional fields of a row. */
export interface RowOptions {
  /** The minor version of the Pod Security Standards. Default: the newest one. */
  readonly minor?: number;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** The `spec.images` of the policy. */
  readonly images?: SecurityPolicySpec['images'];
  /** The day of the evaluation. Default: today. */
  readonly day?: string;
  /** The severity of the failure, if it is not that of the control. */
  readonly severity?: string;
}

/** One row of the table of a control: objects, and the verdict for the first of them. */
export interface Row extends RowOptions {
  readonly title: string;
  readonly yaml: string;
  readonly verdict: 'pass' | 'fail' | 'error' | 'skip';
  /** All reported paths. They are relative to the pod in rows about pods. */
  readonly paths: readonly string[];
}

/** The rows of a control. With `pods`, each row is a pod spec or a pod template, and is tested for every kind with a pod template. */
export interface Table {
  readonly about: 'pods' | 'longRunning' | 'objects';
  readonly rows: readonly Row[];
}

/** The tables by control id. */
export type Tables = Readonly<Record<string, Table>>;

/** Reads all tables. The rows of a control in several files are one table. */
export async function readTables(): Promise<ReadonlyMap<string, Table>> {
  const tables = new Map<string, Table>();
  const folder = new URL('./tables/', import.meta.url);
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.ts')) continue;
    const { table } = (await import(new URL(file, folder).href)) as { readonly table: Tables };
    for (const [id, { about, rows }] of Object.entries(table)) {
      const known = tables.get(id);
      if (known !== undefined && known.about !== about) throw new Error(`${file}: ${id}: another file has rows about ${known.about}`);
      tables.set(id, { about, rows: [...(known?.rows ?? []), ...rows] });
    }
  }
  return tables;
}

const row =
  (verdict: Row['verdict']) =>
  (title: string, yaml: string, paths: string | readonly string[] = [], options: RowOptions = {}): Row => ({
    title,
    yaml,
    verdict,
    paths: typeof paths === 'string' ? [paths].filter((path) => path !== '') : paths,
    ...options,
  });

/** A row that fails at the given paths, and only there. */
export const fails = row('fail');
/** A row with the verdict `error`, and the path of the reason. */
export const errs = row('error');
/** A row with the verdict `pass`. */
export const passes = (title: string, yaml: string, options: RowOptions = {}): Row => row('pass')(title, yaml, [], options);
/** A row with the verdict `skip`. */
export const skips = (title: string, yaml: string, options: RowOptions = {}): Row => row('skip')(title, yaml, [], options);

/** Rows with pod specs, tested for every kind with a pod template. */
export const pods = (...rows: readonly Row[]): Table => ({ about: 'pods', rows });
/** Rows with pod specs, tested for long-running kinds. Jobs and CronJobs are not evaluated. */
export const longRunning = (...rows: readonly Row[]): Table => ({ about: 'longRunning', rows });
/** Rows with whole objects, separated by `---`. The verdict is for the first one. */
export const objects = (...rows: readonly Row[]): Table => ({ about: 'objects', rows });

/** Parses the documents of a row. */
export function documentsOf(yaml: string): Record<string, unknown>[] {
  return parseAllDocuments(yaml).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS() as Record<string, unknown>;
  });
}

/** Whether a row has objects and no pod spec: of kinds whose pods are put together in a way of their own. */
export const isWholeObject = ({ yaml }: Row): boolean => documentsOf(yaml)[0]?.['apiVersion'] !== undefined;

/** A workload of a kind with a pod template. */
export interface Workload {
  readonly kind: string;
  /** The prefix of paths of the pod. */
  readonly prefix: string;
  make(template: Readonly<Record<string, unknown>>): KubernetesObject;
}

const at =
  (apiVersion: string, kind: string, wrap: (template: object) => object) =>
  (template: Readonly<Record<string, unknown>>): KubernetesObject => ({
    apiVersion,
    kind,
    metadata: { name: 'it', namespace: 'shop' },
    ...wrap(template),
  });
const workload = (apiVersion: string, kind: string, prefix: string, wrap: (template: object) => object): Workload => ({
  kind,
  prefix,
  make: at(apiVersion, kind, wrap),
});
const inSpec = (template: object): object => ({ spec: { template } });

/** All kinds with a pod template, and Pod. */
export const workloads: readonly Workload[] = [
  {
    kind: 'Pod',
    prefix: '',
    make: ({ metadata, spec }) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...(metadata as object | undefined), name: 'it', namespace: 'shop' },
      spec,
    }),
  },
  workload('v1', 'PodTemplate', 'template.', (template) => ({ template })),
  workload('v1', 'ReplicationController', 'spec.template.', inSpec),
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].map((kind) => workload('apps/v1', kind, 'spec.template.', inSpec)),
  workload('batch/v1', 'Job', 'spec.template.', inSpec),
  workload('batch/v1', 'CronJob', 'spec.jobTemplate.spec.template.', (template) => ({ spec: { jobTemplate: { spec: { template } } } })),
];

/** Returns the pod template of a row. The row has a pod spec, or metadata and spec. */
export function templateOf(yaml: string): Record<string, unknown> {
  const [document = {}] = documentsOf(yaml);
  return 'spec' in document ? document : { spec: document };
}
