import { RESOURCES } from '../api/api-resource.ts';
import { Controller, type ReconcileResult } from '../controller/controller.ts';
import { listAll } from '../kube/list.ts';
import { removePolicies } from '../publish/policy-removal.ts';
import type { World } from './world.ts';

/** The only key of the controller: those that go together are taken out of each report together. */
const gone = 'gone';
/** Milliseconds that more may go in. */
const debounce = 300;
/** Milliseconds until one is looked at again that the watch does not know and the server does. */
const lookAgain = 1000;
/** Names in a line of the log. */
const mostNames = 10;

/** Takes policies that are gone out of the reports, once the server has said that they are. */
export class GonePolicies {
  readonly controller: Controller;
  readonly #world: World;
  readonly #waiting = new Set<string>();

  constructor(world: World) {
    this.#world = world;
    this.controller = new Controller({
      name: 'gone-policies',
      log: world.log,
      observe: world.observe,
      reconcile: () => this.#remove(),
    });
  }

  /** To be called for a policy that is not there, as far as this process knows. */
  add(name: string): void {
    this.#waiting.add(name);
    this.controller.queue.addAfter(gone, debounce);
  }

  async #remove(): Promise<ReconcileResult> {
    const { client, publisher, policies, log } = this.#world;
    for (const name of this.#waiting) if (policies.get(name)) this.#waiting.delete(name);
    if (this.#waiting.size === 0) return {};
    const there = new Set((await listAll(client, RESOURCES.policies, { metadataOnly: true })).map(({ metadata }) => metadata.name));
    const names = [...this.#waiting].filter((name) => !there.has(name));
    const isGone = (name: string): boolean => policies.get(name) === undefined;
    const reports = await removePolicies(client, publisher, { policies: names, isGone });
    for (const name of names) this.#waiting.delete(name);
    if (reports > 0)
      log.info({ policies: names.length, names: names.slice(0, mostNames), reports }, 'policies are gone, and what reports said of them');
    return this.#waiting.size > 0 ? { requeueAfter: lookAgain } : {};
  }
}
