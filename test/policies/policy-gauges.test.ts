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

  it('returns nothing for a policy that was never scanned', () => {
    expect(policyGauges([{ metadata: { name: 'new' }, spec: {} }])).to.deep.equal({
      failing: [],
      excepted: [],
      enforcement: [],
      scanned: [],
    });
  });
});
