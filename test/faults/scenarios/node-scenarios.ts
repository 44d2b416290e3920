import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../e2e/installation.ts';
import { kubectl } from '../../integration/cluster-access.ts';
import { restartPart, stopPart } from '../cluster-part.ts';
import type { ScenarioRun } from '../fault-lab.ts';
import { freezeWorker, type WorkerProcess } from '../worker-process.ts';
import { inHome, type Scenario } from './scenario.ts';

const podGone = ({ pod }: WorkerProcess, seconds: number): Promise<true> =>
  eventually(
    `pod ${pod} is gone`,
    () => (inHome('get', 'pod', pod, '--ignore-not-found', '-o', 'name') === '' ? true : undefined),
    seconds,
  );

const untaint = (): void => void kubectl(['patch', 'nodes', '--type=merge', '-p', '{"spec":{"taints":null}}', nodeName()]);
const nodeName = (): string => kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}']);

/** The kubelet stops while a worker runs, something happens, and it is started again. */
const withoutKubelet = (what: (worker: WorkerProcess, run: ScenarioRun) => Promise<void>): Pick<Scenario, 'act' | 'undo'> => ({
  act: async (run) => {
    const worker = await freezeWorker();
    await stopPart('kubelet');
    await what(worker, run);
    await restartPart('kubelet');
  },
  undo: () => restartPart('kubelet'),
});

/** What happens to the node under workers. */
export const nodeScenarios: readonly Scenario[] = [
  {
    name: 'the node drives a running pod out, and takes it again',
    kind: 'node',
    quick: true,
    act: async ({ lab, scan }) => {
      const worker = await freezeWorker();
      kubectl(['taint', 'nodes', '--all', 'flt=yes:NoExecute']);
      await podGone(worker, 60);
      await lab.says(scan, /Unschedulable/);
      untaint();
    },
    undo: untaint,
  },
  {
    name: 'the kubelet is away while a worker ends, and comes back',
    kind: 'node',
    seconds: 150,
    ...withoutKubelet(async ({ pid }) => {
      process.kill(pid, 'SIGCONT');
      await eventually('the worker has ended', () => (existsSync(`/proc/${pid}/cwd`) ? undefined : true));
      await sleep(3000);
    }),
  },
  {
    name: 'the node is deleted, its pods with it, and comes back',
    kind: 'node',
    seconds: 240,
    ...withoutKubelet(async (worker) => {
      kubectl(['delete', 'node', nodeName()]);
      // The pods of a node that is not there are collected after 40 to 60 seconds.
      await podGone(worker, 120);
    }),
  },
  {
    name: 'the node is away, its pods are deleted and do not go, and it comes back',
    kind: 'node',
    seconds: 300,
    ...withoutKubelet(async (_worker, { lab, scan }) => {
      inHome('delete', 'pods', '-l', 'vigil.dev/scan', '--wait=false');
      await lab.says(scan, /does not say that it has ended/);
      // Another attempt is made, and waits for a node.
      await lab.says(scan, /Unschedulable/, 150);
    }),
  },
];
