import { RESOURCES } from '../api/api-resource.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import { Controller, type ReconcileResult } from '../controller/controller.ts';
import { LOOK_AGAIN, writeStatus } from '../controller/status-writer.ts';
import { compilePolicies } from '../engine/policy-set.ts';
import { untilStale } from './policy-compliance.ts';
import { policyStatus, problemText } from './policy-status.ts';
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
  const { kubernetesVersion, resources } = await world.surroundings();
  const options = { kubernetesVersion, resources, systemNamespaces: world.systemNamespaces };
  const { problems } = compilePolicies([{ name, spec: policy.spec }], options);
  const now = world.clock();
  const status = policyStatus({ policy, problems, schedules: world.schedules.list(), now });
  const written = await writeStatus(world, RESOURCES.policies, policy, { status, manager: FIELD_MANAGERS.policies });
  const [problem] = problems;
  if (problem) world.events.record(RESOURCES.policies, policy, { type: 'Warning', reason: problem.reason, message: problemText(problem) });
  else if (policy.status?.evaluatedGeneration !== policy.metadata.generation) world.enqueueGenerations();
  return { requeueAfter: written ? Math.min(resyncMilliseconds, untilStale(policy, status, now)) : LOOK_AGAIN };
}
