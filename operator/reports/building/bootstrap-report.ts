import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject, OwnerReference } from '../../api/metadata.ts';
import type { PolicyReport } from '../../api/policy-report.ts';
import { addTotals, noTotals, type PolicyTotals } from '../../findings/policy-totals.ts';
import { readLedger, writeLedger, type PolicyLedger } from '../identity/policy-ledger.ts';
import { policyLabel, reportName, SOURCE } from '../identity/report-name.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { withLedger } from './report-bound.ts';
import { hasIntactMetadata, reportDigest } from '../identity/report-digest.ts';

/**
 * The report that counts the roles and bindings which Kubernetes itself brings, as far as all their checks pass: one in place of some hundred
 * reports without a result. One with a finding has a report of its own.
 */
export const BOOTSTRAP_REPORT = `${SOURCE}-bootstrap-rbac`;

const group = 'rbac.authorization.k8s.io';
/** Where Kubernetes brings Roles and RoleBindings: whoever may write reports elsewhere cannot have them counted. */
const places: ReadonlySet<string | undefined> = new Set([undefined, 'kube-system', 'kube-public', 'kube-node-lease']);
const kinds: ReadonlySet<string> = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);
/** The most characters that are kept about these objects in one report: the server refuses annotations of more than 256 KiB. */
const mostText = 180_000;

/** What is counted of one object. */
export interface BootstrapEntry {
  readonly uid: string;
  /** The state of the object that was evaluated. */
  readonly resourceVersion: string;
  readonly ledger: PolicyLedger;
  /** As the annotation of a report: what the last scan that changed anything found new and fixed. */
  readonly change: string;
}

/** By {@link bootstrapKey}. */
export type BootstrapEntries = ReadonlyMap<string, BootstrapEntry>;

type Named = Pick<RecordTarget, 'apiVersion' | 'kind' | 'name'>;

/** What tells an object from the others of its place. */
export const bootstrapKey = ({ kind, name }: Pick<Named, 'kind' | 'name'>): string => `${kind}/${name}`;

/** Whether Kubernetes brings objects of this kind in this place. */
export const mayBeBootstrap = ({ apiVersion, kind, namespace }: Pick<RecordTarget, 'apiVersion' | 'kind' | 'namespace'>): boolean =>
  isBootstrapPlace(namespace) && apiVersion.startsWith(`${group}/`) && kinds.has(kind);

/** Whether Kubernetes brings Roles and RoleBindings in a namespace; undefined: outside of all. */
export const isBootstrapPlace = (namespace: string | undefined): boolean => places.has(namespace);

