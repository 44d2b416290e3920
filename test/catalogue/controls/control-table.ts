import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../../operator/engine/objects/kubernetes-object.ts';

/** What a row asks for besides its objects. */
export interface RowOptions {
  /** The minor of the Pod Security Standards; the newest when omitted. */
  readonly minor?: number;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** The severity of the failure, where it is not the control's own. */
  readonly severity?: string;
}

/** One line of a control's table: objects, and what the control says of the first of them. */
export interface Row extends RowOptions {
  readonly title: string;
  readonly yaml: string;
  readonly verdict: 'pass' | 'fail' | 'error' | 'skip';
  /** Every path that is reported, relative to the pod for rows about pods. */
  readonly paths: readonly string[];
}

/** The rows of a control. `pods`: each row is a pod's spec (or a template with metadata and spec), and holds for every kind that bears pods. */
export interface Table {
  readonly about: 'pods' | 'services' | 'objects';
  readonly rows: readonly Row[];
}

/** Tables by the id of their control. */
export type Tables = Readonly<Record<string, Table>>;

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
/** A row that cannot be judged, with the path of the reason. */
export const errs = row('error');
/** A row that passes. */
export const passes = (title: string, yaml: string, options: RowOptions = {}): Row => row('pass')(title, yaml, [], options);
/** A row that is skipped. */
export const skips = (title: string, yaml: string, options: RowOptions = {}): Row => row('skip')(title, yaml, [], options);

/** Rows about pod specs, for every pod-bearing kind. */
export const pods = (...rows: readonly Row[]): Table => ({ about: 'pods', rows });
/** The same, for the kinds whose pods are meant to run on; Jobs and CronJobs are not judged. */
export const services = (...rows: readonly Row[]): Table => ({ about: 'services', rows });
/** Rows of whole objects, separated by `---`; the verdict is about the first one. */
export const objects = (...rows: readonly Row[]): Table => ({ about: 'objects', rows });

/** The documents of a row. */
export function documentsOf(yaml: string): Record<string, unknown>[] {
  return parseAllDocuments(yaml).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS() as Record<string, unknown>;
  });
}

/** A workload of a kind with a pod template. */
export interface Workload {
  readonly kind: string;
  /** What stands before the pod's paths. */
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

/** Every kind that bears pods. */
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

/** The pod template of a row: a spec, or metadata and spec. */
export function templateOf(yaml: string): Record<string, unknown> {
  const [document = {}] = documentsOf(yaml);
  return 'spec' in document ? document : { spec: document };
}
