import { expect } from 'chai';
import { RESPONSES, type AttemptResponse } from '../../operator/jobs/job-attempts.ts';

/** The failure classes whose response has a property. */
const classesWith = (has: (response: AttemptResponse) => boolean): string[] =>
  Object.entries(RESPONSES).flatMap(([failure, response]) => (has(response) ? [failure] : []));

describe('the response to a failed attempt', () => {
  it('is no retry where Kubernetes has tried already, or another attempt cannot succeed', () => {
    expect(classesWith(({ tries }) => tries === 1)).to.have.members(['Unschedulable', 'PullError', 'Permanent', 'Rejected']);
  });

  it('is another attempt at once where the cluster failed and not the work', () => {
    expect(classesWith(({ passing }) => passing === true)).to.have.members(['Disrupted', 'LogLost', 'JobGone']);
  });

  it('is less work at once where the amount of work may be the cause', () => {
    const classes = ['StorageExceeded', 'OutOfMemory', 'Killed', 'StreamBroken'];
    expect(classesWith(({ smaller }) => smaller === true)).to.have.members(classes);
  });

  it('is twice the memory or twice the time where these were too small', () => {
    expect(classesWith(({ memoryFactor }) => memoryFactor === 2)).to.have.members(['StorageExceeded', 'OutOfMemory']);
    expect(classesWith(({ deadlineFactor }) => deadlineFactor === 2)).to.deep.equal(['DeadlineExceeded']);
  });

  it('is bounded for every class', () => {
    expect(classesWith(({ tries }) => tries < 1 || tries > 6)).to.deep.equal([]);
  });
});
