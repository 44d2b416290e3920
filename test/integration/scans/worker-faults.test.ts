import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { discoverResources } from '../../../operator/kube/discovery.ts';
import type { AttemptInput, ScanInput } from '../../../operator/worker/scan-input.ts';
import type { DocumentKind } from '../../../operator/kube/documents/document-kind.ts';
import { documentFiles } from '../../../operator/kube/documents/mounted-document.ts';
import { acceptStream } from '../../../operator/stream/stream-reader.ts';
import type { StreamRecord } from '../../../operator/stream/stream-record.ts';
import type { ShardSummary } from '../../../operator/worker/shard-worker.ts';
import { FaultProxy, statusBody, type FaultAction, type FaultRule, type ProxiedCall } from '../../faults/fault-proxy.ts';
import { writeKubeConfig } from '../../faults/operator-process.ts';
import { kubectl, serverMinor, testClient, uniqueName } from '../cluster-access.ts';
import { INPUT, SHARDS } from '../../../operator/worker/input-documents.ts';

const count = 40;

/** The exit of a worker, and its stream if that is complete. */
interface Outcome {
  readonly code: number | null;
  readonly records: readonly StreamRecord[] | undefined;
  readonly summary: Omit<ShardSummary, 'peakMebibytes'> | undefined;
}

/** The expected result of a fault: the same stream, a failure by the exit code, or targets that the stream counts as failed. */
type End = 'same' | 'fails' | 'reported';

interface WorkerFault {
  readonly name: string;
  readonly end: End;
  readonly action?: FaultAction;
  /** The page of the list of Pods. Default: the third. */
  readonly page?: number;
  readonly times?: number;
  /** A signal to the worker when that page is requested. */
  readonly signal?: NodeJS.Signals;
}

const answers = (status: number, reason: string, message = reason): FaultAction => ({
  kind: 'answer',
  status,
  body: statusBody(status, reason, message),
});

const faults: readonly WorkerFault[] = [
  { name: 'a page is cut before the request', end: 'same', action: { kind: 'cut', when: 'before' } },
  { name: 'a page is cut after the request', end: 'same', action: { kind: 'cut', when: 'after' } },
  { name: 'the first page is cut', end: 'same', page: 0, action: { kind: 'cut', when: 'after' } },
  { name: 'the last page is cut', end: 'same', page: 5, action: { kind: 'cut', when: 'after' } },
  { name: 'a page breaks off in its middle', end: 'same', action: { kind: 'truncate' } },
  { name: 'a page ends early without an error', end: 'same', action: { kind: 'truncate', clean: true } },
  { name: 'the last page ends early without an error', end: 'same', page: 5, action: { kind: 'truncate', clean: true } },
  { name: 'a page is not answered', end: 'same', action: { kind: 'stall', when: 'before' } },
  { name: 'a page stops after its head', end: 'same', action: { kind: 'stall', when: 'after' } },
  { name: 'a page is late', end: 'same', action: { kind: 'delay', milliseconds: 1000 } },
  { name: 'a token is refused once', end: 'same', action: answers(401, 'Unauthorized') },
  { name: 'a token is refused for good', end: 'fails', action: answers(401, 'Unauthorized'), times: Infinity },
  {
    name: 'the permission to list is revoked during the list',
    end: 'reported',
    action: answers(403, 'Forbidden', 'pods is forbidden: User "w" cannot list resource "pods"'),
    times: Infinity,
  },
  {
    name: 'the resource is deleted during the list',
    end: 'reported',
    action: answers(404, 'NotFound', 'the server could not find the requested resource'),
    times: Infinity,
  },
  {
    name: 'the server is busy',
    end: 'same',
    action: { ...(answers(429, 'TooManyRequests') as Extract<FaultAction, { kind: 'answer' }>), retryAfter: 1 },
    times: 2,
  },
  { name: 'the server fails, and recovers', end: 'same', action: answers(500, 'InternalError'), times: 3 },
  { name: 'the server fails for good', end: 'fails', action: answers(500, 'InternalError'), times: Infinity },
  { name: 'the server is unavailable, and comes back', end: 'same', action: answers(503, 'ServiceUnavailable'), times: 3 },
  { name: 'no request is answered any more', end: 'fails', action: { kind: 'cut', when: 'before' }, times: Infinity },
  { name: 'a continue token expires without another one', end: 'fails', action: answers(410, 'Expired'), times: Infinity },
  { name: 'the worker receives SIGTERM', end: 'fails', signal: 'SIGTERM' },
  { name: 'the worker is killed', end: 'fails', signal: 'SIGKILL' },
];

