import { expect } from 'chai';
import { EnforcementWatch } from '../../operator/admission/enforcement-watch.ts';
import type { KubeClient } from '../../operator/kube/client/kube-client.ts';

describe('the watch of admission policies', () => {
  it('is not started again by a reconcile that ends after the stop', async () => {
    let calls = 0;
    const call = (): Promise<never> => {
      calls += 1;
      return Promise.reject(new Error('no server'));
    };
    const watch = new EnforcementWatch(
      { call, stream: call } as unknown as KubeClient,
      () => undefined,
      () => undefined,
    );
    await watch.stop();
    watch.start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).to.equal(0);
  });
});
