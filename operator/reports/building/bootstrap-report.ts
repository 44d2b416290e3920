import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject, OwnerReference } from '../../api/metadata.ts';
import type { PolicyReport } from '../../api/kinds/policy-report.ts';
import { addTotals, type PolicyTotals } from '../../findings/policy-totals.ts';
import { readLedger, writeLedger, type PolicyLedger } from '../identity/policy-ledger.ts';
import { policyLabel, reportName, SOURCE } from '../identity/report-name.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { withLedger } from './report-bound.ts';
import { hasIntactMetadata, reportDigest } from '../identity/report-digest.ts';

/**
 * The name of the bootstrap report. It contains the counts of the default roles and bindings of Kubernetes that pass all checks, in place of
 * some hundred reports without results. A role or binding with a finding has its own report.
 */
export const BOOTSTRAP_REPORT = `${SOURCE}-bootstrap-rbac`;

const group = 'rbac.authorization.k8s.io';
/** The namespaces of the default Roles and RoleBindings of Kubernetes. A bootstrap report in another namespace does not count. */
const places: ReadonlySet<string | undefined> = new Set([undefined, 'kube-system', 'kube-public', 'kube-node-lease']);
const kinds: ReadonlySet<string> = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);
/** The maximum length of the entries in one report, in characters. The API server rejects annotations of more than 256 KiB in total. */
const mostText = 180_000;

/** The counts of one object in the bootstrap report. */
export interface BootstrapEntry {
  readonly uid: string;
  /** The resourceVersion of the object that was evaluated. */
  readonly resourceVersion: string;
  readonly ledger: PolicyLedger;
  /** The new and fixed failures of the last scan that changed the entry, in the format of the annotation. */
  readonly change: string;
}

/** The entries of a bootstrap report, by {@link bootstrapKey}. */
export type BootstrapEntries = ReadonlyMap<string, BootstrapEntry>;

type Named = Pick<RecordTarget, 'apiVersion' | 'kind' | 'name'>;

/** Returns the key of an object within its namespace: `<kind>/<name>`. */
export const bootstrapKey = ({ kind, name }: Pick<Named, 'kind' | 'name'>): string => `${kind}/${name}`;

/** Whether Kubernetes creates default objects of this kind in this namespace. */
export const mayBeBootstrap = ({ apiVersion, kind, namespace }: Pick<RecordTarget, 'apiVersion' | 'kind' | 'namespace'>): boolean =>
  isBootstrapPlace(namespace) && apiVersion.startsWith(`${group}/`) && kinds.has(kind);

/** Whether Kubernetes creates default RBAC objects in a namespace. Undefined stands for cluster-scoped objects. */
export const isBootstrapPlace = (namespace: string | undefined): boolean => places.has(namespace);

/** Whether an object is a default RBAC object of Kubernetes. It has the bootstrapping label or the reserved prefix `system:`. */
export const isBootstrap = (target: RecordTarget): boolean =>
  mayBeBootstrap(target) && (target.name.startsWith('system:') || target.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults');

/** Whether a report is a bootstrap report, by its name and namespace. */
export const isBootstrapReport = ({ metadata: { name, namespace } }: KubeObject): boolean =>
  name === BOOTSTRAP_REPORT && isBootstrapPlace(namespace);

type Row = readonly [uid: string, resourceVersion: string, ledger: unknown, change: string];
const isRow = (row: unknown): row is Row =>
  Array.isArray(row) && row.length === 4 && [row[0], row[1], row[3]].every((text) => typeof text === 'string');

/** Returns the entries of a bootstrap report. Empty if another writer changed the report. Needs only its metadata. */
export function entriesIn(report: KubeObject | undefined): BootstrapEntries {
  const text = report?.metadata.annotations?.[ANNOTATIONS.bootstrap];
  if (!report || text === undefined || hasIntactMetadata(report.metadata) !== true) return new Map();
  return new Map(rowsIn(text).map(([key, row]) => [key, entryOf(row)]));
}

/**
 * Returns the objects that a report is about: its owner, or every object of a bootstrap report, even if another writer changed it. Undefined
 * stands for the whole cluster.
 */
export function objectsOf(report: KubeObject): readonly (OwnerReference | undefined)[] {
  const { ownerReferences: [owner] = [], annotations = {} } = report.metadata;
  if (!isBootstrapReport(report)) return [owner];
  return rowsIn(annotations[ANNOTATIONS.bootstrap] ?? '').map(([key, [uid]]) => ({ ...objectOf(key), uid }));
}

/** Parses the rows of an annotation. Omits invalid rows. */
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

/** Converts a report without results into an entry of the bootstrap report. */
export function entryOfReport({ metadata: { ownerReferences: [owner] = [], annotations = {} } }: PolicyReport): BootstrapEntry {
  return {
    uid: owner?.uid ?? '',
    resourceVersion: annotations[ANNOTATIONS.resourceVersion] ?? '',
    ledger: readLedger(annotations[ANNOTATIONS.policies]),
    change: annotations[ANNOTATIONS.change] ?? '',
  };
}

/** Converts an entry of the bootstrap report into a report about its object. */
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

/** Returns the name of the separate report about an object. */
export const entryReportName = (key: string, namespace: string | undefined): string => {
  const { kind, name } = objectOf(key);
  return reportName(SOURCE, { apiVersion: `${group}/v1`, kind, name, namespace });
};

function objectOf(key: string): Pick<Named, 'apiVersion' | 'kind' | 'name'> {
  const slash = key.indexOf('/');
  return { apiVersion: `${group}/v1`, kind: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Returns a text that changes when the uid or the counts of an entry change. */
export const entryVersion = ({ uid, ledger }: BootstrapEntry): string => `${uid} ${countsOf(ledger)}`;

/** Returns the counts of a ledger without the revisions. */
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

/** Whether the entries fit into one report. */
export const hasRoomFor = (entries: BootstrapEntries): boolean => textOf(entries).length <= mostText;

/** Builds the bootstrap report from its entries. Returns undefined if there are no entries. */
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
  const ledger = Object.fromEntries(
    [...sums].map(([policy, totals]) => [policy, { summary: totals.summary, failing: totals.failing, revision: '' }]),
  );
  const report = withLedger({ metadata, results: [] }, ledger);
  const annotations = { ...report.metadata.annotations, [ANNOTATIONS.digest]: reportDigest(report) };
  return { ...report, metadata: { ...report.metadata, annotations } };
}

/** Removes policies from the selected entries. Removes an entry without policies. */
export function withoutPoliciesIn(
  entries: BootstrapEntries,
  policies: readonly string[],
  isSelected: (key: string) => boolean,
): BootstrapEntries {
  const gone = new Set(policies);
  return new Map(
    [...entries].flatMap(([key, entry]) => {
      if (!isSelected(key)) return [[key, entry] as const];
      const ledger = Object.fromEntries(Object.entries(entry.ledger).filter(([policy]) => !gone.has(policy)));
      return Object.keys(ledger).length === 0 ? [] : [[key, { ...entry, ledger }] as const];
    }),
  );
}
