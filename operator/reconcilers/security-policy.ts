import { isDeepStrictEqual } from 'node:util';
import { RESOURCES } from '../api/api-resource.ts';
import { setConditions, type ConditionUpdate } from '../api/condition.ts';
import type { SecurityPolicy, SecurityPolicyStatus } from '../api/security-policy.ts';
import { Controller, type ReconcileResult } from '../controller/controller.ts';
import { compilePolicies, type PolicyProblem } from '../engine/policy-set.ts';
import { isConflict, isNotFound } from '../kube/kube-api-error.ts';
import type { World } from './world.ts';

/** Says whether a SecurityPolicy can be evaluated, and where it cannot. */
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
  if (!policy || policy.metadata.deletionTimestamp !== undefined) return {};
  const { kubernetesVersion, resources } = await world.surroundings();
  const systemNamespaces = ['kube-system', 'kube-public', 'kube-node-lease', world.namespace];
  const { problems } = compilePolicies([{ name, spec: policy.spec }], { kubernetesVersion, resources, systemNamespaces });
  await writeStatus(world, policy, policyStatus(policy, problems, world.clock()));
  const [problem] = problems;
  if (problem) world.events.record(RESOURCES.policies, policy, { type: 'Warning', reason: problem.reason, message: problemText(problem) });
  return { requeueAfter: resyncMilliseconds };
}

/** The status after compiling: what earlier scans found stays as it is. Pure; `now` in milliseconds since the epoch. */
export function policyStatus({ metadata, status }: SecurityPolicy, problems: readonly PolicyProblem[], now: number): SecurityPolicyStatus {
  const generation = metadata.generation ?? 0;
  const at = { now: new Date(Math.floor(now / 1000) * 1000).toISOString().replace('.000Z', 'Z'), generation };
  const never: ConditionUpdate[] = [
    { type: 'Compliant', status: 'Unknown', reason: 'NeverScanned', message: 'no scan has evaluated this policy' },
  ];
  return {
    ...status,
    observedGeneration: generation,
    conditions: setConditions(status?.conditions, [...readiness(problems), ...never], at),
  };
}

function readiness(problems: readonly PolicyProblem[]): ConditionUpdate[] {
  const [first] = problems;
  if (!first) {
    return [
      { type: 'Ready', status: 'True', reason: 'Accepted', message: '' },
      { type: 'Reconciling', status: 'False', reason: 'Accepted', message: '' },
      { type: 'Stalled', status: 'False', reason: 'Accepted', message: '' },
    ];
  }
  const message = problems.map(problemText).join('; ');
  return [
    { type: 'Ready', status: 'False', reason: first.reason, message },
    { type: 'Reconciling', status: 'False', reason: first.reason, message: '' },
    { type: 'Stalled', status: 'True', reason: first.reason, message },
  ];
}

/** `spec.rules[0].validations[0].expression: 4:12: …`. */
function problemText({ path, message, line, column }: PolicyProblem): string {
  return line === undefined || column === undefined ? `${path}: ${message}` : `${path}: ${line}:${column}: ${message}`;
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
