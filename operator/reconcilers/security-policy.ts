import { RESOURCES } from '../api/api-resource.ts';
import { Controller, type ReconcileResult } from '../controller/controller.ts';
import { untilStale } from './policy-compliance.ts';
import { updateTotals } from './policy-parts.ts';
import type { World } from './world.ts';

/** Says whether a SecurityPolicy can be evaluated, and has each new generation scanned at once, and a deleted one taken out of the reports. */
export function securityPolicyController(world: World): Controller {
  return new Controller({
    name: 'securitypolicy',
    log: world.log,
    observe: world.observe,
    reconcile: (name) => reconcile(world, name),
  });
}

/** What the server serves changes without an event of the policy's: rules are looked at again. */
const resyncMilliseconds = 600_000;

async function reconcile(world: World, name: string): Promise<ReconcileResult> {
  const policy = world.policies.get(name);
  if (!policy) {
    world.policyGone(name);
    return {};
  }
  if (policy.metadata.deletionTimestamp !== undefined) return {};
  const written = await updateTotals(world, policy);
  if (!written) return {};
  const stalled = written.status?.conditions?.find(({ type, status }) => type === 'Stalled' && status === 'True');
  if (stalled) world.events.record(RESOURCES.policies, written, { type: 'Warning', reason: stalled.reason, message: stalled.message });
  else if (written.status?.evaluatedRevision !== world.revisionOf(written)) world.enqueueGenerations();
  return { requeueAfter: Math.min(resyncMilliseconds, untilStale(written, written.status ?? {}, world.clock())) };
}
