import { isDeepStrictEqual } from 'node:util';
import { RESOURCES } from '../api/api-resource.ts';
import { API_VERSION, LABELS, MANAGED_BY } from '../api/group.ts';
import type { Scan } from '../api/scan.ts';
import type { SecurityPolicy, SecurityPolicyStatus } from '../api/security-policy.ts';
import { Controller, type ReconcileResult } from '../controller/controller.ts';
import { compilePolicies } from '../engine/policy-set.ts';
import { isConflict, isNotFound } from '../kube/kube-api-error.ts';
import { generationScanName } from '../scan/names.ts';
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
/** How long a Scan is kept that a policy's new generation made. */
const generationScanSeconds = 86_400;

async function reconcile(world: World, name: string): Promise<ReconcileResult> {
  const policy = world.policies.get(name);
  if (!policy) return removeGone(world, name);
  if (policy.metadata.deletionTimestamp !== undefined) return {};
  const { kubernetesVersion, resources } = await world.surroundings();
  const options = { kubernetesVersion, resources, systemNamespaces: world.systemNamespaces };
  const { problems } = compilePolicies([{ name, spec: policy.spec }], options);
  const now = world.clock();
  const status = policyStatus({ policy, problems, schedules: world.schedules.list(), now });
  await writeStatus(world, policy, status);
  const [problem] = problems;
  if (problem) world.events.record(RESOURCES.policies, policy, { type: 'Warning', reason: problem.reason, message: problemText(problem) });
  else if (policy.status?.evaluatedGeneration !== policy.metadata.generation) await scanGeneration(world, policy);
  return { requeueAfter: Math.min(resyncMilliseconds, untilStale(policy, status, now)) };
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

/** Makes the Scan of the policy's present generation; its name is the same whoever makes it, and however often. */
async function scanGeneration(world: World, { metadata }: SecurityPolicy): Promise<void> {
  const { uid = '', generation = 0 } = metadata;
  const name = generationScanName({ name: metadata.name, uid, generation });
  if (world.scans.get(name)) return;
  const scan: Scan = {
    metadata: {
      name,
      labels: { [LABELS.managedBy]: MANAGED_BY },
      ownerReferences: [{ apiVersion: API_VERSION, kind: 'SecurityPolicy', name: metadata.name, uid }],
    },
    spec: { policies: [metadata.name], ttlSecondsAfterFinished: generationScanSeconds },
  };
  try {
    await world.client.create(RESOURCES.scans, scan);
    world.log.info({ policy: metadata.name, generation, scan: name }, 'a new generation is scanned');
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

async function writeStatus(world: World, { metadata, status: before }: SecurityPolicy, status: SecurityPolicyStatus): Promise<void> {
  if (isDeepStrictEqual(before, status)) return;
  try {
    await world.client.apply(
      RESOURCES.policies,
      { metadata: { name: metadata.name, resourceVersion: metadata.resourceVersion ?? '' }, status } as SecurityPolicy,
      'status',
    );
  } catch (error) {
    // Changed or gone since it was read: the watch brings it back here.
    if (!isConflict(error) && !isNotFound(error)) throw error;
    world.log.debug({ policy: metadata.name }, 'the policy changed while its status was written');
  }
}
