import { expect } from 'chai';
import type { ExceptionBounds } from '../../../operator/api/kinds/policy-exceptions.ts';
import { inlineOf } from '../../../operator/findings/waivers/inline-exceptions.ts';
import type { ExceptionObject, WaiverSubject, WaiverTarget } from '../../../operator/findings/waivers/waiver.ts';
import { clusterException, exception, now, setOf, subject, target } from './samples.ts';

interface Case {
  readonly what: string;
  readonly exceptions: readonly ExceptionObject[];
  readonly bounds?: ExceptionBounds;
  readonly subject?: Partial<WaiverSubject>;
  readonly target?: Partial<WaiverTarget>;
  /** The ids of the exceptions that cover the failure, the reason of a refusal, or undefined. */
  readonly decision: string | undefined;
}

const decided = ({ exceptions, bounds, ...some }: Case): string | undefined => {
  const decision = setOf(exceptions, bounds).decide(subject(some.subject), target(some.target), now);
  if (decision === undefined) return undefined;
  return decision.kind === 'excepted' ? decision.ids.join(', ') : `${decision.id}: ${decision.reason}`;
};

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
  {
    what: 'nothing if the policy allows no exceptions',
    exceptions: [exception()],
    bounds: { allow: 'None' },
    decision: 'web/legacy: SecurityPolicy/baseline: exceptions.allow is None',
  },
  {
    what: 'no finding above the highest severity',
    exceptions: [exception()],
    bounds: { maxSeverity: 'low' },
    decision: 'web/legacy: SecurityPolicy/baseline: the severity is medium; exceptions.maxSeverity is low',
  },
  { what: 'a finding of the highest severity', exceptions: [exception()], bounds: { maxSeverity: 'medium' }, decision: 'web/legacy' },
  {
    what: 'nothing without an end if the policy sets a duration',
    exceptions: [exception()],
    bounds: { maxDuration: '90d' },
    decision: 'web/legacy: SecurityPolicy/baseline: the exception has no expiresAt, which exceptions.maxDuration 90d requires',
  },
  {
    what: 'nothing with a longer duration than the policy allows, counted from its creation',
    exceptions: [exception({ expiresAt: '2026-08-30T00:00:00Z' })],
    bounds: { maxDuration: '90d' },
    decision: 'web/legacy: SecurityPolicy/baseline: expiresAt is 91d after the creation of the exception; exceptions.maxDuration is 90d',
  },
  {
    what: 'a failure with the longest duration',
    exceptions: [exception({ expiresAt: '2026-08-29T00:00:00Z' })],
    bounds: { maxDuration: '90d' },
    decision: 'web/legacy',
  },
  {
    what: 'nothing with a duration of more than 365 days by default',
    exceptions: [exception({ expiresAt: '2027-06-01T00:00:00Z' })],
    decision:
      'web/legacy: SecurityPolicy/baseline: expiresAt is 366d after the creation of the exception; the default of exceptions.maxDuration is 365d',
  },
  {
    what: 'nothing without the required label',
    exceptions: [exception()],
    bounds: { requireApprovalLabel: 'approved-by=security' },
    decision:
      'web/legacy: SecurityPolicy/baseline: the exception lacks the label approved-by=security, which exceptions.requireApprovalLabel requires',
  },
  {
    what: 'a failure with the required label',
    exceptions: [exception({}, { labels: { 'approved-by': 'security' } })],
    bounds: { requireApprovalLabel: 'approved-by=security' },
    decision: 'web/legacy',
  },
];

describe('An exception covers', () => {
  for (const each of cases) it(each.what, () => expect(decided(each)).to.equal(each.decision));
});

describe('The annotation vigil.dev/except of an object', () => {
  const inline = JSON.stringify([{ check: 'run-as-non-root', reason: 'needs root until 4.2', until: '2026-07-01' }]);
  const decide = (annotation: string, bounds?: ExceptionBounds, check = 'run-as-non-root'): unknown =>
    setOf([], bounds).decide(subject({ check }), target({ inline: annotation }), now);

  it('covers a failure of the object if the policy allows it', () => {
    expect(decide(inline, { inline: 'Allow' })).to.deep.equal({ kind: 'excepted', ids: ['inline'], until: Date.parse('2026-07-01') });
  });

  it('is refused by default, and says so', () => {
    expect(decide(inline)).to.deep.equal({ kind: 'refused', id: 'inline', reason: 'SecurityPolicy/baseline: exceptions.inline is Refuse' });
    expect(decide(inline, {}, 'host-pid')).to.equal(undefined);
  });

  it('keeps to the other bounds of the policy', () => {
    expect(decide(inline, { inline: 'Allow', maxSeverity: 'low' })).to.have.property('kind', 'refused');
  });

  it('lasts as long as the policy allows, counted from the creation of the object', () => {
    const bounds = { inline: 'Allow', maxDuration: '60d' } as const;
    expect(decide(inlineOf(inline, '2026-05-31T00:00:00Z') ?? '', bounds)).to.have.property('kind', 'excepted');
    expect(decide(inlineOf(inline, '2026-01-01T00:00:00Z') ?? '', bounds)).to.have.property('kind', 'refused');
  });

  it('names an unknown check at every failure that it does not cover', () => {
    const text = inline.replace('run-as-non-root', 'run-as-nonroot');
    const set = setOf([], { inline: 'Allow' }, { rules: new Set(['team-label']) });
    expect(set.decide(subject(), target({ inline: text }), now)).to.deep.equal({
      kind: 'refused',
      id: 'inline',
      reason:
        "the annotation vigil.dev/except: name: no control and no rule of a policy has the name 'run-as-nonroot' (did you mean 'run-as-non-root'?)",
    });
    for (const check of ['team-label', 'CVE-2026-1', 'GHSA-1'])
      expect(set.decide(subject(), target({ inline: inline.replace('run-as-non-root', check) }), now), check).to.equal(undefined);
    expect(set.decide(subject(), target({ inline }), now)).to.have.property('kind', 'excepted');
    expect(set.decide(subject({ check: 'host-pid' }), target({ inline }), now)).to.equal(undefined);
  });

  it('is cut to what is read, and is then refused', () => {
    const long = inlineOf(' '.repeat(300_000), undefined) ?? '';
    expect(long).to.have.length(8193);
    expect(decide(long, { inline: 'Allow' })).to.have.property('kind', 'refused');
  });

  for (const [text, reason] of [
    ['{', 'the annotation vigil.dev/except is not JSON'],
    ['[{"check": "run-as-non-root"}]', /^the annotation vigil.dev\/except is invalid: 0.reason: /],
    [inline.replace('2026-07-01', '2026-02-31'), /^the annotation vigil.dev\/except is invalid: 0.until: must be a date/],
    [inline.replace('2026-07-01', 'whatever 2027'), /^the annotation vigil.dev\/except is invalid: 0.until: must be a date/],
    [inline.replace('2026-07-01', 'soon'), /^the annotation vigil.dev\/except is invalid: 0.until: must be a date/],
    [' '.repeat(9000), 'the annotation vigil.dev/except has more than 8192 characters'],
  ] as const)
    it(`is refused with the reason if it is ${text.trim().slice(0, 30)}`, () => {
      const { reason: found } = decide(text, { inline: 'Allow' }) as { reason: string };
      if (typeof reason === 'string') expect(found).to.equal(reason);
      else expect(found).to.match(reason);
    });
});
