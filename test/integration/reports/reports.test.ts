import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { FIELD_MANAGERS } from '../../../operator/api/field-managers.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { buildReport } from '../../../operator/reports/building/report-builder.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

const published = '../shared/crds';

describe('reports with the published CRDs, on a real API server', function () {
  this.timeout(60_000);
  const client = testClient();
  const namespace = uniqueName('reports');

  before(async function () {
    if (!existsSync(published) && !process.env['CI']) this.skip();
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', `${published}/wgpolicyk8s.io_policyreports.yaml`]);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/policyreports.wgpolicyk8s.io']);
    await client.create(RESOURCES.namespaces, { metadata: { name: namespace } });
  });

  after(async () => {
    await client.delete(RESOURCES.namespaces, { name: namespace });
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/wgpolicyk8s.io_policyreports.yaml']);
  });

  const build = (count: number, existing?: PolicyReport): PolicyReport | undefined =>
    buildReport({
      source: 'vigil',
      target: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        namespace,
        name: 'odd',
        uid: '7b4b9b1e-0000-4000-8000-000000000000',
        resourceVersion: '1',
      },
      policies: [{ name: 'baseline', revision: '1', passes: 3, listPasses: false, ownerLabels: [] }],
      results: Array.from({ length: count }, (_, index) => ({
        policy: 'baseline',
        check: `rule-${index}`,
        verdict: 'fail' as const,
        severity: 'high' as const,
        category: 'Ünïcode \u{1f512}',
        frameworks: ['cis@1.12'],
        message: 'x'.repeat(900),
        path: 'data.key',
        paths: ['data.key', 'data.other'],
        fix: 'remove it',
      })),
      seconds: 1_800_000_000,
      scan: 'scan-1',
      existing,
    });

  /** Removes the owner reference: the owner does not exist here, and the garbage collector would delete the report. */
  function unowned(report: PolicyReport, name = report.metadata.name): PolicyReport {
    const { labels, annotations } = report.metadata;
    return { ...report, metadata: { name, namespace, labels: { ...labels }, annotations: { ...annotations } } };
  }

  it('are stored without pruned fields, and are unchanged when read again', async () => {
    const report = build(3);
    if (!report) throw new Error('no report');
    await client.apply(RESOURCES.reports, unowned(report), { manager: FIELD_MANAGERS.reports });
    const read = await client.get<PolicyReport>(RESOURCES.reports, { namespace, name: report.metadata.name });
    expect({ scope: read.scope, summary: read.summary, results: read.results }).to.deep.equal({
      scope: report.scope,
      summary: report.summary,
      results: report.results,
    });
    const owned = { ...read, metadata: { ...read.metadata, ownerReferences: report.metadata.ownerReferences ?? [] } };
    expect(build(3, owned)).to.equal(undefined);
    expect(build(2, owned)?.results).to.have.length(2);
  });

  it('are accepted at their maximum size', async () => {
    const report = build(3000);
    if (!report) throw new Error('no report');
    const { metadata: made } = await client.apply<PolicyReport>(RESOURCES.reports, unowned(report, uniqueName('large')), {
      manager: FIELD_MANAGERS.reports,
    });
    expect(made.uid).to.be.a('string');
  });
});
