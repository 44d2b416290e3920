import { expect } from 'chai';
import { imageJobAnnotation } from '../../../operator/images/jobs/image-job-state.ts';
import { imageJobOutcome } from '../../../operator/images/jobs/image-job-outcome.ts';
import type { JobEvent } from '../../../operator/jobs/job-events.ts';
import type { JobPod } from '../../../operator/jobs/job-pod.ts';
import type { AgeOf, JobObject } from '../../../operator/jobs/job-state.ts';

/** Returns the age of every state: this number of seconds. */
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

describe('imageJobOutcome', () => {
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
    it(`reports a denial at once: ${message}`, () => {
      const found = imageJobOutcome(target, { pods: initializing, events: pull(message) }, after(2));
      expect(found).to.deep.equal({
        kind: 'failed',
        class: 'PullError',
        denied: true,
        reason: `the pod cannot start: Failed to pull image "r/web@d": ${message}`,
      });
    });

  it('names the image once, also if its reference is long', () => {
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

  it('reports after a minute why the pod waits', () => {
    const waits = (events: readonly JobEvent[], seconds: number): unknown =>
      imageJobOutcome(target, { pods: initializing, events }, after(seconds));
    const pulling = pull('').slice(0, 1);
    expect(waits(pulling, 59)).to.deep.equal({ kind: 'running' });
    expect(waits(pulling, 61)).to.deep.equal({ kind: 'running', waits: 'the node is still pulling it: Pulling image "r/web@d"' });
    expect(waits([], 61)).to.deep.equal({ kind: 'running', waits: 'the pod has not started, and no Event has a reason' });
  });

  for (const [what, got, expected] of [
    ['a pull that fails for less than a minute', outcome(initializing, 59, target, pull('503')), 'running'],
    [
      'a pull that fails for more than a minute',
      outcome(initializing, 61, target, pull('503')),
      'the pod cannot start: Failed to pull image "r/web@d": 503',
    ],
    [
      'an image that does not exist',
      outcome(initializing, 2, target, pull('r/web@d: not found')),
      'the pod cannot start: Failed to pull image "r/web@d": r/web@d: not found',
    ],
    ['a pull that succeeded after failures', outcome(scanning, 61, target, pull('503')), 'running'],
    ['a failed pull of another image', outcome(initializing, 5, target, [event('Failed', 'Failed to pull image "vigil": 401')]), 'running'],
    [
      'a failed pull after the first container',
      outcome(prepared, 61, target, pull('503')),
      'the pod cannot start: Failed to pull image "r/web@d": 503',
    ],
    ['a failed pull of a Job without a recorded reference', outcome(initializing, 5, job, pull('401')), 'running'],
    ['a Job without a pod', outcome([], 61, target, [event('FailedCreate', 'quota')]), 'the Job has no pod: quota'],
    ['a pod that initializes', outcome([init({ waiting: { reason: 'PodInitializing' } })], 300), 'running'],
    ['a pod that succeeded', outcome([pod({ phase: 'Succeeded' })], 300), 'finished'],
    ['a scanner that was out of memory', outcome([pod(failed)], 5, ended), 'trivy exited with code 137, out of memory: no output'],
    [
      'a scanner that crashed',
      outcome([crashed('starting\npanic: \u001b[31mno such index\u001b[0m\n\ngoroutine 1 [running]:\n\t/src/main.go:7 +0x1b\n')], 5, ended),
      'trivy exited with code 2: panic: no such index',
    ],
    [
      'a scanner that failed with an output',
      outcome([crashed('one\n\u001b]0;title\u0007two\n')], 5, ended),
      'trivy exited with code 2: two',
    ],
    [
      'a verb of Vigil that failed with a reason',
      outcome([crashed('vigil match: the image has no /db/trivy.db\n')], 5, ended),
      'the image has no /db/trivy.db',
    ],
    [
      'an evicted pod',
      outcome([pod({ phase: 'Failed', reason: 'Evicted', message: 'too\nmuch' })], 5, ended),
      'the pod failed: Evicted: too much',
    ],
    ['a failed pod while the Job may create another', outcome([pod(failed)], 5), 'running'],
    ['a completed Job without a pod', outcome([], 5, complete), 'the log is lost: the pod succeeded, but was deleted with its log'],
    [
      'a pod whose node is lost',
      outcome([leaving], 61),
      'the pod was lost: pod p is being deleted, and its node does not report that it has stopped',
    ],
    ['ImagePullBackOff for less than a minute', outcome([init(pulling)], 30), 'running'],
    ['ImagePullBackOff for more than a minute', outcome([init(pulling)], 61), 'the pod cannot start: ImagePullBackOff: no such image'],
    ['a pod that cannot be scheduled', outcome([pod(unplaced)], 61), 'the pod cannot be scheduled: 0/1 nodes'],
    ['a failed Job without a pod', outcome([], 5, over), 'the pod was lost: was too late'],
    ['a Job past its deadline', outcome([], 1501), 'the pod did not end within 25 minutes'],
  ] as const) {
    it(`reports ${what}`, () => expect(got).to.equal(expected));
  }
});
