import { expect } from 'chai';
import fc from 'fast-check';
import { WorkQueue } from '../../operator/controller/work-queue.ts';

describe('the work queue', () => {
  it('hands out a key that was added twice once', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect([await queue.take(), await queue.take(), queue.depth]).to.deep.equal(['a', 'b', 0]);
    queue.close();
  });

  it('hands a key out again when it was added while it was worked on, and not before it is given back', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    expect(await queue.take()).to.equal('a');
    queue.add('a');
    expect(queue.depth).to.equal(0);
    queue.done('a');
    expect(await queue.take()).to.equal('a');
    queue.close();
  });

  it('lets the earliest of several delays win', async () => {
    const queue = new WorkQueue();
    queue.addAfter('a', 60_000);
    queue.addAfter('a', 5);
    queue.addAfter('a', 60_000);
    expect(await queue.take()).to.equal('a');
    queue.close();
  });

  it('doubles the pause with each failure in a row, up to its limit, and forgets', () => {
    const queue = new WorkQueue({ baseDelay: 10, maxDelay: 45 });
    expect([1, 2, 3, 4].map(() => queue.addAfterFailure('a'))).to.deep.equal([10, 20, 40, 45]);
    queue.forget('a');
    expect(queue.addAfterFailure('a')).to.equal(10);
    queue.close();
  });

  it('gives waiting takers nothing once it is closed', async () => {
    const queue = new WorkQueue();
    const waiting = queue.take();
    queue.close();
    expect([await waiting, await queue.take()]).to.deep.equal([undefined, undefined]);
  });

  it('never loses a key and never works on one twice at once, for any order of adds', async () => {
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
