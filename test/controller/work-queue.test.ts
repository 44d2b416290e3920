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

  it('returns keys in the order in which they were added, and keeps the position of a key that is added again', async () => {
    const queue = new WorkQueue();
    for (const key of ['a', 'b', 'c', 'a']) queue.add(key);
    expect([await queue.take(), await queue.take()]).to.deep.equal(['a', 'b']);
    queue.add('d');
    queue.done('a');
    queue.add('a');
    expect([await queue.take(), await queue.take(), await queue.take()]).to.deep.equal(['c', 'd', 'a']);
    queue.close();
  });

  it('resolves pending takes to undefined when it is closed', async () => {
    const queue = new WorkQueue();
    const waiting = queue.take();
    queue.close();
    expect([await waiting, await queue.take()]).to.deep.equal([undefined, undefined]);
  });

  it('measures how long a key waited until it was taken', async () => {
    const queue = new WorkQueue();
    expect(queue.waited('a')).to.equal(0);
    queue.add('a');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await queue.take();
    expect(queue.waited('a')).to.be.within(15, 5000);
    queue.done('a');
    expect(queue.waited('a')).to.equal(0);
    const next = queue.take();
    queue.add('b');
    await next;
    expect(queue.waited('b')).to.equal(0);
    queue.close();
  });

  it('starts no delay for a key that is ready, and ends the delay of a key that is added', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    queue.addAfter('a', 1);
    queue.addAfter('b', 1);
    queue.add('b');
    expect([await queue.take(), await queue.take()]).to.deep.equal(['a', 'b']);
    for (const key of ['a', 'b']) queue.done(key);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(queue.depth).to.equal(0);
    queue.addAfter('c', 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    queue.addAfter('c', 1);
    expect([queue.depth, await queue.take()]).to.deep.equal([1, 'c']);
    queue.done('c');
    queue.addAfter('c', 1);
    expect(await queue.take()).to.equal('c');
    queue.close();
  });

  it('takes no key after it is closed', async () => {
    const queue = new WorkQueue();
    queue.addAfter('a', 5);
    queue.add('b');
    queue.close();
    queue.add('c');
    queue.addAfter('d', 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([queue.depth, await queue.take()]).to.deep.equal([0, undefined]);
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
