import { createHash } from 'node:crypto';
import type { PolicyTargets } from './image-scope.ts';

/** Milliseconds until the first reconcile for pods that were created just now or are about to be. */
const initialDelay = 5000;

/**
 * Returns the delay until the next reconcile while workloads have containers that no pod has run. Most pods start within seconds, so the
 * first delay is short. Some run once a month or never, so the delay doubles while the same containers are missing.
 */
export class ExpectedPods {
  #missing = '';
  #repeats = 0;

  /** Returns milliseconds until the next reconcile; infinity if no container is missing. */
  pause(policies: readonly Pick<PolicyTargets, 'targets'>[]): number {
    const missing = missingIn(policies);
    this.#repeats = missing === this.#missing ? this.#repeats + 1 : 0;
    this.#missing = missing;
    return missing === '' ? Number.POSITIVE_INFINITY : initialDelay * 2 ** this.#repeats;
  }
}

/** Returns a hash of the containers that no pod has run; empty if there are none. */
function missingIn(policies: readonly Pick<PolicyTargets, 'targets'>[]): string {
  const names = policies.flatMap(({ targets }) =>
    targets.flatMap(({ workload: { namespace = '', kind, name }, containers }) =>
      containers.filter(({ image }) => !image).map(({ container, reference }) => [namespace, kind, name, container, reference].join(' ')),
    ),
  );
  return names.length === 0 ? '' : createHash('sha256').update(names.toSorted().join('\n')).digest('hex');
}
