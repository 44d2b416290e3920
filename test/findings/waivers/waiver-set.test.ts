import { expect } from 'chai';
import type { ExceptionBounds } from '../../../operator/api/kinds/policy-exceptions.ts';
import type { ExceptionObject, WaiverSubject } from '../../../operator/findings/waivers/waiver.ts';
import { clusterException, decided, exception, now, setOf, subject, target, type Case } from './samples.ts';

const web = { namespaces: { include: ['web'] } };
const fixable = { check: 'CVE-2026-1', containers: undefined, package: 'openssl' } as const;
const vulnerability = { vulnerability: 'CVE-2026-1', package: 'openssl', untilFixed: true };

const cases: readonly Case[] = [
  { what: 'a check of its namespace', exceptions: [exception()], decision: 'web/legacy' },
  { what: 'no other check', exceptions: [exception()], subject: { check: 'host-pid' }, decision: undefined },
  { what: 'no other namespace', exceptions: [exception()], target: { namespace: 'shop' }, decision: undefined },
  {
    what: 'no cluster-scoped object, not even its Namespace',
    exceptions: [exception()],
    target: { apiVersion: 'v1', kind: 'Namespace', name: 'web', namespace: undefined } as never,
    decision: undefined,
  },
  { what: 'the policies that it names', exceptions: [exception({ policies: ['other'] })], decision: undefined },
  { what: 'every control of a framework', exceptions: [exception({ checks: [{ framework: 'pss-restricted' }] })], decision: 'web/legacy' },
  {
    what: 'objects by group, kind and name',
    exceptions: [exception({ targets: [{ apiGroup: 'apps', kind: 'Deployment', names: ['legacy-*'] }] })],
    decision: 'web/legacy',
  },
  { what: 'no other kind', exceptions: [exception({ targets: [{ kind: 'Job' }] })], decision: undefined },
  { what: 'no other group', exceptions: [exception({ targets: [{ apiGroup: '' }] })], decision: undefined },
  { what: 'no other name', exceptions: [exception({ targets: [{ names: ['legacy'] }] })], decision: undefined },
  {
    what: 'objects by labels',
    exceptions: [exception({ targets: [{ selector: { matchLabels: { app: 'api' } } }] })],
    decision: 'web/legacy',
  },
  {
    what: 'no object whose labels are not known',
    exceptions: [exception({ targets: [{ selector: {} }] })],
    target: { labels: undefined } as never,
    decision: undefined,
  },
  { what: 'the containers that it names', exceptions: [exception({ targets: [{ containers: ['app'] }] })], decision: 'web/legacy' },
  {
    what: 'no failure in another container too',
    exceptions: [exception({ targets: [{ containers: ['app'] }] })],
    subject: { containers: ['app', 'sidecar'] },
    decision: undefined,
  },
  {
    what: 'all containers of a failure together with another exception',
    exceptions: [
      exception({ targets: [{ containers: ['app'] }] }),
      exception({ targets: [{ containers: ['sidecar'] }] }, { name: 'mesh' }),
    ],
    subject: { containers: ['app', 'sidecar'] },
    decision: 'web/legacy, web/mesh',
  },
  {
    what: 'by containers no failure outside of containers',
    exceptions: [exception({ targets: [{ containers: ['app'] }] })],
    subject: { containers: undefined },
    decision: undefined,
  },
  {
    what: 'a vulnerability that is not fixed',
    exceptions: [exception({ checks: [vulnerability] })],
    subject: fixable,
    decision: 'web/legacy',
  },
  {
    what: 'no vulnerability that has a fix',
    exceptions: [exception({ checks: [vulnerability] })],
    subject: { ...fixable, isFixed: true },
    decision: undefined,
  },
  {
    what: 'no vulnerability in another package',
    exceptions: [exception({ checks: [vulnerability] })],
    subject: { ...fixable, package: 'zlib' },
    decision: undefined,
  },
  { what: 'everything with a ClusterSecurityException', exceptions: [clusterException()], decision: 'legacy' },
  {
    what: 'cluster-scoped objects with a ClusterSecurityException without namespaces',
    exceptions: [clusterException()],
    target: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', namespace: undefined } as never,
    decision: 'legacy',
  },
  {
    what: 'no cluster-scoped object with namespaces',
    exceptions: [clusterException(web)],
    target: { kind: 'ClusterRole', namespace: undefined } as never,
    decision: undefined,
  },
  {
    what: 'a Namespace that the namespaces include',
    exceptions: [clusterException(web)],
    target: { apiVersion: 'v1', kind: 'Namespace', name: 'web', namespace: undefined } as never,
    decision: 'legacy',
  },
  {
    what: 'namespaces by labels',
    exceptions: [clusterException({ namespaces: { selector: { matchLabels: { tier: 'prod' } } } })],
    decision: 'legacy',
  },
  {
    what: 'no namespace whose labels are not known',
    exceptions: [clusterException({ namespaces: { selector: {} } })],
    target: { namespace: 'gone' },
    decision: undefined,
  },
  {
    what: 'a namespace whose labels are not known, without a selector',
    exceptions: [clusterException({ namespaces: { include: ['gone'] } })],
    target: { namespace: 'gone' },
    decision: 'legacy',
  },
  {
    what: 'no namespace with other labels',
    exceptions: [clusterException({ namespaces: { selector: { matchLabels: { tier: 'test' } } } })],
    decision: undefined,
  },
  {
    what: 'no namespace that is not included',
    exceptions: [clusterException({ namespaces: { include: ['shop', 'we'] } })],
    decision: undefined,
  },
  {
    what: 'one of the namespaces that it includes',
    exceptions: [clusterException({ namespaces: { include: ['shop', 'we*'], exclude: ['other'] } })],
    decision: 'legacy',
  },
  {
    what: 'no namespace that is included and excluded',
    exceptions: [clusterException({ namespaces: { include: ['web'], exclude: ['shop', 'web'] } })],
    decision: undefined,
  },
  {
    what: 'no Namespace that the namespaces do not include',
    exceptions: [clusterException(web)],
    target: { apiVersion: 'v1', kind: 'Namespace', name: 'shop', namespace: undefined } as never,
    decision: undefined,
  },
  {
    what: 'no object of another group that is called Namespace too',
    exceptions: [clusterException(web)],
    target: { apiVersion: 'example.com/v1', kind: 'Namespace', name: 'web', namespace: undefined } as never,
    decision: undefined,
  },
  { what: 'a policy that it names', exceptions: [exception({ policies: ['other', 'baseline'] })], decision: 'web/legacy' },
  {
    what: 'no vulnerability that is only mentioned with another id',
    exceptions: [exception({ checks: [{ vulnerability: 'CVE-2026-2' }] })],
    subject: fixable,
    decision: undefined,
  },
  {
    what: 'a vulnerability that has a fix, without untilFixed',
    exceptions: [exception({ checks: [{ vulnerability: 'CVE-2026-1' }] })],
    subject: { ...fixable, isFixed: true },
    decision: 'web/legacy',
  },
  {
    what: 'a vulnerability in any package, by another entry',
    exceptions: [exception({ checks: [vulnerability, { vulnerability: 'CVE-2026-1' }] })],
    subject: { ...fixable, package: 'zlib' },
    decision: 'web/legacy',
  },
  {
    what: 'objects of the core group',
    exceptions: [exception({ targets: [{ apiGroup: '' }] })],
    target: { apiVersion: 'v1', kind: 'Pod' },
    decision: 'web/legacy',
  },
  {
    what: 'no object of the core group by another group',
    exceptions: [exception({ targets: [{ apiGroup: 'v1' }, { apiGroup: 'apps' }] })],
    target: { apiVersion: 'v1', kind: 'Pod' },
    decision: undefined,
  },
  {
    what: 'an object that one of the targets selects',
    exceptions: [exception({ targets: [{ kind: 'Job' }, { names: ['legacy-api'] }] })],
    decision: 'web/legacy',
  },
  {
    what: 'no object with other labels',
    exceptions: [exception({ targets: [{ selector: { matchLabels: { app: 'web' } } }] })],
    decision: undefined,
  },
  {
    what: 'all of an object, if one target does and another names containers',
    exceptions: [exception({ targets: [{ containers: ['sidecar'] }, { kind: 'Deployment' }] })],
    decision: 'web/legacy',
  },
  {
    what: 'the containers of several targets together',
    exceptions: [exception({ targets: [{ containers: ['app'] }, { containers: ['sidecar'] }] })],
    subject: { containers: ['app', 'sidecar'] },
    decision: 'web/legacy',
  },
  {
    what: 'no failure with an empty list of containers, by containers',
    exceptions: [exception({ targets: [{ containers: ['app'] }] })],
    subject: { containers: [] },
    decision: undefined,
  },
  {
    what: 'a failure with an empty list of containers as a whole',
    exceptions: [exception()],
    subject: { containers: [] },
    decision: 'web/legacy',
  },
  {
    what: 'no container that only the end of another exception covers',
    exceptions: [
      exception({ targets: [{ containers: ['app'] }] }),
      exception({ targets: [{ containers: ['sidecar'] }], expiresAt: '2026-06-01T00:00:00Z' }, { name: 'mesh' }),
    ],
    subject: { containers: ['app', 'sidecar'] },
    decision: undefined,
  },
  {
    what: 'by the name that sorts first, of those with the same end',
    exceptions: [exception({}, { name: 'b' }), exception({}, { name: 'a' }), exception({}, { name: 'c' })],
    decision: 'web/a',
  },
  {
    what: 'a failure until a second before 365 days after its creation',
    exceptions: [exception({}, { creationTimestamp: '2025-06-01T00:00:01Z' })],
    decision: 'web/legacy',
  },
  {
    what: 'a failure without a creation time, as in a file',
    exceptions: [exception({}, { creationTimestamp: undefined } as never)],
    decision: 'web/legacy',
  },
  { what: 'no excluded namespace', exceptions: [clusterException({ namespaces: { exclude: ['w*'] } })], decision: undefined },
  { what: 'nothing at its end', exceptions: [exception({ expiresAt: '2026-06-01T00:00:00Z' })], decision: undefined },
  {
    what: 'a failure until a second before its end',
    exceptions: [exception({ expiresAt: '2026-06-01T00:00:01Z' })],
    decision: 'web/legacy',
  },
  {
    what: 'nothing 365 days after its creation',
    exceptions: [exception({}, { creationTimestamp: '2025-06-01T00:00:00Z' })],
    decision: undefined,
  },
  {
    what: 'with the latest end, of those that overlap',
    exceptions: [exception({ expiresAt: '2026-07-01T00:00:00Z' }), exception({ expiresAt: '2026-08-01T00:00:00Z' }, { name: 'longer' })],
    decision: 'web/longer',
  },
];

