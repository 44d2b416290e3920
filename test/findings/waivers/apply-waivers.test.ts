import { expect } from 'chai';
import {
  applyWaivers,
  exceptionIds,
  isExcepted,
  subjectOf,
  withDecision,
  withoutWaiver,
} from '../../../operator/findings/waivers/apply-waivers.ts';
import type { Finding } from '../../../operator/findings/finding.ts';
import { exception, now, setOf, target } from './samples.ts';

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

describe('the properties of a finding that an exception covered', () => {
  it('are removed one by one too, as in a report that was edited', () => {
    for (const name of ['exception', 'until', 'exceptionRefused'])
      expect(withoutWaiver({ verdict: 'pass', properties: { a: 'b', [name]: 'c' } }), name).to.deep.equal({
        verdict: 'pass',
        properties: { a: 'b' },
      });
    expect(withoutWaiver({ verdict: 'skip', properties: { verdict: 'fail' } })).to.deep.equal({ verdict: 'fail', properties: {} });
    expect(withoutWaiver({ verdict: 'skip', properties: { verdict: 'pass' } })).to.deep.equal({ verdict: 'skip', properties: {} });
  });

  it('name an exception only if it covers the finding', () => {
    expect(exceptionIds({ exception: 'web/a' })).to.deep.equal({ matched: [], refused: [] });
    expect(exceptionIds({ verdict: 'fail' })).to.deep.equal({ matched: [], refused: [] });
    expect(exceptionIds(undefined)).to.deep.equal({ matched: [], refused: [] });
    expect(isExcepted({ verdict: 'pass' })).to.equal(false);
  });

  it('have the fraction of a second of the end, if it has one', () => {
    const until = (text: string): unknown =>
      withDecision(fail, { kind: 'excepted', ids: ['a'], until: Date.parse(text) }).properties['until'];
    expect(until('2026-06-01T00:00:00.250Z')).to.equal('2026-06-01T00:00:00.250Z');
    expect(until('2026-06-01T02:00:00+02:00')).to.equal('2026-06-01T00:00:00Z');
  });
});

describe('applyWaivers', () => {
  const finding = (change: Partial<Finding> = {}): Finding => ({
    policy: 'baseline',
    check: 'run-as-non-root',
    verdict: 'fail',
    severity: 'medium',
    category: 'Pods',
    frameworks: ['nsa@1.2'],
    message: 'runs as root',
    path: 'spec.template.spec',
    ...change,
  });
  const end = '2026-07-01T00:00:00Z';
  const inline = JSON.stringify([{ check: 'run-as-non-root', reason: 'needs root until 4.2', until: '2026-07-01' }]);
  const covered = { exception: 'web/legacy', until: end, verdict: 'fail' };

  it('makes a covered failure a skip with its message, severity and path', () => {
    const findings = [finding(), finding({ properties: { container: 'app' } })];
    expect(applyWaivers(findings, target(), setOf([exception({ expiresAt: end })]), now)).to.deep.equal([
      finding({ verdict: 'skip', properties: covered }),
      finding({ verdict: 'skip', properties: { container: 'app', ...covered } }),
    ]);
  });

  it('says why the policy refuses an exception', () => {
    const [found] = applyWaivers([finding()], target(), setOf([exception()], { allow: 'None' }), now);
    expect(found).to.deep.equal(
      finding({ properties: { exceptionRefused: 'web/legacy: SecurityPolicy/baseline: exceptions.allow is None' } }),
    );
  });

  it('returns findings that are no failures, and failures that nothing covers, as they are', () => {
    const findings = [
      ...(['pass', 'warn', 'error', 'skip'] as const).map((verdict) => finding({ verdict })),
      finding({ check: 'host-pid' }),
    ];
    const found = applyWaivers(findings, target({ inline }), setOf([exception()], { inline: 'Allow' }), now);
    for (const [index, each] of found.entries()) expect(each).to.equal(findings[index]);
    expect(found).to.have.length(5);
  });

  it('returns the list itself if no exception can cover anything', () => {
    const findings = [finding()];
    expect(applyWaivers(findings, target(), setOf([]), now)).to.equal(findings);
  });

  it('reads the annotation of the object, also to say that the policy refuses it', () => {
    const verdicts = (bounds: object): unknown =>
      applyWaivers([finding()], target({ inline }), setOf([], bounds), now).map(({ verdict, properties }) => [verdict, properties]);
    expect(verdicts({ inline: 'Allow' })).to.deep.equal([['skip', { ...covered, exception: 'inline' }]]);
    expect(verdicts({})).to.deep.equal([['fail', { exceptionRefused: 'inline: SecurityPolicy/baseline: exceptions.inline is Refuse' }]]);
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
