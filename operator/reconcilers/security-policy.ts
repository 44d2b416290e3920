import { RESOURCES } from '../api/api-resource.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import { Controller, type ReconcileResult } from '../controller/controller.ts';
import { compilePolicies } from '../engine/policy-set.ts';
import { isNotFound } from '../kube/kube-api-error.ts';
import { untilStale } from './policy-compliance.ts';
import { policyStatus, problemText } from './policy-status.ts';
import { LOOK_AGAIN, writeStatus } from './status-write.ts';
import type { World } from './world.ts';

/** Says whether a SecurityPolicy can be evaluated, has each new generation scanned at once, and takes a deleted one out of the reports. */
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
  if (!policy) return removeGone(world, name);
  if (policy.metadata.deletionTimestamp !== undefined) return {};
  const { kubernetesVersion, resources } = await world.surroundings();
  const options = { kubernetesVersion, resources, systemNamespaces: world.systemNamespaces };
  const { problems } = compilePolicies([{ name, spec: policy.spec }], options);
  const now = world.clock();
  const status = policyStatus({ policy, problems, schedules: world.schedules.list(), now });
  const written = await writeStatus(world, RESOURCES.policies, policy, status);
  const [problem] = problems;
  if (problem) world.events.record(RESOURCES.policies, policy, { type: 'Warning', reason: problem.reason, message: problemText(problem) });
  else if (policy.status?.evaluatedGeneration !== policy.metadata.generation) world.enqueueGenerations();
  return { requeueAfter: written ? Math.min(resyncMilliseconds, untilStale(policy, status, now)) : LOOK_AGAIN };
}

/** Takes a policy out of all reports, once the server has said that it is gone. */
async function removeGone(world: World, name: string): Promise<ReconcileResult> {
  try {
    await world.client.get<SecurityPolicy>(RESOURCES.policies, { name });
    return { requeueAfter: 1000 };
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const changed = await world.publisher.removePolicy(name);
  world.metrics.failing.remove({ policy: name });
  world.metrics.freshness.remove({ policy: name });
  if (changed > 0) world.log.info({ policy: name, reports: changed }, 'the policy is gone, and what reports said of it');
  return {};
}
