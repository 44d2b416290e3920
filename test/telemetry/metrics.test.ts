import { expect } from 'chai';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { policyGauges } from '../../operator/policies/policy-gauges.ts';
import { HealthServer } from '../../operator/telemetry/health-server.ts';
import { Metrics } from '../../operator/telemetry/metrics.ts';

const policy = (name: string, status?: object): SecurityPolicy => ({ metadata: { name }, spec: {}, status }) as SecurityPolicy;
const scanned = { failing: { critical: 2, high: 0 }, lastScanTime: '2026-01-01T00:00:00.900Z' };

describe('the metrics', () => {
  it('include the gauges of policies at the first scrape of a new process', async () => {
    const metrics = new Metrics();
    metrics.exportPolicies(() => policyGauges([policy('web', scanned), policy('new')]));
    const text = await metrics.text();
    expect(text).to.include('vigil_failing_results{policy="web",severity="critical"} 2\n');
    expect(text).to.include('vigil_failing_results{policy="web",severity="high"} 0\n');
    expect(text).to.include('vigil_policy_last_scan_timestamp_seconds{policy="web"} 1767225600\n');
    expect(text).not.to.include('policy="new"');
  });

  it('remove the gauges of a deleted policy', async () => {
    const policies = [policy('web', scanned), policy('shop', scanned)];
    const metrics = new Metrics();
    metrics.exportPolicies(() => policyGauges(policies));
    expect(await metrics.text()).to.include('policy="web"');
    policies.shift();
    const text = await metrics.text();
    expect(text).to.include('policy="shop"').and.not.to.include('policy="web"');
  });

  it('export counters and histograms under their names', async () => {
    const metrics = new Metrics();
    metrics.reconciles.inc({ controller: 'scan', result: 'success' });
    metrics.reconcileSeconds.observe({ controller: 'scan' }, 0.2);
    metrics.queueSeconds.observe({ controller: 'scan' }, 4);
    metrics.onScrape(() => metrics.watchedObjects.set(7));
    const text = await metrics.text();
    for (const line of [
      'vigil_reconcile_total{controller="scan",result="success"} 1',
      'vigil_reconcile_seconds_bucket{le="0.25",controller="scan"} 1',
      'vigil_reconcile_seconds_bucket{le="0.1",controller="scan"} 0',
      'vigil_queue_wait_seconds_sum{controller="scan"} 4',
      'vigil_watched_objects 7',
      'vigil_leader 0',
    ])
      expect(text.split('\n')).to.include(line);
    expect(text)
      .to.match(/^vigil_build_info\{version="\d+\.\d+\.\d+"\} 1$/m)
      .and.to.match(/^process_resident_memory_bytes \d+/m);
  });

  it('are separate in each instance', async () => {
    const [first, second] = [new Metrics(), new Metrics()];
    first.leader.set(1);
    expect(await second.text()).to.include('vigil_leader 0\n');
  });
});

describe('the health server', () => {
  it('serves metrics, the reasons why it is not ready, and status 500 if a scrape fails', async () => {
    let problems: readonly string[] = ['lease n/l cannot be acquired'];
    let metrics = (): Promise<string> => Promise.resolve('m 1\n');
    const server = new HealthServer({ host: '127.0.0.1', port: 0, metrics: () => metrics(), ready: () => problems, healthy: () => [] });
    const port = await server.start();
    const get = async (path: string): Promise<readonly [number, string]> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return [response.status, await response.text()];
    };
    try {
      expect(await get('/readyz')).to.deep.equal([503, 'lease n/l cannot be acquired\n']);
      problems = [];
      expect(await get('/readyz?verbose')).to.deep.equal([200, 'ok\n']);
      expect(await get('/healthz')).to.deep.equal([200, 'ok\n']);
      expect(await get('/metrics')).to.deep.equal([200, 'm 1\n']);
      expect((await get('/other'))[0]).to.equal(404);
      metrics = () => Promise.reject(new Error('broken'));
      expect(await get('/metrics')).to.deep.equal([500, 'Error: broken\n']);
    } finally {
      await server.stop();
    }
  });
});
