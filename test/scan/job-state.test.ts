import { expect } from 'chai';
import type { WorkerPod } from '../../operator/scan/attempt.ts';
import { indexesOf, isUnborn, JobState, type AgeOf, type ScanJob } from '../../operator/scan/job-state.ts';

const made = Date.parse('2026-01-01T00:00:00Z');
const job = (status: ScanJob['status'] = {}): ScanJob => ({ metadata: { name: 'j', creationTimestamp: '2026-01-01T00:00:00Z' }, status });
/** Seen for so many seconds. */
const after =
  (seconds: number): AgeOf =>
  () =>
    seconds * 1000;
const justNow = after(0);
const pod = (index: number, status: NonNullable<WorkerPod['status']>, seconds = 0): WorkerPod => ({
  metadata: {
    name: `p${index}-${seconds}`,
    creationTimestamp: new Date(made + seconds * 1000).toISOString(),
    annotations: { 'batch.kubernetes.io/job-completion-index': String(index) },
  },
  status,
});
const crashed: NonNullable<WorkerPod['status']> = {
  phase: 'Failed',
  containerStatuses: [{ name: 'worker', state: { terminated: { exitCode: 1, message: 'boom' } } }],
};
const pulling: NonNullable<WorkerPod['status']> = {
  phase: 'Pending',
  containerStatuses: [{ name: 'worker', state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } }],
};

describe('the state of a Job', () => {
  it('reads index lists as Kubernetes writes them', () => {
    expect([...indexesOf('0,2-4,9')]).to.deep.equal([0, 2, 3, 4, 9]);
    expect([...indexesOf('')]).to.deep.equal([]);
    expect([...indexesOf(undefined)]).to.deep.equal([]);
  });

  it('finds the pod whose log is to be collected, whatever failed before it', () => {
    const state = new JobState(job({ completedIndexes: '0' }), [pod(0, crashed), pod(0, { phase: 'Succeeded' }, 5)], justNow);
    expect(state.of(0)).to.deep.include({ kind: 'finished' });
  });

  it('calls a completed index without its pod a lost log', () => {
    expect(new JobState(job({ completedIndexes: '0-1' }), [], justNow).of(1)).to.include({ kind: 'failed', class: 'LogLost' });
  });

  it('waits for what Kubernetes itself tries again, and fails what it does not', () => {
    expect(new JobState(job(), [pod(0, crashed)], justNow).of(0)).to.deep.equal({ kind: 'waiting' });
    expect(new JobState(job({ failedIndexes: '0' }), [pod(0, crashed)], justNow).of(0)).to.deep.equal({
      kind: 'failed',
      class: 'Crashed',
      message: 'boom',
    });
  });

  it('gives an image time to be pulled, and says meanwhile what it waits for', () => {
    expect(new JobState(job(), [pod(0, pulling)], after(30)).of(0)).to.deep.equal({
      kind: 'waiting',
      note: 'PullError: no such image',
    });
    expect(new JobState(job(), [pod(0, pulling)], after(120)).of(0)).to.include({ kind: 'failed', class: 'PullError' });
  });

  it('fails every index that an ended Job left open, by the Job’s own reason', () => {
    const conditions = [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'too long' }];
    expect(new JobState(job({ conditions }), [], justNow).of(3)).to.deep.equal({
      kind: 'failed',
      class: 'DeadlineExceeded',
      message: 'too long',
    });
  });

  it('notices a Job that never got a pod', () => {
    expect(isUnborn(job(), [], after(30))).to.equal(false);
    expect(isUnborn(job(), [], after(90))).to.equal(true);
    expect(isUnborn(job(), [pod(0, { phase: 'Pending' })], after(90))).to.equal(false);
    expect(isUnborn(job({ conditions: [{ type: 'Complete', status: 'True' }] }), [], after(90))).to.equal(false);
  });
});
