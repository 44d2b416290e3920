import { expect } from 'chai';
import { isStoredFinding } from '../../../operator/anomalies/results/stored-finding.ts';
import { stored } from './stored.ts';

describe('a finding of a document', () => {
  const good = stored('a');
  const bad: readonly (readonly [string, unknown])[] = [
    ['no object', null],
    ['no finding', { ...good, finding: undefined }],
    ['no principal', { ...good, principal: 1 }],
    ['no workload', { ...good, workload: undefined }],
    ['no list of what is normal', { ...good, baseline: {} }],
    ['a state that is no text', { ...good, state: 1 }],
    ...[
      'id',
      'detection',
      'seen',
      'normal',
      'actor',
      'next',
      'count',
      'firstSeen',
      'lastSeen',
      'about',
      'audit',
      'techniques',
      'severity',
    ].map((field) => [`no ${field}`, { ...good, finding: { ...good.finding, [field]: undefined } }] as const),
    ['an unknown severity', { ...good, finding: { ...good.finding, severity: 'worst' } }],
    ['an object without a name', { ...good, finding: { ...good.finding, about: { kind: 'Pod' } } }],
    ['an object without a kind', { ...good, finding: { ...good.finding, about: { name: 'a' } } }],
    ['an audit ID that is no text', { ...good, finding: { ...good.finding, audit: ['a', 1] } }],
  ];
  for (const [title, value] of bad) it(`is refused with ${title}`, () => expect(isStoredFinding(value)).to.equal(false));

  it('is read as it was saved, with and without a state', () => {
    expect([isStoredFinding(good), isStoredFinding({ ...good, state: 's' })]).to.deep.equal([true, true]);
  });
});
