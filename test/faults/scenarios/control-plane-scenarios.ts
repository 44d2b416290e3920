import { setTimeout as sleep } from 'node:timers/promises';
import { restartPart } from '../cluster-part.ts';
import { statusBody, type FaultRule } from '../fault-proxy.ts';
import { at, type Scenario } from './scenario.ts';

const controlPlane: readonly Scenario[] = [
  {
    name: 'etcd is restarted while pods run',
    kind: 'restart',
    quick: true,
    rules: () => [at('job create', () => restartPart('etcd'), { when: 'after' })],
    seconds: 150,
  },
  {
    name: 'the API server is restarted while pods run',
    kind: 'restart',
    rules: () => [at('job create', () => restartPart('kube-apiserver'), { when: 'after' })],
    seconds: 150,
  },
  {
    name: 'the API server is restarted while reports are written',
    kind: 'restart',
    rules: () => [{ ...at('report write', () => restartPart('kube-apiserver')), skip: 3 }],
    seconds: 150,
  },
  {
    name: 'etcd is restarted while planning',
    kind: 'restart',
    rules: () => [at('document create', () => restartPart('etcd'))],
    seconds: 150,
  },
  {
    name: 'the controller-manager is restarted',
    kind: 'restart',
    rules: () => [at('job create', () => restartPart('kube-controller-manager'), { when: 'after' })],
    seconds: 150,
  },
];

const day = 86_400_000;
const jump = (by: number): Pick<Scenario, 'inProcess' | 'rules'> => ({
  inProcess: true,
  rules: (run) => [at('job create', () => void (run.clockAhead = by), { when: 'after' })],
});

const clocks: readonly Scenario[] = [
  { name: 'the clock jumps a day ahead while the Job runs', kind: 'clock', quick: true, ...jump(day) },
  { name: 'the clock jumps a day back while the Job runs', kind: 'clock', ...jump(-day) },
  { name: 'the clock is ahead by an hour', kind: 'clock', inProcess: true, prepare: (run) => void (run.clockAhead = day / 24) },
];

/** A sequence of numbers between 0 and 1 that is the same in every run. */
function row(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Rules for a share of all calls. */
function often(share: number, action: FaultRule['action'], times = 200): Pick<Scenario, 'rules' | 'seconds'> {
  return {
    seconds: 150,
    rules: () => {
      const random = row(7);
      return [{ name: 'often', times, match: () => random() < share, action }];
    },
  };
}

const networks: readonly Scenario[] = [
  { name: 'one request in ten is lost', kind: 'network', ...often(0.1, { kind: 'cut', when: 'before' }) },
  { name: 'one answer in ten is lost', kind: 'network', quick: true, ...often(0.1, { kind: 'cut', when: 'after' }) },
  { name: 'every call takes 300 milliseconds longer', kind: 'network', ...often(1, { kind: 'delay', milliseconds: 300 }, 400) },
  {
    name: 'one call in four is refused temporarily',
    kind: 'network',
    ...often(0.25, { kind: 'answer', status: 503, body: statusBody(503, 'ServiceUnavailable', 'later') }),
  },
  {
    name: 'all connections break every half second',
    kind: 'network',
    act: async ({ proxy }) => {
      for (let count = 0; count < 16; count++) await sleep(500).then(() => proxy.cutAll());
    },
  },
  {
    name: 'the resourceVersions of watches expire',
    kind: 'network',
    rules: () => [{ name: 'gone', times: 6, match: ({ query }) => query.includes('watch=true'), action: { kind: 'watch-expired' } }],
  },
  {
    name: 'every watch is silent',
    kind: 'network',
    rules: () => [
      { name: 'silent', times: 5, match: ({ query }) => query.includes('watch=true'), action: { kind: 'stall', when: 'after' } },
    ],
  },
  {
    name: 'every watch is cut after a second',
    kind: 'network',
    rules: () => [
      { name: 'short', times: 30, match: ({ query }) => query.includes('watch=true'), action: { kind: 'cut-later', milliseconds: 1000 } },
    ],
  },
];

/** Faults of the control plane, the clock and the network. */
export const controlPlaneScenarios: readonly Scenario[] = [...controlPlane, ...clocks, ...networks];
