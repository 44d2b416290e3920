import { RESOURCES, type ApiResource } from '../../api/api-resource.ts';
import type { KubeObject, OwnerReference } from '../../api/metadata.ts';
import type { PolicyReport } from '../../api/policy-report.ts';
import { isForbidden, isNotFound } from '../../kube/kube-api-error.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { listPages } from '../../kube/list.ts';
import { withoutManagedFields } from '../../kube/watch/reflector.ts';
import { reportKey, SOURCE, reportSelector } from '../identity/report-name.ts';
import type { PolicyLedger } from '../identity/policy-ledger.ts';
import { entriesIn, entryVersion, isBootstrapReport, reportOfEntry, type BootstrapEntry } from '../building/bootstrap-report.ts';
import { priorReport } from '../identity/prior-report.ts';
import { countedIn, ownershipOf } from '../identity/report-ownership.ts';
import { NamespaceReportDigests } from '../identity/namespace-report-digests.ts';
import { isAtExpectedLocation } from '../building/report-location.ts';
import { reportScope } from '../identity/report-scope.ts';
import { addTotals, noTotals, type PolicyTotals } from '../../findings/policy-totals.ts';
import type { ReportPublisher } from '../publishing/report-publisher.ts';
import type { ReportTracker } from './report-tracker.ts';

/** What is swept by. */
export interface SweepRequest {
  /** The policies of the scan: only what is said of them is looked at. */
  readonly policies: ReadonlySet<string>;
  /** What the server serves. */
  readonly resources: readonly ApiResource[];
  /** The policies of the scan that count an object as a target. */
  readonly policiesOf: (resource: ApiResource, object: KubeObject) => readonly string[];
  readonly wholeClusterPolicies: readonly string[];
  /** Whether the scan looked at a namespace; undefined: outside of all. */
  readonly includesNamespace: (namespace: string | undefined) => boolean;
  /** Reports that the scan has just made sure of; told of each report that is there. */
  readonly seen: ReportTracker;
  /** Whether verdicts about a namespace's targets hold from an earlier scan, so that nothing of them is absent; empty: outside of all. Default: none. */
  readonly isCarriedOver?: (namespace: string) => boolean;
  readonly signal: AbortSignal;
}

/** What the reports about configuration say, by their metadata. */
export interface ReadReports {
  /** By policy, whether it took part in the scan or not. */
  readonly totals: ReadonlyMap<string, PolicyTotals>;
  /** The reports as they were found, before any was removed. */
  readonly digests: NamespaceReportDigests;
}

/** What sweeping found and did. */
export interface SweepResult extends ReadReports {
  /** Reports that were removed or lost what was said of a policy. */
  readonly changed: number;
}

/** A report that says something of a policy which the scan did not say again. */
interface Suspect {
  readonly report: KubeObject;
  readonly home: ApiResource;
  readonly ledger: PolicyLedger;
  readonly owner: OwnerReference | undefined;
  readonly policies: readonly string[];
}

/** Suspects that are held at a time. */
const mostSuspects = 500;

/** Looking at so many objects of one list one by one costs more than the list. */
const fewObjects = 20;

/**
 * Removes what reports say of objects that are gone or not in scope any more, and adds up what stays. What could not be asked
 * about stays as it is: only what was proved absent goes.
 */
export async function sweepReports(client: KubeClient, publisher: ReportPublisher, request: SweepRequest): Promise<SweepResult> {
  const totals = new Map<string, PolicyTotals>();
  const marks = new NamespaceReportDigests();
  let changed = 0;
  const settle = async (suspects: readonly Suspect[]): Promise<void> => {
    for (const group of Map.groupBy(suspects, placeOf).values()) {
      for (const { suspect, policies } of await staleIn(client, group, request)) {
        await publisher.withdraw(suspect.home, suspect.report.metadata, policies);
        for (const policy of policies) addTotals(totals, policy, suspect.ledger[policy] ?? noTotals, -1);
        changed++;
      }
    }
  };
  const suspects: Suspect[] = [];
  for await (const { home, report, ledger } of ownReports(client, request.signal, marks)) {
    const { namespace, name, resourceVersion = '' } = report.metadata;
    request.seen.observe(reportKey(namespace, name), resourceVersion);
    for (const [policy, entry] of Object.entries(ledger)) addTotals(totals, policy, entry, 1);
    const suspect = suspectOf({ report, home, ledger }, request);
    if (suspect) suspects.push(suspect);
    // An operator that took a scan over has seen no report: all are suspect, and may be very many.
    if (suspects.length >= mostSuspects) await settle(suspects.splice(0));
  }
  await settle(suspects);
  return { changed, totals, digests: marks };
}

/** Reads what the reports say, and changes nothing. */
export async function readReports(client: KubeClient, signal: AbortSignal): Promise<ReadReports> {
  const totals = new Map<string, PolicyTotals>();
  const marks = new NamespaceReportDigests();
  for await (const { ledger } of ownReports(client, signal, marks))
    for (const [policy, entry] of Object.entries(ledger)) addTotals(totals, policy, entry, 1);
  return { totals, digests: marks };
}

/** Of reports about objects of one list, those that say what holds no more, and of which policies. */
async function staleIn(
  client: KubeClient,
  group: readonly Suspect[],
  request: SweepRequest,
): Promise<{ readonly suspect: Suspect; readonly policies: readonly string[] }[]> {
  const objects = await objectsOf(client, group, request);
  if (!objects) return [];
  return group.map((suspect) => ({ suspect, policies: staleOf(suspect, objects, request) })).filter(({ policies }) => policies.length > 0);
}

