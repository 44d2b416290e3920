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
});
