import { ownEntry } from '../../api/own-entry.ts';
import { RESOURCES, type ApiResource } from '../../api/api-resource.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeObject, OwnerReference } from '../../api/metadata.ts';
import type { PolicyReport } from '../../api/kinds/policy-report.ts';
import { isForbidden, isNotFound } from '../../kube/client/kube-api-error.ts';
import { listPages } from '../../kube/list.ts';
import type { WatchClient } from '../../kube/watch/watch-stream.ts';
import { withoutManagedFields } from '../../kube/watch/reflector.ts';
import { reportKey, SOURCE } from '../identity/report-name.ts';
import type { PolicyLedger } from '../identity/policy-ledger.ts';
import { entriesIn, entryVersion, isBootstrapReport, reportOfEntry, type BootstrapEntry } from '../building/bootstrap-report.ts';
import { priorReport } from '../identity/prior-report.ts';
import { countedIn, ownershipOf } from '../identity/report-ownership.ts';
import { NamespaceReportDigests } from '../identity/namespace-report-digests.ts';
import { isAtExpectedLocation } from '../building/report-location.ts';
import { reportScope } from '../identity/report-scope.ts';
import { addTotals, noTotals, type PolicyTotals } from '../../findings/policy-totals.ts';
import type { ReportPublisher } from '../publishing/report-publisher.ts';
import { ExceptionChanges } from './exception-changes.ts';
import { readingReports, type ReportLists } from './report-lists.ts';
import type { ReportTracker } from './report-tracker.ts';

/** The part of a client that reads reports and their objects. */
export type ReportReader = WatchClient & Pick<KubeClient, 'get'>;

/** The inputs of a sweep. */
export interface SweepRequest {
  /** The policies of the scan. The sweep removes only results of these policies. */
  readonly policies: ReadonlySet<string>;
  /** The resources that the API server serves. */
  readonly resources: readonly ApiResource[];
  /** Returns the policies of the scan for which an object is a target. */
  readonly policiesOf: (resource: ApiResource, object: KubeObject) => readonly string[];
  /** The policies of the scan with checks on the whole cluster. */
  readonly wholeClusterPolicies: readonly string[];
  /** Whether the scan included a namespace. Undefined stands for cluster-scoped objects. */
  readonly includesNamespace: (namespace: string | undefined) => boolean;
  /** The reports that the scan has updated or confirmed. The sweep records the version of each existing report in it. */
  readonly seen: ReportTracker;
  /**
   * Whether the results of a namespace were carried over from an earlier scan. The sweep does not remove them. An empty name stands for
   * cluster-scoped objects. Default: no namespace was carried over.
   */
  readonly isCarriedOver?: (namespace: string) => boolean;
  readonly signal: AbortSignal;
}

/** The counts and digests from the metadata of all reports about configuration. */
export interface ReadReports {
  /** The counts by policy, including policies that are not part of the scan. */
  readonly totals: ReadonlyMap<string, PolicyTotals>;
  /** The digests of the reports before the sweep changed any of them. */
  readonly digests: NamespaceReportDigests;
  /** The changes of exceptions that the reports have recorded. */
  readonly exceptions: ExceptionChanges;
}

/** The result of a sweep. */
export interface SweepResult extends ReadReports {
  /** The number of reports that were deleted, or from which a policy was removed. */
  readonly changed: number;
}

/** A report with results of a policy that the scan did not confirm. */
interface SweepCandidate {
  readonly report: KubeObject;
  readonly resource: ApiResource;
  readonly ledger: PolicyLedger;
  readonly owner: OwnerReference | undefined;
  readonly policies: readonly string[];
}

/** The maximum number of unconfirmed reports in memory. */
const batchSize = 500;

/** The maximum number of objects of one resource and namespace that are read one by one. More are read from a list. */
const maxSingleReads = 20;

/**
 * Removes results about objects that no longer exist or are no longer in scope, and returns the counts of the remaining results. If the object
 * of a report cannot be read, the report does not change: only results of objects that are proved absent are removed.
 */
export function sweepReports(client: ReportReader, publisher: ReportPublisher, request: SweepRequest): Promise<SweepResult> {
  return readingReports((lists) => sweepOnce(client, publisher, { ...request, lists }));
}

