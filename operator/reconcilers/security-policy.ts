import { isDeepStrictEqual } from 'node:util';
import { RESOURCES } from '../api/api-resource.ts';
import type { SecurityPolicy, SecurityPolicyStatus } from '../api/security-policy.ts';
import { Controller, type ReconcileResult } from '../controller/controller.ts';
import { compilePolicies } from '../engine/policy-set.ts';
import { isConflict, isNotFound } from '../kube/kube-api-error.ts';
import { untilStale } from './policy-compliance.ts';
import { policyStatus, problemText } from './policy-status.ts';
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
/** Milliseconds after which what could not be written is looked at again: the cache was behind. */
const lookAgain = 1000;

async function reconcile(world: World, name: string): Promise<ReconcileResult> {
  const policy = world.policies.get(name);
  if (!policy) return removeGone(world, name);
  if (policy.metadata.deletionTimestamp !== undefined) return {};
  const { kubernetesVersion, resources } = await world.surroundings();
  const options = { kubernetesVersion, resources, systemNamespaces: world.systemNamespaces };
  const { problems } = compilePolicies([{ name, spec: policy.spec }], options);
  const now = world.clock();
  const status = policyStatus({ policy, problems, schedules: world.schedules.list(), now });
  const written = await writeStatus(world, policy, status);
  const [problem] = problems;
  if (problem) world.events.record(RESOURCES.policies, policy, { type: 'Warning', reason: problem.reason, message: problemText(problem) });
  else if (policy.status?.evaluatedGeneration !== policy.metadata.generation) world.enqueueGenerations();
  return { requeueAfter: written ? Math.min(resyncMilliseconds, untilStale(policy, status, now)) : lookAgain };
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

/** Returns whether the status is now as it should be: not where the policy changed or went since it was read. */
async function writeStatus(world: World, { metadata, status: before }: SecurityPolicy, status: SecurityPolicyStatus): Promise<boolean> {
  if (isDeepStrictEqual(before, status)) return true;
  try {
    await world.client.apply(
      RESOURCES.policies,
      { metadata: { name: metadata.name, resourceVersion: metadata.resourceVersion ?? '' }, status } as SecurityPolicy,
      'status',
    );
    return true;
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
    world.log.debug({ policy: metadata.name }, 'the policy changed while its status was written');
    return false;
  }
}
