import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { Scan } from '../../../operator/api/kinds/scan.ts';
import { eventually } from '../../e2e/installation.ts';
import { kubectl } from '../../integration/cluster-access.ts';
import type { ScenarioRun } from '../fault-lab.ts';
import { statusBody } from '../fault-proxy.ts';
import { callsOf } from './call-kinds.ts';
import { inHome, type Scenario } from './scenario.ts';
import { refusing, refusingNoMore } from './refusal-scenarios.ts';

/** Waits until the Scan has ended and an Event reports that its cleanup failed. */
async function endedAndStuck({ lab, scan }: ScenarioRun): Promise<void> {
  await eventually('the Scan has ended', async () => {
    const found = await lab.client.get<Scan>(RESOURCES.scans, { name: scan }).catch(() => undefined);
    return found?.status?.phase === 'Complete' ? true : undefined;
  });
  await eventually('an Event reports the failed cleanup', () => {
    const reasons = kubectl([
      'get',
      'events',
      '-n',
      'default',
      '-o',
      'jsonpath={range .items[*]}{.involvedObject.name} {.reason}{"\\n"}{end}',
    ]);
    return reasons.includes(`${scan} CleanupFailed`) ? true : undefined;
  });
}

/** Ended Scans whose Jobs and ConfigMaps cannot be deleted. This must not affect their status. */
export const cleanupScenarios: readonly Scenario[] = [
  {
    name: 'an admission policy refuses to delete Jobs',
    kind: 'clean-up',
    quick: true,
    seconds: 180,
    prepare: async () => {
      await refusing('jobs', 'batch', 'DELETE');
    },
    act: async (run) => {
      await endedAndStuck(run);
      // The next retries must not affect it either.
      await sleep(5000);
      expect(inHome('get', 'jobs', '-l', 'vigil.dev/scan', '-o', 'name')).not.to.equal('');
      await refusingNoMore();
    },
    undo: refusingNoMore,
  },
  ...(
    [
      ['forbidden', 403, 'Forbidden', 'User "system:serviceaccount:vigil-system:vigil-operator" cannot delete resource "jobs"', 4],
      ['failing in the server', 500, 'InternalError', 'an error on the server', 12],
    ] as const
  ).map(([what, status, reason, message, times]): Scenario => ({
    name: `deleting Jobs is ${what} for a while`,
    kind: 'clean-up',
    seconds: 150,
    rules: () => [
      { name: what, match: callsOf('job delete'), times, action: { kind: 'answer', status, body: statusBody(status, reason, message) } },
    ],
    act: endedAndStuck,
  })),
  {
    name: 'the input is deleted after the end of the scan, while its ledger cannot be deleted',
    kind: 'clean-up',
    seconds: 150,
    rules: () => [
      {
        name: 'ledger delete',
        match: callsOf('ledger delete'),
        times: 4,
        action: { kind: 'answer', status: 403, body: statusBody(403, 'Forbidden', 'User "x" cannot delete resource "configmaps"') },
      },
    ],
    act: endedAndStuck,
  },
];
