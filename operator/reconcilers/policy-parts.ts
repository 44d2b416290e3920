import { RESOURCES } from '../api/api-resource.ts';
import type { Condition } from '../api/condition.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import type { ImagesStatus, SecurityPolicy, SecurityPolicyStatus } from '../api/security-policy.ts';
import { updateStatus } from '../controller/status-writer.ts';
import { inspectPolicy } from '../engine/policy-inspection.ts';
import type { PolicyProblem } from '../engine/policy-problem.ts';
import { isNotFound } from '../kube/kube-api-error.ts';
import { configurationFields, type PolicyFindings } from '../policies/configuration-part.ts';
import { legacyConfiguration } from '../policies/status-adoption.ts';
import { policyStatus } from './policy-status.ts';
import type { World } from './world.ts';
import { renewedImages } from './images-part.ts';

/** What writing the status of policies needs. */
export type PolicyStatusWorld = Pick<
  World,
  | 'client'
  | 'log'
  | 'metrics'
  | 'events'
  | 'clock'
  | 'surroundings'
  | 'crdProblems'
  | 'systemNamespaces'
  | 'revisionOf'
  | 'schedules'
  | 'scans'
>;

/** A policy that was evaluated. */
export interface PolicyKey {
  readonly name: string;
  readonly uid: string;
}

/**
 * Writes what a scan or a change found into the part of a policy's status that scans own, and then the totals. Does nothing if the
 * policy was deleted. Throws if others write the status all the time.
 */
export const updateConfiguration = (world: PolicyStatusWorld, key: PolicyKey, findings: PolicyFindings): Promise<void> =>
  updatePart(world, key, {
    manager: FIELD_MANAGERS.scans,
    compute: ({ status }) => configurationFields(status, findings),
  });

/** Writes what was found in images into the part of a policy's status that image scanning owns, and then the totals. As {@link updateConfiguration}. */
export const updateImages = (world: PolicyStatusWorld, key: PolicyKey, found: ImagesStatus): Promise<void> =>
  updatePart(world, key, {
    manager: FIELD_MANAGERS.images,
    compute: (policy) => {
      const images = renewedImages(policy, found);
      return images ? { images } : {};
    },
  });

interface Part {
  readonly manager: typeof FIELD_MANAGERS.scans | typeof FIELD_MANAGERS.images;
  readonly compute: (policy: SecurityPolicy) => SecurityPolicyStatus;
}

async function updatePart(world: PolicyStatusWorld, { name, uid }: PolicyKey, part: Part): Promise<void> {
  const policy = await read(world, name);
  if (policy?.metadata.uid !== uid) return;
  const written = await updateStatus(world, RESOURCES.policies, policy, part);
  if (written) await updateTotals(world, written);
}

async function read({ client }: PolicyStatusWorld, name: string): Promise<SecurityPolicy | undefined> {
  try {
    return await client.get<SecurityPolicy>(RESOURCES.policies, { name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Brings totals and conditions of a policy up to date with the parts of its status, and records a Warning Event when they turn to say
 * that nothing is evaluated. Returns the policy with its status, or undefined if it was deleted.
 */
export async function updateTotals(world: PolicyStatusWorld, policy: SecurityPolicy): Promise<SecurityPolicy | undefined> {
  const { kubernetesVersion, resources } = await world.surroundings();
  const options = { kubernetesVersion, resources, systemNamespaces: world.systemNamespaces };
  const tidied = await tidyParts(world, policy);
  if (!tidied) return undefined;
  let before: SecurityPolicyStatus | undefined;
  const written = await updateStatus(world, RESOURCES.policies, tidied, {
    manager: FIELD_MANAGERS.policies,
    compute: (current) => {
      before = current.status;
      const inspected = inspectPolicy({ name: current.metadata.name, spec: current.spec }, options);
      const inspection = { ...inspected, problems: [...crdProblemsOf(world, current.metadata.name), ...inspected.problems] };
      const [schedules, scans] = [world.schedules.list(), world.scans.list()];
      return policyStatus({ policy: current, inspection, revision: world.revisionOf(current), schedules, scans, now: world.clock() });
    },
  });
  if (written) warn(world, written, before?.conditions);
  return written;
}

/** Makes the part about configuration of a status that an older version wrote, and removes the part about images once the policy asks about none. */
async function tidyParts(world: PolicyStatusWorld, policy: SecurityPolicy): Promise<SecurityPolicy | undefined> {
  let current: SecurityPolicy | undefined = policy;
  if (!policy.status?.configuration && legacyConfiguration(policy.status ?? {}))
    current = await updateStatus(world, RESOURCES.policies, current, {
      manager: FIELD_MANAGERS.scans,
      compute: ({ status = {} }) => ({ ...status, configuration: status.configuration ?? legacyConfiguration(status) }),
    });
  if (!current?.status?.images || current.spec.images) return current;
  return updateStatus(world, RESOURCES.policies, current, { manager: FIELD_MANAGERS.images, compute: () => ({}) });
}

/** What a policy needs and the CRDs of the cluster do not give. ScanSchedules are their own affair. */
function crdProblemsOf({ crdProblems }: Pick<World, 'crdProblems'>, policy: string): PolicyProblem[] {
  const problems = crdProblems().filter(({ crd }) => !crd.startsWith(`${RESOURCES.schedules.resource}.`));
  return problems.map(({ crd, reason, message }) => ({ policy, path: crd, reason, message }));
}

/** Reasons that say of a policy that it, or a part of it, evaluates nothing. */
const silent: ReadonlySet<string> = new Set(['NoChecks', 'NothingInScope', 'NothingEvaluated', 'NotServed']);

function warn({ events }: PolicyStatusWorld, policy: SecurityPolicy, before: readonly Condition[] = []): void {
  const told = new Set<string>();
  for (const { type, reason, message, observedGeneration } of policy.status?.conditions ?? []) {
    const known = before.find((condition) => condition.type === type);
    if (!silent.has(reason) || told.has(reason) || (known?.reason === reason && known.observedGeneration === observedGeneration)) continue;
    told.add(reason);
    events.record(RESOURCES.policies, policy, { type: 'Warning', reason, message });
  }
}