async function sweepOnce(
  client: ReportReader,
  publisher: ReportPublisher,
  request: SweepRequest & { readonly lists: ReportLists },
): Promise<SweepResult> {
  const totals = new Map<string, PolicyTotals>();
  const digests = new NamespaceReportDigests();
  const exceptions = new ExceptionChanges();
  let changed = 0;
  const settle = async (candidates: readonly SweepCandidate[]): Promise<void> => {
    for (const group of Map.groupBy(candidates, placeOf).values()) {
      for (const { candidate, policies } of await staleIn(client, group, request)) {
        await publisher.withdraw(candidate.resource, candidate.report.metadata, policies);
        for (const policy of policies) addTotals(totals, policy, ownEntry(candidate.ledger, policy) ?? noTotals, -1);
        changed++;
      }
    }
  };
  const candidates: SweepCandidate[] = [];
  for await (const { resource, report, ledger } of ownReports(client, request, digests)) {
    const { namespace, name, resourceVersion = '' } = report.metadata;
    request.seen.observe(reportKey(namespace, name), resourceVersion);
    exceptions.add(report);
    for (const [policy, entry] of Object.entries(ledger)) addTotals(totals, policy, entry, 1);
    const candidate = sweepCandidate({ report, resource, ledger }, request);
    if (candidate) candidates.push(candidate);
    // An operator that took over a scan has confirmed no report. Every report is then a candidate, and there can be very many.
    if (candidates.length >= batchSize) await settle(candidates.splice(0));
  }
  await settle(candidates);
  return { changed, totals, digests, exceptions };
}

/** Reads the counts of all reports without changing them. */
export function readReports(client: ReportReader, signal: AbortSignal): Promise<ReadReports> {
  return readingReports((lists) => readOnce(client, { lists, signal }));
}

async function readOnce(client: ReportReader, reading: ReportReading): Promise<ReadReports> {
  const totals = new Map<string, PolicyTotals>();
  const digests = new NamespaceReportDigests();
  const exceptions = new ExceptionChanges();
  for await (const { report, ledger } of ownReports(client, reading, digests)) {
    exceptions.add(report);
    for (const [policy, entry] of Object.entries(ledger)) addTotals(totals, policy, entry, 1);
  }
  return { totals, digests, exceptions };
}

/** Returns the stale reports of a group whose objects are in one list, each with its stale policies. */
async function staleIn(
  client: ReportReader,
  group: readonly SweepCandidate[],
  request: SweepRequest,
): Promise<{ readonly candidate: SweepCandidate; readonly policies: readonly string[] }[]> {
  const objects = await objectsOf(client, group, request);
  if (!objects) return [];
  return group
    .map((candidate) => ({ candidate, policies: staleOf(candidate, objects, request) }))
    .filter(({ policies }) => policies.length > 0);
}

/** How reports are read. */
interface ReportReading {
  readonly lists: ReportLists;
  readonly signal: AbortSignal;
}

/** A report of Vigil with its counts. Only its metadata is known. */
interface OwnReport {
  readonly resource: ApiResource;
  readonly report: KubeObject;
  readonly ledger: PolicyLedger;
}

/**
 * Lists the reports about configuration that Vigil wrote in their expected locations. If another writer changed the metadata of a report, its
 * results are counted instead.
 */
async function* ownReports(
  client: ReportReader,
  { lists, signal }: ReportReading,
  digests: NamespaceReportDigests,
): AsyncGenerator<OwnReport> {
  for (const resource of [RESOURCES.reports, RESOURCES.clusterReports])
    for await (const items of lists(client, resource, signal)) {
      for (const report of items) digests.add(report);
      yield* own(client, resource, items);
    }
}

async function* own(client: ReportReader, resource: ApiResource, reports: readonly KubeObject[]): AsyncGenerator<OwnReport> {
  for (const report of reports) {
    if (ownershipOf(report) === 'foreign' || !isAtExpectedLocation(SOURCE, report)) continue;
    if (isBootstrapReport(report)) {
      for (const [key, entry] of entriesIn(report)) yield { resource, ...countedAs(key, entry, report.metadata.namespace) };
      continue;
    }
    const ledger = countedIn(report) ?? (await countedInResults(client, resource, report));
    yield { resource, report: withoutManagedFields(report), ledger };
  }
}

