import { randomUUID } from 'node:crypto';
import { apiVersionOf, RESOURCES, type ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { ChangeBatch } from './pending-changes.ts';
import { bareNamespace, type NamespaceFacts, type PolicySet } from '../engine/policy-set.ts';
import { listAll, type ListClient } from '../kube/list.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';
import { reportKey, SOURCE } from '../reports/identity/report-name.ts';
import { evaluatedSince } from '../reports/publishing/evaluated-since.ts';
import type { ReportingPolicy } from '../worker/policy-snapshot.ts';
import type { ScanInput } from '../worker/scan-input.ts';
import { indexOfResource, WHOLE_CLUSTER, type Slice } from '../worker/shard.ts';
import type { RecordSink } from '../stream/stream-writer.ts';
import type { StreamRecord, TargetRecord } from '../stream/stream-record.ts';
import { ShardWorker } from '../worker/shard-worker.ts';
import { shortHash } from '../api/short-hash.ts';
import { desiredReports } from '../reports/publishing/evaluation-results.ts';

/** The compiled policies and the input by which changed objects are evaluated. */
export interface ChangeEvaluator {
  readonly set: PolicySet;
  readonly input: Omit<ScanInput, 'namespaces' | 'scan'>;
  readonly policies: readonly ReportingPolicy[];
  /** Group versions that are registered and whose server does not respond: their objects are not proved absent. Default: none. */
  readonly unavailable?: readonly string[];
}

/** The result of evaluating a batch. */
export interface ChangeResult {
  readonly evaluated: number;
  /** The number of written reports and of reports from which results of policies were withdrawn. */
  readonly written: number;
  /** Resources that could not be read, with the reason. */
  readonly unreadable: readonly string[];
}

/** Objects per page. The operator has less memory to spare than a worker. */
const pageSize = 100;

/** Keeps the records in memory. */
class RecordList implements RecordSink {
  readonly bytes = 0;
  readonly records: StreamRecord[] = [];

  record(value: unknown): void {
    this.records.push(value as StreamRecord);
  }

  end(): void {
    // The summary record is only used for shards.
  }
}

/** Evaluates the targets of a batch and updates their reports. The results of deleted or out-of-scope targets are withdrawn. */
export async function evaluateChanges(
  {
    client,
    publisher,
    policies: known,
  }: {
    readonly client: ListClient;
    readonly publisher: ReportPublisher;
    readonly policies: { readonly get: (name: string) => SecurityPolicy | undefined };
  },
  { set, input, policies, unavailable = [] }: ChangeEvaluator,
  { batch, now, signal }: { readonly batch: ChangeBatch; readonly now: number; readonly signal: AbortSignal },
): Promise<ChangeResult> {
  const names = policies.map(({ name }) => name);
  const facts = await namespacesOf(client, batch, signal);
  const sink = new RecordList();
  const namespaces = Object.fromEntries(facts.map(({ name, labels }) => [name, { labels }]));
  const shard = { slices: slicesOf(batch, input.resources), pageSize };
  const work = { client, input: { ...input, scan: { name: '', uid: '' }, namespaces }, shard, index: 0, set };
  await new ShardWorker({ ...work, clock: () => now, writer: sink, streamBytes: Number.POSITIVE_INFINITY, signal }).run();
  const context = {
    id: shortHash(randomUUID(), 10),
    seconds: Math.floor(now / 1000),
    policies,
    isAlive: () => true,
    evaluatedSince: (policy: ReportingPolicy) => evaluatedSince(known.get(policy.name), policy),
  };
  const records = sink.records.filter((record) => record.type === 'target');
  const desired = records.flatMap((record) =>
    desiredReports(record, context).map((report) => ({ ...report, withdrawn: names.filter((name) => record.passes[name] === undefined) })),
  );
  const { written } = await publisher.publish(desired);
  const unread = sink.records.filter((record) => record.type === 'unreadable');
  let withdrawn = 0;
  for (const gone of missing(answering(batch, unavailable), records, new Set(unread.map(({ resource }) => kindName(resource))))) {
    if (await publisher.withdrawFrom({ source: SOURCE, target: gone }, names)) withdrawn++;
  }
  return {
    evaluated: records.length,
    written: written + withdrawn,
    unreadable: unread.map(({ resource, message }) => `${resource.resource}: ${message}`),
  };
}

const kindName = ({ group, kind }: Pick<ApiResource, 'group' | 'kind'>): string => `${group}/${kind}`;

/** The slices to read for a batch. A kind that is not served any more has no objects: their results are withdrawn. */
export function slicesOf({ namespace, targets, wholeCluster: whole }: ChangeBatch, resources: readonly ApiResource[]): Slice[] {
  const place = namespace === '' ? {} : { namespace };
  const slices = [...targets].flatMap(([kind, names]): Slice[] => {
    const resource = indexOfResource(resources, kind);
    if (resource === undefined) return [];
    return [{ resource, ...place, names: [...names].toSorted(), targets: names.size, policies: {} }];
  });
  return whole ? [...slices, { resource: WHOLE_CLUSTER, targets: 1, policies: {} }] : slices;
}

/** The namespaces of the batch's targets, and the Namespaces among the targets. Terminating namespaces are left out, with their objects. */
async function namespacesOf(client: ListClient, { namespace, targets }: ChangeBatch, signal: AbortSignal): Promise<NamespaceFacts[]> {
  const own = [...targets].find(([{ group, kind }]) => group === '' && kind === 'Namespace')?.[1] ?? new Set<string>();
  const wanted = namespace === '' ? [...own] : [namespace];
  const found: NamespaceFacts[] = [];
  for (const name of wanted) {
    const options = { fieldSelector: `metadata.name=${name}`, metadataOnly: true, signal };
    for (const { metadata } of await listAll<KubeObject>(client, RESOURCES.namespaces, options)) {
      if (metadata.deletionTimestamp === undefined) found.push({ name, labels: { ...bareNamespace(name).labels, ...metadata.labels } });
    }
  }
  return found;
}

/** The batch without the kinds of API groups whose server does not respond. */
const answering = ({ targets, ...batch }: ChangeBatch, unavailable: readonly string[]): ChangeBatch => ({
  ...batch,
  targets: new Map([...targets].filter(([{ group }]) => !unavailable.some((version) => version.startsWith(`${group}/`)))),
});

/** The requested targets without a record: deleted, or in no policy's scope. */
function missing(
  { namespace, targets }: ChangeBatch,
  records: readonly TargetRecord[],
  unread: ReadonlySet<string>,
): readonly TargetRecord['target'][] {
  const key = (kind: string, place: string | undefined, name: string): string => [kind, reportKey(place, name)].join('/');
  const evaluated = new Set(records.map(({ target }) => key(target.kind, target.namespace, target.name)));
  const place = namespace === '' ? {} : { namespace };
  return [...targets].flatMap(([resource, names]) => {
    if (unread.has(kindName(resource))) return [];
    return [...names]
      .filter((name) => !evaluated.has(key(resource.kind, place.namespace, name)))
      .map((name) => ({ apiVersion: apiVersionOf(resource), kind: resource.kind, name, ...place }));
  });
}
