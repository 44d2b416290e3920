import { expect } from 'chai';
import { containersOf, hasEnded, hasSucceeded, jobPodOf, type ContainerStatus } from '../../operator/jobs/job-pod.ts';

const metadata = { name: 'p', namespace: 'vigil-system' };
const state = { terminated: { exitCode: 1, reason: 'Error' } };
const conditions = [{ type: 'Ready', status: 'False' }];

describe('the cached part of a pod', () => {
  it('is its metadata and the fields of the status that decide a Job', () => {
    const container = { name: 'worker', state, image: 'vigil', restartCount: 3 };
    const full = {
      metadata,
      spec: { nodeName: 'n' },
      status: {
        ...{ phase: 'Failed', reason: 'Evicted', message: 'disk', conditions, podIP: '10.0.0.1' },
        initContainerStatuses: [{ name: 'init', image: 'vigil' }],
        containerStatuses: [container],
      },
    };
    expect(jobPodOf(full)).to.deep.equal({
      metadata,
      status: {
        ...{ phase: 'Failed', reason: 'Evicted', message: 'disk', conditions },
        initContainerStatuses: [{ name: 'init' }],
        containerStatuses: [{ name: 'worker', state }],
      },
    });
  });

  it('has no fields that the pod lacks', () => {
    expect(jobPodOf({ metadata })).to.deep.equal({ metadata, status: {} });
    expect(jobPodOf({ metadata, status: { phase: 'Pending' } })).to.deep.equal({ metadata, status: { phase: 'Pending' } });
  });
});

describe('the containers of a pod', () => {
  it('begin with the init containers', () => {
    const status = { initContainerStatuses: [{ name: 'init' }], containerStatuses: [{ name: 'worker' }] };
    expect(containersOf({ metadata, status }).map(({ name }) => name)).to.deep.equal(['init', 'worker']);
    expect([containersOf({ metadata }), containersOf({ metadata, status: {} })]).to.deep.equal([[], []]);
  });
});

describe('a pod that has ended', () => {
  it('is in phase Succeeded or Failed', () => {
    const ended = ['Pending', 'Running', 'Unknown', 'Succeeded', 'Failed'].filter((phase) => hasEnded({ metadata, status: { phase } }));
    expect([ended, hasEnded({ metadata })]).to.deep.equal([['Succeeded', 'Failed'], false]);
  });
});

describe('a pod whose work succeeded', () => {
  const ended = (exitCode: number): ContainerStatus => ({ name: 'worker', state: { terminated: { exitCode } } });
  const running: ContainerStatus = { name: 'sidecar', state: { running: {} } };
  for (const [what, status, wanted] of [
    ['is in phase Succeeded', { phase: 'Succeeded' }, true],
    ['is still in phase Running, and each container ended with 0', { phase: 'Running', containerStatuses: [ended(0), ended(0)] }, true],
    ['is not one with a container that failed', { phase: 'Running', containerStatuses: [ended(0), ended(1)] }, false],
    ['is not one with a container that runs', { phase: 'Running', containerStatuses: [ended(0), running] }, false],
    ['is not one without container statuses', { phase: 'Running' }, false],
    ['is not one whose init container alone has ended', { phase: 'Pending', initContainerStatuses: [ended(0)] }, false],
    ['is not one that failed, for example past its deadline', { phase: 'Failed', containerStatuses: [ended(0)] }, false],
    ['is not one whose node is lost', { phase: 'Unknown', containerStatuses: [ended(0)] }, false],
  ] as const)
    it(what, () => expect(hasSucceeded({ metadata, status })).to.equal(wanted));
});
