import { expect } from 'chai';
import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline } from '../../../operator/kube/client/kube-request.ts';

const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

describe('the deadline of a call', () => {
  it('aborts a call after the timeout, with a reason', async () => {
    using deadline = new Deadline(5, undefined);
    await sleep(20);
    expect(deadline.signal.aborted).to.equal(true);
    expect(deadline.signal.reason).to.have.property('name', 'TimeoutError');
    expect(String(deadline.signal.reason)).to.include('no response within 0.005 s');
  });

  it("aborts when the caller's signal is aborted, also if it was aborted before", () => {
    const caller = new AbortController();
    using deadline = new Deadline(1000, caller.signal);
    caller.abort(new Error('stopping'));
    using late = new Deadline(0, caller.signal);
    expect([deadline.signal.reason, late.signal.reason]).to.deep.equal([caller.signal.reason, caller.signal.reason]);
  });

  it('removes its timer and its listener', () => {
    const caller = new AbortController();
    const before = timers();
    for (let call = 0; call < 100; call++) {
      using deadline = new Deadline(60_000, caller.signal);
      expect(deadline.signal.aborted).to.equal(false);
      expect(getEventListeners(caller.signal, 'abort')).to.have.length(1);
    }
    expect([timers() - before, getEventListeners(caller.signal, 'abort').length]).to.deep.equal([0, 0]);
  });
});
