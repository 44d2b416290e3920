import { RESOURCES } from '../api/api-resource.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import { listAll, type ListClient } from '../kube/list.ts';
import { removePolicies } from '../reports/sweeping/policy-removal.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';

/** The only key of the work queue. One reconcile removes all deleted policies, so that each report is written once. */
const queueKey = 'deleted-policies';
/** Milliseconds to wait for further deletions. */
const debounce = 300;
/** Milliseconds until the next attempt for a policy that the API server has but the lister does not. */
const retryAfter = 1000;
/** The maximum number of names in a log line. */
const mostNames = 10;

/** The dependencies of {@link PolicyCleanup}. */
export interface PolicyCleanupDependencies extends ControllerBasics {
  readonly client: ListClient;
  readonly publisher: Pick<ReportPublisher, 'withdraw'>;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
}

/** Removes deleted policies from all reports, after the API server has confirmed that they no longer exist. */
export class PolicyCleanup {
  readonly controller: Controller;
  readonly #deps: PolicyCleanupDependencies;
  readonly #waiting = new Set<string>();

  constructor(deps: PolicyCleanupDependencies) {
    this.#deps = deps;
    this.controller = new Controller({
      name: 'policy-cleanup',
      log: deps.log,
      observe: deps.observe,
      reconcile: () => this.remove(),
    });
  }

  /** Adds a policy that the lister does not have. */
  enqueue(name: string): void {
    this.#waiting.add(name);
    this.controller.queue.addAfter(queueKey, debounce);
  }

  /**
   * Removes the enqueued policies from the reports. Requeues a policy that the API server still has. Throws the error of the API server; all
   * policies are then enqueued again.
   */
  async remove(): Promise<ReconcileResult> {
    const { client, publisher, policies, log } = this.#deps;
    for (const name of this.#waiting) if (policies.get(name)) this.#waiting.delete(name);
    if (this.#waiting.size === 0) return {};
    const existing = new Set((await listAll(client, RESOURCES.policies, { metadataOnly: true })).map(({ metadata }) => metadata.name));
    const names = [...this.#waiting].filter((name) => !existing.has(name));
    const isGone = (name: string): boolean => policies.get(name) === undefined;
    // A policy that is created and deleted again during the removal is enqueued again.
    for (const name of names) this.#waiting.delete(name);
    let reports: number;
    try {
      reports = await removePolicies(client, publisher, { policies: names, isGone });
    } catch (error) {
      for (const name of names) this.#waiting.add(name);
      throw error;
    }
    if (reports > 0)
      log.info({ policies: names.length, names: names.slice(0, mostNames), reports }, 'deleted policies removed from reports');
    return this.#waiting.size > 0 ? { requeueAfter: retryAfter } : {};
  }
}