/** Converts an entry of the bootstrap report into a report of its object. */
function countedAs(key: string, entry: BootstrapEntry, namespace: string | undefined): Omit<OwnReport, 'resource'> {
  const { metadata } = reportOfEntry(key, entry, namespace);
  return { report: { metadata: { ...metadata, resourceVersion: entryVersion(entry) } }, ledger: entry.ledger };
}

async function countedInResults(client: ReportReader, resource: ApiResource, { metadata }: KubeObject): Promise<PolicyLedger> {
  try {
    return priorReport(await client.get<PolicyReport>(resource, metadata)).ledger;
  } catch (error) {
    if (isNotFound(error)) return {};
    throw error;
  }
}

function sweepCandidate({ report, resource, ledger }: OwnReport, request: SweepRequest): SweepCandidate | undefined {
  const { namespace, name, ownerReferences } = report.metadata;
  if (request.seen.has(reportKey(namespace, name)) || !request.includesNamespace(namespace)) return undefined;
  if (request.isCarriedOver?.(reportScope(report)) === true) return undefined;
  const policies = Object.keys(ledger).filter((policy) => request.policies.has(policy));
  return policies.length === 0 ? undefined : { report, resource, ledger, owner: ownerReferences?.[0], policies };
}

const placeOf = ({ report, owner }: SweepCandidate): string =>
  [owner?.apiVersion, owner?.kind, owner?.kind === 'Namespace' ? '' : report.metadata.namespace].join(' ');

const objectKey = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

interface FoundObjects {
  readonly resource: ApiResource | undefined;
  /** The requested objects that exist, by {@link objectKey}. */
  readonly byName: ReadonlyMap<string, KubeObject>;
}

/** Reads the objects of a group of reports. Returns undefined if they cannot be read. */
async function objectsOf(client: ReportReader, group: readonly SweepCandidate[], request: SweepRequest): Promise<FoundObjects | undefined> {
  const [first] = group;
  if (!first?.owner) return { resource: undefined, byName: new Map() };
  const resource = resourceOf(first.owner, request.resources);
  if (!resource) return undefined;
  try {
    return { resource, byName: await namedObjects(client, resource, group, request.signal) };
  } catch (error) {
    if (isForbidden(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

/** Reads the objects of a group of reports: a few one by one, and otherwise from a list. */
async function namedObjects(
  client: ReportReader,
  resource: ApiResource,
  group: readonly SweepCandidate[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  const requested = new Set(group.map(({ owner }) => owner?.name));
  const options = { namespace: resource.namespaced ? group[0]?.report.metadata.namespace : undefined, metadataOnly: true, signal };
  const selections =
    group.length > maxSingleReads
      ? [options]
      : [...requested].map((name) => ({ ...options, fieldSelector: `metadata.name=${name ?? ''}` }));
  const byName = new Map<string, KubeObject>();
  for (const selection of selections) {
    for await (const { items } of listPages(client, resource, selection)) {
      const found = items.filter(({ metadata }) => requested.has(metadata.name));
      for (const object of found) byName.set(objectKey(object.metadata.namespace, object.metadata.name), withoutManagedFields(object));
    }
  }
  return byName;
}

/** Returns the resource of an owner. Returns undefined if the API server does not serve it, and for Secrets, which Vigil may not read. */
function resourceOf({ apiVersion, kind }: OwnerReference, resources: readonly ApiResource[]): ApiResource | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return resources.find((known) => known.group === group && known.kind === kind && known.resource !== 'secrets');
}

/** Returns the policies in a report for which the object no longer exists or is no longer a target. */
function staleOf(
  { report, owner, policies }: SweepCandidate,
  { resource, byName }: FoundObjects,
  request: SweepRequest,
): readonly string[] {
  if (!owner || !resource) return isAboutCluster(report) ? policies.filter((policy) => !request.wholeClusterPolicies.includes(policy)) : [];
  const object = byName.get(objectKey(resource.namespaced ? report.metadata.namespace : undefined, owner.name));
  if (!object || object.metadata.uid !== owner.uid) return policies;
  const counting = request.policiesOf(resource, object);
  return policies.filter((policy) => !counting.includes(policy));
}

/** Whether a report is about the whole cluster, by its name. */
const isAboutCluster = ({ metadata }: KubeObject): boolean =>
  metadata.namespace === undefined && metadata.name.startsWith(`${SOURCE}-cluster-cluster`);
