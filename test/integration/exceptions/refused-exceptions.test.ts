import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import type { ExceptionStatus, SecurityException } from '../../../operator/api/kinds/security-exception.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { EnforcementBench, eventually } from '../admission/enforcement-bench.ts';
import { kubectl, uniqueName } from '../cluster-access.ts';
import { ExceptionsFixture } from './exceptions-fixture.ts';

const deployments: ApiResource = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true };
const day = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * day).toISOString().replace(/[.]\d+Z$/, 'Z');

interface Widening {
  readonly title: string;
  readonly spec?: object;
  readonly labels?: Readonly<Record<string, string>>;
  /** What condition Active says, with the reason. */
  readonly active: RegExp;
  /** What condition Ready says, if it is False. */
  readonly ready?: RegExp;
}

describe('an exception that asks for more than it may', function () {
  this.timeout(180_000);
  const fixture = new ExceptionsFixture();
  const bench = new EnforcementBench();
  const { client } = fixture;
  const [namespace, policy, strict] = [uniqueName('widened'), uniqueName('bounded'), uniqueName('strict')];
  const approved = { 'approved-by': 'security' };
  const valid = { reason: 'the vendor needs it', expiresAt: inDays(30), policies: [policy], checks: [{ name: 'host-pid' }] };

  const deployment = (name: string, pod: object): KubeObject =>
    ({
      metadata: { name, namespace },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'example.com/app:1' }], ...pod } },
      },
    }) as unknown as KubeObject;
  const privileged = { containers: [{ name: 'app', image: 'example.com/app:1', securityContext: { privileged: true } }] };
  const isRefused = async (pod: object): Promise<boolean> =>
    (await bench.send('POST', deployments, deployment('legacy-2', pod))).status === 403;

  const apply = (spec: object, labels: Widening['labels'] = approved, name = 'wide'): void => {
    const metadata = { name, namespace, labels };
    const object = { apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityException', metadata, spec: { ...valid, ...spec } };
    kubectl(['apply', '-f', '-'], JSON.stringify(object));
  };
  const remove = (...names: readonly string[]): void => void kubectl(['-n', namespace, 'delete', 'securityexception', ...names]);
  const condition = async (type: string, name = 'wide'): Promise<string> => {
    const { metadata, status } = await client.get<SecurityException>(RESOURCES.exceptions, { namespace, name });
    return status?.observedGeneration === metadata.generation ? text(status, type) : '';
  };
  const says = (type: string, wanted: RegExp, name?: string): Promise<string> =>
    eventually(`${type} says ${String(wanted)}`, async () => {
      const found = await condition(type, name);
      return wanted.test(found) ? found : undefined;
    });
  /** The verdicts in the report of `legacy`, as `host-pid skip web/wide`. */
  const verdicts = async (): Promise<readonly string[]> => {
    const { results = [] } = await client.get<PolicyReport>(RESOURCES.reports, { namespace, name: 'vigil-deployment-legacy' });
    return results
      .map(({ rule = '', result = '', properties }) => [rule, result, properties?.['exception'] ?? ''].join(' ').trim())
      .toSorted();
  };
  const failures = ['host-pid fail', 'privileged-container fail'];
  const reports = (wanted: readonly string[]): Promise<true> =>
    eventually(`the report has ${wanted.join()}`, async () => (String(await verdicts()) === String(wanted) ? true : undefined));

  before(async () => {
    EnforcementBench.install();
    kubectl(['create', 'namespace', namespace]);
    const legacy = deployment('legacy', { hostPID: true, ...privileged });
    expect((await bench.send('POST', deployments, legacy, { persist: true })).status).to.equal(201);
    const { metadata } = await client.get<KubeObject>(deployments, { namespace, name: 'legacy' });
    bench.readWaivers = (...args) => fixture.store.admissionWaivers(...args);
    fixture.onChange = () => bench.enqueue(policy);
    await fixture.start();
    await bench.start();
    await bench.apply(policy, {
      controls: [{ name: 'host-pid' }, { name: 'privileged-container' }],
      exceptions: { allow: 'All', maxSeverity: 'high', maxDuration: '90d', requireApprovalLabel: 'approved-by=security' },
      enforcement: [{ actions: ['Deny'], namespaces: { include: [namespace] } }],
    });
    const { uid = '', resourceVersion = '' } = metadata;
    const finding = (check: string, severity: 'high' | 'critical') =>
      ({ policy, check, verdict: 'fail', severity, category: 'Test', frameworks: [], message: `${check} fails` }) as const;
    await fixture.publisher.publish([
      {
        source: 'vigil',
        target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'legacy', uid, resourceVersion },
        policies: [{ name: policy, revision: '1', passes: 1, listPasses: false, ownerLabels: [] }],
        results: [finding('host-pid', 'high'), finding('privileged-container', 'critical')],
        seconds: 1_800_000_000,
        scan: 'scan-1',
      },
    ]);
    await eventually('a violation is refused', async () => ((await isRefused({ hostPID: true })) ? true : undefined));
  });

  after(async () => {
    await bench.stop();
    await fixture.stop();
    kubectl(['delete', 'securitypolicy', policy, strict, '--ignore-not-found']);
    kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });

  const wideningCases: readonly Widening[] = [
    {
      title: 'past the severity of the policy',
      spec: { checks: [{ name: 'privileged-container' }] },
      active: /^False Refused .*SecurityPolicy\/bounded.*the severity is critical; exceptions[.]maxSeverity is high/,
    },
    {
      title: 'past its duration',
      spec: { expiresAt: inDays(91) },
      active: /^False Refused SecurityPolicy\/bounded.*expiresAt is 91d after .*exceptions[.]maxDuration is 90d/,
    },
    {
      title: 'without an end',
      spec: { expiresAt: undefined },
      active: /^False Refused SecurityPolicy\/bounded.*no expiresAt, which exceptions[.]maxDuration 90d requires/,
    },
    {
      title: 'without the label of an approver',
      labels: { 'approved-by': 'me' },
      active: /^False Refused SecurityPolicy\/bounded.*lacks the label approved-by=security/,
    },
    {
      title: 'by a wildcard for checks',
      spec: { checks: [{ name: '*' }] },
      active: /^False Invalid/,
      ready: /^False Invalid spec[.]checks\[0\][.]name: '\*' is a pattern; name each check/,
    },
    {
      title: 'by a wildcard for frameworks',
      spec: { checks: [{ framework: 'pss-*' }] },
      active: /^False Invalid/,
      ready: /^False Invalid spec[.]checks\[0\][.]framework: 'pss-\*' is a pattern/,
    },
    {
      title: 'by a wildcard for kinds',
      spec: { targets: [{ kind: '*' }] },
      active: /^False Invalid/,
      ready: /^False Invalid spec[.]targets\[0\][.]kind: '\*' is a pattern; omit kind for all/,
    },
    {
      title: 'for a control that does not exist',
      spec: { checks: [{ name: 'host-pdi' }] },
      active: /^False Invalid/,
      ready: /^False Invalid spec[.]checks\[0\][.]name: .*'host-pdi' [(]did you mean 'host-pid'[?][)]/,
    },
    {
      title: 'for a policy that does not exist',
      spec: { policies: ['bounde'] },
      active: /^True InForce/,
      ready: /^False Invalid spec[.]policies\[0\]: no SecurityPolicy 'bounde'/,
    },
    {
      title: 'with an end in the past',
      spec: { expiresAt: inDays(-1) },
      active: /^False Expired the exception ended at/,
    },
  ];
  for (const { title, spec = {}, labels, active, ready } of wideningCases)
    it(`${title}, covers nothing, and says so`, async () => {
      apply(spec, labels);
      await says('Active', active);
      if (ready) expect(await condition('Ready')).to.match(ready);
      expect(await verdicts()).to.deep.equal(failures);
      expect([await isRefused({ hostPID: true }), await isRefused(privileged)]).to.deep.equal([true, true]);
      remove('wide');
    });

  it('past its namespace, is refused by the API server, and covers its own namespace at most', async () => {
    const object = {
      apiVersion: 'vigil.dev/v1alpha1',
      kind: 'SecurityException',
      metadata: { name: 'wide', namespace: 'default', labels: approved },
      spec: { ...valid, namespaces: { include: ['*'] } },
    };
    const created = (...more: readonly string[]): string => {
      const { stdout, stderr } = spawnSync('kubectl', ['create', '-f', '-', ...more], { input: JSON.stringify(object), encoding: 'utf8' });
      return `${stdout}${stderr}`;
    };
    expect(created()).to.contain('unknown field "spec.namespaces"');
    expect(created('--validate=false')).to.contain('created');
    await eventually('it is in force', async () => {
      const { status } = await client.get<SecurityException>(RESOURCES.exceptions, { namespace: 'default', name: 'wide' });
      return text(status, 'Active').startsWith('True') ? true : undefined;
    });
    expect(await verdicts()).to.deep.equal(failures);
    expect(await isRefused({ hostPID: true })).to.equal(true);
    kubectl(['-n', 'default', 'delete', 'securityexception', 'wide']);
  });

  it('covers by its other entries what it may', async () => {
    apply({ checks: [{ name: 'host-pid' }, { name: 'privileged-container' }] });
    await reports([`host-pid skip ${namespace}/wide`, 'privileged-container fail']);
    await eventually('one violation is admitted', async () => ((await isRefused({ hostPID: true })) ? undefined : true));
    expect(await isRefused(privileged)).to.equal(true);
    expect(await says('Active', /refused/)).to.match(/^True InForce .*1 findings: .*the severity is critical/);
    remove('wide');
    await reports(failures);
  });

  it('overlaps with nine others: the one that ends last counts, until it is deleted', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `over-${index}`);
    for (const [index, name] of names.entries()) apply({ expiresAt: inDays(10 + index) }, approved, name);
    for (const left of [10, 9, 8]) {
      await reports([`host-pid skip ${namespace}/over-${left - 1}`, 'privileged-container fail']);
      await says('Active', /^True InForce/, `over-${left - 1}`);
      expect(await isRefused({ hostPID: true })).to.equal(false);
      remove(`over-${left - 1}`);
    }
    remove(...names.slice(0, 7));
    await reports(failures);
    await eventually('it is refused again', async () => ((await isRefused({ hostPID: true })) ? true : undefined));
  });

  it('is for two policies that disagree: each one decides for itself, and the exception names the one that refuses', async () => {
    const enforcement = [{ actions: ['Deny' as const], namespaces: { include: [namespace] } }];
    await bench.apply(strict, { controls: [{ name: 'host-pid' }], exceptions: { allow: 'None' }, enforcement });
    apply({ policies: [policy, strict] });
    await reports([`host-pid skip ${namespace}/wide`, 'privileged-container fail']);
    await says('Active', new RegExp(`^True InForce .*refused: SecurityPolicy/${strict}: exceptions[.]allow is None`));
    await eventually('the strict policy refuses it', async () => ((await isRefused({ hostPID: true })) ? true : undefined));
    const { status, message } = await bench.send('POST', deployments, deployment('legacy-2', { hostPID: true }));
    expect([status, message.split('breaks ')[1]]).to.deep.equal([403, `SecurityPolicy/${strict}: host-pid. kubectl vigil explain CHECK`]);
    kubectl(['delete', 'securitypolicy', strict]);
    await eventually('the other policy admits it', async () => ((await isRefused({ hostPID: true })) ? undefined : true));
    remove('wide');
  });
});

function text(status: ExceptionStatus | undefined, wanted: string): string {
  const found = status?.conditions?.find(({ type }) => type === wanted);
  return [found?.status, found?.reason, found?.message].join(' ');
}
