import { RESOURCES } from '../api/api-resource.ts';
import type { Scan } from '../api/kinds/scan.ts';
import { scanStateKey } from '../api/kinds/scan-hold.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import { objectChanges } from '../controller/object-changes.ts';
import { watches, watchesFor, type WatchedResource } from '../controller/watched-resource.ts';
import { untilStale } from './policy-compliance.ts';
import { updateTotals, type PolicyStatusDependencies } from './policy-parts.ts';
import { policiesEvaluatedBy } from './attempts/evaluation-attempt.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { Logger } from '../telemetry/logger.ts';

/** The dependencies of the SecurityPolicy controller. */
export interface SecurityPolicyDependencies extends PolicyStatusDependencies, ControllerBasics {
  readonly log: Logger;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly policies: Lister<SecurityPolicy>;
  /** Enqueues the controller that creates Scans for new generations of policies. */
  readonly enqueueGenerations: () => void;
  /** Enqueues a policy whose results are removed from the reports after the API server has confirmed the deletion. */
  readonly enqueuePolicyCleanup: (name: string) => void;
}

/**
 * Creates the SecurityPolicy controller. It writes the totals and conditions of each policy, requests a Scan for each new generation, and
 * requests the cleanup of reports for each deleted policy.
 */
export function securityPolicyController(deps: SecurityPolicyDependencies): Controller {
  return new Controller({
    name: 'securitypolicy',
    log: deps.log,
    observe: deps.observe,
    watches: securityPolicyWatches(deps.policies),
    reconcile: (name) => reconcile(deps, name),
  });
}

/**
 * The watches of the SecurityPolicy controller: policies, ScanSchedules (the condition Scheduled names them), and every Scan that evaluates
 * a policy, if its phase or hold changes. Exported for tests.
 */
export function securityPolicyWatches(policies: Pick<Lister<SecurityPolicy>, 'list'>): readonly WatchedResource[] {
  const hasChanged = objectChanges(scanStateKey);
  return [
    watchesFor(RESOURCES.policies),
    watches(RESOURCES.schedules, () => policies.list().map(({ metadata }) => metadata.name)),
    watches(RESOURCES.scans, (scan: Scan, type) => (hasChanged(scan, type) ? policiesEvaluatedBy(scan) : [])),
  ];
}

/** The resync interval in milliseconds. The resources that the API server serves can change without an event for the policy. */
const resyncMilliseconds = 600_000;

async function reconcile(deps: SecurityPolicyDependencies, name: string): Promise<ReconcileResult> {
  const policy = deps.policies.get(name);
  if (!policy) {
    deps.enqueuePolicyCleanup(name);
    return {};
  }
  if (policy.metadata.deletionTimestamp !== undefined) return {};
  const written = await updateTotals(deps, policy);
  if (!written) return {};
  const stalled = written.status?.conditions?.find(({ type, status }) => type === 'Stalled' && status === 'True');
  if (stalled) deps.events.record(RESOURCES.policies, written, { type: 'Warning', reason: stalled.reason, message: stalled.message });
  else if (written.status?.evaluatedRevision !== deps.revisionOf(written)) deps.enqueueGenerations();
  return { requeueAfter: Math.min(resyncMilliseconds, untilStale(written, written.status ?? {}, deps.clock())) };
}
