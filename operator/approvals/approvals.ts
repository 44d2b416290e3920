import { RESOURCES } from '../api/api-resource.ts';
import type { Condition } from '../api/condition.ts';
import { endsSoon } from '../api/ending-status.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import type { ImageApproval, ImageApprovalStatus } from '../api/kinds/image-approval.ts';
import { ClockWatch } from '../controller/clock-watch.ts';
import { Controller, type ControllerBasics, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import { REQUEUE_SOON, writeStatus, type StatusWriterDependencies } from '../controller/status-writer.ts';
import { watchesFor } from '../controller/watched-resource.ts';
import { repositoryOf } from '../findings/approvals/image-reference.ts';
import type { ListClient } from '../kube/list.ts';
import { approvalStatus, nextStatusChange, type RunningWorkloads } from './approval-status.ts';
import type { ApprovalStore } from './approval-store.ts';
import { readRunningImages, workloadsRunning, type RunningImages } from './running-images.ts';

/** The key that reads the running pods. */
const PODS_KEY = '*pods';
/** The key that finds approvals that ended. */
const CLOCK_KEY = '*clock';
/** Milliseconds between two lists of the pods. */
const podInterval = 300_000;
/** Milliseconds after a new approval until the pods are listed. */
const podDelay = 5000;
/** The longest time between two looks at the clock, in milliseconds: the clock of the system may jump. */
const clockInterval = 30_000;

/** The dependencies of {@link Approvals}. */
export interface ApprovalsDependencies extends ControllerBasics, Omit<StatusWriterDependencies, 'client'> {
  readonly log: ControllerBasics['log'];
  readonly client: ListClient & StatusWriterDependencies['client'];
  readonly store: Pick<ApprovalStore, 'get' | 'names' | 'approved' | 'ended'>;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Called when approvals have ended: the workloads must be evaluated again, although no object changed. */
  readonly onEnded: () => void;
}

/** Writes the status of ImageApprovals and their Events, and reports approvals that end. A key is the name of an approval. */
export class Approvals {
  readonly controller: Controller;
  readonly #deps: ApprovalsDependencies;
  #running: RunningImages | undefined;
  /** The end that the clock waits for. */
  #nextEnd = Number.POSITIVE_INFINITY;
  readonly #clock: ClockWatch;

  constructor(deps: ApprovalsDependencies) {
    this.#deps = deps;
    this.#clock = new ClockWatch(deps.clock);
    this.controller = new Controller({
      name: 'image-approvals',
      log: deps.log,
      observe: deps.observe,
      watches: [
        watchesFor(RESOURCES.imageApprovals, (_, type) => {
          this.controller.queue.add(CLOCK_KEY);
          if (type === 'ADDED') this.controller.queue.addAfter(PODS_KEY, podDelay);
          return true;
        }),
      ],
      reconcile: (key, context) => this.#reconcile(key, context),
    });
    this.controller.queue.add(PODS_KEY);
    this.controller.queue.add(CLOCK_KEY);
  }

  #reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    if (key === PODS_KEY) return this.#readPods(context);
    if (key === CLOCK_KEY) return Promise.resolve(this.#checkClock());
    return this.#sync(key);
  }

  async #readPods({ signal }: ReconcileContext): Promise<ReconcileResult> {
    const names = this.#deps.store.names();
    if (names.length === 0) return {};
    this.#running = await readRunningImages(this.#deps.client, signal);
    for (const name of names) this.controller.queue.add(name);
    return { requeueAfter: podInterval };
  }

  #checkClock(): ReconcileResult {
    const { now, isSetBack } = this.#clock.read();
    if (isSetBack || this.#nextEnd <= now) this.#deps.onEnded();
    // After the clock was set back, approvals that had ended are in force again.
    if (isSetBack) for (const name of this.#deps.store.names()) this.controller.queue.add(name);
    this.#nextEnd = this.#deps.store.approved().nextEnd(now);
    const isTimed = Number.isFinite(this.#nextEnd) || this.#deps.store.ended(now).length > 0;
    return isTimed ? { requeueAfter: Math.max(1, Math.min(this.#nextEnd - now, clockInterval)) } : {};
  }

  async #sync(name: string): Promise<ReconcileResult> {
    const approval = this.#deps.store.get(name);
    if (!approval || approval.metadata.deletionTimestamp !== undefined) return {};
    const input = { approval, running: this.#runningOf(approval), now: this.#deps.clock() };
    const status = approvalStatus(input);
    // An approval may have ended while no operator ran.
    if (!hasEnded(approval.status) && hasEnded(status)) this.#deps.onEnded();
    if (!(await writeStatus(this.#deps, RESOURCES.imageApprovals, approval, { status, manager: FIELD_MANAGERS.approvals })))
      return { requeueAfter: REQUEUE_SOON };
    this.#recordChange(approval, status);
    const next = nextStatusChange(input);
    return next === undefined ? {} : { requeueAfter: next };
  }

  #runningOf({ spec }: ImageApproval): RunningWorkloads | undefined {
    const keys = spec.images.map(({ repository, digest }) => `${repositoryOf(repository)}@${digest}`);
    return this.#running && workloadsRunning(this.#running, keys);
  }

  /** Records an Event when the reason of condition Active or Ready changes. The status remembers the reason, also after a restart. */
  #recordChange(approval: ImageApproval, status: ImageApprovalStatus): void {
    for (const type of ['Ready', 'Active']) {
      const [before, after] = [conditionOf(approval.status, type), conditionOf(status, type)];
      const reason = after && before?.reason !== after.reason ? eventReason(after) : undefined;
      if (after && reason !== undefined)
        this.#deps.events.record(RESOURCES.imageApprovals, approval, { type: 'Warning', reason, message: after.message });
    }
  }
}

const conditionOf = (status: ImageApprovalStatus | undefined, wanted: string): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === wanted);

const hasEnded = (status: ImageApprovalStatus | undefined): boolean => conditionOf(status, 'Active')?.reason === 'Expired';

function eventReason({ type, reason }: Condition): string | undefined {
  if (type === 'Ready') return reason === 'Invalid' ? 'ApprovalInvalid' : undefined;
  return endsSoon.has(reason) ? 'ApprovalExpiring' : reason === 'Expired' ? 'ApprovalExpired' : undefined;
}
