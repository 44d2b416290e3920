import { expect } from 'chai';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { WatchedResource } from '../../operator/controller/watched-resource.ts';
import type { ChangeType } from '../../operator/kube/watch/list-watch.ts';
import { scanScheduleWatches } from '../../operator/schedules/scan-schedule.ts';
import { scanWatches } from '../../operator/scans/scan.ts';
import { securityPolicyWatches } from '../../operator/policies/security-policy.ts';
import { scanStatus } from '../../operator/scans/status/scan-status.ts';
import { scanCleanupWatches } from '../../operator/scans/scan-cleanup.ts';
import { collect, ledgerOf, scanOf } from './scan-bench.ts';

const owner = { ownerReferences: [{ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name: 'p', uid: 'p' }] };
const running = (message: string, reason = 'Running'): ReturnType<typeof scanOf> =>
  scanOf('s', scanStatus(scanOf(), { stage: 'running', ledger: ledgerOf(), hold: { reason, message } }, 0), owner);
const ended = scanOf(
  's',
  scanStatus(scanOf(), { stage: 'ended', ledger: collect(collect(ledgerOf(), 0), 1), images: undefined }, 0),
  owner,
);

/** The keys that a change of an object adds to the queues of all controllers, as `controller/key`. */
function allKeys(): (object: KubeObject, type: ChangeType, resource?: WatchedResource['resource']) => string[] {
  const controllers = Object.entries({
    scan: scanWatches(),
    'scan-cleanup': scanCleanupWatches(),
    securitypolicy: securityPolicyWatches({
      list: () => [
        { metadata: { name: 'p' }, spec: {} },
        { metadata: { name: 'q' }, spec: {} },
      ],
    }),
    scanschedule: scanScheduleWatches(),
  });
  return (object, type, resource = RESOURCES.scans) =>
    controllers.flatMap(([name, watched]) =>
      watched.filter((one) => one.resource === resource).flatMap((one) => one.keys(object, type).map((key) => `${name}/${key}`)),
    );
}

describe('a change of a Scan', () => {
  it('does not enqueue the Scan for a change of its status: a write must not end the pause after a failure', () => {
    const keys = allKeys();
    expect(keys(scanOf('s', undefined, owner), 'ADDED')).to.deep.equal(['scan/s', 'securitypolicy/p']);
    expect(keys(running(''), 'MODIFIED')).to.deep.equal(['securitypolicy/p']);
    expect(keys(running('1 of 3'), 'MODIFIED')).to.deep.equal([]);
    expect(keys(running('no room', 'Unschedulable'), 'MODIFIED')).to.deep.equal(['securitypolicy/p']);
    expect(keys({ ...running(''), metadata: { ...running('').metadata, generation: 2 } }, 'MODIFIED')).to.deep.include('scan/s');
  });

  it('enqueues the schedule that owns it', () => {
    const ownerReferences = owner.ownerReferences.map((reference) => ({ ...reference, kind: 'ScanSchedule', name: 'nightly' }));
    expect(allKeys()(scanOf('s', undefined, { ownerReferences }), 'ADDED')).to.deep.equal(['scan/s', 'scanschedule/nightly']);
  });

  it('enqueues the cleanup once at its end, and when an operator starts', () => {
    for (const first of ['MODIFIED', 'ADDED'] as const) {
      const keys = allKeys();
      expect(keys(ended, first)).to.deep.include('scan-cleanup/s');
      expect(keys({ ...ended, metadata: { ...ended.metadata, labels: { a: 'b' } } }, 'MODIFIED')).to.deep.equal([]);
    }
  });

  it('enqueues each policy that it evaluates, when it starts and when it ends', () => {
    const keys = allKeys();
    const scan = scanOf('s', undefined, { ...owner, spec: { policies: ['p', 'q'] } });
    expect(keys(scan, 'ADDED')).to.deep.equal(['scan/s', 'securitypolicy/p', 'securitypolicy/q']);
    const policies = ['p', 'q', 'r'].map((name) => ({ name, generation: 1 }));
    const woken = ['securitypolicy/p', 'securitypolicy/r', 'securitypolicy/q'].toSorted();
    const at = (phase: 'Running' | 'Failed'): Scan => ({ ...scan, status: { phase, policies } });
    expect(keys(at('Running'), 'MODIFIED').toSorted()).to.deep.equal(woken);
    expect(keys(at('Failed'), 'MODIFIED').toSorted()).to.deep.equal(['scan-cleanup/s', ...woken]);
    const scheduled = { ownerReferences: [{ apiVersion: 'vigil.dev/v1alpha1', kind: 'ScanSchedule', name: 'nightly', uid: 'n' }] };
    const nightly = scanOf('nightly-1', { phase: 'Complete', policies }, scheduled);
    expect(keys(nightly, 'ADDED')).to.include.members(['scanschedule/nightly', ...woken]);
  });

  it('enqueues the Scan when it was deleted', () => {
    const keys = allKeys();
    keys(running(''), 'ADDED');
    expect(keys(running(''), 'DELETED')).to.deep.include('scan/s');
  });
});

describe('a change of another object', () => {
  const named = (name: string, annotations = {}): KubeObject => ({ metadata: { name, uid: name, annotations } });

  it('enqueues the Scan of a Job or a pod', () => {
    const pod = named('vigil-1-a1-0', { 'vigil.dev/scan': 's' });
    expect(allKeys()(pod, 'MODIFIED', RESOURCES.pods)).to.deep.equal(['scan/s']);
    expect(allKeys()(pod, 'MODIFIED', RESOURCES.jobs)).to.deep.equal(['scan/s']);
    expect(allKeys()(named('other'), 'MODIFIED', RESOURCES.pods)).to.deep.equal([]);
  });

  it('enqueues every policy and the default schedule for a schedule, and the default schedule for a policy', () => {
    expect(allKeys()(named('weekly'), 'ADDED', RESOURCES.schedules)).to.deep.equal([
      'securitypolicy/p',
      'securitypolicy/q',
      'scanschedule/weekly',
      'scanschedule/default',
    ]);
    expect(allKeys()(named('q'), 'ADDED', RESOURCES.policies)).to.deep.equal(['securitypolicy/q', 'scanschedule/default']);
  });
});
