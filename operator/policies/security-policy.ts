import { RESOURCES } from '../api/api-resource.ts';
import type { Scan } from '../api/scan.ts';
import { scanStateKey } from '../api/scan-hold.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import { objectChanges } from '../controller/object-changes.ts';
import { watches, watchesFor, type WatchedResource } from '../controller/watched-resource.ts';
import { untilStale } from './policy-compliance.ts';
import { updateTotals, type PolicyStatusDependencies } from './policy-parts.ts';
import { policiesEvaluatedBy } from './evaluation-attempt.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { Logger } from '../telemetry/logger.ts';

/** What the controller of SecurityPolicies uses. */
export interface SecurityPolicyDependencies extends PolicyStatusDependencies, ControllerBasics {
  readonly log: Logger;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly policies: Lister<SecurityPolicy>;
  /** Has policies looked after whose new generation was not scanned yet. */
  readonly enqueueGenerations: () => void;
  /** Has a policy taken out of the reports, once the server says that it is gone. */
  readonly enqueuePolicyCleanup: (name: string) => void;
}

/** Says whether a SecurityPolicy can be evaluated, and has each new generation scanned at once, and a deleted one taken out of the reports. */
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
 * Policies; schedules, since a status says which of them take the policy; and the Scans that evaluate a policy, whoever made them, when these
 * start or stop to run or to wait. A function of its own for tests.
 */
export function securityPolicyWatches(policies: Pick<Lister<SecurityPolicy>, 'list'>): readonly WatchedResource[] {
  const isNews = objectChanges(scanStateKey);
  return [
    watchesFor(RESOURCES.policies),
    watches(RESOURCES.schedules, () => policies.list().map(({ metadata }) => metadata.name)),
    watches(RESOURCES.scans, (scan: Scan, type) => (isNews(scan, type) ? policiesEvaluatedBy(scan) : [])),
  ];
}

/** What the server serves changes without an event of the policy's: rules are looked at again. */
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
