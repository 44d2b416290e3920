import { RESOURCES } from '../../operator/api/api-resource.ts';
import { ANNOTATIONS } from '../../operator/api/group.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { KubeClient } from '../../operator/kube/client/kube-client.ts';
import { listAll } from '../../operator/kube/list.ts';
import type { ProxiedCall } from './fault-proxy.ts';

/** The result of a scan, without values that differ between runs: times, uids, resource versions, names of Jobs. */
export interface EndState {
  /** By namespace and name. */
  readonly reports: Readonly<Record<string, unknown>>;
  readonly scan: unknown;
  readonly policy: unknown;
}

const ownLabel = 'app.kubernetes.io/managed-by=vigil';

/** Reads the end state of one Scan and its policy. */
export async function endState(client: KubeClient, { scan, policy }: { scan: string; policy: string }): Promise<EndState> {
  const lists = [RESOURCES.reports, RESOURCES.clusterReports].map((resource) =>
    listAll<PolicyReport>(client, resource, { labelSelector: ownLabel }),
  );
  const reports = (await Promise.all(lists)).flat();
  return {
    reports: Object.fromEntries(
      reports
        .map((report) => [`${report.metadata.namespace ?? '-'}/${report.metadata.name}`, reportContent(report)] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
    scan: scanContent(await client.get<Scan>(RESOURCES.scans, { name: scan })),
    policy: policyContent(await client.get<SecurityPolicy>(RESOURCES.policies, { name: policy })),
  };
}

/** The content of a report, without its policy. */
export function reportContent({ metadata, results = [], summary, scope, ...rest }: PolicyReport): unknown {
  const { labels, ownerReferences = [], annotations } = metadata;
  return {
    labels,
    // Each run has a new policy; the scanned objects are the same.
    owners: ownerReferences.map(({ kind, name, uid }) => [kind, name, ...(kind === 'SecurityPolicy' ? [] : [uid])].join(' ')),
    policies: annotations?.[ANNOTATIONS.policies],
    scope: scope?.kind === 'SecurityPolicy' ? { ...scope, uid: '' } : scope,
    summary,
    results: results.map(({ timestamp: _timestamp, properties: { resultID: _id, ...properties } = {}, ...result }) => ({
      ...result,
      properties,
    })),
    // An id depends on the object and on when the finding first appeared. Only its uniqueness is compared.
    ids: new Set(results.map(({ properties }) => properties?.['resultID'] ?? '')).size,
    kind: rest.kind,
  };
}

function scanContent({ status }: Scan): unknown {
  const { phase, summary, failing, coverage, conditions = [], shards, new: found, fixed } = status ?? {};
  return { phase, summary, failing, coverage, new: found, fixed, shards, conditions: conditions.map(conditionContent) };
}

const conditionContent = ({ type, status, reason, message }: { type: string; status: string; reason: string; message: string }): string =>
  [type, status, reason, withoutFigures(message)].join(' ').trim();

/** A retried shard may be divided: only that all shards were scanned is compared. */
const withoutFigures = (message: string): string =>
  message.replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME').replace(/shards scanned: (\d+)\/\1/, 'shards scanned: all');

function policyContent({ status }: SecurityPolicy): unknown {
  const { conditions = [], summary, failing, coverage, frameworks = [], evaluatedGeneration } = status ?? {};
  return {
    conditions: conditions.map(conditionContent),
    summary,
    failing,
    coverage,
    frameworks: frameworks.map(({ lastEvaluatedTime: _time, ...framework }) => framework),
    evaluatedGeneration,
  };
}

/** The names of the Jobs and ConfigMaps of scans that still exist. */
export async function leftOvers(client: KubeClient, namespace: string): Promise<string[]> {
  const lists = [RESOURCES.jobs, RESOURCES.configMaps].map((resource) =>
    listAll<KubeObject>(client, resource, { namespace, labelSelector: 'vigil.dev/scan', metadataOnly: true }),
  );
  return (await Promise.all(lists)).flat().map(({ metadata }) => metadata.name);
}

const isReportWrite = ({ method, path, forwarded, status }: ProxiedCall): boolean =>
  method !== 'GET' && method !== 'DELETE' && forwarded && status < 300 && /\/(cluster)?policyreports(\/|$)/.test(path);

/** The paths of reports that were written several times with different contents. Empty if one scan wrote each report once. */
export function reportsWrittenTwice(calls: readonly ProxiedCall[]): string[] {
  const contents = new Map<string, Set<string>>();
  for (const { method, path, body } of calls.filter(isReportWrite)) {
    const report = JSON.parse(body) as PolicyReport;
    const written = method === 'POST' ? `${path}/${report.metadata.name}` : path;
    const known = contents.get(written) ?? new Set();
    contents.set(written, known.add(JSON.stringify(reportContent(report))));
  }
  return [...contents].filter(([, distinct]) => distinct.size > 1).map(([path]) => path);
}

/** Whether a call is a write of a scan, not of the lease or an Event. */
export const isScanWrite = ({ method, path }: ProxiedCall): boolean => method !== 'GET' && !/\/(leases|events)(\/|$)/.test(path);

/** The differences between two documents, one line each: `path: wanted, not found`. */
export function differences(wanted: unknown, found: unknown, path = ''): string[] {
  if (!isTree(wanted) || !isTree(found))
    return wanted === found ? [] : [`${path}: ${JSON.stringify(wanted)}, not ${JSON.stringify(found)}`];
  const keys = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...keys].flatMap((key) => differences(wanted[key], found[key], `${path}/${key}`));
}

const isTree = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
