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
    `pod ${pod} is deleted`,
    () => (inHome('get', 'pod', pod, '--ignore-not-found', '-o', 'name') === '' ? true : undefined),
    seconds,
  );

const untaint = (): void => void kubectl(['patch', 'nodes', '--type=merge', '-p', '{"spec":{"taints":null}}', nodeName()]);
const nodeName = (): string => kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}']);

/** The kubelet is stopped while a worker runs, a function runs, and the kubelet is started again. */
const withoutKubelet = (what: (worker: WorkerProcess, run: ScenarioRun) => Promise<void>): Pick<Scenario, 'act' | 'undo'> => ({
  act: async (run) => {
    const worker = await freezeWorker();
    await stopPart('kubelet');
    await what(worker, run);
    await restartPart('kubelet');
  },
  undo: () => restartPart('kubelet'),
});

/** Faults of the node of the workers. */
export const nodeScenarios: readonly Scenario[] = [
  {
    name: 'a NoExecute taint evicts a running pod, and is removed',
    kind: 'node',
    quick: true,
    act: async ({ lab, scan }) => {
      const worker = await freezeWorker();
      kubectl(['taint', 'nodes', '--all', 'flt=yes:NoExecute']);
      await podGone(worker, 60);
      await lab.conditionMatches(scan, /Unschedulable/);
      untaint();
    },
    undo: untaint,
  },
  {
    name: 'the kubelet is stopped while a worker exits, and starts again',
    kind: 'node',
    seconds: 150,
    ...withoutKubelet(async ({ pid }) => {
      process.kill(pid, 'SIGCONT');
      await eventually('the worker has ended', () => (existsSync(`/proc/${pid}/cwd`) ? undefined : true));
      await sleep(3000);
    }),
  },
  {
    name: 'the node is deleted with its pods, and created again',
    kind: 'node',
    seconds: 240,
    ...withoutKubelet(async (worker) => {
      kubectl(['delete', 'node', nodeName()]);
      // The pods of a deleted node are deleted after 40 to 60 seconds.
      await podGone(worker, 120);
    }),
  },
  {
    name: 'the node is lost, its deleted pods keep terminating, and it comes back',
    kind: 'node',
    seconds: 300,
    ...withoutKubelet(async (_worker, { lab, scan }) => {
      inHome('delete', 'pods', '-l', 'vigil.dev/scan', '--wait=false');
      await lab.conditionMatches(scan, /does not report that it has stopped/);
      // Another attempt is created and waits for a node.
      await lab.conditionMatches(scan, /Unschedulable/, 150);
    }),
  },
];
