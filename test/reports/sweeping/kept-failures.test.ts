import { expect } from 'chai';
import { failuresInReports } from '../../../operator/reports/sweeping/kept-failures.ts';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { FIELD_MANAGERS } from '../../../operator/api/field-managers.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { exception, now, setOf } from '../../findings/waivers/samples.ts';
import { MemoryApi } from '../../kube/memory-api.ts';
import { ApiDouble, says } from '../../kube/api-double.ts';
import { built, evaluated, finding, target } from '../building/report-samples.ts';

describe('failuresInReports', () => {
  const server = new ApiDouble();
  after(() => server.stop());

  it('counts the failures of one policy by check in the reports that Vigil wrote', async () => {
    const others = { policy: 'other' };
    const reports = [
      built({ results: [finding('host-pid'), finding('host-ipc', { verdict: 'error' })] }),
      built({
        target: { ...target, name: 'pay' },
        policies: [evaluated(), evaluated('other')],
        results: [finding('host-pid'), finding('host-network'), finding('host-pid', others)],
      }),
      { ...built({ results: [finding('host-pid')] }), metadata: { name: 'not-ours', namespace: 'shop', labels: {} } },
    ];
    const asked: string[] = [];
    server.answers = [
      (answer, { url }) => {
        asked.push(decodeURIComponent(url));
        says({ metadata: {}, items: url.includes('/clusterpolicyreports') ? [] : reports })(answer);
      },
    ];
    const failures = await failuresInReports(await server.start(), 'baseline', AbortSignal.timeout(10_000));
    expect(Object.fromEntries(failures.failing)).to.deep.equal({ 'host-pid': 2, 'host-network': 1 });
    expect(asked).to.have.length(2);
    for (const url of asked) expect(url).to.include('policy.vigil.dev/baseline');
  });

  it('counts covered failures apart, and says whether a report does not list all results', async () => {
    const api = new MemoryApi();
    const covering = setOf([exception({ checks: [{ name: 'host-pid' }] }, { namespace: 'shop' })]);
    const write = (report: PolicyReport, more: Partial<PolicyReport['metadata']>): Promise<PolicyReport> => {
      const { uid: _, resourceVersion: __, ...metadata } = report.metadata;
      return api.create<PolicyReport>(
        RESOURCES.reports,
        { ...report, metadata: { ...metadata, ...more } },
        { manager: FIELD_MANAGERS.reports },
      );
    };
    await write(built({ waivers: { set: covering, now } }), {});
    const failures = async (policy = 'baseline') => failuresInReports(api, policy, AbortSignal.timeout(10_000));
    const found = await failures();
    expect([Object.fromEntries(found.failing), Object.fromEntries(found.excepted), found.isIncomplete]).to.deep.equal([
      { 'host-ipc': 1 },
      { 'host-pid': 1 },
      false,
    ]);
    const many = Array.from({ length: 2000 }, (_, index) => finding(`check-${index}`, { message: 'm'.repeat(900) }));
    await write(built({ target: { ...target, name: 'large' }, results: many }), {});
    expect((await failures()).isIncomplete).to.equal(true);
    expect((await failures('other')).isIncomplete).to.equal(false);
  });
});
