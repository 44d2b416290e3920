import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { PolicyReport, ReportResult } from '../../../operator/api/kinds/policy-report.ts';
import type { Finding } from '../../../operator/findings/finding.ts';
import { ReportPublisher, type DesiredReport } from '../../../operator/reports/publishing/report-publisher.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

const published = '../shared/crds';

/**
 * What Policy Reporter (3.x) does with reports, as far as Vigil can spoil it: a result is known by `properties.resultID`, else by its object, policy, rule,
 * verdict, category and message; it is told when its identity is not among those of the same report before; a report without results leaves those
 * as they were; the page of a namespace shows results by the namespace of the report's scope.
 */
class Consumer {
  readonly told: string[] = [];
  readonly rows = new Map<string, { readonly namespace: string | undefined; readonly rule: string | undefined }>();
  readonly #known = new Map<string, ReadonlySet<string>>();

  read({ metadata, scope, results = [] }: PolicyReport): void {
    const report = `${metadata.namespace ?? ''}/${metadata.name}`;
    if (results.length === 0) return;
    const before = this.#known.get(report) ?? new Set();
    const identities = results.map((result) => identityOf(scope, result));
    for (const [index, id] of identities.entries()) {
      const { result, rule = '' } = results[index] as ReportResult;
      if (!before.has(id) && result !== 'pass' && result !== 'skip') this.told.push(rule);
      this.rows.set(id, { namespace: scope?.namespace, rule });
    }
    this.#known.set(report, new Set(identities));
  }
}

function identityOf(scope: PolicyReport['scope'], { policy, rule, result, category, message, properties }: ReportResult): string {
  return properties?.['resultID'] ?? [scope?.name, scope?.uid, policy, rule, result, category, message].join('/');
}

describe('a consumer of reports such as Policy Reporter, on a real API server', function () {
  this.timeout(120_000);
  const client = testClient();
  const namespace = uniqueName('consumer');
  const publisher = new ReportPublisher(client);
  let owner: KubeObject;
  let count = 0;

  before(async () => {
    const crds = existsSync(published)
      ? ['policyreports', 'clusterpolicyreports'].map((kind) => `${published}/wgpolicyk8s.io_${kind}.yaml`)
      : ['crds/'];
    kubectl(['apply', '--server-side', '--force-conflicts', ...crds.flatMap((file) => ['-f', file])]);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/policyreports.wgpolicyk8s.io']);
    await client.create(RESOURCES.namespaces, { metadata: { name: namespace } });
  });

  beforeEach(async () => {
    owner = await client.create<KubeObject>(RESOURCES.configMaps, { metadata: { namespace, name: `object-${count++}` } });
  });

  after(async () => {
    await client.delete(RESOURCES.namespaces, { name: namespace });
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
  });

  const finding = (check: string, change: Partial<Finding> = {}): Finding => ({
    policy: 'baseline',
    check,
    verdict: 'fail',
    severity: 'high',
    category: 'Vulnerability',
    frameworks: [],
    message: `${check} fails`,
    ...change,
  });
  const cve = (container: string): Finding =>
    finding('CVE-2026-1', {
      message: 'openssl 3.0.1: a known vulnerability',
      properties: { container, package: 'openssl', installed: '3.0.1' },
    });
  const desired = (results: readonly Finding[], seconds: number, target?: DesiredReport['target']): DesiredReport => ({
    source: 'vigil-images',
    target: target ?? { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: owner.metadata.name, uid: owner.metadata.uid ?? '' },
    policies: [{ name: 'baseline', revision: '1-a', passes: 0, listPasses: false, ownerLabels: [] }],
    results,
    seconds,
  });
  const publishTo = async (consumer: Consumer, results: readonly Finding[], seconds: number): Promise<PolicyReport> => {
    await publisher.publish([desired(results, seconds)]);
    const report = await client.get<PolicyReport>(RESOURCES.reports, { namespace, name: `vigil-images-configmap-${owner.metadata.name}` });
    consumer.read(report);
    return report;
  };

  it('reads each result once, and two results for two containers with the same image', async () => {
    const consumer = new Consumer();
    const { summary, results } = await publishTo(consumer, [cve('main'), cve('sidecar')], 100);
    expect([consumer.rows.size, consumer.told, summary?.fail, results?.length]).to.deep.equal([2, ['CVE-2026-1', 'CVE-2026-1'], 2, 2]);
  });

  it('is not notified again when a report is written with another message or another pod', async () => {
    const consumer = new Consumer();
    await publishTo(consumer, [cve('main')], 100);
    await publishTo(consumer, [{ ...cve('main'), message: 'in other words' }, finding('CVE-2026-2')], 200);
    await publishTo(consumer, [{ ...cve('main'), pod: 'cart-1', severity: 'low' }, finding('CVE-2026-2')], 300);
    expect(consumer.told).to.deep.equal(['CVE-2026-1', 'CVE-2026-2']);
  });

  it('is notified again when a finding appears again, even if the report was empty in between', async () => {
    const consumer = new Consumer();
    for (const [seconds, results] of [
      [100, [cve('main')]],
      [200, []],
      [300, [cve('main')]],
    ] as const)
      await publishTo(consumer, results, seconds);
    expect(consumer.told).to.deep.equal(['CVE-2026-1', 'CVE-2026-1']);
  });

  it('is notified once of a check that cannot be evaluated, and not again of the failure afterwards', async () => {
    const consumer = new Consumer();
    const lost = finding('netpol', { verdict: 'error', message: 'cannot be judged' });
    for (const [seconds, results] of [
      [100, [finding('netpol')]],
      [200, [lost]],
      [300, [lost]],
      [400, [finding('netpol')]],
    ] as const)
      await publishTo(consumer, results, seconds);
    expect(consumer.told).to.deep.equal(['netpol', 'netpol']);
  });

  it('finds the results about a Namespace under that namespace', async () => {
    const consumer = new Consumer();
    const home = await client.get<KubeObject>(RESOURCES.namespaces, { name: namespace });
    const target = { apiVersion: 'v1', kind: 'Namespace', name: namespace, uid: home.metadata.uid ?? '' };
    await publisher.publish([desired([finding('no-quota')], 100, target)]);
    consumer.read(await client.get<PolicyReport>(RESOURCES.reports, { namespace, name: `vigil-images-namespace-${namespace}` }));
    expect([...consumer.rows.values()]).to.deep.equal([{ namespace, rule: 'no-quota' }]);
  });
});
