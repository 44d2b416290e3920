import { expect } from 'chai';
import { ExpectedPods } from '../../../operator/images/targets/expected-pods.ts';

const image = { digest: 'sha256:a', reference: 'r/web@sha256:a' };
const workload = (name: string, runs: boolean) => ({
  workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name },
  containers: [{ container: 'main', reference: 'web:1', ...(runs ? { image } : {}) }],
});
const found = (...missing: readonly string[]) => [{ targets: [workload('web', true), ...missing.map((name) => workload(name, false))] }];

describe('ExpectedPods', () => {
  it('returns a pause that grows while the same pods are missing', () => {
    const expected = new ExpectedPods();
    expect([1, 2, 3, 4].map(() => expected.pause(found('job')))).to.deep.equal([5000, 10_000, 20_000, 40_000]);
  });

  it('returns a short pause again if another workload or another image is missing', () => {
    const expected = new ExpectedPods();
    for (let look = 0; look < 9; look++) expected.pause(found('job'));
    expect(expected.pause(found('job', 'orders'))).to.equal(5000);
    expect(expected.pause(found('job'))).to.equal(5000);
    const other = [{ targets: [{ ...workload('job', false), containers: [{ container: 'main', reference: 'web:2' }] }] }];
    expect(expected.pause(other)).to.equal(5000);
  });

  it('returns no pause if all images have run', () => {
    const expected = new ExpectedPods();
    expect([1, 2].map(() => expected.pause(found()))).to.deep.equal([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(expected.pause([])).to.equal(Number.POSITIVE_INFINITY);
    expect(expected.pause(found('job'))).to.equal(5000);
  });
});
