import { pino } from 'pino';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { EventText } from '../../../operator/controller/event-recorder.ts';
import { ExceptionStore } from '../../../operator/exceptions/exception-store.ts';
import { Exceptions } from '../../../operator/exceptions/exceptions.ts';
import { clusterInfoReader } from '../../../operator/kube/cluster-info.ts';
import { Reflector } from '../../../operator/kube/watch/reflector.ts';
import { exceptionWatches } from '../../../operator/manager/exception-watches.ts';
import { WatchSet } from '../../../operator/manager/watch-set.ts';
import { ReportPublisher } from '../../../operator/reports/publishing/report-publisher.ts';
import { testClient } from '../cluster-access.ts';

/** The controllers of exceptions as the manager wires them, with a clock that tests move. */
export class ExceptionsFixture {
  readonly client = testClient();
  readonly events: string[] = [];
  readonly writes: string[] = [];
  /** Called after a change of an exception, a policy or a Namespace was taken in. */
  onChange: () => void = () => undefined;
  /** Milliseconds that the clock is ahead. */
  ahead = 0;
  readonly #log = pino({ level: 'silent' });
  readonly #clock = (): number => Date.now() + this.ahead;
  readonly #policies: Reflector<SecurityPolicy> = new Reflector<SecurityPolicy>(this.client, RESOURCES.policies, {
    onChange: (type, policy) => this.exceptions.changed(RESOURCES.policies, policy, type),
  });
  readonly #watches = new WatchSet(this.client, {
    log: this.#log,
    silence: 150_000,
    onChange: (resource, type, object) => {
      this.exceptions.changed(resource, object, type);
      this.onChange();
    },
  });
  readonly #caches = exceptionWatches(this.#watches);
  readonly store = new ExceptionStore({ ...this.#caches, policies: this.#policies, clock: this.#clock });
  readonly publisher: ReportPublisher = new ReportPublisher(
    this.client,
    {
      onWrite: (operation) => this.writes.push(operation),
      onExceptions: (namespace) => this.exceptions.reportChanged(namespace),
    },
    { waivers: () => this.store.current() },
  );
  readonly exceptions: Exceptions = new Exceptions({
    client: this.client,
    log: this.#log,
    metrics: { statusRefusals: { inc: () => undefined } },
    events: { record: (_resource, { metadata }: KubeObject, { reason }: EventText) => this.events.push(`${metadata.name} ${reason}`) },
    clock: this.#clock,
    policies: this.#policies,
    publisher: this.publisher,
    clusterInfo: clusterInfoReader(this.client, () => undefined),
    store: this.store,
    onIncomplete: () => undefined,
  });

  async start(): Promise<void> {
    const { signal } = new AbortController();
    this.#policies.start();
    await this.#policies.whenSynced(signal);
    for (const watch of this.#watches.runnables) await watch.start(signal);
    for (const controller of this.exceptions.controllers) controller.start();
  }

  async stop(): Promise<void> {
    for (const controller of this.exceptions.controllers) await controller.stop();
    for (const watch of this.#watches.runnables) await watch.stop();
    await this.#policies.stop();
  }
}
