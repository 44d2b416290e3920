import { expect } from 'chai';
import { bytesOf, heapOption, scaleMemory } from '../../../operator/jobs/template/memory.ts';

describe('the memory of a Job', () => {
  for (const [quantity, bytes] of [
    ['256Mi', 268_435_456],
    ['1Gi', 1_073_741_824],
    ['0.5Gi', 536_870_912],
    ['256M', 256_000_000],
    ['1k', 1000],
    ['2Ki', 2048],
    ['1e9', 1_000_000_000],
    [1024, 1024],
    ['1.Ti', 1_099_511_627_776],
    ['a lot', undefined],
    ['256Mb', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const) {
    it(`reads ${quantity ?? 'nothing'} as ${bytes ?? 'not a quantity'}`, () => expect(bytesOf(quantity)).to.equal(bytes));
  }

  for (const [limit, heap] of [
    ['256Mi', 110],
    ['128Mi', 55],
    ['512Mi', 366],
    ['1Gi', 768],
    ['4Gi', 3072],
    ['1Ki', 1],
  ] as const) {
    it(`gives ${heap} MiB of a limit of ${limit} to the heap`, () =>
      expect(heapOption({ memory: limit })).to.equal(`--max-old-space-size=${heap}`));
  }

  it('leaves the heap to Node.js without a valid limit', () => {
    expect([heapOption({}), heapOption({ cpu: '1' }), heapOption({ memory: 'much' }), heapOption({ memory: 0 })]).to.deep.equal(
      Array(4).fill(undefined),
    );
  });

  it('has a heap that grows with the limit and fits into it', () => {
    let before = 0;
    for (let mebibytes = 16; mebibytes <= 8192; mebibytes += 16) {
      const heap = Number(heapOption({ memory: `${mebibytes}Mi` })?.split('=')[1]);
      expect(heap)
        .to.be.at.least(before)
        .and.at.most(mebibytes * 0.75);
      before = heap;
    }
  });

  it('is scaled for another attempt, in the same unit', () => {
    expect(scaleMemory({ memory: '256Mi', cpu: '1' }, 2)).to.deep.equal({ memory: '512Mi', cpu: '1' });
    expect(scaleMemory({ memory: '1.5Gi' }, 4)).to.deep.equal({ memory: '6Gi' });
    expect(scaleMemory({ memory: 1000 }, 2)).to.deep.equal({ memory: '2000' });
    for (const limits of [{}, { cpu: '1' }, { memory: 'much' }]) expect(scaleMemory(limits, 2)).to.deep.equal(limits);
  });
});
