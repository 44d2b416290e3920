import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { Scan } from '../../operator/api/scan.ts';
import type { SecurityPolicy } from '../../operator/api/security-policy.ts';
import type { KubeClient } from '../../operator/kube/kube-client.ts';
import { Reflector } from '../../operator/kube/watch/reflector.ts';
import { StatusWay } from './status-way.ts';

/** Watches every status of Scans and policies while a scenario runs, past the faults: a watch brings every version. */
export class StatusWatch {
  readonly #way = new StatusWay();
  readonly #began = performance.now();
  readonly #reflectors: readonly Pick<Reflector<Scan>, 'start' | 'stop' | 'whenSynced'>[];

  constructor(client: KubeClient) {
    const onChange =
      (kind: 'Scan' | 'SecurityPolicy') =>
      (type: string, object: Scan | SecurityPolicy): void => {
        if (type !== 'DELETED') this.#way.see({ kind, object, at: performance.now() - this.#began });
      };
    this.#reflectors = [
      new Reflector<Scan>(client, RESOURCES.scans, { silence: 600_000, onChange: onChange('Scan') }),
      new Reflector<SecurityPolicy>(client, RESOURCES.policies, { silence: 600_000, onChange: onChange('SecurityPolicy') }),
    ];
  }

  /** Begins; resolves once what there is has been seen. */
  async start(): Promise<void> {
    for (const reflector of this.#reflectors) reflector.start();
    await Promise.all(this.#reflectors.map((reflector) => reflector.whenSynced(AbortSignal.timeout(30_000))));
  }

  /** Ends. Returns what was wrong on the way. */
  async stop(): Promise<readonly string[]> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
    return this.#way.problems;
  }
}
