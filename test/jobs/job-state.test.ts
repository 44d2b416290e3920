import { expect } from 'chai';
import type { JobPod } from '../../operator/jobs/job-pod.ts';
import { indexesOf, isIdle, isOver, JobState, type AgeOf, type IndexState, type JobObject } from '../../operator/jobs/job-state.ts';

const made = Date.parse('2026-01-01T00:00:00Z');
const job = (status: JobObject['status'] = {}): JobObject => ({
  metadata: { name: 'j', creationTimestamp: '2026-01-01T00:00:00Z' },
  status,
});
/** An age of so many seconds for every object. */
const after =
  (seconds: number): AgeOf =>
  () =>
    seconds * 1000;
const justNow = after(0);
const pod = (index: number, status: NonNullable<JobPod['status']>, seconds = 0): JobPod => ({
  metadata: {
    name: `p${index}-${seconds}`,
    creationTimestamp: new Date(made + seconds * 1000).toISOString(),
    annotations: { 'batch.kubernetes.io/job-completion-index': String(index) },
  },
  status,
});
const crashed: NonNullable<JobPod['status']> = {
  phase: 'Failed',
  containerStatuses: [{ name: 'worker', state: { terminated: { exitCode: 1, message: 'boom' } } }],
};
const pulling: NonNullable<JobPod['status']> = {
  phase: 'Pending',
  containerStatuses: [{ name: 'worker', state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } }],
};

const unplaced: NonNullable<JobPod['status']> = {
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' }],
};
/** The state of an index whose pod may wait 100 s for a node. */
const stateOf = (of: JobObject, pods: readonly JobPod[], index = 0, ageOf = justNow): IndexState =>
  new JobState(of, pods, { ageOf, container: 'worker', patience: { place: 100_000 } }).of(index);