/** A report of Vigil's, of which metadata is known, with what it counts. */
interface OwnReport {
  readonly home: ApiResource;
  readonly report: KubeObject;
  readonly ledger: PolicyLedger;
}

/** The reports about configuration that Vigil wrote, in the places where it writes them. Of one whose metadata somebody has edited, what it counts is what its results say. */
async function* ownReports(client: KubeClient, signal: AbortSignal, marks?: NamespaceReportDigests): AsyncGenerator<OwnReport> {
  const labelSelector = reportSelector(SOURCE);
  for (const home of [RESOURCES.reports, RESOURCES.clusterReports])
    for await (const { items } of listPages(client, home, { labelSelector, metadataOnly: true, signal })) {
      for (const report of items) marks?.add(report);
      yield* own(client, home, items);
    }
}

async function* own(client: KubeClient, home: ApiResource, reports: readonly KubeObject[]): AsyncGenerator<OwnReport> {
  for (const report of reports) {
    if (ownershipOf(report) === 'foreign' || !isAtExpectedLocation(SOURCE, report)) continue;
    if (isBootstrapReport(report)) {
      for (const [key, entry] of entriesIn(report)) yield { home, ...countedAs(key, entry, report.metadata.namespace) };
      continue;
    }
    const ledger = countedIn(report) ?? (await countedInResults(client, home, report));
    yield { home, report: withoutManagedFields(report), ledger };
  }
}

/** What is counted of an object without a report of its own, as that report. */
function countedAs(key: string, entry: BootstrapEntry, namespace: string | undefined): Omit<OwnReport, 'home'> {
  const { metadata } = reportOfEntry(key, entry, namespace);
  return { report: { metadata: { ...metadata, resourceVersion: entryVersion(entry) } }, ledger: entry.ledger };
}

async function countedInResults(client: KubeClient, home: ApiResource, { metadata }: KubeObject): Promise<PolicyLedger> {
  try {
    return priorReport(await client.get<PolicyReport>(home, metadata)).ledger;
  } catch (error) {
    if (isNotFound(error)) return {};
    throw error;
  }
}

function suspectOf({ report, home, ledger }: OwnReport, request: SweepRequest): Suspect | undefined {
  const { namespace, name, ownerReferences } = report.metadata;
  if (request.seen.has(reportKey(namespace, name)) || !request.includesNamespace(namespace)) return undefined;
  if (request.isCarriedOver?.(reportScope(report)) === true) return undefined;
  const policies = Object.keys(ledger).filter((policy) => request.policies.has(policy));
  return policies.length === 0 ? undefined : { report, home, ledger, owner: ownerReferences?.[0], policies };
}

const placeOf = ({ report, owner }: Suspect): string =>
  [owner?.apiVersion, owner?.kind, owner?.kind === 'Namespace' ? '' : report.metadata.namespace].join(' ');

const identity = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

interface FoundObjects {
  readonly resource: ApiResource | undefined;
  /** Those that were asked about, by {@link identity}; what is not here is not in the cluster. */
  readonly byName: ReadonlyMap<string, KubeObject>;
}

/** The objects that a group of reports is about; undefined when they cannot be asked about. */
async function objectsOf(client: KubeClient, group: readonly Suspect[], request: SweepRequest): Promise<FoundObjects | undefined> {
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

/** Those of a resource that a group of reports is about: one by one where they are few, else out of a list. */
async function namedObjects(
  client: KubeClient,
  resource: ApiResource,
  group: readonly Suspect[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  const asked = new Set(group.map(({ owner }) => owner?.name));
  const options = { namespace: resource.namespaced ? group[0]?.report.metadata.namespace : undefined, metadataOnly: true, signal };
  const selections =
    group.length > fewObjects ? [options] : [...asked].map((name) => ({ ...options, fieldSelector: `metadata.name=${name ?? ''}` }));
  const byName = new Map<string, KubeObject>();
  for (const selection of selections) {
    for await (const { items } of listPages(client, resource, selection)) {
      const found = items.filter(({ metadata }) => asked.has(metadata.name));
      for (const object of found) byName.set(identity(object.metadata.namespace, object.metadata.name), withoutManagedFields(object));
    }
  }
  return byName;
}

/** The resource of an owner, where it is served and may be asked about. */
function resourceOf({ apiVersion, kind }: OwnerReference, resources: readonly ApiResource[]): ApiResource | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return resources.find((known) => known.group === group && known.kind === kind && known.resource !== 'secrets');
}

/** The policies whose verdicts in a report are about nothing any more. */
function staleOf({ report, owner, policies }: Suspect, { resource, byName }: FoundObjects, request: SweepRequest): readonly string[] {
  if (!owner || !resource) return isAboutCluster(report) ? policies.filter((policy) => !request.wholeClusterPolicies.includes(policy)) : [];
  const object = byName.get(identity(resource.namespaced ? report.metadata.namespace : undefined, owner.name));
  if (!object || object.metadata.uid !== owner.uid) return policies;
  const counting = request.policiesOf(resource, object);
  return policies.filter((policy) => !counting.includes(policy));
}

/** Whether a report is about the cluster as a whole: it has no owner, and a name of its own. */
const isAboutCluster = ({ metadata }: KubeObject): boolean =>
  metadata.namespace === undefined && metadata.name.startsWith(`${SOURCE}-cluster-cluster`);
