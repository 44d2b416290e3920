import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from '../../integration/cluster-access.ts';
import { eventually } from '../../e2e/installation.ts';
import type { ScenarioRun } from '../fault-lab.ts';
import { toWorker } from '../worker-process.ts';
import { keep } from './hand-scenarios.ts';
import { at, type Scenario } from './scenario.ts';

/** Where a kind's CRD is. */
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

/** A kind is taken away at a call, with all objects of it, and given back five seconds later; then something is done. */
function gone(
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
      await eventually(`${crd} is gone`, () => (run.proxy.taken > 0 ? true : undefined));
      await sleep(5000);
      give(crd);
      await then?.(run);
    },
    undo: () => give(crd),
  };
}

/** A kind is taken away, with an object of it, for five seconds in which a worker stands still. */
function goneMeanwhile(crd: string, ...object: readonly string[]): Pick<Scenario, 'prepare' | 'act' | 'undo' | 'kind'> {
  let giveBack: (() => void) | undefined;
  const undo = (): void => {
    give(crd);
    giveBack?.();
  };
  return {
    kind: 'kind gone',
    prepare: () => void (giveBack = keep(...object)),
    ...toWorker(async ({ pid }) => {
      kubectl(['delete', 'crd', crd]);
      await sleep(5000);
      undo();
      process.kill(pid, 'SIGCONT');
    }),
    undo,
  };
}

/** Kinds that are taken away and given back while a scan runs. */
export const kindScenarios: readonly Scenario[] = [
  { name: 'the reports’ CRD is taken away and given back', ...gone('policyreports.wgpolicyk8s.io', 'report write', { skip: 4 }) },
  { name: 'the cluster reports’ CRD is taken away and given back', ...gone('clusterpolicyreports.wgpolicyk8s.io', 'evidence write') },
  { name: 'the CRD of Scans is taken away with the Scan, and given back', quick: true, ...gone('scans.vigil.dev', 'log read') },
  {
    name: 'the CRD of policies is taken away with the policy, and both are given back',
    ...gone('securitypolicies.vigil.dev', 'log read', {
      then: async (run) => {
        run.scan = await run.lab.makePolicy();
      },
    }),
  },
  {
    name: 'the CRD of schedules is taken away with the schedule, and both are given back',
    ...goneMeanwhile('scanschedules.vigil.dev', 'scanschedule', 'default'),
  },
];
