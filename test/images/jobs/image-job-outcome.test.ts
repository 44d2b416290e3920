import { expect } from 'chai';
import { imageJobAnnotation } from '../../../operator/images/jobs/image-job-state.ts';
import { imageJobOutcome } from '../../../operator/images/jobs/image-job-outcome.ts';
import type { JobEvent } from '../../../operator/jobs/job-events.ts';
import type { JobPod } from '../../../operator/jobs/job-pod.ts';
import type { AgeOf, JobObject } from '../../../operator/jobs/job-state.ts';

/** Everything has been seen for so many seconds. */
const after =
  (seconds: number): AgeOf =>
  () =>
    seconds * 1000;
const job: JobObject = { metadata: { name: 'j' } };
const pod = (status: NonNullable<JobPod['status']>): JobPod => ({ metadata: { name: 'p' }, status });
const init = (state: object): JobPod => pod({ phase: 'Pending', initContainerStatuses: [{ name: 'trivy', state }] });
const crashed = (message: string): JobPod =>
  pod({ phase: 'Failed', initContainerStatuses: [{ name: 'trivy', state: { terminated: { exitCode: 2, message } } }] });
const outcome = (pods: readonly JobPod[], seconds: number, of = job, events: readonly JobEvent[] = []): string => {
  const found = imageJobOutcome(of, { pods, events }, after(seconds));
  return found.kind === 'failed' ? found.reason : found.kind;
};

