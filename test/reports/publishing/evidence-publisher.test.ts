import { expect } from 'chai';
import { resolveFramework } from '../../../operator/catalogue/frameworks/framework.ts';
import { requirementOutcomes } from '../../../operator/catalogue/frameworks/framework-rows.ts';
import { ReportPublisher, type ReportConflict } from '../../../operator/reports/publishing/report-publisher.ts';
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
