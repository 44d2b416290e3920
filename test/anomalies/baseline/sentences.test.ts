import { expect } from 'chai';
import { usual } from '../../../operator/anomalies/baseline/sentences.ts';

const minute = 60_000;

describe('the sentence about what is usual for a rate', () => {
  const sentences: readonly (readonly [Parameters<typeof usual>[0], window: number, wanted: string])[] = [
    [
      { value: 30, limit: 12.25, isLearned: true, period: 'window' },
      10 * minute,
      'at most 12.3 in 10 minutes are usual, by the last 14 days',
    ],
    [{ value: 30, limit: 60, isLearned: true, period: 'day' }, minute, 'at most 60 in a day are usual, by the last 14 days'],
    // Nothing is known of an account that is new: then no history is claimed.
    [
      { value: 12, limit: 10, isLearned: false, period: 'window' },
      minute,
      'more than 10 in a minute are reported unless the last 14 days show that they are usual',
    ],
    [{ value: 8, limit: 5, isLearned: false, period: 'month' }, minute, 'more than 5 new ones in 30 days are always reported'],
  ];
  for (const [excess, window, wanted] of sentences) it(`is: ${wanted}`, () => expect(usual(excess, window)).to.equal(wanted));
});
