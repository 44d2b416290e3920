import { expect } from 'chai';
import { anomalyReports, type ReportingPolicy } from '../../../operator/anomalies/results/report-content.ts';
import { anomalySettings } from '../../../operator/engine/controls/detection-settings.ts';
import type { PolicyAnomalies } from '../../../operator/api/kinds/policy-anomalies.ts';
import { account, World } from '../world.ts';

const policy = (name: string, anomalies: PolicyAnomalies = {}, includes: ReportingPolicy['includes'] = () => true): ReportingPolicy => {
  const settings = anomalySettings({ anomalies });
  if (settings === undefined) throw new Error('spec.anomalies is set');
  return { name, settings, includes };
};
const operator = account('ops', 'operator');

/** A user reads a Secret, and an account reads 12. */
const attacked = (): World => {
  const world = new World();
  world.usually(() => world.request('alice', { of: 'secrets', in: 'shop', name: 'db' }));
  world.request('alice', { of: 'secrets', in: 'bank', name: 'ledger', id: 'first', from: '203.0.113.9' });
  world.request('alice', { of: 'secrets', in: 'bank', name: 'ledger', id: 'second', from: '203.0.113.9' });
  for (const name of 'abcdefghijkl') world.request(operator, { of: 'secrets', in: 'ops', name });
  return world;
};

describe('anomalyReports', () => {
  it('says what was seen, what was normal, since when, who, from where and what to do', () => {
    const [report] = anomalyReports(attacked().findings(), [policy('watch')]).filter(({ target }) => target.kind === 'User');
    expect(report?.target).to.deep.equal({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'User', name: 'alice' });
    const [result] = report?.results ?? [];
    expect(result).to.deep.include({ policy: 'watch', check: 'secret-read', verdict: 'fail', severity: 'medium', category: 'Behaviour' });
    expect(result?.message).to.equal(
      'alice read Secret bank/ledger. Normal: alice has read Secrets in shop (since 2026-10-23). Seen 2 times.',
    );
    expect(result?.fix).to.match(/renew the Secret/);
    expect(result?.properties).to.deep.include({
      seen: 'alice read Secret bank/ledger',
      actor: 'alice',
      since: '2026-11-02T09:00:01Z',
      last: '2026-11-02T09:00:02Z',
      count: '2',
      certainty: 'actor named by the API server',
      source: '203.0.113.9 with kubectl',
      audit: 'first second',
      technique: 'T1552.007',
    });
  });

  it('puts what a service account does into a report about it', () => {
    const [report] = anomalyReports(attacked().findings(), [policy('watch')]).filter(({ target }) => target.kind === 'ServiceAccount');
    expect(report?.target).to.deep.equal({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'ops', name: 'operator' });
    expect(report?.results.map(({ check }) => check)).to.include('secret-spread');
  });

  it('applies the severities, exclusions, limits and scope of each policy', () => {
    const findings = attacked().findings();
    const reported = (one: ReportingPolicy): string[] =>
      anomalyReports(findings, [one]).flatMap(({ results }) =>
        results.filter(({ check }) => check.startsWith('secret-')).map(({ check, severity }) => `${check} ${severity}`),
      );
    expect(reported(policy('a'))).to.have.members(['secret-spread high', 'secret-read medium']);
    expect(reported(policy('a', { detections: [{ name: 'secret-spread', severity: 'critical' }] }))).to.include('secret-spread critical');
    expect(reported(policy('a', { detections: [{ name: 'secret-spread', exclude: true }] }))).to.deep.equal(['secret-read medium']);
    expect(reported(policy('a', { detections: [{ name: 'secret-spread', parameters: { floor: 50 } }] }))).to.deep.equal([
      'secret-read medium',
    ]);
    expect(reported(policy('a', {}, ({ namespace }) => namespace === 'ops'))).to.deep.equal(['secret-spread high']);
  });

  it('has a result for each policy, and no report without a result', () => {
    const findings = attacked().findings();
    const two = anomalyReports(findings, [policy('a'), policy('b')]);
    expect(two.every(({ results }) => new Set(results.map(({ policy: name }) => name)).size === 2)).to.equal(true);
    expect(anomalyReports(findings, [])).to.deep.equal([]);
  });

  it('says that no audit event names the user', () => {
    const world = new World();
    world.write(undefined, {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'x', namespace: 'shop', managedFields: [{ manager: 'kubectl' }] },
    });
    const [report] = anomalyReports(world.of('daemonset-by-new-actor'), [policy('a')]);
    expect(report?.results[0]?.message).to.match(/No audit event names the user\.$/);
    expect(report?.results[0]?.properties).to.deep.include({
      actor: 'kubectl (name of a field manager, which a client chooses)',
      certainty: 'actor not certain',
    });
  });
});
