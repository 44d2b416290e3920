import { expect } from 'chai';
import { attemptOutcome, type AttemptClass, type WorkerPod } from '../../operator/scan/attempt.ts';

type Status = NonNullable<WorkerPod['status']>;
const terminated = (exitCode: number, reason = 'Error', message?: string): Status => ({
  phase: 'Failed',
  containerStatuses: [{ name: 'worker', state: { terminated: { exitCode, reason, ...(message === undefined ? {} : { message }) } } }],
});
const disruption = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' };

const cases: readonly (readonly [string, Status, AttemptClass, string?])[] = [
  ['one that succeeded', { phase: 'Succeeded' }, 'Succeeded'],
  ['one that works', { phase: 'Running' }, 'Running'],
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
    'Back-off',
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
    'the heap of the worker is full: its memory limit is too small',
  ],
  ['one killed otherwise', terminated(137), 'Killed'],
  ['one that cannot succeed', terminated(42, 'Error', 'spec.rules[0]: broken'), 'Permanent', 'spec.rules[0]: broken'],
  ['one that crashed without a word', terminated(1), 'Crashed', 'exit code 1'],
  ['one that failed before its container ran', { phase: 'Failed', message: 'Pod was rejected' }, 'Crashed', 'Pod was rejected'],
];

describe('classifying attempts', () => {
  for (const [what, status, wanted, message] of cases) {
    it(`calls ${what} ${wanted}`, () => {
      const outcome = attemptOutcome({ metadata: { name: 'p' }, status });
      expect(outcome.class).to.equal(wanted);
      if (message !== undefined) expect(outcome.message).to.equal(message);
    });
  }
});
