import { expect } from 'chai';
import { approvalGauges } from '../../operator/approvals/approval-gauges.ts';
import type { ImageApproval } from '../../operator/api/kinds/image-approval.ts';

const now = Date.parse('2027-02-28T00:00:00Z');
const approval = (expiresAt?: string, digest = `sha256:${'a'.repeat(64)}`): ImageApproval => ({
  metadata: { name: 'a' },
  spec: { images: [{ repository: 'nginx', digest }], reference: 'x', ...(expiresAt === undefined ? {} : { expiresAt }) },
});
const gauges = (...approvals: readonly ImageApproval[]): readonly number[] => {
  const { states, nextEndSeconds } = approvalGauges(approvals, now);
  expect(states.map(({ state }) => state)).to.deep.equal(['in-force', 'expired', 'invalid']);
  return [...states.map(({ count }) => count), nextEndSeconds];
};

describe('the gauges of ImageApprovals', () => {
  it('count the approvals in each state, and the seconds to the next end of one in force', () => {
    const [soon, late, over] = ['2027-02-28T00:01:00Z', '2027-03-28T00:00:00Z', '2027-02-28T00:00:00Z'];
    const invalid = approval('2027-02-28T00:00:01Z', 'none');
    expect(gauges(approval(late), approval(soon), approval(), approval(over), invalid, invalid)).to.deep.equal([3, 1, 2, 60]);
  });

  it('have no next end if no approval in force has one', () => {
    expect(gauges(approval())).to.deep.equal([1, 0, 0, Number.POSITIVE_INFINITY]);
    expect(gauges()).to.deep.equal([0, 0, 0, Number.POSITIVE_INFINITY]);
  });
});