/** Whether Kubernetes brings an object: by its label, or by the prefix that is reserved for it. */
export const isBootstrap = (target: RecordTarget): boolean =>
  mayBeBootstrap(target) && (target.name.startsWith('system:') || target.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults');

/** Whether a report is the one about such objects, by its name and its place. */
export const isBootstrapReport = ({ metadata: { name, namespace } }: KubeObject): boolean =>
  name === BOOTSTRAP_REPORT && isBootstrapPlace(namespace);

type Row = readonly [uid: string, resourceVersion: string, ledger: unknown, change: string];
const isRow = (row: unknown): row is Row =>
  Array.isArray(row) && row.length === 4 && [row[0], row[1], row[3]].every((text) => typeof text === 'string');

/** What a report counts of each object; nothing where somebody has edited it. Metadata is enough. */
export function entriesIn(report: KubeObject | undefined): BootstrapEntries {
  const text = report?.metadata.annotations?.[ANNOTATIONS.bootstrap];
  if (!report || text === undefined || hasIntactMetadata(report.metadata) !== true) return new Map();
  return new Map(rowsIn(text).map(([key, row]) => [key, entryOf(row)]));
}

/** The objects that a report is about: its owner, or all that it counts, also where somebody has edited it. Undefined: the cluster as a whole. */
export function objectsOf(report: KubeObject): readonly (OwnerReference | undefined)[] {
  const { ownerReferences: [owner] = [], annotations = {} } = report.metadata;
  if (!isBootstrapReport(report)) return [owner];
  return rowsIn(annotations[ANNOTATIONS.bootstrap] ?? '').map(([key, [uid]]) => ({ ...objectOf(key), uid }));
}

/** The rows of an annotation's text; none of one that somebody has edited into something else. */
function rowsIn(text: string): (readonly [key: string, row: Row])[] {
  try {
    const parsed = JSON.parse(text) as unknown;
    return Object.entries(parsed ?? {}).flatMap(([key, row]: [string, unknown]) => (isRow(row) ? [[key, row] as const] : []));
  } catch {
    return [];
  }
}

const entryOf = ([uid, resourceVersion, ledger, change]: Row): BootstrapEntry => ({
  uid,
  resourceVersion,
  ledger: readLedger(JSON.stringify(ledger)),
  change,
});

/** What is counted of the object of a report without results. */
export function entryOfReport({ metadata: { ownerReferences: [owner] = [], annotations = {} } }: PolicyReport): BootstrapEntry {
  return {
    uid: owner?.uid ?? '',
    resourceVersion: annotations[ANNOTATIONS.resourceVersion] ?? '',
    ledger: readLedger(annotations[ANNOTATIONS.policies]),
    change: annotations[ANNOTATIONS.change] ?? '',
  };
}

/** What is counted of one object, as a report about it alone would say it. */
export function reportOfEntry(key: string, entry: BootstrapEntry, namespace: string | undefined): PolicyReport {
  const object = objectOf(key);
  const place = namespace === undefined ? {} : { namespace };
  const { uid, resourceVersion, ledger, change } = entry;
  const annotations = {
    [ANNOTATIONS.policies]: writeLedger(ledger),
    ...(resourceVersion === '' ? {} : { [ANNOTATIONS.resourceVersion]: resourceVersion }),
    ...(change === '' ? {} : { [ANNOTATIONS.change]: change }),
  };
  const ownerReferences = [{ ...object, uid }];
  return {
    metadata: { name: entryReportName(key, namespace), ...place, annotations, ownerReferences },
    scope: { ...object, ...place, uid },
    results: [],
  };
}

/** The name that the report about an object has where it has one of its own. */
export const entryReportName = (key: string, namespace: string | undefined): string => {
  const { kind, name } = objectOf(key);
  return reportName(SOURCE, { apiVersion: `${group}/v1`, kind, name, namespace });
};

function objectOf(key: string): Pick<Named, 'apiVersion' | 'kind' | 'name'> {
  const slash = key.indexOf('/');
  return { apiVersion: `${group}/v1`, kind: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** A text that differs as soon as something else is counted of an object. */
export const entryVersion = ({ uid, ledger }: BootstrapEntry): string => `${uid} ${countsOf(ledger)}`;

/** The counts of a ledger, whatever revisions they were made by. */
const countsOf = (ledger: PolicyLedger): string =>
  JSON.stringify(
    Object.entries(ledger)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([policy, { summary, failing }]) => [policy, Object.values(summary), Object.values(failing)]),
  );

const textOf = (entries: BootstrapEntries): string =>
  JSON.stringify(
    Object.fromEntries(
      [...entries]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { uid, resourceVersion, ledger, change }]) => [
          key,
          [uid, resourceVersion, JSON.parse(writeLedger(ledger)) as unknown, change],
        ]),
    ),
  );

/** Whether there is room for all of these in one report. */
export const hasRoomFor = (entries: BootstrapEntries): boolean => textOf(entries).length <= mostText;

/** The report that counts these; undefined if there are none. */
export function bootstrapReport(
  entries: BootstrapEntries,
  { namespace, existing }: { readonly namespace: string | undefined; readonly existing: PolicyReport | undefined },
): PolicyReport | undefined {
  const sums = new Map<string, PolicyTotals>();
  for (const { ledger } of entries.values()) for (const [policy, entry] of Object.entries(ledger)) addTotals(sums, policy, entry, 1);
  if (sums.size === 0) return undefined;
  const { uid, resourceVersion } = existing?.metadata ?? {};
  const metadata: PolicyReport['metadata'] = {
    name: BOOTSTRAP_REPORT,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined || resourceVersion === undefined ? {} : { uid, resourceVersion }),
    labels: {
      [LABELS.managedBy]: MANAGED_BY,
      [LABELS.source]: SOURCE,
      ...Object.fromEntries([...sums.keys()].map((policy) => [policyLabel(policy), 'true'])),
    },
    annotations: { [ANNOTATIONS.bootstrap]: textOf(entries) },
  };
  const ledger = Object.fromEntries([...sums].map(([policy, totals]) => [policy, { ...noTotals, ...totals, revision: '' }]));
  const report = withLedger({ metadata, results: [] }, ledger);
  const annotations = { ...report.metadata.annotations, [ANNOTATIONS.digest]: reportDigest(report) };
  return { ...report, metadata: { ...report.metadata, annotations } };
}

/** What is left of these without some policies. */
export function withoutPoliciesIn(
  entries: BootstrapEntries,
  policies: readonly string[],
  isMeant: (key: string) => boolean,
): BootstrapEntries {
  const gone = new Set(policies);
  return new Map(
    [...entries].flatMap(([key, entry]) => {
      if (!isMeant(key)) return [[key, entry] as const];
      const ledger = Object.fromEntries(Object.entries(entry.ledger).filter(([policy]) => !gone.has(policy)));
      return Object.keys(ledger).length === 0 ? [] : [[key, { ...entry, ledger }] as const];
    }),
  );
}
