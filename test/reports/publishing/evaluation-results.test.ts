import { expect } from 'chai';
import { desiredReports, type EvaluationResults } from '../../../operator/reports/publishing/evaluation-results.ts';
import type { TargetRecord } from '../../../operator/stream/stream-record.ts';
import { finding, target } from '../building/report-samples.ts';

const policy = (name: string) => ({ name, revision: '1-a', listPasses: false, ownerLabels: ['team'] });
type Policy = ReturnType<typeof policy>;
const evaluation = (change: Partial<EvaluationResults<Policy>> = {}): EvaluationResults<Policy> => ({
  ...{ id: 'scan-1', seconds: 100, policies: [policy('web'), policy('data'), policy('idle')] },
  isAlive: () => true,
  evaluatedSince: () => undefined,
  ...change,
});
const of = (name: string | null) => finding('host-pid', { policy: name });
const record: TargetRecord = {
  type: 'target',
  target,
  passes: { web: 2, data: 0 },
  results: [of('web'), of('data'), of('gone'), of(null)],
};

describe('desiredReports', () => {
  it('is one report with the policies that evaluated the target and their results', () => {
    expect(desiredReports(record, evaluation())).to.deep.equal([
      {
        ...{ source: 'vigil', target, seconds: 100, scan: 'scan-1', results: [of('web'), of('data')] },
        policies: [
          { ...policy('web'), passes: 2 },
          { ...policy('data'), passes: 0 },
        ],
      },
    ]);
  });

  it('has the time since when a policy was evaluated', () => {
    const [report] = desiredReports(record, evaluation({ evaluatedSince: ({ name }) => (name === 'web' ? 7 : undefined) }));
    expect(report?.policies).to.deep.equal([
      { ...policy('web'), passes: 2, evaluatedSince: 7 },
      { ...policy('data'), passes: 0 },
    ]);
  });

  it('has no results of a policy that was deleted, and is none if all were', () => {
    const [report] = desiredReports(record, evaluation({ isAlive: ({ name }) => name === 'data' }));
    expect([report?.policies.map(({ name }) => name), report?.results]).to.deep.equal([['data'], [of('data')]]);
    expect(desiredReports(record, evaluation({ isAlive: () => false }))).to.deep.equal([]);
  });
});
