import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { PolicyReport, ReportResult } from '../../../operator/api/kinds/policy-report.ts';
import type { SecurityException } from '../../../operator/api/kinds/security-exception.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { DesiredReport } from '../../../operator/reports/publishing/report-publisher.ts';
import { kubectl, uniqueName } from '../cluster-access.ts';
import { ExceptionsFixture } from './exceptions-fixture.ts';

describe('Exceptions, on a real API server', function () {
  this.timeout(120_000);
  const fixture = new ExceptionsFixture();
  const { client } = fixture;
  const namespace = uniqueName('exceptions');
  const policy = uniqueName('exceptions');
  let object: KubeObject;

  const desired = (checks: readonly string[]): DesiredReport => ({
    source: 'vigil',
    target: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'legacy', ...identity(object) },
    policies: [{ name: policy, revision: '1', passes: 1, listPasses: false, ownerLabels: [] }],
    results: checks.map((check) => ({
      policy,
      check,
      verdict: 'fail',
      severity: 'high',
      category: 'Test',
      frameworks: [],
      message: `${check} fails`,
    })),
    seconds: 1_800_000_000,
    scan: 'scan-1',
  });
  const apply = (spec: object, name = 'waiver', kind = 'SecurityException'): void => {
    const metadata = kind === 'SecurityException' ? { name, namespace } : { name };
    const whole = { reason: 'the vendor needs it', checks: [{ name: 'host-pid' }], ...spec };
    kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'vigil.dev/v1alpha1', kind, metadata, spec: whole }));
  };
  const result = async (check = 'host-pid'): Promise<ReportResult | undefined> => {
    const report = await client.get<PolicyReport>(RESOURCES.reports, { namespace, name: 'vigil-configmap-legacy' });
    return report.results?.find(({ rule }) => rule === check);
  };
  const verdict = async (check?: string): Promise<string> => {
    const { result: found = '', properties } = (await result(check)) ?? {};
    return [found, properties?.['exception'] ?? properties?.['exceptionRefused']].filter((text) => text !== undefined).join(' ');
  };
  const active = async (): Promise<string> => {
    const { status } = await client.get<SecurityException>(RESOURCES.exceptions, { namespace, name: 'waiver' });
    const found = status?.conditions?.find(({ type }) => type === 'Active');
    return `${found?.status ?? ''} ${found?.reason ?? ''} ${status?.matched ?? ''}`;
  };
  /** Waits as long as a change of an exception may take. */
  const eventually = async (read: () => Promise<string>, wanted: string): Promise<void> => {
    const end = Date.now() + 5000 * slowness;
    let found = await read();
    while (found !== wanted && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      found = await read();
    }
    expect(found).to.equal(wanted);
  };

  before(async () => {
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/']);
    await client.create(RESOURCES.namespaces, { metadata: { name: namespace } });
    object = await client.create<KubeObject>(RESOURCES.configMaps, { metadata: { namespace, name: 'legacy', labels: { app: 'old' } } });
    kubectl(['apply', '-f', '-'], JSON.stringify(policyObject(policy, {})));
    await fixture.start();
    await fixture.publisher.publish([desired(['host-pid', 'host-ipc'])]);
  });

  after(async () => {
    await fixture.stop();
    await client.delete(RESOURCES.policies, { name: policy });
    await client.delete(RESOURCES.namespaces, { name: namespace });
  });

  it('cover a failure in its report, and the status counts it', async () => {
    apply({});
    await eventually(verdict, `skip ${namespace}/waiver`);
    await eventually(active, 'True InForce 1');
    expect(await verdict('host-ipc')).to.equal('fail');
  });

  it('stay when the object is evaluated again', async () => {
    fixture.writes.splice(0);
    await fixture.publisher.publish([desired(['host-pid', 'host-ipc'])]);
    expect(await verdict()).to.equal(`skip ${namespace}/waiver`);
    expect(fixture.writes).to.deep.equal([]);
  });

  it('cover what they name after a change', async () => {
    apply({ checks: [{ name: 'host-ipc' }] });
    await eventually(verdict, 'fail');
    await eventually(() => verdict('host-ipc'), `skip ${namespace}/waiver`);
  });

  it('select objects by their labels', async () => {
    apply({ targets: [{ selector: { matchLabels: { app: 'new' } } }] });
    await eventually(() => verdict('host-ipc'), 'fail');
    apply({ targets: [{ selector: { matchLabels: { app: 'old' } } }] });
    await eventually(verdict, `skip ${namespace}/waiver`);
  });

  it('are refused past a bound of the policy, at the finding and in the status, with an Event', async () => {
    apply({});
    kubectl(['apply', '-f', '-'], JSON.stringify(policyObject(policy, { maxSeverity: 'medium' })));
    const reason = `SecurityPolicy/${policy}: the severity is high; exceptions.maxSeverity is medium`;
    await eventually(verdict, `fail ${namespace}/waiver: ${reason}`);
    await eventually(active, 'False Refused 0');
    await eventually(() => Promise.resolve(String(fixture.events.includes('waiver ExceptionRefused'))), 'true');
    kubectl(['apply', '-f', '-'], JSON.stringify(policyObject(policy, {})));
    await eventually(verdict, `skip ${namespace}/waiver`);
  });

  it('are not in force for a check that does not exist, and suggest one', async () => {
    apply({ checks: [{ name: 'host-pdi' }] });
    await eventually(verdict, 'fail');
    await eventually(active, 'False Invalid 0');
    const { status } = await client.get<SecurityException>(RESOURCES.exceptions, { namespace, name: 'waiver' });
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).to.include("did you mean 'host-pid'");
    apply({});
    await eventually(verdict, `skip ${namespace}/waiver`);
  });

  it('end at their end, also if the clock jumps, with an Event', async () => {
    apply({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    await eventually(active, 'True EndsWithinADay 1');
    fixture.ahead = 3_600_000;
    await eventually(verdict, 'fail');
    await eventually(active, 'False Expired 0');
    expect(fixture.events).to.include.members(['waiver ExceptionExpiring', 'waiver ExceptionExpired']);
    fixture.ahead = 0;
  });

  it('are gone when they are deleted', async () => {
    apply({});
    await eventually(verdict, `skip ${namespace}/waiver`);
    await client.delete(RESOURCES.exceptions, { namespace, name: 'waiver' });
    await eventually(verdict, 'fail');
  });

  it('of the whole cluster cover the namespaces that they select by labels', async () => {
    const name = uniqueName('wide');
    apply({ namespaces: { selector: { matchLabels: { tier: name } } } }, name, 'ClusterSecurityException');
    kubectl(['label', 'namespace', namespace, `tier=${name}`]);
    await eventually(verdict, `skip ${name}`);
    await client.delete(RESOURCES.clusterExceptions, { name });
    await eventually(verdict, 'fail');
  });

  it('that end while no operator runs are reported by the next leader, with one Event however many follow', async () => {
    apply({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    await eventually(verdict, `skip ${namespace}/waiver`);
    await eventually(active, 'True EndsWithinADay 1');
    await fixture.stop();
    const events: string[] = [];
    for (const leader of [1, 2]) {
      const next = new ExceptionsFixture();
      next.ahead = 3_600_000;
      await next.start();
      await eventually(verdict, 'fail');
      await eventually(active, 'False Expired 0');
      // The second leader has nothing to write: it has looked at the reports when it knows what they contain.
      await eventually(() => Promise.resolve(String(next.exceptions.controllers.every(({ queue }) => queue.depth === 0))), 'true');
      await next.stop();
      events.push(...next.events);
      expect(events, `leader ${leader}`).to.deep.equal(['waiver ExceptionExpired']);
    }
  });
});

const identity = ({
  metadata: { uid = '', resourceVersion = '' },
}: KubeObject): { readonly uid: string; readonly resourceVersion: string } => ({
  uid,
  resourceVersion,
});

const policyObject = (name: string, exceptions: object): object => ({
  apiVersion: 'vigil.dev/v1alpha1',
  kind: 'SecurityPolicy',
  metadata: { name },
  spec: { controls: [{ name: 'host-pid' }, { name: 'host-ipc' }], exceptions },
});

/** Machines that run many tests at once are slow. */
const slowness = 4;
