import { RESOURCES } from '../api/api-resource.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import { listAll } from '../kube/list.ts';
import { removePolicies } from '../reports/sweeping/policy-removal.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';

/** The only key of the controller: those that go together are taken out of each report together. */
const gone = 'gone';
/** Milliseconds that more may go in. */
const debounce = 300;
/** Milliseconds until one is looked at again that the watch does not know and the server does. */
const lookAgain = 1000;
/** Names in a line of the log. */
const mostNames = 10;

/** What {@link PolicyCleanup} uses. */
export interface PolicyCleanupDependencies extends ControllerBasics {
  readonly client: KubeClient;
  readonly publisher: Pick<ReportPublisher, 'withdraw'>;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
}

/** Takes policies that are gone out of the reports, once the server has said that they are. */
export class PolicyCleanup {
  readonly controller: Controller;
  readonly #deps: PolicyCleanupDependencies;
  readonly #waiting = new Set<string>();

  constructor(deps: PolicyCleanupDependencies) {
    this.#deps = deps;
    this.controller = new Controller({
      name: 'gone-policies',
      log: deps.log,
      observe: deps.observe,
      reconcile: () => this.remove(),
    });
  }

  /** To be called for a policy that is not there, as far as this process knows. */
  enqueue(name: string): void {
    this.#waiting.add(name);
    this.controller.queue.addAfter(gone, debounce);
  }

  /**
   * Takes those that wait out of the reports. One that the server still has is looked at again. Throws what the server answers: then all wait
   * for another try.
   */
  async remove(): Promise<ReconcileResult> {
    const { client, publisher, policies, log } = this.#deps;
    for (const name of this.#waiting) if (policies.get(name)) this.#waiting.delete(name);
    if (this.#waiting.size === 0) return {};
    const there = new Set((await listAll(client, RESOURCES.policies, { metadataOnly: true })).map(({ metadata }) => metadata.name));
    const names = [...this.#waiting].filter((name) => !there.has(name));
    const isGone = (name: string): boolean => policies.get(name) === undefined;
    // One that comes and goes once more while reports are read waits anew.
    for (const name of names) this.#waiting.delete(name);
    let reports: number;
    try {
      reports = await removePolicies(client, publisher, { policies: names, isGone });
    } catch (error) {
      for (const name of names) this.#waiting.add(name);
      throw error;
    }
    if (reports > 0)
      log.info({ policies: names.length, names: names.slice(0, mostNames), reports }, 'policies are gone, and what reports said of them');
    return this.#waiting.size > 0 ? { requeueAfter: lookAgain } : {};
  }
}
