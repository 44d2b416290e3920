import { expect } from 'chai';
import { ReportPublisher } from '../../../operator/reports/publishing/report-publisher.ts';
import { ApiDouble, says } from '../../kube/api-double.ts';
import { evaluated, input } from '../building/report-samples.ts';

describe('the policies of published reports', () => {
  let server: ApiDouble;
  const named: string[][] = [];
  const publisher = async (): Promise<ReportPublisher> =>
    new ReportPublisher(await server.start(), { onPublished: (policies) => named.push([...policies]) });
  const reports = [input({ policies: [evaluated('baseline'), evaluated('deleted')] }), input({ policies: [evaluated('baseline')] })];

  beforeEach(() => {
    named.length = 0;
    server = new ApiDouble();
  });
  afterEach(() => server.stop());

  it('are named after the last write, so that policies deleted meanwhile can be removed from the reports', async () => {
    const calls: string[] = [];
    server.answers = [
      (answer, { method, body }) => {
        expect(named).to.deep.equal([]);
        calls.push(method);
        if (method === 'GET') says({ kind: 'Status', reason: 'NotFound', code: 404 }, 404)(answer);
        else says(JSON.parse(body) as object)(answer);
      },
    ];
    await (await publisher()).publish(reports);
    expect(calls).to.include('POST');
    expect(named).to.deep.equal([['baseline', 'deleted']]);
  });

  it('are named when a write fails: others may have succeeded before', async () => {
    server.answers = [(answer) => says({ kind: 'Status', message: 'no', reason: 'Forbidden', code: 403 }, 403)(answer)];
    const failing = (await publisher()).publish(reports);
    const error = await failing.catch((reason: unknown) => reason);
    expect(error).to.be.an('error');
    expect(named).to.deep.equal([['baseline', 'deleted']]);
  });
});
