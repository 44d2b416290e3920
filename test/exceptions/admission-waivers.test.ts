import { expect } from 'chai';
import type { ExceptionBounds } from '../../operator/api/kinds/policy-exceptions.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { admissionWaivers, type AdmissionWaivers } from '../../operator/exceptions/admission-waivers.ts';
import type { ExceptionObject } from '../../operator/findings/waivers/waiver.ts';
import { clusterException, exception, now } from '../findings/waivers/samples.ts';

const waiversOf = (exceptions: readonly ExceptionObject[], bounds: ExceptionBounds = { allow: 'All' }): AdmissionWaivers => {
  const policy: SecurityPolicy = { metadata: { name: 'baseline' }, spec: { controls: [{ name: 'run-as-non-root' }], exceptions: bounds } };
  return admissionWaivers(policy, exceptions, { checks: new Map([['run-as-non-root', 'medium']]), now });
};

describe('admissionWaivers', () => {
  it('are none unless the policy allows all exceptions: a report does not weaken Deny', () => {
    expect(waiversOf([exception()], {})).to.deep.equal({ waivers: [] });
    expect(waiversOf([exception()], { allow: 'ReportOnly' })).to.deep.equal({ waivers: [] });
  });

  it('have the checks, the place and the objects of each target, and change at the earliest end', () => {
    const spec = {
      expiresAt: '2026-07-01T00:00:00Z',
      targets: [
        { kind: 'Deployment', names: ['legacy.*'], selector: { matchLabels: { app: 'api' } }, containers: ['app'] },
        { kind: 'Job' },
      ],
    };
    const place = { exception: 'web/legacy', checks: ['run-as-non-root'], namespaces: ['^web$'] };
    expect(waiversOf([exception(spec)])).to.deep.equal({
      waivers: [
        {
          ...place,
          kind: 'Deployment',
          names: ['^legacy\\..*$'],
          labels: [{ key: 'app', operator: 'In', values: ['api'] }],
          containers: ['app'],
        },
        { ...place, kind: 'Job' },
      ],
      until: Date.parse('2026-07-01T00:00:00Z'),
    });
  });

  it('of the whole cluster cover cluster-scoped objects only without namespaces', () => {
    expect(waiversOf([clusterException()]).waivers).to.deep.equal([
      { exception: 'legacy', checks: ['run-as-non-root'], clusterScoped: true },
    ]);
    expect(waiversOf([clusterException({ namespaces: { include: ['team-*'], exclude: ['team-x'] } })]).waivers).to.deep.equal([
      { exception: 'legacy', checks: ['run-as-non-root'], namespaces: ['^team-.*$'], excludedNamespaces: ['^team-x$'] },
    ]);
  });

  it('have only checks that the policy enforces, and patterns without runs of stars', () => {
    const spec = {
      checks: [{ name: 'run-as-non-root' }, { name: 'host-pid' }, { vulnerability: 'CVE-2026-1' }],
      targets: [{ names: ['a****b'] }],
    };
    const [waiver] = waiversOf([exception(spec)]).waivers;
    expect(waiver).to.deep.include({ checks: ['run-as-non-root'], names: ['^a.*b$'] });
  });

  it('leave out what ended, what is for other policies, and what a bound refuses', () => {
    const ended = exception({ expiresAt: '2026-06-01T00:00:00Z' });
    expect(waiversOf([ended, exception({ policies: ['other'] })]).waivers).to.deep.equal([]);
    expect(waiversOf([exception()], { allow: 'All', maxDuration: '1d' }).waivers).to.deep.equal([]);
    expect(waiversOf([exception()], { allow: 'All', maxSeverity: 'low' }).waivers).to.deep.equal([]);
  });

  it('have the group of a target, also the core group, and each requirement of a selector', () => {
    const selector = {
      matchLabels: { app: 'api' },
      matchExpressions: [
        { key: 'tier', operator: 'NotIn', values: ['test'] },
        { key: 'owner', operator: 'Exists' },
      ],
    } as const;
    const labels = [
      { key: 'app', operator: 'In', values: ['api'] },
      { key: 'tier', operator: 'NotIn', values: ['test'] },
      { key: 'owner', operator: 'Exists', values: [] },
    ];
    const waivers = (spec: Parameters<typeof clusterException>[0]) => waiversOf([clusterException(spec)]).waivers;
    const base = { exception: 'legacy', checks: ['run-as-non-root'] };
    expect(waivers({ targets: [{ apiGroup: '', selector: selector as never }, { apiGroup: 'apps' }] })).to.have.deep.members([
      { ...base, clusterScoped: true, apiGroup: '', labels },
      { ...base, clusterScoped: true, apiGroup: 'apps' },
    ]);
    expect(waivers({ namespaces: { selector: selector as never } })).to.deep.equal([{ ...base, namespaceLabels: labels }]);
    expect(waivers({ namespaces: { selector: {} } })).to.deep.equal([{ ...base, namespaceLabels: [] }]);
  });

  it('have their checks and entries in one order, so that equal exceptions make equal parameters', () => {
    const policy: SecurityPolicy = { metadata: { name: 'baseline' }, spec: { exceptions: { allow: 'All', maxSeverity: 'medium' } } };
    const checks = new Map([
      ['run-as-non-root', 'medium'],
      ['host-pid', 'low'],
      ['privileged-container', 'critical'],
    ] as const);
    const named = [...checks.keys()].map((name) => ({ name }));
    const first = exception({ checks: named, expiresAt: '2026-08-01T00:00:00Z' }, { name: 'a' });
    const last = exception({ checks: named, expiresAt: '2026-07-01T00:00:00Z', policies: ['baseline'] }, { name: 'b' });
    const found = admissionWaivers(policy, [last, first], { checks, now });
    expect(found).to.deep.equal(admissionWaivers(policy, [first, last], { checks, now }));
    expect(found).to.deep.equal({
      waivers: ['web/a', 'web/b'].map((id) => ({ exception: id, checks: ['host-pid', 'run-as-non-root'], namespaces: ['^web$'] })),
      until: Date.parse('2026-07-01T00:00:00Z'),
    });
  });

  it('have no end without an exception that covers something', () => {
    expect(waiversOf([exception({ checks: [{ name: 'host-pid' }] })])).to.deep.equal({ waivers: [] });
  });
});
