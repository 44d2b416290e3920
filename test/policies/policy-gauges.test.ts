import { expect } from 'chai';
import { policyGauges } from '../../operator/policies/policy-gauges.ts';

describe('policyGauges', () => {
  it('returns the failures by severity and the time of the last scan in seconds', () => {
    const status = { failing: { critical: 1, high: 2, medium: 0, low: 0 }, lastScanTime: '1970-01-01T00:01:00Z' };
    expect(policyGauges([{ metadata: { name: 'web' }, spec: {}, status }])).to.deep.equal({
      failing: [
        { policy: 'web', severity: 'critical', count: 1 },
        { policy: 'web', severity: 'high', count: 2 },
        { policy: 'web', severity: 'medium', count: 0 },
        { policy: 'web', severity: 'low', count: 0 },
      ],
      excepted: [],
      enforcement: [],
      scanned: [{ policy: 'web', time: 60 }],
    });
  });

  it('returns the counts of what is enforced, and the failures that exceptions cover', () => {
    const enforcement = { observedGeneration: 1, policies: 3, inForce: 2, enforcedChecks: 7, notEnforced: [{ check: 'a', reason: 'b' }] };
    const gaugesOf = (part: object): unknown =>
      policyGauges([{ metadata: { name: 'web' }, spec: {}, status: { enforcement: { ...enforcement, ...part } } }]).enforcement.map(
        ({ policy, kind, count }) => [policy, kind, count],
      );
    const rows = [
      ['web', 'policies', 3],
      ['web', 'in-force', 2],
      ['web', 'checks', 7],
      ['web', 'not-enforced', 1],
    ];
    expect(gaugesOf({})).to.deep.equal(rows);
    const all = [...rows.slice(0, 3), ['web', 'not-enforced', 0], ['web', 'approved-digests', 4], ['web', 'parameters-bytes', 5]];
    expect(gaugesOf({ notEnforced: undefined, approvedDigests: 4, parametersBytes: 5 })).to.deep.equal(all);
    const excepted = { critical: 0, high: 3, medium: 0, low: 0 };
    expect(policyGauges([{ metadata: { name: 'web' }, spec: {}, status: { excepted } }]).excepted).to.deep.include({
      policy: 'web',
      severity: 'high',
      count: 3,
    });
  });

  it('returns nothing for a policy that was never scanned', () => {
    expect(policyGauges([{ metadata: { name: 'new' }, spec: {} }])).to.deep.equal({
      failing: [],
      excepted: [],
      enforcement: [],
      scanned: [],
    });
  });
});
