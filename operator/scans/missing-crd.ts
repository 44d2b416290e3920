import type { CrdProblem } from '../api/crds/crd-skew.ts';
import { isNotFound } from '../kube/client/kube-api-error.ts';

/**
 * Resolves to the result of a step of a Scan. If the step fails because something was not found and a CRD is missing or outdated, rejects
 * with the message about the CRD, and the error as its cause. Rejects with any other error unchanged. `checkCrds` checks the CRDs now.
 */
export async function explainMissingCrd<T>(step: Promise<T>, checkCrds: () => Promise<readonly CrdProblem[]>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    const [crd] = isNotFound(error) ? await checkCrds() : [];
    throw crd ? new Error(crd.message, { cause: error }) : error;
  }
}
