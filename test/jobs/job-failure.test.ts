import { expect } from 'chai';
import { failureText, podOutcome, type FailureClass } from '../../operator/jobs/job-failure.ts';
import type { JobPod } from '../../operator/jobs/job-pod.ts';

type Status = NonNullable<JobPod['status']>;
const terminated = (exitCode: number, reason = 'Error', message?: string): Status => ({
  phase: 'Failed',
  containerStatuses: [{ name: 'worker', state: { terminated: { exitCode, reason, ...(message === undefined ? {} : { message }) } } }],
});
const disruption = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' };

const cases: readonly (readonly [string, Status, FailureClass | 'succeeded' | 'running', string?])[] = [
  ['one that succeeded', { phase: 'Succeeded' }, 'succeeded'],
  ['one that works', { phase: 'Running' }, 'running'],
  [
    'one with no node for it',
    {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' }],
    },
    'Unschedulable',
    '0/1 nodes are available',
  ],
  [
    'one whose image cannot be pulled',
    { phase: 'Pending', containerStatuses: [{ name: 'worker', state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off' } } }] },
    'PullError',
    'ImagePullBackOff: Back-off',
  ],
  ['one past its deadline, whatever its exit code', { ...terminated(137), reason: 'DeadlineExceeded' }, 'DeadlineExceeded'],
  ['one that was drained', { ...terminated(143), conditions: [disruption] }, 'Disrupted'],
  ['one evicted by a disruption', { ...terminated(137), reason: 'Evicted', conditions: [disruption] }, 'Disrupted'],
  ['one evicted for its own disk use', { ...terminated(137), reason: 'Evicted' }, 'StorageExceeded'],
  ['one out of memory', terminated(137, 'OOMKilled'), 'OutOfMemory'],
  ['one whose heap was full', terminated(134), 'OutOfMemory'],
  [
    'one whose heap was full, as the first process of its container',
    terminated(139, 'Error', 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n 1: 0x840e50'),
    'OutOfMemory',
    'worker exited with code 139, out of memory: its heap is full, its memory limit is too small',
  ],
  ['one killed otherwise', terminated(137), 'Killed'],
  [
    'one that cannot succeed',
    terminated(42, 'Error', 'spec.rules[0]: broken'),
    'Permanent',
    'worker exited with code 42: spec.rules[0]: broken',
  ],
  ['one that crashed without a word', terminated(1), 'Crashed', 'worker exited with code 1: no output'],
  [
    'one that crashed with a trace of a Node.js program',
    terminated(2, 'Error', 'H4sIAAAA\nvigil: Error: no such file\n    at read (file.ts:1:2)\n\nNode.js v26.1.0\n'),
    'Crashed',
    'Error: no such file',
  ],
  [
    'one that crashed with a trace of a Go program',
    terminated(2, 'Error', 'starting\npanic: \u001b[31mno such index\u001b[0m\n\ngoroutine 1 [running]:\n\t/src/main.go:7\n'),
    'Crashed',
    'worker exited with code 2: panic: no such index',
  ],
  [
    'one whose container cannot be made',
    {
      phase: 'Pending',
      containerStatuses: [{ name: 'worker', state: { waiting: { reason: 'CreateContainerConfigError', message: 'no secret x' } } }],
    },
    'StartError',
    'CreateContainerConfigError: no secret x',
  ],
  [
    'one whose init container cannot be pulled',
    {
      phase: 'Pending',
      initContainerStatuses: [{ name: 'trivy', state: { waiting: { reason: 'ErrImagePull', message: 'denied' } } }],
      containerStatuses: [{ name: 'worker', state: { waiting: { reason: 'PodInitializing' } } }],
    },
    'PullError',
    'ErrImagePull: denied',
  ],
  [
    'one whose init container failed',
    {
      phase: 'Failed',
      initContainerStatuses: [{ name: 'trivy', state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }],
      containerStatuses: [{ name: 'worker', state: { waiting: { reason: 'PodInitializing' } } }],
    },
    'OutOfMemory',
    'trivy exited with code 137, out of memory: no output',
  ],
  [
    'one by the container that does the work, if others failed too',
    {
      phase: 'Failed',
      containerStatuses: [
        { name: 'proxy', state: { terminated: { exitCode: 1, message: 'stopped' } } },
        { name: 'worker', state: { terminated: { exitCode: 42, message: 'vigil worker: the input is broken' } } },
      ],
    },
    'Permanent',
    'the input is broken',
  ],
  [
    'one by another container that failed, if the one that does the work ended well',
    {
      phase: 'Failed',
      containerStatuses: [
        { name: 'worker', state: { terminated: { exitCode: 0 } } },
        { name: 'proxy', state: { terminated: { exitCode: 1, message: 'stopped' } } },
      ],
    },
    'Crashed',
    'proxy exited with code 1: stopped',
  ],
  ['one that failed before its container ran', { phase: 'Failed', message: 'Pod was rejected' }, 'Crashed', 'Pod was rejected'],
];

describe('classifying attempts', () => {
  for (const [what, status, wanted, message] of cases) {
    it(`calls ${what} ${wanted}`, () => {
      const outcome = podOutcome({ metadata: { name: 'p' }, status }, 'worker');
      expect('class' in outcome ? outcome.class : outcome.kind).to.equal(wanted);
      if (message !== undefined) expect('message' in outcome && outcome.message).to.equal(message);
    });
  }

  it('says in a sentence what happened, to a reader who does not see the class', () => {
    expect(failureText({ class: 'PullError', message: 'ErrImagePull: denied' })).to.equal('the pod cannot start: ErrImagePull: denied');
    expect(failureText({ class: 'StorageExceeded', message: 'too much' })).to.equal('the pod failed: Evicted: too much');
    expect(failureText({ class: 'Crashed', message: 'trivy exited with code 1: no' })).to.equal('trivy exited with code 1: no');
  });
});
