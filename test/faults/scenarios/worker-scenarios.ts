import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scan } from '../../../operator/api/kinds/scan.ts';
import { eventually, home } from '../../e2e/installation.ts';
import { kubectl } from '../../integration/cluster-access.ts';
import { statusBody } from '../fault-proxy.ts';
import { freezeWorker, toWorker } from '../worker-process.ts';
import { callsOf } from './call-kinds.ts';
import { at, inHome, type Scenario } from './scenario.ts';

/**
 * Checks that every target failed for this reason, that the counts add up, and that nothing was written about targets that were not
 * evaluated.
 */
export function failsAs(reason: string, message: RegExp): NonNullable<Scenario['expect']> {
  return ({ scan, reports }, _run, wanted) => {
    const { phase, coverage, shards } = scan as NonNullable<Scan['status']>;
    const { inScope } = (wanted.scan as NonNullable<Scan['status']>).coverage ?? {};
    expect({ phase, ...coverage }).to.deep.include({ phase: 'Failed', inScope, scanned: 0, failed: inScope, skipped: 0 });
    expect(shards?.map((shard) => shard.reason)).to.include(reason);
    expect(shards?.map((shard) => shard.message).join('\n')).to.match(message);
    expect(Object.keys(reports).filter((name) => !name.startsWith('-/'))).to.deep.equal([]);
  };
}

/** Faults of workers and their pods. */
export const workerScenarios: readonly Scenario[] = [
  { name: 'a worker is killed', kind: 'worker', quick: true, ...toWorker(({ pid }) => void process.kill(pid, 'SIGKILL')) },
  {
    name: 'a worker receives SIGABRT',
    kind: 'worker',
    ...toWorker(({ pid }) => void (process.kill(pid, 'SIGABRT'), process.kill(pid, 'SIGCONT'))),
  },
  {
    name: 'a worker receives SIGHUP',
    kind: 'worker',
    ...toWorker(({ pid }) => void (process.kill(pid, 'SIGHUP'), process.kill(pid, 'SIGCONT'))),
  },
  { name: 'a worker is slow', kind: 'worker', ...toWorker(async ({ pid }) => sleep(8000).then(() => void process.kill(pid, 'SIGCONT'))) },
  {
    name: 'a running pod is deleted',
    kind: 'pod',
    quick: true,
    ...toWorker(({ pod }) => void inHome('delete', 'pod', pod, '--wait=false')),
  },
  {
    name: 'a running pod is evicted',
    kind: 'pod',
    ...toWorker(async ({ pod }, { lab }) => {
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: home } };
      await lab.client.call({ method: 'POST', path: `/api/v1/namespaces/${home}/pods/${pod}/eviction`, body: eviction });
    }),
  },
  {
    name: 'a finished pod is deleted before its log is read',
    kind: 'pod',
    rules: () => [at('log read', () => void inHome('delete', 'pods', '-l', 'vigil.dev/scan'))],
  },
  {
    name: 'a pod runs out of memory',
    kind: 'pod',
    template: { job: { resources: { limits: { memory: '30Mi' }, requests: { memory: '10Mi' } } } },
  },
  {
    // A worker mounts nothing writable. The kubelet's own files for the pod count against this limit.
    name: 'a pod exceeds its ephemeral storage limit',
    kind: 'pod',
    template: { job: { resources: { limits: { memory: '256Mi', 'ephemeral-storage': '1' } } } },
    seconds: 150,
    act: async () => {
      const { pod } = await freezeWorker();
      const phase = ['get', 'pod', pod, '--ignore-not-found', '-o', 'jsonpath={.status.reason}'];
      await eventually('the pod is evicted', () => (inHome(...phase) === 'Evicted' ? true : undefined));
    },
  },
  {
    name: 'a pod passes its deadline',
    kind: 'pod',
    template: { activeDeadlineSeconds: 30 },
    seconds: 150,
    ...toWorker(() => undefined),
  },
  {
    name: 'pods cannot be scheduled for some time',
    kind: 'pod',
    template: { job: { nodeSelector: { flt: 'yes' } } },
    act: async ({ lab, scan }) => {
      await lab.conditionMatches(scan, /Unschedulable/);
      kubectl(['label', 'nodes', '--all', 'flt=yes', '--overwrite']);
    },
    undo: () => void kubectl(['label', 'nodes', '--all', 'flt-']),
  },
  {
    name: 'pods cannot be scheduled until the deadline',
    kind: 'pod',
    template: { activeDeadlineSeconds: 30, job: { nodeSelector: { flt: 'no' } } },
    seconds: 120,
    act: ({ lab, scan }) => lab.conditionMatches(scan, /^Unschedulable: .*node/),
    expect: failsAs('Unschedulable', /node/),
  },
  {
    name: 'the image cannot be pulled',
    kind: 'pod',
    flags: ['--worker-image', '127.0.0.1:5000/there-is-none:1'],
    seconds: 200,
    expect: failsAs('PullError', /there-is-none/),
  },
  {
    name: 'a log cannot be read for longer than the time limit',
    kind: 'pod',
    seconds: 200,
    rules: () => {
      let first = '';
      return [
        {
          name: 'node down',
          times: Infinity,
          match: (call) => {
            if (!callsOf('log read')(call)) return false;
            first ||= call.path;
            return call.path === first;
          },
          action: {
            kind: 'answer',
            status: 500,
            body: statusBody(500, 'InternalError', 'dial tcp 10.0.0.2:10250: connect: no route to host'),
          },
        },
      ];
    },
  },
];