describe('the state of a Job', () => {
  it('reads index lists as Kubernetes writes them', () => {
    expect([...indexesOf('0,2-4,9')]).to.deep.equal([0, 2, 3, 4, 9]);
    expect([...indexesOf('')]).to.deep.equal([]);
    expect([...indexesOf(undefined)]).to.deep.equal([]);
  });

  it('finds the succeeded pod of an index, also after failed ones', () => {
    const pods = [pod(0, crashed), pod(0, { phase: 'Succeeded' }, 5)];
    expect(stateOf(job({ completedIndexes: '0' }), pods)).to.deep.include({ kind: 'finished' });
  });

  it('is LogLost for a completed index without its pod', () => {
    expect(stateOf(job({ completedIndexes: '0-1' }), [], 1)).to.include({ kind: 'failed', class: 'LogLost' });
  });

  it('waits while Kubernetes retries an index, and fails an index that it does not retry', () => {
    expect(stateOf(job(), [pod(0, crashed)])).to.deep.equal({ kind: 'waiting' });
    expect(stateOf(job({ failedIndexes: '0' }), [pod(0, crashed)])).to.deep.equal({
      kind: 'failed',
      class: 'Crashed',
      message: 'worker exited with code 1: boom',
    });
  });

  it('fails an index whose pod is unknown with the reason of the Job, or because the pod was deleted', () => {
    expect(stateOf(job({ failedIndexes: '0' }), [])).to.deep.equal({ kind: 'failed', class: 'Disrupted', message: 'the pod was deleted' });
    const conditions = [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'too many' }];
    expect(stateOf(job({ conditions }), [pod(0, pulling)])).to.deep.equal({ kind: 'failed', class: 'Disrupted', message: 'too many' });
    expect(stateOf(job({ conditions }), [pod(0, crashed)])).to.include({ class: 'Crashed' });
  });

  it('is that of the newest pod of the index', () => {
    expect(stateOf(job(), [pod(0, pulling, 5), pod(0, crashed, 0)], 0, after(30))).to.have.property('hold');
    expect(stateOf(job(), [pod(0, crashed, 5), pod(0, pulling, 0)], 0, after(30))).to.deep.equal({ kind: 'waiting' });
    expect(stateOf(job(), [pod(1, pulling)], 0, after(30))).to.deep.equal({ kind: 'waiting' });
  });

  it('waits for an image to be pulled, with the reason as hold', () => {
    expect(stateOf(job(), [pod(0, pulling)], 0, after(30))).to.deep.equal({
      kind: 'waiting',
      hold: { reason: 'PullError', message: 'ImagePullBackOff: no such image' },
    });
    expect(stateOf(job(), [pod(0, pulling)], 0, after(120))).to.include({ kind: 'failed', class: 'PullError' });
  });

  it('fails every unfinished index of an ended Job with the reason of the Job', () => {
    const conditions = [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'too long' }];
    expect(stateOf(job({ conditions }), [], 3)).to.deep.equal({
      kind: 'failed',
      class: 'DeadlineExceeded',
      message: 'too long',
    });
  });

  it('waits for a node until the given limit', () => {
    expect(stateOf(job(), [pod(0, unplaced)], 0, after(99))).to.deep.equal({
      kind: 'waiting',
      hold: { reason: 'Unschedulable', message: '0/1 nodes are available' },
    });
    expect(stateOf(job(), [pod(0, unplaced)], 0, after(100))).to.include({ kind: 'failed', class: 'Unschedulable' });
  });

  it('measures the time for an image from its first failed pull, not from the creation of the pod', () => {
    const ages = new Map([['u', 900_000]]);
    const { metadata, ...rest } = pod(0, pulling);
    const old = { metadata: { ...metadata, uid: 'u' }, ...rest };
    expect(stateOf(job(), [old], 0, ({ metadata: { uid = '' } }) => ages.get(uid) ?? 0)).to.include({ kind: 'waiting' });
  });

  it('is LogLost for a completed Job without its pod, with or without indexes', () => {
    expect(stateOf(ended('Complete'), [])).to.include({ kind: 'failed', class: 'LogLost' });
  });

  it('treats a Job without indexes as one with the index 0', () => {
    const { metadata, status } = pod(0, { phase: 'Succeeded' });
    const { annotations, ...bare } = metadata;
    expect(stateOf(job(), [{ metadata: bare, ...(status && { status }) }])).to.include({ kind: 'finished' });
  });

  const ended = (type: string): JobObject => job({ conditions: [{ type, status: 'True' }] });
  const succeeded = pod(1, { phase: 'Succeeded' });

  for (const [what, of, pods, wanted] of [
    ['has no pod', job(), [], true],
    ['has only pods that have ended', job(), [pod(0, crashed), succeeded], true],
    ['has a pending pod', job(), [succeeded, pod(0, { phase: 'Pending' })], false],
    ['has a pod that the cache does not know', job({ active: 1 }), [succeeded], false],
    ['has ended', ended('Complete'), [], false],
  ] as const)
    it(`knows whether a Job is idle: one that ${what}`, () => {
      expect(isIdle(of, pods)).to.equal(wanted);
    });

  for (const [what, of, wanted] of [
    ['has had no pod', job(), false],
    ['has an index left', job({ completedIndexes: '0', failedIndexes: '2' }), false],
    ['has no index left', job({ completedIndexes: '0-1', failedIndexes: '2' }), true],
    ['has failed', ended('Failed'), true],
    ['has completed', ended('Complete'), true],
    ['is about to fail', ended('FailureTarget'), true],
    ['is about to complete', ended('SuccessCriteriaMet'), true],
    ['is suspended', ended('Suspended'), false],
    ['does not fail any more', job({ conditions: [{ type: 'Failed', status: 'False' }] }), false],
  ] as const)
    it(`knows whether a Job may create more pods: one that ${what}`, () => {
      expect(isOver(of, 3)).to.equal(wanted);
    });

  it('fails an index whose pod is terminating for too long: its node is lost', () => {
    const { metadata, status } = pod(0, { phase: 'Running' });
    const leaving = { metadata: { ...metadata, uid: 'u', deletionTimestamp: '2026-01-01T00:00:09Z' }, ...(status && { status }) };
    const at = (seconds: number): unknown =>
      stateOf(job(), [leaving], 0, ({ metadata: { uid } }) => (uid === 'u/leaving' ? seconds * 1000 : 900_000));
    const message = 'pod p0-0 is being deleted, and its node does not report that it has stopped';
    expect(at(5)).to.deep.equal({ kind: 'waiting' });
    expect(at(30)).to.deep.equal({ kind: 'waiting', hold: { reason: 'Disrupted', message } });
    expect(at(61)).to.deep.equal({ kind: 'failed', class: 'Disrupted', message });
  });
});
