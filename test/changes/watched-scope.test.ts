import { expect } from 'chai';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { generationScanName } from '../../operator/policies/attempts/generation-names.ts';
import { changesSince } from '../../operator/changes/watched-scope.ts';

const at = (minute: number): string => `2026-11-01T10:${String(minute).padStart(2, '0')}:00Z`;
const minutes = (time: number): number => (time - Date.parse(at(0))) / 60_000;
const policy = {
  metadata: { name: 'baseline', generation: 2 },
  spec: {},
  status: { lastScanTime: at(40) },
} as unknown as SecurityPolicy;

function scan(minute: number, { phase = 'Complete', name = 'baseline', revision = '2-b', some = false } = {}): Scan {
  return {
    metadata: { name: `scan-${minute}`, creationTimestamp: at(minute) },
    spec: some ? { namespaces: { include: ['shop'] } } : {},
    status: { phase, policies: [{ name, generation: 2, revision }] },
  } as unknown as Scan;
}

describe('the time since which changes were not evaluated', () => {
  for (const [what, scans, expected] of [
    ['is the creation of the last scan', [scan(10), scan(30)], 30 - 1 / 60],
    ['ignores a running scan', [scan(10), scan(30, { phase: 'Running' })], 10 - 1 / 60],
    ['ignores a failed scan', [scan(30, { phase: 'Failed' })], 25],
    ['ignores a scan of some namespaces', [scan(30, { some: true })], 25],
    ['ignores a scan of another revision', [scan(30, { revision: '2-a' })], 25],
    ['ignores a scan of another policy', [scan(30, { name: 'other' })], 25],
    ['is well before lastScanTime when no scan is kept', [], 25],
  ] as const) {
    it(what, () => expect(minutes(changesSince(policy, scans, '2-b'))).to.be.closeTo(expected, 1e-9));
  }

  it('is a second before the creation of the first failed scan of the revision, since the server writes whole seconds', () => {
    const stalled = { type: 'Stalled', status: 'False', observedGeneration: 2 };
    const accepted = {
      ...policy,
      metadata: { ...policy.metadata, uid: 'u' },
      status: { lastScanTime: at(5), conditions: [stalled] },
    } as unknown as SecurityPolicy;
    const name = generationScanName({ name: 'baseline', uid: 'u', generation: 2, revision: '2-b' });
    const failed = [40, 20].map((minute) => ({
      ...scan(minute, { phase: 'Failed' }),
      metadata: { name, creationTimestamp: at(minute) },
    }));
    expect(changesSince(accepted, failed, '2-b')).to.equal(Date.parse(at(20)) - 1000);
  });

  it('is the epoch for a policy that was never scanned', () => {
    expect(changesSince({ ...policy, status: {} }, [], '2-b')).to.be.lessThan(0);
  });
});
