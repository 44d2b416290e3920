import { expect } from 'chai';
import { failureText, oneLine, podOutcome, type FailureClass } from '../../operator/jobs/job-failure.ts';
import type { JobPod } from '../../operator/jobs/job-pod.ts';

type Status = NonNullable<JobPod['status']>;
const terminated = (exitCode: number, reason = 'Error', message?: string): Status => ({
  phase: 'Failed',
  containerStatuses: [{ name: 'worker', state: { terminated: { exitCode, reason, ...(message === undefined ? {} : { message }) } } }],
});
const disruption = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' };

const cases: readonly (readonly [string, Status, FailureClass | 'succeeded' | 'running', string?])[] = [
  ['a pod that succeeded', { phase: 'Succeeded' }, 'succeeded'],
  ['a running pod', { phase: 'Running' }, 'running'],
  [
    'an unschedulable pod',
    {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' }],
    },
    'Unschedulable',
    '0/1 nodes are available',
  ],
  [
    'a pod whose image cannot be pulled',
    { phase: 'Pending', containerStatuses: [{ name: 'worker', state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off' } } }] },
    'PullError',
    'ImagePullBackOff: Back-off',
  ],
  ['a pod past its deadline, whatever its exit code', { ...terminated(137), reason: 'DeadlineExceeded' }, 'DeadlineExceeded'],
  ['a drained pod', { ...terminated(143), conditions: [disruption] }, 'Disrupted'],
  ['a pod evicted by a disruption', { ...terminated(137), reason: 'Evicted', conditions: [disruption] }, 'Disrupted'],
  ['a pod evicted for its own disk use', { ...terminated(137), reason: 'Evicted' }, 'StorageExceeded'],
  ['a pod out of memory', terminated(137, 'OOMKilled'), 'OutOfMemory'],
  ['a pod with a full heap', terminated(134), 'OutOfMemory'],
  [
    'a pod with a full heap in PID 1',
    terminated(139, 'Error', 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n 1: 0x840e50'),
    'OutOfMemory',
    'worker exited with code 139, out of memory: its heap is full, its memory limit is too small',
  ],
  ['a killed pod', terminated(137), 'Killed'],
  [
    'a pod with the permanent exit code',
    terminated(42, 'Error', 'spec.rules[0]: broken'),
    'Permanent',
    'worker exited with code 42: spec.rules[0]: broken',
  ],
  ['a pod that crashed without output', terminated(1), 'Crashed', 'worker exited with code 1: no output'],
  [
    'a pod that crashed with a stack trace of a Node.js program',
    terminated(2, 'Error', 'H4sIAAAA\nvigil: Error: no such file\n    at read (file.ts:1:2)\n\nNode.js v26.1.0\n'),
    'Crashed',
    'Error: no such file',
  ],
  [
    'a pod that crashed with a stack trace of a Go program',
    terminated(2, 'Error', 'starting\npanic: \u001b[31mno such index\u001b[0m\n\ngoroutine 1 [running]:\n\t/src/main.go:7\n'),
    'Crashed',
    'worker exited with code 2: panic: no such index',
  ],
  [
    'a pod whose container cannot be created',
    {
      phase: 'Pending',
      containerStatuses: [{ name: 'worker', state: { waiting: { reason: 'CreateContainerConfigError', message: 'no secret x' } } }],
    },
    'StartError',
    'CreateContainerConfigError: no secret x',
  ],
  [
    'a pod whose init image cannot be pulled',
    {
      phase: 'Pending',
      initContainerStatuses: [{ name: 'trivy', state: { waiting: { reason: 'ErrImagePull', message: 'denied' } } }],
      containerStatuses: [{ name: 'worker', state: { waiting: { reason: 'PodInitializing' } } }],
    },
    'PullError',
    'ErrImagePull: denied',
  ],
  [
    'a pod whose init container failed',
    {
      phase: 'Failed',
      initContainerStatuses: [{ name: 'trivy', state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }],
      containerStatuses: [{ name: 'worker', state: { waiting: { reason: 'PodInitializing' } } }],
    },
    'OutOfMemory',
    'trivy exited with code 137, out of memory: no output',
  ],
  [
    'a pod by its main container, if others failed too',
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
    'a pod by another failed container, if the main container succeeded',
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
  ['a pod without a status', {}, 'running'],
  ['a pod with a container without a state', { phase: 'Pending', containerStatuses: [{ name: 'worker' }] }, 'running'],
  [
    'a pod whose container is being created',
    { phase: 'Pending', containerStatuses: [{ name: 'worker', state: { waiting: { reason: 'ContainerCreating' } } }] },
    'running',
  ],
  ['a pod that has a node', { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] }, 'running'],
  ['a pod that is not ready', { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] }, 'running'],
  [
    'an unschedulable pod without a message',
    { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
    'Unschedulable',
    'SchedulingGated',
  ],
  ...['ErrImagePull', 'InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError', 'RegistryUnavailable'].map(
    (reason) =>
      [
        `a pod whose container waits with ${reason}`,
        { phase: 'Pending', containerStatuses: [{ name: 'worker', state: { waiting: { reason } } }] },
        'PullError',
        reason,
      ] as const,
  ),
  ['a pod on a lost node', { ...terminated(137), reason: 'NodeLost', message: 'the node is\n gone' }, 'Disrupted', 'the node is gone'],
  [
    'a pod whose disruption was called off',
    { ...terminated(1, 'Error', 'boom'), conditions: [{ ...disruption, status: 'False' }] },
    'Crashed',
    'worker exited with code 1: boom',
  ],
  ['a pod that failed without a reason', { phase: 'Failed' }, 'Crashed', 'container worker never ran'],
  ['a pod that was refused with a reason', { phase: 'Failed', reason: 'OutOfcpu' }, 'Crashed', 'OutOfcpu'],
  ['a pod that failed before its container ran', { phase: 'Failed', message: 'Pod was rejected' }, 'Crashed', 'Pod was rejected'],
];

describe('the outcome of a pod', () => {
  for (const [what, status, wanted, message] of cases) {
    it(`of ${what} is ${wanted}`, () => {
      const outcome = podOutcome({ metadata: { name: 'p' }, status }, 'worker');
      expect('class' in outcome ? outcome.class : outcome.kind).to.equal(wanted);
      if (message !== undefined) expect('message' in outcome && outcome.message).to.equal(message);
    });
  }

  it('has a sentence for readers who do not see the class', () => {
    expect(failureText({ class: 'PullError', message: 'ErrImagePull: denied' })).to.equal('the pod cannot start: ErrImagePull: denied');
    expect(failureText({ class: 'StorageExceeded', message: 'too much' })).to.equal('the pod failed: Evicted: too much');
    for (const [failure, text] of [
      ['Unschedulable', 'the pod cannot be scheduled: x'],
      ['StartError', 'the pod cannot start: x'],
      ['DeadlineExceeded', 'the pod failed: DeadlineExceeded: x'],
      ['Disrupted', 'the pod was lost: x'],
      ['LogLost', 'the log is lost: x'],
      ['StreamBroken', 'the log cannot be read: x'],
      ['Rejected', 'the Job has no pod: x'],
    ] as const)
      expect(failureText({ class: failure, message: 'x' })).to.equal(text);
    expect(failureText({ class: 'Crashed', message: 'trivy exited with code 1: no' })).to.equal('trivy exited with code 1: no');
  });

  it('is one line of at most 600 characters', () => {
    expect(oneLine('  a\n\tb ')).to.equal('a b');
    expect(oneLine('x'.repeat(601))).to.have.length(600);
  });
});