describe('An exception covers', () => {
  for (const each of cases) it(each.what, () => expect(decided(each)).to.equal(each.decision));
});

describe('The end of an exception at a failure', () => {
  const endWith = (exceptions: readonly ExceptionObject[], some: Partial<WaiverSubject> = {}): string => {
    const decision = setOf(exceptions).decide(subject(some), target(), now);
    return decision?.kind === 'excepted' ? new Date(decision.until).toISOString() : 'none';
  };
  const named = (container: string, expiresAt: string): ExceptionObject =>
    exception({ targets: [{ containers: [container] }], expiresAt }, { name: container });

  it('is expiresAt, or 365 days after its creation, or from now without a creation time', () => {
    expect(endWith([exception({ expiresAt: '2026-07-01T00:00:00Z' })])).to.equal('2026-07-01T00:00:00.000Z');
    expect(endWith([exception()])).to.equal('2027-05-31T00:00:00.000Z');
    expect(endWith([exception({}, { creationTimestamp: undefined } as never)])).to.equal('2027-06-01T00:00:00.000Z');
  });

  it('is the latest of those that cover the whole failure', () => {
    const [early, late] = [named('app', '2026-07-01T00:00:00Z'), exception({ expiresAt: '2026-08-01T00:00:00Z' }, { name: 'all' })];
    for (const exceptions of [
      [early, late],
      [late, early],
    ])
      expect(endWith(exceptions)).to.equal('2026-08-01T00:00:00.000Z');
  });

  it('is the earliest of those that cover its containers together', () => {
    const parts = [named('sidecar', '2026-08-01T00:00:00Z'), named('app', '2026-07-01T00:00:00Z')];
    for (const exceptions of [parts, parts.toReversed()])
      expect(endWith(exceptions, { containers: ['app', 'sidecar'] })).to.equal('2026-07-01T00:00:00.000Z');
  });
});

