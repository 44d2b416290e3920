import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { KubeClient } from '../../operator/kube/client/kube-client.ts';
import { Reflector } from '../../operator/kube/watch/reflector.ts';
import { StatusHistory } from './status-history.ts';

/** Watches every status of Scans and policies during a scenario, without the proxy. A watch delivers every version. */
export class StatusWatch {
  readonly #history = new StatusHistory();
  readonly #began = performance.now();
  readonly #reflectors: readonly Pick<Reflector<Scan>, 'start' | 'stop' | 'whenSynced'>[];

  constructor(client: KubeClient) {
    const onChange =
      (kind: 'Scan' | 'SecurityPolicy') =>
      (type: string, object: Scan | SecurityPolicy): void => {
        if (type !== 'DELETED') this.#history.see({ kind, object, at: performance.now() - this.#began });
      };
    this.#reflectors = [
      new Reflector<Scan>(client, RESOURCES.scans, { silence: 600_000, onChange: onChange('Scan') }),
      new Reflector<SecurityPolicy>(client, RESOURCES.policies, { silence: 600_000, onChange: onChange('SecurityPolicy') }),
    ];
  }

  /** Starts the watch. Resolves after the existing objects were processed. */
  async start(): Promise<void> {
    for (const reflector of this.#reflectors) reflector.start();
    await Promise.all(this.#reflectors.map((reflector) => reflector.whenSynced(AbortSignal.timeout(30_000))));
  }

  /** Stops the watch. Returns the problems. */
  async stop(): Promise<readonly string[]> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
    return this.#history.problems;
  }
}
