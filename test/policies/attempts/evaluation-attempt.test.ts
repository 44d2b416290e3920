import { expect } from 'chai';
import type { Scan, ScanStatus } from '../../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import { evaluationAttempt, policiesEvaluatedBy } from '../../../operator/policies/attempts/evaluation-attempt.ts';

const policy = (status: SecurityPolicy['status'] = {}): SecurityPolicy => ({
  metadata: { name: 'web', creationTimestamp: '2026-01-01T10:00:00Z' },
  spec: {},
  status,
});
const scan = (name: string, hour: number, status: ScanStatus = {}, more: Partial<Scan> = {}): Scan => ({
  metadata: { name, creationTimestamp: `2026-01-01T${String(hour).padStart(2, '0')}:00:00Z`, ...more.metadata },
  spec: more.spec ?? { policies: ['web'] },
  status,
});
const ended = (phase: 'Complete' | 'Failed', hour: number, message = ''): ScanStatus => ({
  phase,
  completionTime: `2026-01-01T${String(hour).padStart(2, '0')}:30:00Z`,
  conditions: [{ type: 'Ready', status: 'False', reason: 'NodeLost', message, lastTransitionTime: '' }],
});
const textOf = (scans: readonly Scan[], of = policy()): string | undefined => evaluationAttempt(of, scans)?.text;

describe('evaluationAttempt', () => {
  it('is the newest running Scan of the policy, in any order', () => {
    const scans = [scan('c', 12, { phase: 'Running' }), scan('b', 11), scan('d', 13, ended('Failed', 13))];
    expect(evaluationAttempt(policy(), scans)).to.deep.equal({ failed: false, text: 'Scan c is Running' });
    expect(textOf(scans.toReversed())).to.equal('Scan c is Running');
    expect(textOf([scan('b', 11)])).to.equal('Scan b is Pending');
    const { status: _, ...created } = scan('new', 11);
    expect(textOf([created])).to.equal('Scan new is Pending');
  });

  it('ignores Scans that are being deleted, are of other policies, or are older than the policy', () => {
    const running = { phase: 'Running' } as const;
    const metadata = { name: 'a', creationTimestamp: '2026-01-01T12:00:00Z', deletionTimestamp: '2026-01-01T12:00:00Z' };
    expect(textOf([scan('a', 12, running, { metadata })])).to.equal(undefined);
    expect(textOf([scan('a', 12, running, { spec: { policies: ['data'] } })])).to.equal(undefined);
    expect(textOf([scan('a', 12, running, { spec: {} })])).to.equal(undefined);
    expect(textOf([scan('old', 9, running)])).to.equal(undefined);
    expect(textOf([scan('same', 10, running)])).to.equal('Scan same is Running');
  });

  it('takes every Scan for newer than a policy without a creation time', () => {
    const { creationTimestamp: _, ...metadata } = policy().metadata;
    expect(textOf([scan('old', 9, { phase: 'Running' })], { ...policy(), metadata })).to.equal('Scan old is Running');
  });

  it('says why the running Scan waits', () => {
    const condition = {
      type: 'Reconciling',
      status: 'True',
      reason: 'Unschedulable',
      message: 'no node fits',
      lastTransitionTime: '',
    } as const;
    expect(textOf([scan('a', 11, { phase: 'Running', conditions: [condition] })])).to.equal(
      'Scan a is Running: Unschedulable: no node fits',
    );
  });

  it('finds a Scan of all policies by the policies in its status', () => {
    const counts = { summary: { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 } };
    const status = { phase: 'Running', policies: [{ name: 'web', ...counts }] } as unknown as ScanStatus;
    expect(textOf([scan('all', 11, status, { spec: {} })])).to.equal('Scan all is Running');
  });

  it('is the last Scan if it failed after the last evaluation, with its reason', () => {
    expect(evaluationAttempt(policy(), [scan('a', 11, ended('Failed', 11, 'the node is gone'))])).to.deep.equal({
      failed: true,
      text: 'Scan a failed: NodeLost: the node is gone',
    });
    expect(textOf([scan('a', 11, ended('Failed', 11))])).to.equal('Scan a failed');
    const failed = {
      ...ended('Failed', 11),
      conditions: [{ type: 'Failed', status: 'True', reason: 'X', message: 'y', lastTransitionTime: '' } as const],
    };
    expect(textOf([scan('a', 11, failed)])).to.equal('Scan a failed');
    expect(textOf([scan('a', 11, { phase: 'Failed', completionTime: '2026-01-01T11:30:00Z' })])).to.equal('Scan a failed');
    expect(textOf([scan('a', 11, ended('Failed', 11)), scan('b', 12, ended('Complete', 12))])).to.equal(undefined);
    const evaluated = { lastScanTime: '2026-01-01T12:00:00Z' };
    expect(textOf([scan('a', 11, ended('Failed', 11))], policy(evaluated))).to.equal(undefined);
    expect(textOf([scan('a', 12, ended('Failed', 12))], policy(evaluated))).to.equal('Scan a failed');
  });
});

describe('policiesEvaluatedBy', () => {
  it('names the policies of the owners, the spec and the status once', () => {
    const owner = { apiVersion: 'vigil.dev/v1alpha1', uid: 'u' };
    const ownerReferences = [
      { ...owner, kind: 'SecurityPolicy', name: 'own' },
      { ...owner, kind: 'ScanSchedule', name: 'nightly' },
    ];
    const status = { policies: [{ name: 'web' }, { name: 'data' }] } as unknown as ScanStatus;
    const found = policiesEvaluatedBy({ metadata: { name: 's', ownerReferences }, spec: { policies: ['edge', 'data'] }, status });
    expect(found).to.have.members(['own', 'web', 'data', 'edge']);
    expect(policiesEvaluatedBy({ metadata: { name: 's' }, spec: {} })).to.deep.equal([]);
  });
});
