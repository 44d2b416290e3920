import { expect } from 'chai';
import type { CrdProblem } from '../../operator/api/crds/crd-skew.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { explainMissingCrd } from '../../operator/scans/missing-crd.ts';

const problem: CrdProblem = {
  crd: 'policyreports.wgpolicyk8s.io',
  reason: 'CRDMissing',
  message: 'CRD policyreports.wgpolicyk8s.io is missing',
};
const notFound = new KubeApiError('404 page not found', { status: 404 });

describe('explainMissingCrd', () => {
  /** The error of a failed step, and how often the CRDs were checked. */
  async function failed(error: Error, problems: readonly CrdProblem[]): Promise<{ readonly error: unknown; readonly checks: number }> {
    let checks = 0;
    const check = (): Promise<readonly CrdProblem[]> => {
      checks++;
      return Promise.resolve(problems);
    };
    const thrown = await explainMissingCrd(Promise.reject(error), check).catch((failure: unknown) => failure);
    return { error: thrown, checks };
  }

  it('resolves to the result of the step', async () =>
    expect(await explainMissingCrd(Promise.resolve(7), () => Promise.reject(new Error('not called')))).to.equal(7));

  it('names the missing CRD when the server only returns NotFound, with the error as the cause', async () => {
    const { error } = await failed(notFound, [problem]);
    expect(error).to.include({ message: problem.message, cause: notFound });
  });

  it('keeps NotFound when no CRD is missing', async () => expect(await failed(notFound, [])).to.deep.equal({ error: notFound, checks: 1 }));

  it('keeps every other error and does not check the CRDs', async () => {
    const conflict = new KubeApiError('conflict', { status: 409 });
    expect(await failed(conflict, [problem])).to.deep.equal({ error: conflict, checks: 0 });
  });
});
