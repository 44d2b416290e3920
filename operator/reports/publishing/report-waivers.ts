import { definedEntries } from '../../api/defined-entries.ts';
import { RESOURCES, type ApiResource } from '../../api/api-resource.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import type { PolicyReport } from '../../api/kinds/policy-report.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isConflict, isInvalid, isNamespaceTerminating, isNotFound } from '../../kube/client/kube-api-error.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { isBootstrapReport } from '../building/bootstrap-report.ts';
import { withWaivers } from '../building/report-builder.ts';
import type { AppliedWaivers } from '../building/waived-results.ts';
import { FRAMEWORKS_SOURCE } from '../building/evidence.ts';
import { priorReport } from '../identity/prior-report.ts';
import { countedIn } from '../identity/report-ownership.ts';
import { concurrently } from './concurrently.ts';
import type { ReportRecords } from './report-records.ts';
import type { ReportWriter } from './report-writer.ts';

/** The number of reports in a page of a list. Reports can be large. */
const pageSize = 50;
/** The maximum number of concurrent writes. */
const writers = 8;
const conflictTries = 4;
const ownReports = `${LABELS.managedBy}=${MANAGED_BY},${LABELS.source}`;

/** What applying exceptions to reports needs. */
export interface ReportWaiving {
  readonly client: ListClient;
  readonly writer: Pick<ReportWriter, 'read' | 'write'>;
  readonly records: ReportRecords;
  /** Returns the exceptions in force. Called for each report. */
  readonly waivers: () => AppliedWaivers;
  /** Returns the labels of an object, or undefined if it does not exist. Called only if an exception selects by labels. */
  readonly labelsOf: (target: RecordTarget, signal: AbortSignal) => Promise<RecordTarget['labels']>;
  /** Called with an object whose report lists only a part of its results: it must be evaluated again. */
  readonly onIncomplete: (target: RecordTarget) => void;
}

/** The reports to apply exceptions to. */
export interface WaivingRequest {
  readonly resource: ApiResource;
  readonly namespace: string | undefined;
  readonly signal: AbortSignal;
  /** Called with each report after exceptions were applied. */
  readonly onReport: (report: PolicyReport) => void;
}

/**
 * Applies the exceptions in force to the reports of a namespace, or to those about cluster-scoped objects. Writes only reports that change. A
 * report that the API server rejects as invalid stays as it is. Throws the first other error after all reports were tried.
 */
export async function waiveReports(
  waiving: ReportWaiving,
  { resource, namespace, signal, onReport }: WaivingRequest,
): Promise<{ readonly written: number; readonly policies: ReadonlySet<string> }> {
  const policies = new Set<string>();
  const errors: unknown[] = [];
  let written = 0;
  const options = { namespace, labelSelector: ownReports, limit: pageSize, signal };
  for await (const { items } of listPages<PolicyReport>(waiving.client, resource, options)) {
    await concurrently(items.filter(hasFindings), writers, async (report) => {
      const after = await waiveReport(waiving, resource, { report, signal }).catch((error: unknown) => {
        if (!isInvalid(error)) errors.push(error);
        return report;
      });
      if (after !== report) {
        written++;
        for (const policy of Object.keys(priorReport(after).ledger)) policies.add(policy);
      }
      onReport(after);
    });
  }
  // One report that cannot be written does not keep the others from changing.
  if (errors.length > 0) throw errors[0];
  return { written, policies };
}

/** Whether a report has findings about an object. Evidence is computed from findings, and the bootstrap report has none. */
const hasFindings = (report: PolicyReport): boolean =>
  report.metadata.labels?.[LABELS.source] !== FRAMEWORKS_SOURCE && !isBootstrapReport(report) && report.scope !== undefined;

/** Applies the exceptions in force to one report. Returns the written report, or the report as it is. */
async function waiveReport(
  waiving: ReportWaiving,
  resource: ApiResource,
  { report, signal }: { readonly report: PolicyReport; readonly signal: AbortSignal },
): Promise<PolicyReport> {
  let current: PolicyReport | undefined = report;
  for (let attempt = 1; current; attempt++) {
    if (waiving.records.ownership(current) === 'foreign') return report;
    const wanted = await waivedReport(waiving, current, signal);
    if (!wanted) return current;
    try {
      await waiving.writer.write(resource, wanted, current);
      return wanted;
    } catch (error) {
      if (isNotFound(error) || isNamespaceTerminating(error)) return report;
      if (!isConflict(error) || attempt === conflictTries) throw error;
      current = await waiving.writer.read(resource, current.metadata);
    }
  }
  return report;
}

/** Returns a report with the exceptions in force, or undefined if nothing changes. */
async function waivedReport(waiving: ReportWaiving, report: PolicyReport, signal: AbortSignal): Promise<PolicyReport | undefined> {
  const applied = waiving.waivers();
  const target = await targetOf(waiving, report, { applied, signal });
  const wanted = withWaivers(report, target, applied);
  const incomplete = Object.values(priorReport(report).ledger).filter(({ omitted = 0 }) => omitted > 0);
  const mayCover = (): boolean => applied.set.waivers.some((waiver) => waiver.coversTarget(target, () => ({})) !== undefined);
  const concerns = wanted !== undefined || incomplete.some(({ exceptions }) => exceptions !== undefined) || mayCover();
  if (incomplete.length > 0 && concerns) waiving.onIncomplete(target);
  return wanted;
}

/** Returns the object of a report. */
async function targetOf(
  { labelsOf }: Pick<ReportWaiving, 'labelsOf'>,
  report: PolicyReport,
  { applied, signal }: { readonly applied: AppliedWaivers; readonly signal: AbortSignal },
): Promise<RecordTarget> {
  const target = objectOf(report);
  const needsLabels = applied.set.waivers.some(
    (waiver) => waiver.selectsByLabels && (waiver.namespace === undefined || waiver.namespace === target.namespace),
  );
  const labels = needsLabels ? await labelsOf(target, signal) : undefined;
  return labels ? { ...target, labels } : target;
}

/** Returns the object of a report without its labels. The scope of a report about a Namespace has that Namespace as its namespace. */
function objectOf({ scope = {}, metadata }: PolicyReport): RecordTarget {
  const { apiVersion = '', kind = '', name = '', namespace, uid } = scope;
  const isNamespace = kind === 'Namespace' && apiVersion === 'v1';
  const optional = { namespace: isNamespace ? undefined : namespace, uid, inline: metadata.annotations?.[ANNOTATIONS.except] };
  return { apiVersion, kind, name, ...definedEntries(optional) };
}

const hasExceptions = (report: KubeObject): boolean =>
  Object.values(countedIn(report) ?? {}).some(({ exceptions }) => exceptions !== undefined);

/** Yields the namespace of each report with an exception. Undefined for a report about a cluster-scoped object. Reads only metadata. */
export async function* reportsWithExceptions(client: ListClient, signal: AbortSignal): AsyncGenerator<string | undefined> {
  for (const resource of [RESOURCES.reports, RESOURCES.clusterReports]) {
    const pages = listPages<KubeObject>(client, resource, { labelSelector: ownReports, metadataOnly: true, signal });
    for await (const { items } of pages) yield* items.filter(hasExceptions).map(({ metadata }) => metadata.namespace);
  }
}
