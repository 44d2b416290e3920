import { RESOURCES } from '../api/api-resource.ts';
import type { Condition } from '../api/condition.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import type { AnomaliesStatus, ImagesStatus, SecurityPolicyStatus } from '../api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { updateStatus, type StatusWriterDependencies } from '../controller/status-writer.ts';
import type { SelectedRulesOf } from '../engine/admission-policies/selected-rules.ts';
import { inspectPolicy } from '../engine/policy-inspection.ts';
import type { PolicyProblem } from '../engine/outcomes/policy-problem.ts';
import { isNotFound } from '../kube/client/kube-api-error.ts';
import { configurationFields, type PolicyFindings } from './configuration-part.ts';
import { legacyConfiguration } from './legacy-configuration.ts';
import { policyStatus } from './policy-status.ts';
import type { CrdProblem } from '../api/crds/crd-skew.ts';
import type { ScanSchedule } from '../api/kinds/scan-schedule.ts';
import type { Scan } from '../api/kinds/scan.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import type { ReadClusterInfo } from '../kube/cluster-info.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { RevisionOf } from './policy-revisions.ts';
import { updatedImagesStatus } from './images-part.ts';
import { scannedImages } from '../api/scanned-images.ts';

/** The dependencies of {@link updateConfiguration}, {@link updateImages} and {@link updateTotals}. */
export interface PolicyStatusDependencies extends StatusWriterDependencies {
  readonly events: Pick<EventRecorder, 'record'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly clusterInfo: ReadClusterInfo;
  /** The CRDs that are missing or outdated. */
  readonly crdProblems: () => readonly CrdProblem[];
  /** Includes Vigil's namespace. */
  readonly systemNamespaces: readonly string[];
  readonly revisionOf: RevisionOf;
  /** Default: policies select no ValidatingAdmissionPolicies. */
  readonly selectedRules?: SelectedRulesOf;
  readonly schedules: Pick<Lister<ScanSchedule>, 'list'>;
  readonly scans: Pick<Lister<Scan>, 'list'>;
}

/** The identity of an evaluated policy. */
export interface PolicyKey {
  readonly name: string;
  readonly uid: string;
}

/**
 * Writes the results of a scan or an on-change evaluation into the configuration part of a policy's status, and then updates the totals.
 * Does nothing if the policy was deleted. Throws if every attempt conflicts with another write.
 */
export const updateConfiguration = (deps: PolicyStatusDependencies, key: PolicyKey, findings: PolicyFindings): Promise<void> =>
  updatePart(deps, key, {
    manager: FIELD_MANAGERS.scans,
    compute: ({ status }) => configurationFields(status, findings),
  });

/** Writes the results of image scans into the images part of a policy's status, and then updates the totals. See {@link updateConfiguration}. */
export const updateImages = (deps: PolicyStatusDependencies, key: PolicyKey, found: ImagesStatus): Promise<void> =>
  updatePart(deps, key, {
    manager: FIELD_MANAGERS.images,
    compute: (policy) => {
      const images = updatedImagesStatus(policy, found);
      return images ? { images } : {};
    },
  });

/** Writes what the detections see into the anomalies part of a policy's status, and then updates the totals. See {@link updateConfiguration}. */
export const updateAnomalies = (deps: PolicyStatusDependencies, key: PolicyKey, seen: AnomaliesStatus): Promise<void> =>
  updatePart(deps, key, {
    manager: FIELD_MANAGERS.anomalies,
    compute: ({ spec }) => (spec.anomalies ? { anomalies: seen } : {}),
  });

interface Part {
  readonly manager: typeof FIELD_MANAGERS.scans | typeof FIELD_MANAGERS.images | typeof FIELD_MANAGERS.anomalies;
  readonly compute: (policy: SecurityPolicy) => SecurityPolicyStatus;
}

async function updatePart(deps: PolicyStatusDependencies, { name, uid }: PolicyKey, part: Part): Promise<void> {
  const policy = await read(deps, name);
  if (policy?.metadata.uid !== uid) return;
  const written = await updateStatus(deps, RESOURCES.policies, policy, part);
  if (written) await updateTotals(deps, written);
}

