import { expect } from 'chai';
import { resolveFramework } from '../../../operator/catalogue/frameworks/framework.ts';
import { requirementOutcomes } from '../../../operator/catalogue/frameworks/framework-rows.ts';
import { ReportPublisher, type ReportConflict } from '../../../operator/reports/publishing/report-publisher.ts';
import type { DesiredEvidence } from '../../../operator/reports/publishing/evidence-publisher.ts';
import { PublishingBench } from '../published-reports.ts';
import { ApiDouble, says } from '../../kube/api-double.ts';

describe('evidence whose names belong to reports of others', () => {
  const server = new ApiDouble();
  after(() => server.stop());

  it('is not written over them, and a conflict reports both names', async () => {
    const conflicts: ReportConflict[] = [];
    const name = (url: string): string => url.split('/').at(-1)?.split('?')[0] ?? '';
    server.answers = [
      (answer, { method, url }) => {
        if (method === 'POST') says({ kind: 'Status', reason: 'AlreadyExists', code: 409 }, 409)(answer);
        else if (url.includes('labelSelector')) says({ metadata: {}, items: [] })(answer);
        else says({ metadata: { name: name(url), uid: 'theirs', resourceVersion: '1' }, results: [] })(answer);
      },
    ];
    const publisher = new ReportPublisher(await server.start(), { onConflict: (_target, conflict) => conflicts.push(conflict) });
    const found = resolveFramework('nsa', undefined, '1.36');
    if (!found.ok) throw new Error(found.message);
    const { framework } = found;
    const desired = [{ framework, outcomes: requirementOutcomes(framework, new Map()), seconds: 1 }];
    await publisher.publishEvidence({ name: 'p', uid: 'u' }, desired);
    expect(server.calls.map(({ method }) => method)).not.to.include('PUT');
    expect(conflicts.map(({ reason, message }) => [reason, message])).to.have.length(1);
    expect(conflicts[0]?.message).to.match(/^the reports vigil-frameworks-p-nsa-\S+ and vigil-frameworks-\S+ are not Vigil's/);
  });
});

describe('the evidence of a policy', () => {
  const evidenceOf = (name: string, failed: string): DesiredEvidence => {
    const found = resolveFramework(name, undefined, '1.36');
    if (!found.ok) throw new Error(found.message);
    const { framework } = found;
    const checks = new Map([[failed, { pass: 0, fail: 1, error: 0, skip: 0 }]]);
    return { framework, outcomes: requirementOutcomes(framework, checks), seconds: 1 };
  };
  const policy = { name: 'p', uid: 'u' };

  it('is written once, again when it changes, and deleted with the framework', async () => {
    const bench = new PublishingBench();
    const publish = (...desired: DesiredEvidence[]): Promise<void> => bench.publisher.publishEvidence(policy, desired);
    await publish(evidenceOf('nsa', 'host-pid'), evidenceOf('pss-baseline', 'host-pid'));
    await publish(evidenceOf('nsa', 'host-pid'), evidenceOf('pss-baseline', 'host-pid'));
    expect(bench.operations).to.deep.equal(['write', 'write']);
    await publish(evidenceOf('nsa', 'privileged-container'), evidenceOf('pss-baseline', 'host-pid'));
    expect(bench.operations).to.deep.equal(['write', 'write', 'write']);
    await publish(evidenceOf('nsa', 'privileged-container'));
    expect([bench.operations.at(-1), bench.names.length]).to.deep.equal(['delete', 1]);
    const [report] = bench.reports.values();
    expect(report?.metadata.labels).to.deep.include({ 'policy.vigil.dev/p': 'true', 'app.kubernetes.io/managed-by': 'vigil' });
    expect(report?.results?.find(({ result }) => result === 'fail')).to.include({ severity: 'critical' });
  });

  it('leaves the evidence of other policies, and reports of other tools, alone', async () => {
    const bench = new PublishingBench();
    await bench.publisher.publishEvidence({ name: 'other', uid: 'v' }, [evidenceOf('nsa', 'host-pid')]);
    await bench.publisher.publishEvidence(policy, []);
    expect([bench.names.length, bench.operations]).to.deep.equal([1, ['write']]);
  });
});
