import { expect } from 'chai';
import fc from 'fast-check';
import { WorkQueue } from '../../operator/controller/work-queue.ts';

describe('the work queue', () => {
  it('returns a key once if it was added twice', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect([await queue.take(), await queue.take(), queue.depth]).to.deep.equal(['a', 'b', 0]);
    queue.close();
  });

  it('returns a key again if it was added while it was processed, but only after done', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    expect(await queue.take()).to.equal('a');
    queue.add('a');
    expect(queue.depth).to.equal(0);
    queue.done('a');
    expect(await queue.take()).to.equal('a');
    queue.close();
  });

  it('uses the earliest of several delays', async () => {
    const queue = new WorkQueue();
    queue.addAfter('a', 60_000);
    queue.addAfter('a', 5);
    queue.addAfter('a', 60_000);
    expect(await queue.take()).to.equal('a');
    queue.close();
  });

  it('doubles the delay with each failure in a row, up to its limit, until forget', () => {
    const queue = new WorkQueue({ baseDelay: 10, maxDelay: 45, random: () => 0 });
    expect([1, 2, 3, 4].map(() => queue.addAfterFailure('a'))).to.deep.equal([10, 20, 40, 45]);
    queue.forget('a');
    expect(queue.addAfterFailure('a')).to.equal(10);
    queue.close();
  });

  it('subtracts a jitter of up to a quarter of the delay', () => {
    const queue = new WorkQueue({ baseDelay: 1000, random: () => 1 });
    expect(queue.addAfterFailure('a')).to.equal(750);
    queue.close();
    const spread = new WorkQueue({ baseDelay: 10_000 });
    const pauses = Array.from({ length: 50 }, (_, index) => spread.addAfterFailure(`key-${index}`));
    expect(pauses.every((pause) => pause >= 7500 && pause <= 10_000)).to.equal(true);
    expect(new Set(pauses).size).to.be.greaterThan(10);
    spread.close();
  });

  it('returns keys of higher priority first, and keeps the higher priority of a key that is added twice', async () => {
    const queue = new WorkQueue();
    queue.add('n1');
    queue.add('l1', 'low');
    queue.add('h1', 'high');
    queue.add('l2', 'low');
    queue.add('l2', 'high');
    queue.add('h1', 'low');
    const taken: (string | undefined)[] = [];
    while (queue.depth > 0) taken.push(await queue.take());
    expect(taken).to.deep.equal(['h1', 'l2', 'n1', 'l1']);
    queue.close();
  });

  it('never starves or loses a key', async () => {
    const priority = fc.constantFrom('high' as const, 'normal' as const, 'low' as const);
    await fc.assert(
      fc.asyncProperty(fc.array(priority, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (first, patience) => {
        const queue = new WorkQueue({ patience });
        const waiting = new Map(first.map((lane, index) => [`key-${index}`, lane]));
        for (const [key, lane] of waiting) queue.add(key, lane);
        // A key of the highest priority is added before every take: without fairness, no other key would be taken.
        const limit = (first.length + 1) * (patience + 1) * 3;
        for (let count = 0; count < limit && waiting.size > 0; count++) {
          queue.add(`other-${count}`, 'high');
          const key = (await queue.take()) ?? '';
          waiting.delete(key);
          queue.done(key);
        }
        expect([...waiting.keys()]).to.deep.equal([]);
        queue.close();
      }),
      { numRuns: 200 },
    );
  });

  it('resolves pending takes to undefined when it is closed', async () => {
    const queue = new WorkQueue();
    const waiting = queue.take();
    queue.close();
    expect([await waiting, await queue.take()]).to.deep.equal([undefined, undefined]);
  });

  it('never loses a key, and never returns one that is in process, for any order of adds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 60 }), async (adds) => {
        const queue = new WorkQueue();
        const active = new Set<string>();
        const addedAt = new Map<string, number>();
        const workedAt = new Map<string, number>();
        let clock = 0;
        const worker = async (): Promise<void> => {
          for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
            expect(active.has(key)).to.equal(false);
            active.add(key);
            workedAt.set(key, ++clock);
            await Promise.resolve();
            active.delete(key);
            queue.done(key);
          }
        };
        const workers = [worker(), worker(), worker()];
        for (const key of adds) {
          addedAt.set(key, ++clock);
          queue.add(key);
          if (clock % 3 === 0) await Promise.resolve();
        }
        await new Promise((resolve) => setImmediate(resolve));
        for (const [key, time] of addedAt) expect(workedAt.get(key)).to.be.greaterThan(time);
        queue.close();
        await Promise.all(workers);
      }),
      { numRuns: 200 },
    );
  });
});
