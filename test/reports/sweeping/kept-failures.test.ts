import { expect } from 'chai';
import { failuresInReports } from '../../../operator/reports/sweeping/kept-failures.ts';
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
});
