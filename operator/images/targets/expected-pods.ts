import { createHash } from 'node:crypto';
import type { PolicyTargets } from './image-scope.ts';

/** Milliseconds until the first look for pods that were just made, or are about to be. */
const soon = 5000;

/**
 * How soon to look again where workloads have containers that no pod has run yet. Most of them start within seconds, so the first looks
 * are near; some run once a month, or never, so each pause is twice the one before for as long as the same are missing.
 */
export class ExpectedPods {
  #missing = '';
  #looks = 0;

  /** Milliseconds until the next look, after one that found these; without end where nothing is missing. */
  pause(policies: readonly Pick<PolicyTargets, 'targets'>[]): number {
    const missing = missingIn(policies);
    this.#looks = missing === this.#missing ? this.#looks + 1 : 0;
    this.#missing = missing;
    return missing === '' ? Number.POSITIVE_INFINITY : soon * 2 ** this.#looks;
  }
}

/** What tells the containers that no pod has run from any others; empty for none. */
function missingIn(policies: readonly Pick<PolicyTargets, 'targets'>[]): string {
  const names = policies.flatMap(({ targets }) =>
    targets.flatMap(({ workload: { namespace = '', kind, name }, containers }) =>
      containers.filter(({ image }) => !image).map(({ container, reference }) => [namespace, kind, name, container, reference].join(' ')),
    ),
  );
  return names.length === 0 ? '' : createHash('sha256').update(names.toSorted().join('\n')).digest('hex');
}
