import { expect } from 'chai';
import type { AnomalyFinding } from '../../../operator/anomalies/results/anomaly-finding.ts';
import { AttackSequences, type Step } from '../../../operator/anomalies/results/attack-sequence.ts';
import { stored } from './stored.ts';

describe('a sequence of findings', () => {
  const step = (detection: string, severity: AnomalyFinding['severity'], at: number, more: Partial<Step> = {}): Step => ({
    finding: stored(detection, { detection, severity }).finding,
    at,
    act: `${detection}-${at}`,
    isInstalled: false,
    ...more,
  });
  const hour = 3_600_000;
  const [high, medium, low] = [step('a', 'high', 1), step('b', 'medium', 2), step('c', 'low', 3)];
  const rows: readonly (readonly [title: string, steps: readonly Step[], found: string | undefined])[] = [
    ['three different ones, one high and two medium', [high, medium, low], 'a b c'],
    ['two', [high, medium], undefined],
    ['three without a high one', [step('a', 'medium', 1), medium, low], undefined],
    ['one high and two low', [high, step('b', 'low', 2), low], undefined],
    ['three of the same detection', [high, step('a', 'high', 2), step('a', 'high', 3)], undefined],
    ['three of one act', [high, { ...medium, act: high.act }, { ...low, act: high.act }], undefined],
    ['the last an hour after the first', [high, medium, step('c', 'low', hour + 1)], undefined],
    ['the last less than an hour after the first', [high, medium, step('c', 'low', hour)], 'a b c'],
    ['what an installation does', [high, step('new-exposure', 'medium', 2), step('unowned-pod', 'low', 3)], undefined],
    ['what a release installs', [high, { ...medium, isInstalled: true }, { ...low, isInstalled: true }], undefined],
    ['an installation and two others', [high, medium, step('new-exposure', 'low', 3)], 'a b new-exposure'],
    ['others in another order of time', [step('c', 'low', 1), step('b', 'medium', 2), step('a', 'high', 3)], 'c b a'],
  ];
  for (const [title, steps, expected] of rows)
    it(`is ${expected === undefined ? 'not ' : ''}found in ${title}`, () => {
      const sequences = new AttackSequences();
      const found = steps.map((one) => sequences.add('user', one)).at(-1);
      expect(found?.steps.map(({ finding }) => finding.detection).join(' ')).to.equal(expected);
      if (found) expect(found.severity).to.equal('critical');
    });

  it('belongs to one subject, of which the last 2,000 are known with 50 steps each', () => {
    const sequences = new AttackSequences();
    sequences.add('eve', high);
    expect([sequences.add('bob', medium), sequences.add('bob', low)]).to.deep.equal([undefined, undefined]);
    for (let index = 0; index < 1998; index++) sequences.add(`user-${index}`, high);
    sequences.add('eve', medium);
    expect(sequences.add('eve', low)?.steps).to.have.length(3);
    for (let index = 0; index < 2000; index++) sequences.add(`other-${index}`, high);
    sequences.add('eve', medium);
    expect(sequences.add('eve', low)).to.equal(undefined);
    sequences.add('flood', high);
    for (let index = 0; index < 50; index++) sequences.add('flood', step('b', 'medium', 2));
    expect(sequences.add('flood', low)).to.equal(undefined);
  });
});
