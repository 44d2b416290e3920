import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from '../../integration/cluster-access.ts';
import { eventually } from '../../e2e/installation.ts';
import type { ScenarioRun } from '../fault-lab.ts';
import { toWorker } from '../worker-process.ts';
import { keep } from './hand-scenarios.ts';
import { at, type Scenario } from './scenario.ts';

/** The files of the CRDs. */
const files: Readonly<Record<string, string>> = {
  'policyreports.wgpolicyk8s.io': 'config/components/report-crds/crds/wgpolicyk8s.io_policyreports.yaml',
  'clusterpolicyreports.wgpolicyk8s.io': 'config/components/report-crds/crds/wgpolicyk8s.io_clusterpolicyreports.yaml',
  'scans.vigil.dev': 'config/base/crds/vigil.dev_scans.yaml',
  'securitypolicies.vigil.dev': 'config/base/crds/vigil.dev_securitypolicies.yaml',
  'scanschedules.vigil.dev': 'config/base/crds/vigil.dev_scanschedules.yaml',
};

function give(crd: string): void {
  kubectl(['apply', '--server-side', '-f', '-'], readFileSync(files[crd] ?? '', 'utf8'));
  kubectl(['wait', '--for=condition=Established', '--timeout=30s', `crd/${crd}`]);
}

/** Deletes a CRD with all its objects at a call, and restores the CRD five seconds later. Then runs a function. */
function crdDeleted(
  crd: string,
  call: string,
  { skip = 0, then }: { readonly skip?: number; readonly then?: (run: ScenarioRun) => Promise<void> } = {},
): Pick<Scenario, 'rules' | 'act' | 'undo' | 'seconds' | 'kind' | 'rewrites'> {
  return {
    kind: 'kind gone',
    rewrites: true,
    seconds: 150,
    rules: () => [at(call, () => void kubectl(['delete', 'crd', crd]), { skip })],
    act: async (run) => {
      await eventually(`${crd} is deleted`, () => (run.proxy.taken > 0 ? true : undefined));
      await sleep(5000);
      give(crd);
      await then?.(run);
    },
    undo: () => give(crd),
  };
}

/** Deletes a CRD with one object for five seconds in which a worker is stopped. */
function crdDeletedDuringScan(crd: string, ...object: readonly string[]): Pick<Scenario, 'prepare' | 'act' | 'undo' | 'kind'> {
  let restore: (() => void) | undefined;
  const undo = (): void => {
    give(crd);
    restore?.();
  };
  return {
    kind: 'kind gone',
    prepare: () => void (restore = keep(...object)),
    ...toWorker(async ({ pid }) => {
      kubectl(['delete', 'crd', crd]);
      await sleep(5000);
      undo();
      process.kill(pid, 'SIGCONT');
    }),
    undo,
  };
}

/** CRDs that are deleted and restored during a scan. */
export const kindScenarios: readonly Scenario[] = [
  { name: 'the reports’ CRD is deleted and restored', ...crdDeleted('policyreports.wgpolicyk8s.io', 'report write', { skip: 4 }) },
  { name: 'the cluster reports’ CRD is deleted and restored', ...crdDeleted('clusterpolicyreports.wgpolicyk8s.io', 'evidence write') },
  { name: 'the CRD of Scans is deleted with the Scan, and restored', quick: true, ...crdDeleted('scans.vigil.dev', 'log read') },
  {
    name: 'the CRD of policies is deleted with the policy, and both are restored',
    ...crdDeleted('securitypolicies.vigil.dev', 'log read', {
      then: async (run) => {
        run.scan = await run.lab.makePolicy();
      },
    }),
  },
  {
    name: 'the CRD of schedules is deleted with the schedule, and both are restored',
    ...crdDeletedDuringScan('scanschedules.vigil.dev', 'scanschedule', 'default'),
  },
];
