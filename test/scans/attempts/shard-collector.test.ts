import { expect } from 'chai';
import { catalogueVersion } from '../../../operator/engine/evaluation-revision.ts';
import { emptySeverities } from '../../../operator/findings/tally.ts';
import type { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import type { ReportPublisher, DesiredReport } from '../../../operator/reports/publishing/report-publisher.ts';
import { ShardCollector, type CollectedShard, type CollectedScan } from '../../../operator/scans/attempts/shard-collector.ts';
import type { StreamRecord } from '../../../operator/stream/stream-record.ts';
import { StreamWriter } from '../../../operator/stream/stream-writer.ts';

const policy = { name: 'p', uid: 'p', generation: 1, revision: '1-a', listPasses: false, ownerLabels: [], excludedNamespaces: 0 };
const scan: CollectedScan = {
  id: 's',
  seconds: 1,
  policies: [policy],
  catalogue: catalogueVersion,
  isAlive: () => true,
  evaluatedSince: () => undefined,
  onReport: () => undefined,
  signal: new AbortController().signal,
};
const target = (kind: string, name: string, namespace?: string): StreamRecord => ({
  type: 'target',
  target: { apiVersion: 'v1', kind, name, ...(namespace === undefined ? {} : { namespace }) },
  passes: { p: 1 },
  results: [],
});
const namespace = (name: string): StreamRecord => ({ type: 'namespace', namespace: name, scanned: 1, policies: {}, reads: [] });

/** Collects a worker's records, with a server that refuses some reports. */
async function collect(
  records: readonly StreamRecord[],
  isRefused: (desired: DesiredReport) => boolean = () => false,
  onCall: (reports: number) => void = () => undefined,
): Promise<CollectedShard> {
  const written: string[] = [];
  const writer = new StreamWriter((line) => void written.push(`${line}\n`));
  for (const record of records) writer.record(record);
  const summary = { shard: 0, catalogue: catalogueVersion, scanned: 3, failed: 0, policies: {}, unread: {}, peakMebibytes: 1, rest: [] };
  writer.end(summary);
  const client = { stream: () => Promise.resolve(written.map((line) => Buffer.from(line)).values()) } as unknown as KubeClient;
  const publisher = {
    publish: (reports: readonly DesiredReport[]) => {
      onCall(reports.length);
      return Promise.resolve({
        new: emptySeverities(),
        fixed: emptySeverities(),
        versions: new Map<string, string>(),
        refused: reports.filter(isRefused).map((desired) => ({ desired, message: 'too large' })),
      });
    },
  } as unknown as ReportPublisher;
  const collected = await new ShardCollector(client, publisher).collect(
    { metadata: { namespace: 'vigil-system', name: 'w', uid: 'w' } },
    scan,
  );
  if ('class' in collected) throw new Error(collected.message);
  return collected;
}

describe('a collected shard', () => {
  const records = [
    target('Namespace', 'blue'),
    namespace(''),
    target('Pod', 'a', 'blue'),
    namespace('blue'),
    target('Pod', 'b', 'green'),
    namespace('green'),
  ];
  const namesOf = ({ namespaces }: CollectedShard): string[] => namespaces.map(({ namespace: name }) => name);

  it('has the results of each namespace', async () => {
    expect(namesOf(await collect(records))).to.deep.equal(['', 'blue', 'green']);
  });

  it('has no results of a namespace when one of its reports was refused', async () => {
    const collected = await collect(records, ({ target: { name } }) => name === 'a');
    expect([namesOf(collected), collected.failed]).to.deep.equal([['', 'green'], 1]);
  });

  it('counts a Namespace as cluster-scoped, although its report is in the namespace', async () => {
    expect(namesOf(await collect(records, ({ target: { kind } }) => kind === 'Namespace'))).to.deep.equal(['blue', 'green']);
  });

  const pods = (count: number, home: string): StreamRecord[] =>
    Array.from({ length: count }, (_, index) => target('Pod', `p${index}`, home));
  for (const [what, of, calls] of [
    ['at once, up to 300', pods(300, 'blue'), [300]],
    ['in several calls beyond 300', pods(650, 'blue'), [300, 300, 50]],
    ['at once for small namespaces', [...pods(50, 'blue'), ...pods(49, 'green'), ...pods(30, 'red')], [129]],
    ['in calls that end with a namespace, from 100', [...pods(60, 'blue'), ...pods(60, 'green'), ...pods(30, 'red')], [120, 30]],
    ['in no call that divides a namespace below 300', [...pods(99, 'blue'), ...pods(150, 'green')], [249]],
  ] as const)
    it(`is written ${what}`, async () => {
      const seen: number[] = [];
      await collect(of, undefined, (reports) => void seen.push(reports));
      expect(seen).to.deep.equal(calls);
    });
});
