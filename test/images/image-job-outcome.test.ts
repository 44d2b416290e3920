import { expect } from 'chai';
import { imageJobOutcome, type ImageJobEvent, type ImagePod } from '../../operator/images/image-job-outcome.ts';

const born = Date.parse('2026-01-01T00:00:00Z');
const job = { metadata: { name: 'j', creationTimestamp: '2026-01-01T00:00:00Z' } };
const pod = (status: NonNullable<ImagePod['status']>): ImagePod => ({ metadata: { name: 'p' }, status });
const init = (state: object): ImagePod => pod({ phase: 'Pending', initContainerStatuses: [{ name: 'trivy', state }] });
const outcome = (pods: readonly ImagePod[], seconds: number, of = job, events: readonly ImageJobEvent[] = []): string => {
  const found = imageJobOutcome(of, { pods, events }, born + seconds * 1000);
  return found.kind === 'failed' ? found.reason : found.kind;
};

describe('how a Job for images went', () => {
  const terminated = { exitCode: 137, reason: 'OOMKilled', message: '' };
  const failed = { phase: 'Failed', initContainerStatuses: [{ name: 'trivy', state: { terminated } }] };
  const pulling = { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } };
  const unplaced = { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes' }] };
  const over = { ...job, status: { conditions: [{ type: 'Failed', status: 'True', message: 'was too late' }] } };
  for (const [what, got, expected] of [
    ['runs', outcome([init({ waiting: { reason: 'PodInitializing' } })], 300), 'running'],
    ['has ended', outcome([pod({ phase: 'Succeeded' })], 300), 'finished'],
    ['ran out of memory', outcome([pod(failed)], 5), 'trivy ended with 137, out of memory: it said nothing'],
    ['was evicted', outcome([pod({ phase: 'Failed', reason: 'Evicted', message: 'too\nmuch' })], 5), 'the pod failed: Evicted: too much'],
    ['may still pull', outcome([init(pulling)], 30), 'running'],
    ['cannot pull', outcome([init(pulling)], 61), 'the pod cannot begin: ImagePullBackOff: no such image'],
    ['cannot be placed', outcome([pod(unplaced)], 61), 'the pod cannot be placed: 0/1 nodes'],
    ['lost its pod', outcome([], 5, over), 'the Job ended without a pod to ask: was too late'],
    ['takes too long', outcome([], 1501), 'the pod did not end within 25 minutes'],
  ] as const) {
    it(`says that it ${what}`, () => expect(got).to.equal(expected));
  }
});
