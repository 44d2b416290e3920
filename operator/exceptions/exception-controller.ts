import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import { endsSoon } from '../api/ending-status.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import type { Condition } from '../api/condition.ts';
import type { ExceptionStatus } from '../api/kinds/security-exception.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import { REQUEUE_SOON, writeStatus, type StatusWriterDependencies } from '../controller/status-writer.ts';
import { addMatches, type PolicyMatches } from './exception-counts.ts';
import { exceptionStatus, nextStatusChange } from './exception-status.ts';
import type { Exception } from './exception.ts';
import type { ExceptionStore } from './exception-store.ts';

/** The dependencies of the controller of exceptions. */
export interface ExceptionDependencies extends ControllerBasics, StatusWriterDependencies {
  readonly log: ControllerBasics['log'];
  readonly store: Pick<ExceptionStore, 'all' | 'problemsOf' | 'isUsable' | 'policyBounds' | 'denyingPolicies'>;
  /** Returns the findings that an exception selects, one map by policy for each part of the cluster. Undefined until they were read. */
  readonly matchesOf: (id: string) => readonly ReadonlyMap<string, PolicyMatches>[] | undefined;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Creates the controller that writes the status of exceptions and records their Events. A key is the id of an exception. */
export function exceptionController(deps: ExceptionDependencies): Controller {
  return new Controller({
    name: 'exceptions',
    log: deps.log,
    observe: deps.observe,
    reconcile: (id) => sync(deps, id),
  });
}

async function sync(deps: ExceptionDependencies, id: string): Promise<ReconcileResult> {
  const exception = deps.store.all().get(id);
  if (!exception || exception.metadata.deletionTimestamp !== undefined) return {};
  const now = deps.clock();
  const input = {
    exception,
    problems: deps.store.problemsOf(exception),
    isUsable: deps.store.isUsable(exception),
    bounds: deps.store.policyBounds(),
    denying: deps.store.denyingPolicies(),
    matches: joined(deps.matchesOf(id)),
    now,
  };
  const status = exceptionStatus(input);
  const resource = resourceOf(exception);
  if (!(await writeStatus(deps, resource, exception, { status, manager: FIELD_MANAGERS.exceptions })))
    return { requeueAfter: REQUEUE_SOON };
  recordChange(deps, resource, { exception, status });
  const next = nextStatusChange(input);
  return next === undefined ? {} : { requeueAfter: next };
}

const resourceOf = ({ metadata }: Exception): ApiResource =>
  metadata.namespace === undefined ? RESOURCES.clusterExceptions : RESOURCES.exceptions;

function joined(parts: readonly ReadonlyMap<string, PolicyMatches>[] | undefined): ReadonlyMap<string, PolicyMatches> | undefined {
  if (!parts) return undefined;
  const sums = new Map<string, PolicyMatches>();
  for (const part of parts) for (const [policy, matches] of part) sums.set(policy, addMatches(sums.get(policy), matches));
  return sums;
}

const activeOf = (status: ExceptionStatus | undefined): Condition | undefined => status?.conditions?.find(({ type }) => type === 'Active');

/** The Events of reasons that condition Active changes to. */
const eventReasons: Readonly<Record<string, string>> = { Expired: 'ExceptionExpired', Refused: 'ExceptionRefused' };

/** Records an Event when the reason of condition Active changes. The status remembers the reason, also after a restart. */
function recordChange(
  { events }: Pick<ExceptionDependencies, 'events'>,
  resource: ApiResource,
  { exception, status }: { readonly exception: Exception; readonly status: ExceptionStatus },
): void {
  const [before, after] = [activeOf(exception.status), activeOf(status)];
  if (!after || before?.reason === after.reason) return;
  const reason = endsSoon.has(after.reason) ? 'ExceptionExpiring' : eventReasons[after.reason];
  if (reason !== undefined) events.record(resource, exception, { type: 'Warning', reason, message: after.message });
}
