import { expect } from 'chai';
import { detections } from '../../operator/catalogue/detections/detections.ts';
import { accessAttacks } from '../integration/anomalies/access-attacks.ts';
import type { Stage } from '../integration/anomalies/attack.ts';
import { changeAttacks } from '../integration/anomalies/change-attacks.ts';
import { learnedAttacks } from '../integration/anomalies/learned-attacks.ts';
import { nodeAttacks } from '../integration/anomalies/node-attacks.ts';
import { playedByTests } from '../integration/anomalies/played-by-tests.ts';

/** The lists of attacks only name things until an attack is played. */
const stage = {
  cluster: { node: () => 'node', nodeAddress: () => '192.0.2.1' },
  red: 'red',
  shop: 'shop',
  user: (account: string) => account,
  as: () => Promise.reject(new Error('nothing is played here')),
} as unknown as Stage;

const played = new Set([accessAttacks, changeAttacks, nodeAttacks, learnedAttacks].flatMap((list) => list(stage).map(({ rule }) => rule)));

describe('attacks on a real API server', () => {
  for (const { id } of detections)
    it(`there is one that ${id} finds, or a test that plays it in another way`, () => {
      expect(played.has(id) || Object.hasOwn(playedByTests, id)).to.equal(true);
    });

  it('every rule and every exception is a detection of the catalogue, and is named once', () => {
    const known = new Set(detections.map(({ id }) => id));
    const other = Object.keys(playedByTests);
    expect([[...played, ...other].filter((id) => !known.has(id)), other.filter((id) => played.has(id))]).to.deep.equal([[], []]);
  });
});
