import { expect } from 'chai';
import { generationMark, generationScanName, generationsScanName } from '../../../operator/policies/attempts/generation-names.ts';

describe('names of Scans for new generations', () => {
  const one = { name: 'baseline', uid: 'u-1', generation: 3, revision: '3-a' };
  const two = { name: 'hardening', uid: 'u-2', generation: 1, revision: '1-a' };

  it('are the same for the same generations, in any order', () => {
    expect(generationScanName(one)).to.match(/^baseline-g3-[0-9a-f]{6}$/);
    expect(generationsScanName([one, two])).to.equal(generationsScanName([two, one]));
    expect(generationsScanName([one, two])).to.match(/^policies-2-[0-9a-f]{10}$/);
  });

  it('differ for another revision, and for a recreated policy', () => {
    const names = [one, { ...one, revision: '3-b' }, { ...one, uid: 'u-3' }].map((policy) => generationsScanName([policy, two]));
    expect(new Set(names).size).to.equal(3);
    expect(generationMark(one)).to.match(/^[0-9a-f]{12}$/);
  });
});