describe('A set of exceptions', () => {
  it('is empty without exceptions, unless a policy allows inline exceptions', () => {
    const isEmpty = (exceptions: readonly ExceptionObject[], ...bounds: readonly ExceptionBounds[]): boolean =>
      setOf(exceptions, undefined, { bounds: new Map(bounds.map((each, index) => [`p${index}`, each])) }).isEmpty;
    expect(isEmpty([])).to.equal(true);
    expect(isEmpty([], {}, { inline: 'Refuse' })).to.equal(true);
    expect(isEmpty([], {}, { inline: 'Allow' })).to.equal(false);
    expect(isEmpty([exception()])).to.equal(false);
    expect(setOf([]).isEmpty).to.equal(true);
  });

  it('has its exceptions and the bounds of each policy', () => {
    const set = setOf([exception()], { allow: 'None' });
    expect(set.waivers.map(({ id }) => id)).to.deep.equal(['web/legacy']);
    expect([set.boundsOf('baseline'), set.boundsOf('other')]).to.deep.equal([{ allow: 'None' }, undefined]);
  });

  it('names no policy for findings without one', () => {
    const set = setOf([exception({ expiresAt: '2027-06-01T00:00:00Z' })]);
    expect(set.decide(subject({ policy: '' }), target(), now)).to.deep.equal({
      kind: 'refused',
      id: 'web/legacy',
      reason:
        'without a SecurityPolicy: expiresAt is 366d after the creation of the exception; the default of exceptions.maxDuration is 365d',
    });
  });
});