async function read({ client }: PolicyStatusDependencies, name: string): Promise<SecurityPolicy | undefined> {
  try {
    return await client.get<SecurityPolicy>(RESOURCES.policies, { name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Computes the totals and conditions of a policy from the parts of its status and writes them. Records a Warning Event if a condition
 * changes to a reason in `warningReasons`. Returns the policy with its new status, or undefined if it was deleted.
 */
export async function updateTotals(deps: PolicyStatusDependencies, policy: SecurityPolicy): Promise<SecurityPolicy | undefined> {
  const { kubernetesVersion, resources } = await deps.clusterInfo();
  const options = { kubernetesVersion, resources, systemNamespaces: deps.systemNamespaces };
  const migrated = await migrateParts(deps, policy);
  if (!migrated) return undefined;
  let before: SecurityPolicyStatus | undefined;
  const written = await updateStatus(deps, RESOURCES.policies, migrated, {
    manager: FIELD_MANAGERS.policies,
    compute: (current) => {
      before = current.status;
      const selected = current.spec.admissionPolicies && deps.selectedRules?.(current);
      const inspected = inspectPolicy({ name: current.metadata.name, spec: current.spec }, { ...options, selected });
      const inspection = { ...inspected, problems: [...crdProblemsOf(deps, current.metadata.name), ...inspected.problems] };
      const [schedules, scans] = [deps.schedules.list(), deps.scans.list()];
      const revision = deps.revisionOf(current);
      return policyStatus({ policy: current, inspection, selected, revision, schedules, scans, now: deps.clock() });
    },
  });
  if (written) recordWarnings(deps, written, before?.conditions);
  return written;
}

/**
 * Adds the configuration part to a status that an older version wrote. Removes the images part if the policy has no `spec.images`, and the
 * anomalies part if it has no `spec.anomalies`.
 */
async function migrateParts(deps: PolicyStatusDependencies, policy: SecurityPolicy): Promise<SecurityPolicy | undefined> {
  let current: SecurityPolicy | undefined = policy;
  if (!policy.status?.configuration && legacyConfiguration(policy.status ?? {}))
    current = await updateStatus(deps, RESOURCES.policies, current, {
      manager: FIELD_MANAGERS.scans,
      compute: ({ status = {} }) => ({ ...status, configuration: status.configuration ?? legacyConfiguration(status) }),
    });
  for (const { field, manager, isWanted } of optionalParts)
    if (current?.status?.[field] && !isWanted(current.spec))
      current = await updateStatus(deps, RESOURCES.policies, current, { manager, compute: () => ({}) });
  return current;
}

/** The parts of a status that exist only if the spec asks for them. */
const optionalParts = [
  { field: 'images', manager: FIELD_MANAGERS.images, isWanted: (spec: SecurityPolicy['spec']) => scannedImages(spec) !== undefined },
  { field: 'anomalies', manager: FIELD_MANAGERS.anomalies, isWanted: (spec: SecurityPolicy['spec']) => spec.anomalies !== undefined },
] as const;

/** Returns the CRD problems that affect a policy. A problem of the ScanSchedule CRD does not. */
function crdProblemsOf({ crdProblems }: Pick<PolicyStatusDependencies, 'crdProblems'>, policy: string): PolicyProblem[] {
  const problems = crdProblems().filter(({ crd }) => !crd.startsWith(`${RESOURCES.schedules.resource}.`));
  return problems.map(({ crd, reason, message }) => ({ policy, path: crd, reason, message }));
}

/** The reasons of a policy in which the whole, a rule, or an entry of the scope evaluates nothing. */
const warningReasons: ReadonlySet<string> = new Set([
  ...['NoChecks', 'NothingInScope', 'NothingEvaluated', 'NotServed'],
  ...['RulesNotEvaluated', 'UnmatchedEntries', 'UnmatchedNamespaces'],
]);

function recordWarnings({ events }: PolicyStatusDependencies, policy: SecurityPolicy, before: readonly Condition[] = []): void {
  const recorded = new Set<string>();
  for (const { type, reason, message, observedGeneration } of policy.status?.conditions ?? []) {
    const known = before.find((condition) => condition.type === type);
    if (
      !warningReasons.has(reason) ||
      recorded.has(reason) ||
      (known?.reason === reason && known.observedGeneration === observedGeneration)
    )
      continue;
    recorded.add(reason);
    events.record(RESOURCES.policies, policy, { type: 'Warning', reason, message });
  }
}