describe('a worker with faults of its lists', function () {
  this.timeout(120_000);
  const client = testClient();
  const namespace = uniqueName('worker-faults');
  const folder = mkdtempSync(join(tmpdir(), 'vigil-worker-'));
  let proxy: FaultProxy;
  let kubeconfig: string;
  let whole: Outcome;

  const isList = ({ path, query }: ProxiedCall): boolean => path === `/api/v1/namespaces/${namespace}/pods` && query.includes('limit=7');

  before(async () => {
    await client.create(RESOURCES.namespaces, { metadata: { name: namespace } });
    kubectl(['-n', namespace, 'create', 'serviceaccount', 'worker']);
    kubectl(['create', 'clusterrole', namespace, '--verb=list', '--resource=pods']);
    kubectl(['create', 'clusterrolebinding', namespace, `--clusterrole=${namespace}`, `--serviceaccount=${namespace}:worker`]);
    const pod = (index: number): KubeObject =>
      ({
        metadata: { namespace, name: `pod-${String(index).padStart(2, '0')}` },
        spec: {
          serviceAccountName: 'worker',
          hostPID: index % 2 === 0,
          schedulerName: 'nobody',
          containers: [{ name: 'c', image: 'i:1' }],
        },
      }) as KubeObject;
    for (let index = 0; index < count; index++) await client.create(RESOURCES.pods, pod(index));
    const resources = await discoverResources(client);
    const input: ScanInput = {
      scan: { name: 'test', uid: 'u' },
      kubernetesVersion: serverMinor(),
      systemNamespaces: ['kube-system'],
      policies: [
        { name: 'baseline', uid: 'p', generation: 1, revision: '1-a', spec: { controls: [{ name: 'host-pid' }, { name: 'host-ipc' }] } },
      ],
      resources,
      namespaces: { [namespace]: { labels: {} } },
    };
    const resource = resources.findIndex(({ group, resource: name }) => group === '' && name === 'pods');
    const shards: AttemptInput = {
      shards: [{ slices: [{ resource, namespace, targets: count, policies: { baseline: count } }], pageSize: 7 }],
    };
    keep('input', INPUT, input);
    keep('shards', SHARDS, shards);
    const config = parse(readFileSync(process.env['KUBECONFIG'] ?? '', 'utf8')) as { clusters: { cluster: Record<string, string> }[] };
    const { cluster = {} } = config.clusters[0] ?? {};
    const authority = cluster['certificate-authority-data'];
    const ca = authority === undefined ? readFileSync(cluster['certificate-authority'] ?? '') : Buffer.from(authority, 'base64');
    proxy = new FaultProxy({ server: cluster['server'] ?? '', ca });
    const token = kubectl(['-n', namespace, 'create', 'token', 'worker']).trim();
    kubeconfig = writeKubeConfig(folder, 'worker', { server: await proxy.start(), token });
    whole = await work();
    // The expected result: every object once, in pages.
    const targets = whole.records?.filter(({ type }) => type !== 'namespace');
    expect([whole.code, whole.summary?.scanned, targets?.length]).to.deep.equal([0, count, count]);
    expect(proxy.calls.filter(isList)).to.have.length(6);
  });

  after(async () => {
    await proxy.stop();
    rmSync(folder, { recursive: true, force: true });
    kubectl(['delete', '--ignore-not-found', 'clusterrolebinding,clusterrole', namespace]);
    await client.delete(RESOURCES.namespaces, { name: namespace });
  });

  function keep<T>(name: string, kind: DocumentKind<T>, document: T): void {
    mkdirSync(join(folder, 'input'), { recursive: true });
    for (const [file, bytes] of documentFiles(name, kind, document)) writeFileSync(join(folder, 'input', file), bytes);
  }

  /** Runs a worker to its end. */
  async function work(rules: (kill: (signal: NodeJS.Signals) => void) => readonly FaultRule[] = () => []): Promise<Outcome> {
    proxy.calls.length = 0;
    const env = {
      ...process.env,
      KUBECONFIG: kubeconfig,
      VIGIL_INPUT: join(folder, 'input'),
      VIGIL_REQUEST_TIMEOUT: '3',
      JOB_COMPLETION_INDEX: '0',
    };
    const child = spawn(process.execPath, ['operator/main.ts', 'worker'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    proxy.arm(...rules((signal) => child.kill(signal)));
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    const stream = await acceptStream<ShardSummary>(
      (async function* () {
        await Promise.resolve();
        yield* text.split('\n');
      })(),
    ).catch(() => undefined);
    if (!stream) return { code, records: undefined, summary: undefined };
    const { peakMebibytes: _peak, ...summary } = stream.trailer.body;
    return { code, records: [...stream.records()] as StreamRecord[], summary };
  }

  const ends: Readonly<Record<End, (outcome: Outcome) => void>> = {
    same: (outcome) => expect(outcome).to.deep.equal(whole),
    fails: ({ code, records }) => {
      expect(code).not.to.equal(0);
      expect(records).to.equal(undefined);
    },
    reported: ({ code, records = [], summary }) => {
      expect([code, (summary?.scanned ?? 0) + (summary?.failed ?? 0), summary?.unread]).to.deep.equal([
        0,
        count,
        { baseline: summary?.failed },
      ]);
      expect(summary?.failed).to.equal(count - 14);
      expect(records.filter(({ type }) => type === 'unreadable')).to.have.length(1);
    },
  };

  for (const { name, end, action, page = 2, times = 1, signal } of faults) {
    it(`${name}: ${{ same: 'the stream is the same', fails: 'it fails by its exit code', reported: 'the stream counts what is missing' }[end]}`, async () => {
      const outcome = await work((kill) => {
        const taken: FaultAction = action ?? { kind: 'run', when: 'before', work: () => kill(signal ?? 'SIGKILL') };
        return [{ name, match: isList, skip: page, times, action: taken }];
      });
      expect(proxy.taken, 'the fault happened').to.be.greaterThan(0);
      ends[end](outcome);
    });
  }

  it('continues at the same position when a continue token expires and the server returns another one', async () => {
    let token = '';
    const outcome = await work(() => [
      {
        name: 'forgotten',
        match: (call) => {
          if (!isList(call) || !call.query.includes('continue=')) return false;
          token ||= decodeURIComponent(/continue=([^&]*)/.exec(call.query)?.[1] ?? '');
          return true;
        },
        action: {
          kind: 'answer',
          status: 410,
          body: {
            ...statusBody(410, 'Expired', 'the provided continue parameter is too old'),
            get metadata() {
              return { continue: token };
            },
          },
        },
      },
    ]);
    ends.same(outcome);
    expect(proxy.taken).to.equal(1);
  });
});
