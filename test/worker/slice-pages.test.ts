import { expect } from 'chai';
import type { Slice } from '../../operator/worker/shard.ts';
import { ListOrderError, slicePages, type SlicePageOptions } from '../../operator/worker/slice-pages.ts';
import { ListDouble, widgets } from './list-double.ts';

/** The pages of a slice: the names of each, its token, and whether the list was sorted so far. */
async function pages(list: ListDouble, slice: Partial<Slice> = {}, options: Partial<SlicePageOptions> = {}): Promise<unknown[]> {
  const whole = { resource: 0, namespace: 'shop', targets: 1, policies: {}, ...slice };
  const found: unknown[] = [];
  for await (const { items, from, sorted } of slicePages(list.client, widgets, whole, {
    signal: new AbortController().signal,
    limit: 2,
    ...options,
  }))
    found.push([items.map(({ metadata }) => metadata.name).join(' '), from, sorted]);
  return found;
}
const errorOf = (reading: Promise<unknown>): Promise<unknown> =>
  reading.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the pages of a slice', () => {
  const list = (): ListDouble => new ListDouble(['a', 'b', 'c', 'd', 'e']);

  it('are those of the whole list, each with its token', async () => {
    expect(await pages(list())).to.deep.equal([
      ['a b', undefined, true],
      ['c d', '2', true],
      ['e', '4', true],
    ]);
  });

  it('begin after a name, and end with a name without reading further', async () => {
    const read = list();
    expect(await pages(read, { after: 'a', to: 'c' })).to.deep.equal([
      ['b', undefined, true],
      ['c', '2', true],
    ]);
    expect(read.calls).to.have.length(2);
    expect(await pages(list(), { from: '2', to: 'd' })).to.deep.equal([
      ['c d', '2', true],
      ['', '4', true],
    ]);
  });

  it('are read in pages of the given size, or of the usual size', async () => {
    const read = list();
    await pages(read, {}, { limit: 5 });
    const { signal } = new AbortController();
    for await (const page of slicePages(read.client, widgets, { resource: 0, targets: 1, policies: {} }, { signal }))
      expect(page.items).to.have.length(5);
    expect(read.calls.map(({ query }) => query['limit'])).to.deep.equal([5, 250]);
  });

  it('of an unsorted list begin after the place of the last name', async () => {
    const unsorted = new ListDouble(['c', 'a', 'b']);
    expect(await pages(unsorted)).to.deep.equal([
      ['c a', undefined, false],
      ['b', '2', false],
    ]);
    expect(await pages(unsorted, { unsorted: true, after: 'a' })).to.deep.equal([
      ['', undefined, false],
      ['b', '2', false],
    ]);
  });

  it('of an unsorted list cannot be found if the last name is gone', async () => {
    const error = await errorOf(pages(new ListDouble(['c', 'b']), { unsorted: true, after: 'a' }));
    expect(error).to.be.instanceOf(ListOrderError);
    expect((error as Error).message).to.match(/'a', the last object that was scanned, is no longer in it$/);
  });
});
