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

  it('have the buckets that requests, waits and scans need', async () => {
    const metrics = new Metrics();
    metrics.apiSeconds.observe({ method: 'GET' }, 1);
    metrics.changeSeconds.observe(1);
    metrics.scanSeconds.observe({ phase: 'Complete' }, 1);
    const text = await metrics.text();
    const bucketsOf = (name: string): string[] =>
      [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"`, 'gm'))].map(([, bound = '']) => bound);
    expect(bucketsOf('vigil_api_request_seconds').join(' ')).to.equal('0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 60 +Inf');
    expect(bucketsOf('vigil_change_seconds').join(' ')).to.equal('0.01 0.1 0.5 1 2.5 5 10 30 60 300 900 +Inf');
    expect(bucketsOf('vigil_scan_seconds').join(' ')).to.equal('1 5 15 30 60 120 300 600 1800 3600 +Inf');
  });

  it('are all described, and have only the labels that they name', async () => {
    const metrics = new Metrics();
    metrics.apiCalls.inc({ method: 'GET', status: '200' });
    metrics.scans.inc({ phase: 'Complete' });
    metrics.shards.inc({ outcome: 'done' });
    metrics.reportWrites.inc({ operation: 'write' });
    metrics.reportConflicts.inc({ reason: 'NameTaken' });
    metrics.statusRefusals.inc({ kind: 'Scan' });
    metrics.crdProblems.set({ crd: 'scans.vigil.dev' }, 1);
    metrics.eventsDropped.inc({ reason: 'NewFindings' });
    metrics.queueDepth.set({ controller: 'scan' }, 2);
    metrics.changes.inc({ outcome: 'evaluated' }, 3);
    const lines = (await metrics.text()).split('\n');
    expect(lines).to.include.members([
      'vigil_api_requests_total{method="GET",status="200"} 1',
      'vigil_scans_total{phase="Complete"} 1',
      'vigil_shard_attempts_total{outcome="done"} 1',
      'vigil_report_writes_total{operation="write"} 1',
      'vigil_report_conflicts_total{reason="NameTaken"} 1',
      'vigil_status_writes_refused_total{kind="Scan"} 1',
      'vigil_crd_problems{crd="scans.vigil.dev"} 1',
      'vigil_events_dropped_total{reason="NewFindings"} 1',
      'vigil_queue_depth{controller="scan"} 2',
      'vigil_change_targets_total{outcome="evaluated"} 3',
    ]);
    const help = lines.filter((line) => line.startsWith('# HELP vigil_'));
    expect(help).not.to.have.length(0);
    expect(help.filter((line) => !/^# HELP \S+ \S.*\.$/.test(line))).to.deep.equal([]);
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
      problems = ['first', 'second'];
      expect(await get('/readyz')).to.deep.equal([503, 'first\nsecond\n']);
      expect(await get('/other')).to.deep.equal([404, 'not found\n']);
      metrics = () => Promise.reject(new Error('broken'));
      expect(await get('/metrics')).to.deep.equal([500, 'Error: broken\n']);
    } finally {
      await server.stop();
    }
  });
});
