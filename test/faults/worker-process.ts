import { readdirSync, readFileSync } from 'node:fs';
import { eventually, home } from '../e2e/installation.ts';
import type { ScenarioRun } from './fault-lab.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { kubectl } from '../integration/cluster-access.ts';

/** A worker's process on this machine, and its pod or the pod's host name. */
export interface WorkerProcess {
  readonly pid: number;
  readonly pod: string;
}

/** The processes of all worker pods. The node of the test cluster is this machine. */
export function workerProcesses(): WorkerProcess[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      const environment = environmentOf(pid);
      const pod = environment.find((entry) => entry.startsWith('HOSTNAME=vigil-'))?.slice('HOSTNAME='.length);
      return pod !== undefined && environment.some((entry) => entry.startsWith('JOB_COMPLETION_INDEX=')) ? [{ pid: Number(pid), pod }] : [];
    });
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Stops a worker with SIGSTOP as soon as one runs. */
export async function freezeWorker(): Promise<WorkerProcess> {
  const foreign = new Set<number>();
  const { pid, pod: host } = await eventually('a worker runs', () => {
    // It is stopped before its Job is looked up: it may end before the look-up does.
    const found = workerProcesses().filter(({ pid }) => !foreign.has(pid) && signal(pid, 'SIGSTOP'));
    if (found.length === 0) return undefined;
    // Other clusters may have nodes on this machine: only workers of this cluster's Jobs are used.
    const jobs = kubectl(['-n', home, 'get', 'jobs', '-l', 'vigil.dev/scan', '-o', 'jsonpath={.items[*].metadata.name}']).split(' ');
    const own = found.filter(({ pod }) => jobs.some((job) => job !== '' && pod.startsWith(`${job}-`)));
    for (const worker of found) {
      if (worker === own[0]) continue;
      signal(worker.pid, 'SIGCONT');
      if (!own.includes(worker)) foreign.add(worker.pid);
    }
    return own[0];
  });
  // The host name of an index is the pod's name without the random suffix.
  const names = kubectl(['-n', home, 'get', 'pods', '-l', 'vigil.dev/scan', '-o', 'name']).split('\n');
  const pod = names.find((name) => name.startsWith(`pod/${host}-`))?.slice('pod/'.length);
  if (pod === undefined) throw new Error(`no pod of host ${host}`);
  return { pid, pod };
}

/** Sends a signal. Returns false if the process has ended. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Stops a worker with SIGSTOP, and then runs a function, as part of a scenario. */
export const toWorker = (what: (worker: WorkerProcess, run: ScenarioRun) => Promise<void> | void): Pick<Scenario, 'act'> => ({
  act: async (run) => {
    const worker = await freezeWorker();
    await what(worker, run);
  },
});