describe('how a Job for images went', () => {
  const terminated = { exitCode: 137, reason: 'OOMKilled', message: '' };
  const failed = { phase: 'Failed', initContainerStatuses: [{ name: 'trivy', state: { terminated } }] };
  const pulling = { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } };
  const unplaced = { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes' }] };
  const ended = { ...job, status: { conditions: [{ type: 'Failed', status: 'True', message: 'a pod failed' }] } };
  const over = { ...job, status: { conditions: [{ type: 'Failed', status: 'True', message: 'was too late' }] } };
  const complete = { ...job, status: { conditions: [{ type: 'Complete', status: 'True' }] } };
  const leaving: JobPod = { metadata: { name: 'p', deletionTimestamp: '2026-01-01T00:00:00Z' }, status: { phase: 'Running' } };
  const target = { metadata: { ...job.metadata, annotations: imageJobAnnotation({ scanner: 's', reference: 'r/web@d' }) } };
  const event = (reason: string, message: string): JobEvent => ({ metadata: { name: 'e' }, reason, message });
  const pull = (message: string): JobEvent[] => [
    event('Pulling', 'Pulling image "r/web@d"'),
    event('Failed', `Failed to pull image "r/web@d": ${message}`),
    event('Failed', 'Error: ImagePullBackOff'),
  ];
  const initializing = [init({ waiting: { reason: 'PodInitializing' } })];
  const prepared = [
    pod({
      phase: 'Pending',
      initContainerStatuses: [
        { name: 'prepare', state: { terminated: { exitCode: 0 } } },
        { name: 'trivy', state: { waiting: { reason: 'PodInitializing' } } },
      ],
    }),
  ];
  const scanning = [init({ running: {} })];
  const refusals = ['401 Unauthorized', '403 Forbidden', 'denied: no', 'authorization failed: no basic auth credentials'];
  for (const message of refusals)
    it(`says at once that nobody may have it: ${message}`, () => {
      const found = imageJobOutcome(target, { pods: initializing, events: pull(message) }, after(2));
      expect(found).to.deep.equal({
        kind: 'failed',
        class: 'PullError',
        denied: true,
        reason: `the pod cannot start: Failed to pull image "r/web@d": ${message}`,
      });
    });

  it('names an image once, however long its name is', () => {
    const reference = `r/${'web'.repeat(80)}@d`;
    const metadata = { ...job.metadata, annotations: imageJobAnnotation({ scanner: 's', reference }) };
    const steps = `failed to pull and unpack image "${reference}": failed to resolve reference "${reference}": 401 Unauthorized`;
    const events = [event('Failed', `Failed to pull image "${reference}": ${steps}`)];
    const found = imageJobOutcome({ metadata }, { pods: initializing, events }, after(2));
    expect(found).to.deep.equal({
      kind: 'failed',
      class: 'PullError',
      denied: true,
      reason: `the pod cannot start: Failed to pull image "${reference}": failed to pull and unpack image it: failed to resolve reference it: 401 Unauthorized`,
    });
  });

  it('says after a minute what it waits for', () => {
    const waits = (events: readonly JobEvent[], seconds: number): unknown =>
      imageJobOutcome(target, { pods: initializing, events }, after(seconds));
    const pulling = pull('').slice(0, 1);
    expect(waits(pulling, 59)).to.deep.equal({ kind: 'running' });
    expect(waits(pulling, 61)).to.deep.equal({ kind: 'running', waits: 'the node is still pulling it: Pulling image "r/web@d"' });
    expect(waits([], 61)).to.deep.equal({ kind: 'running', waits: 'the pod has not started, and no Event has a reason' });
  });

  for (const [what, got, expected] of [
    ['may still get the image', outcome(initializing, 59, target, pull('503')), 'running'],
    ['cannot get the image', outcome(initializing, 61, target, pull('503')), 'the pod cannot start: Failed to pull image "r/web@d": 503'],
    [
      'cannot get it at all',
      outcome(initializing, 2, target, pull('r/web@d: not found')),
      'the pod cannot start: Failed to pull image "r/web@d": r/web@d: not found',
    ],
    ['has got it after all', outcome(scanning, 61, target, pull('503')), 'running'],
    ['waits for another image', outcome(initializing, 5, target, [event('Failed', 'Failed to pull image "vigil": 401')]), 'running'],
    [
      'cannot get it after its first container',
      outcome(prepared, 61, target, pull('503')),
      'the pod cannot start: Failed to pull image "r/web@d": 503',
    ],
    ['is not that image', outcome(initializing, 5, job, pull('401')), 'running'],
    ['has no pod', outcome([], 61, target, [event('FailedCreate', 'quota')]), 'the Job has no pod: quota'],
    ['runs', outcome([init({ waiting: { reason: 'PodInitializing' } })], 300), 'running'],
    ['has ended', outcome([pod({ phase: 'Succeeded' })], 300), 'finished'],
    ['ran out of memory', outcome([pod(failed)], 5, ended), 'trivy exited with code 137, out of memory: no output'],
    [
      'crashed',
      outcome([crashed('starting\npanic: \u001b[31mno such index\u001b[0m\n\ngoroutine 1 [running]:\n\t/src/main.go:7 +0x1b\n')], 5, ended),
      'trivy exited with code 2: panic: no such index',
    ],
    ['ended with a word', outcome([crashed('one\n\u001b]0;title\u0007two\n')], 5, ended), 'trivy exited with code 2: two'],
    [
      'ended with a word of its own',
      outcome([crashed('vigil match: the image has no /db/trivy.db\n')], 5, ended),
      'the image has no /db/trivy.db',
    ],
    [
      'was evicted',
      outcome([pod({ phase: 'Failed', reason: 'Evicted', message: 'too\nmuch' })], 5, ended),
      'the pod failed: Evicted: too much',
    ],
    ['may have another pod after one that failed', outcome([pod(failed)], 5), 'running'],
    ['lost its log', outcome([], 5, complete), 'the log is lost: the pod succeeded, but was deleted with its log'],
    ['lost its node', outcome([leaving], 61), 'the pod was lost: pod p is being deleted, and its node does not report that it has stopped'],
    ['may still pull', outcome([init(pulling)], 30), 'running'],
    ['cannot pull', outcome([init(pulling)], 61), 'the pod cannot start: ImagePullBackOff: no such image'],
    ['cannot be placed', outcome([pod(unplaced)], 61), 'the pod cannot be scheduled: 0/1 nodes'],
    ['lost its pod', outcome([], 5, over), 'the pod was lost: was too late'],
    ['takes too long', outcome([], 1501), 'the pod did not end within 25 minutes'],
  ] as const) {
    it(`says that it ${what}`, () => expect(got).to.equal(expected));
  }
});
