import { expect } from 'chai';
import { type Condition, setConditions } from '../../operator/api/condition.ts';

describe('setConditions', () => {
  const [before, now] = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'];
  const ready = (more: Partial<Condition>): Condition => ({
    type: 'Ready',
    status: 'True',
    reason: 'Done',
    message: 'done',
    lastTransitionTime: before,
    observedGeneration: 1,
    ...more,
  });

  it('changes the transition time only when the status changes', () => {
    const previous = [ready({ type: 'Other', status: 'False' }), ready({})];
    const update = { type: 'Ready', status: 'True', reason: 'Again', message: 'more' } as const;
    expect(setConditions(previous, [update], { now, generation: 2 })).to.deep.equal([
      ready({ reason: 'Again', message: 'more', observedGeneration: 2 }),
    ]);
    expect(setConditions(previous, [{ ...update, status: 'False' }], { now, generation: 2 })).to.deep.equal([
      ready({ status: 'False', reason: 'Again', message: 'more', lastTransitionTime: now, observedGeneration: 2 }),
    ]);
  });

  it('sets the transition time of a new condition, with an empty message by default', () => {
    expect(setConditions(undefined, [{ type: 'Ready', status: 'Unknown', reason: 'New' }], { now, generation: 7 })).to.deep.equal([
      ready({ status: 'Unknown', reason: 'New', message: '', lastTransitionTime: now, observedGeneration: 7 }),
    ]);
  });

  it('removes conditions without an update, and keeps the order of the updates', () => {
    const updates = ['B', 'A'].map((type) => ({ type, status: 'True', reason: 'Is' }) as const);
    const types = setConditions([ready({})], updates, { now, generation: 1 }).map(({ type }) => type);
    expect(types).to.deep.equal(['B', 'A']);
  });

  it('shortens a message that the API server would refuse', () => {
    const [condition] = setConditions([], [{ type: 'Ready', status: 'True', reason: 'Is', message: 'x'.repeat(40_000) }], {
      now,
      generation: 1,
    });
    expect(condition?.message).to.have.length(32_000);
  });
});
