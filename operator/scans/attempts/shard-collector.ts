import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { reportKey, reportName } from '../../reports/identity/report-name.ts';
import { desiredReports, type EvaluationResults } from '../../reports/publishing/evaluation-results.ts';
import type { JobFailure } from '../../jobs/job-failure.ts';
import { LogReader } from '../../jobs/job-log.ts';
import { WORKER_CONTAINER } from './scan-job.ts';
import type { Collected, LedgerPolicy, Uncovered } from '../ledger/ledger.ts';
import { CLUSTER_SCOPE } from '../../findings/namespace-marks.ts';
import { addSeverities, emptySeverities } from '../../findings/tally.ts';
import type { AcceptedStream } from '../../stream/stream-reader.ts';
import type { NamespaceRecord, StreamRecord, UnreadableRecord } from '../../stream/stream-record.ts';
import type { ShardSummary } from '../../worker/shard-worker.ts';
import type { ReportPublisher, DesiredReport } from '../../reports/publishing/report-publisher.ts';
import { reportLocation } from '../../reports/building/report-location.ts';

/** A scan whose results are collected. */
export interface CollectedScan extends EvaluationResults<LedgerPolicy> {
  /** The catalogue version of the plan. Results of another version are refused. */
  readonly catalogue: string;
  /** Called for each report that contains the scan's results, with the resourceVersion of the report. */
  readonly onReport: (key: string, resourceVersion: string) => void;
  readonly signal: AbortSignal;
}

/** A collected shard, and the results of each namespace whose results are all in reports. */
export interface CollectedShard extends Collected {
  readonly namespaces: readonly NamespaceRecord[];
}

/** The most reports that are written by one call. */
const batchSize = 300;
/** A call with this many reports may end at the end of a namespace: a namespace that is split over two calls is read twice. */
const enough = 100;

/** Writes the results of a finished worker from its log to reports, all of them or none. */
export class ShardCollector {
  readonly #logs: LogReader;
  readonly #publisher: ReportPublisher;
  /** Resolves when the current shard is written. Two shards at a time would need twice the memory. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(client: Pick<KubeClient, 'stream'>, publisher: ReportPublisher) {
    this.#logs = new LogReader(client);
    this.#publisher = publisher;
  }

  /**
   * Reads and verifies the pod's log and writes the reports. A problem of the log is returned as a failure of the attempt. Every other
   * error is thrown, and the call can be repeated: see {@link LogReader.read}.
   */
  async collect(pod: KubeObject, scan: CollectedScan): Promise<CollectedShard | JobFailure> {
    const stream = await this.#logs.read<ShardSummary>(pod, { container: WORKER_CONTAINER, signal: scan.signal });
    if ('class' in stream) return stream;
    const { catalogue } = stream.trailer.body;
    if (catalogue !== scan.catalogue)
      return {
        class: 'OtherVersion',
        message: 'the worker evaluated other controls than the operator: their versions of Vigil differ',
      };
    const written = this.#turn.then(() => this.#write(stream, scan));
    this.#turn = written.catch(() => undefined);
    return written;
  }

  /** Writes the reports about a shard's targets, in batches. */
  async #write(stream: AcceptedStream<ShardSummary>, scan: CollectedScan): Promise<CollectedShard> {
    const { scanned, failed, unread, policies, rest, peakMebibytes } = stream.trailer.body;
    const total = { new: emptySeverities(), fixed: emptySeverities() };
    const uncovered = new Map<string, Uncovered>();
    const miss = (message: string, policies: readonly string[]): unknown => uncovered.set(message, { message, policies });
    const namespaces = new Map<string, NamespaceRecord>();
    const unwritten = new Set<string>();
    let refused = 0;
    const flush = async (batch: DesiredReport[]): Promise<void> => {
      const reports = batch.splice(0);
      const published = await this.#publisher.publish(reports);
      for (const { source, target } of reports) {
        const key = reportKey(reportLocation(target).namespace, reportName(source, target));
        scan.onReport(key, published.versions.get(key) ?? '');
      }
      total.new = addSeverities(total.new, published.new);
      total.fixed = addSeverities(total.fixed, published.fixed);
      refused += published.refused.length;
      for (const { desired: report, message } of published.refused) {
        const policies = report.policies.map(({ name }) => name);
        unwritten.add(report.target.namespace ?? CLUSTER_SCOPE);
        miss(`the report about ${describe(report)} was refused: ${message}`, policies);
      }
    };
    const batch: DesiredReport[] = [];
    for (const record of stream.records() as Iterable<StreamRecord>) {
      if (record.type === 'unreadable') {
        miss(unreadableText(record), record.policies);
        continue;
      }
      if (record.type === 'namespace') {
        namespaces.set(record.namespace, record);
        continue;
      }
      const namespaceEnds = batch.at(-1)?.target.namespace !== record.target.namespace;
      if (batch.length >= batchSize || (namespaceEnds && batch.length >= enough)) await flush(batch);
      batch.push(...desiredReports(record, scan));
    }
    await flush(batch);
    return {
      scanned: scanned - refused,
      failed: failed + refused,
      unread,
      policies,
      rest,
      uncovered: [...uncovered.values()],
      peakMebibytes,
      namespaces: [...namespaces.values()].filter(({ namespace }) => !unwritten.has(namespace)),
      ...total,
    };
  }
}

function describe({ target: { kind, namespace, name } }: DesiredReport): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

function unreadableText({ resource, namespace, message }: UnreadableRecord): string {
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `${nameOf(resource)}${where} could not be read: ${message}`;
}

const nameOf = ({ group, resource }: Pick<ApiResource, 'group' | 'resource'>): string => (group === '' ? resource : `${resource}.${group}`);
