import { expect } from 'chai';
import { resolveFramework } from '../../../operator/catalogue/frameworks/framework.ts';
import { requirementOutcomes } from '../../../operator/catalogue/frameworks/framework-rows.ts';
import { ReportPublisher, type ReportConflict } from '../../../operator/reports/publishing/report-publisher.ts';
import type { DesiredEvidence } from '../../../operator/reports/publishing/evidence-publisher.ts';
import { PublishingBench, theirs } from '../published-reports.ts';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { alternativeEvidenceName, evidenceName } from '../../../operator/reports/building/evidence.ts';
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

  describe('updated by a function', () => {
    let bench: PublishingBench;
    const { framework } = evidenceOf('nsa', 'host-pid');
    const usual = evidenceName('p', framework);
    const rename = (report: PolicyReport): PolicyReport => ({ ...report, summary: { ...report.summary, skip: 99 } });
    beforeEach(async () => {
      bench = new PublishingBench();
      await bench.publisher.publishEvidence(policy, [evidenceOf('nsa', 'host-pid')]);
      bench.operations.length = 0;
    });

    it('is written with the change, and returned', async () => {
      const after = await bench.publisher.updateEvidence('p', framework, rename);
      expect([after?.summary?.skip, bench.reports.get(`/${usual}`)?.summary?.skip, bench.operations]).to.deep.equal([99, 99, ['write']]);
    });

    it('is returned as it is without a change, and undefined if there is none', async () => {
      const same = await bench.publisher.updateEvidence('p', framework, () => undefined);
      expect([same?.metadata.name, bench.operations]).to.deep.equal([usual, []]);
      expect(await bench.publisher.updateEvidence('other', framework, rename)).to.equal(undefined);
    });

    it('is read again after a conflict, at most four times', async () => {
      let tries = 0;
      bench.api.onCall = ({ method }) => {
        if (method === 'PUT' && ++tries < 4) throw new KubeApiError('conflict', { status: 409, reason: 'Conflict' });
      };
      expect((await bench.publisher.updateEvidence('p', framework, rename))?.summary?.skip).to.equal(99);
      bench.api.onCall = ({ method }) => {
        if (method === 'PUT') throw new KubeApiError(`conflict ${++tries}`, { status: 409, reason: 'Conflict' });
      };
      tries = 0;
      const failed = await bench.publisher.updateEvidence('p', framework, rename).catch((error: unknown) => (error as Error).message);
      expect(failed).to.equal('conflict 4');
    });

    it('throws any other error', async () => {
      bench.api.onCall = ({ method }) => {
        if (method === 'PUT') throw new KubeApiError('forbidden', { status: 403 });
      };
      const failed = await bench.publisher.updateEvidence('p', framework, rename).catch((error: unknown) => (error as Error).message);
      expect(failed).to.equal('forbidden');
    });
  });

  it('has an alternative name if another tool has the usual one, and keeps that name', async () => {
    const bench = new PublishingBench();
    const evidence = evidenceOf('nsa', 'host-pid');
    const usual = evidenceName('p', evidence.framework);
    const other = alternativeEvidenceName('p', evidence.framework);
    const { namespace: _, ...metadata } = theirs(usual).metadata;
    await bench.api.create(RESOURCES.clusterReports, { ...theirs(usual), metadata });
    await bench.publisher.publishEvidence(policy, [evidence]);
    expect(bench.names).to.have.members([`/${usual}`, `/${other}`]);
    await bench.api.delete(RESOURCES.clusterReports, { name: usual });
    await bench.publisher.publishEvidence(policy, [evidenceOf('nsa', 'privileged-container')]);
    expect(bench.names).to.deep.equal([`/${other}`]);
    expect(bench.conflicts).to.deep.equal([]);
  });

  it('throws what the API server says if it cannot be written', async () => {
    const bench = new PublishingBench();
    bench.api.onCall = ({ method }) => {
      if (method === 'POST') throw new KubeApiError('forbidden', { status: 403 });
    };
    const failed = await bench.publisher
      .publishEvidence(policy, [evidenceOf('nsa', 'host-pid')])
      .catch((error: unknown) => (error as Error).message);
    expect(failed).to.equal('forbidden');
  });
});
