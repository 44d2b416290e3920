import { expect } from 'chai';
import { exceptionIds, isExcepted, subjectOf, withDecision, withoutWaiver } from '../../../operator/findings/waivers/apply-waivers.ts';

const fail = { verdict: 'fail', properties: { a: 'b' } } as const;
const excepted = {
  verdict: 'skip',
  properties: { a: 'b', exception: 'web/a, b', until: '2026-06-01T00:00:00Z', verdict: 'fail' },
} as const;
const refused = { verdict: 'fail', properties: { a: 'b', exceptionRefused: 'web/a: SecurityPolicy/p: no' } } as const;

describe('the properties that exceptions add to a finding', () => {
  it('follow from the decision, and are removed without it', () => {
    const covering = { kind: 'excepted', ids: ['web/a', 'b'], until: Date.parse('2026-06-01T00:00:00Z') } as const;
    expect(withDecision(fail, covering)).to.deep.equal(excepted);
    expect(withDecision(fail, { kind: 'refused', id: 'web/a', reason: 'SecurityPolicy/p: no' })).to.deep.equal(refused);
    expect(withDecision(fail, undefined)).to.deep.equal(fail);
    for (const each of [excepted, refused, fail]) expect(withoutWaiver(each)).to.deep.equal(fail);
  });

  it('name the exceptions that cover the finding or are refused', () => {
    expect([excepted, refused, fail].map(({ properties }) => exceptionIds(properties))).to.deep.equal([
      { matched: ['web/a', 'b'], refused: [] },
      { matched: [], refused: ['web/a'] },
      { matched: [], refused: [] },
    ]);
    expect([isExcepted(excepted.properties), isExcepted(refused.properties), isExcepted(undefined)]).to.deep.equal([true, false, false]);
  });
});

describe('subjectOf', () => {
  const finding = { policy: null, check: 'c', severity: 'high' } as const;
  it('has the containers of a finding, and none if it is elsewhere too', () => {
    const containers = ['app'];
    expect(subjectOf({ ...finding, containers, elsewhere: true }).containers).to.equal(undefined);
    expect(subjectOf({ ...finding, containers, elsewhere: false }).containers).to.deep.equal(['app']);
    expect(subjectOf({ ...finding, properties: { container: 'one', package: 'zlib', fixed: '2' } })).to.deep.equal({
      ...{ policy: '', check: 'c', severity: 'high', containers: ['one'], package: 'zlib', isFixed: true },
    });
    expect(subjectOf(finding)).to.include({ containers: undefined, package: undefined, isFixed: false });
  });
});
