import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { SecurityException } from '../../operator/api/kinds/security-exception.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { isNotFound } from '../../operator/kube/client/kube-api-error.ts';
import { kubectl, testClient, uniqueName } from '../integration/cluster-access.ts';
import {
  type CommandResult,
  create,
  deployment,
  grantEnforcement,
  revokeEnforcement,
  run,
  runnable,
  vigil,
  yamlBlocks,
} from './enforcing.ts';
import { eventually, install } from './installation.ts';

const day = 86_400_000;
const apiVersion = 'vigil.dev/v1alpha1';

describe('a waiver and an approval as files in a repository', function () {
  this.timeout(180_000);
  const client = testClient();
  const [namespace, policy] = [uniqueName('shop'), uniqueName('waived')];
  const repository = mkdtempSync(join(tmpdir(), 'vigil-repository-'));
  const file = (name: string): string => join(repository, name);
  const write = (name: string, object: object): void => writeFileSync(file(name), JSON.stringify(object));
  const apply = (path: string): CommandResult => run('kubectl', ['apply', '-f', path]);
  /** Scans the manifests as CI does. */
  const scan = (): CommandResult => vigil('scan', file('app'), '--policy', file('policy.json'));
  /** What the API server says about one more Deployment like that of the repository. */
  const admission = (name = 'web-2'): CommandResult => create(deployment(name, { namespace, privileged: true }), true);
  const refusal = `breaks SecurityPolicy/${policy}: privileged-container (container app)`;

  /** The result in the report of the Deployment, as `skip shop/waiver`. */
  async function reported(): Promise<string | undefined> {
    try {
      const report = await client.get<PolicyReport>(RESOURCES.reports, { namespace, name: 'vigil-deployment-web' });
      const found = report.results?.find((one) => one.policy === policy && one.rule === 'privileged-container');
      return found && [found.result, found.properties?.['exception']].filter((text) => text !== undefined).join(' ');
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
  const isReported = (wanted: string, seconds = 60): Promise<true> =>
    eventually(`the report says ${wanted}`, async () => ((await reported()) === wanted ? true : undefined), seconds);
  const isAdmitted = (wanted: boolean): Promise<CommandResult> =>
    eventually(`admission ${wanted ? 'admits' : 'refuses'}`, () => {
      const result = admission();
      return (result.code === 0) === wanted ? result : undefined;
    });
  const until = (milliseconds: number): string => new Date(Date.now() + milliseconds).toISOString().replace(/[.]\d+Z$/, 'Z');
  const except = (end: string): string =>
    vigil(
      'except',
      'deployment/web*',
      'privileged-container',
      '-n',
      namespace,
      '--name',
      'legacy',
      '--reason',
      'needed until version 2 (SEC-1234)',
      '--until',
      end,
    ).output;

  before(async () => {
    await install();
    grantEnforcement();
    kubectl(['create', 'namespace', namespace]);
    run('mkdir', [file('app')]);
    const spec = {
      scope: { namespaces: { include: [namespace] } },
      controls: [{ name: 'privileged-container' }],
      exceptions: { allow: 'All', maxDuration: '90d' },
      enforcement: [{ actions: ['Deny'] }],
    };
    write('policy.json', { apiVersion, kind: 'SecurityPolicy', metadata: { name: policy }, spec });
    write('app/web.json', deployment('web', { namespace, privileged: true, replicas: 1 }));
    expect(apply(file('policy.json')).code).to.equal(0);
    kubectl(['wait', '--for=condition=Enforced', '--timeout=60s', `securitypolicy/${policy}`]);
    await client.create(RESOURCES.schedules, { metadata: { name: policy }, spec: { onChange: { debounce: '1s' } } } as KubeObject);
    await eventually('the policy is evaluated once', async () => {
      const { status } = await client.get<SecurityPolicy>(RESOURCES.policies, { name: policy });
      return status?.evaluatedGeneration === 1 ? true : undefined;
    });
  });

  after(() => {
    kubectl(['delete', '--ignore-not-found', `scanschedule/${policy}`, `securitypolicy/${policy}`, 'securitypolicy/reviewed-images']);
    kubectl(['delete', 'imageapprovals', '--all']);
    kubectl(['delete', 'namespace', namespace, '--wait=false']);
    revokeEnforcement();
    rmSync(repository, { recursive: true });
  });

  it('fails in CI and is refused by the cluster without a waiver', async () => {
    const { code, output } = scan();
    expect(code).to.equal(1);
    expect(output).to.contain('privileged-container');
    await isAdmitted(false);
    const refused = apply(file('app'));
    expect([refused.code, refused.output.includes(refusal)]).to.deep.equal([1, true]);
  });

  it('with a waiver past a bound of the policy, is refused by all of them, with the bound', async () => {
    writeFileSync(file('app/waiver.yaml'), except(until(100 * day)));
    const { code, output } = scan();
    expect(code).to.equal(1);
    expect(output).to.contain('exceptions.maxDuration is 90d');
    apply(file('app/waiver.yaml'));
    kubectl(['-n', namespace, 'wait', '--for=condition=Active=False', '--timeout=30s', 'securityexception/legacy']);
    const { status } = await client.get<SecurityException>(RESOURCES.exceptions, { namespace, name: 'legacy' });
    const active = status?.conditions?.find(({ type }) => type === 'Active');
    expect(active?.reason).to.equal('Refused');
    expect(active?.message).to.contain(`SecurityPolicy/${policy}: expiresAt is 100d after`).and.to.contain('exceptions.maxDuration is 90d');
    expect(admission().output).to.contain(refusal);
  });

  it('with a waiver within the bounds, passes CI, admission and the scan of the cluster', async () => {
    writeFileSync(file('app/waiver.yaml'), except(until(30 * day)));
    expect(scan().code).to.equal(0);
    apply(file('app/waiver.yaml'));
    await isAdmitted(true);
    const applied = apply(file('app'));
    expect([applied.code, applied.output]).to.satisfy(
      ([code, output]: [number, string]) => code === 0 && output.includes('deployment.apps/web created'),
    );
    await isReported(`skip ${namespace}/legacy`);
    kubectl(['-n', namespace, 'rollout', 'status', 'deployment/web', '--timeout=60s']);
    expect(vigil('scan', '--cluster', '-n', namespace, '--policy', file('policy.json')).code).to.equal(0);
    await eventually('the status of the waiver counts it', async () => {
      const { status } = await client.get<SecurityException>(RESOURCES.exceptions, { namespace, name: 'legacy' });
      return status?.matched === 1 ? true : undefined;
    });
  });

  it('is a finding again in all of them from the second on at which the waiver ends', async () => {
    const end = until(15_000);
    writeFileSync(file('app/waiver.yaml'), except(end));
    apply(file('app/waiver.yaml'));
    await eventually('the new end is known', async () => {
      const { status } = await client.get<SecurityException>(RESOURCES.exceptions, { namespace, name: 'legacy' });
      return status?.conditions?.some(({ reason }) => reason === 'EndsWithinADay') ? true : undefined;
    });
    expect([scan().code, admission().code, await reported()]).to.deep.equal([0, 0, `skip ${namespace}/legacy`]);
    await sleep(Date.parse(end) - Date.now());
    await isAdmitted(false);
    expect(scan().code).to.equal(1);
    await isReported('fail', 10);
    expect(vigil('scan', '--cluster', '-n', namespace, '--policy', file('policy.json')).code).to.equal(1);
    kubectl(['-n', namespace, 'wait', '--for=condition=Active=False', '--timeout=10s', 'securityexception/legacy']);
    // What runs stays changeable.
    kubectl(['-n', namespace, 'scale', 'deployment/web', '--replicas=0']);
  });

  it('an image without approval is refused, and runs after its ImageApproval is applied', async () => {
    const [, reviewed = ''] = yamlBlocks('image-approval.md');
    expect((parse(reviewed) as KubeObject).metadata.name).to.equal('reviewed-images');
    kubectl(['label', 'namespace', namespace, 'tier=prod']);
    const inside = ['inside', '--name', process.env['VIGIL_TEST_CLUSTER'] ?? '', '--'];
    const digest = run('hack/cluster', [...inside, 'crane', 'digest', runnable, '--insecure']).output.trim();
    const pinned = `${runnable}@${digest}`;
    expect(pinned).to.match(/@sha256:[0-9a-f]{64}$/);
    const rolledOut = (image: string, dryRun = true): CommandResult =>
      create(deployment('reviewed', { namespace, image, replicas: 1 }), dryRun);
    kubectl(['apply', '-f', '-'], reviewed);
    kubectl(['wait', '--for=condition=Enforced', '--timeout=60s', 'securitypolicy/reviewed-images']);
    const { output } = await eventually('an image without approval is refused', () => {
      const result = rolledOut(pinned);
      return result.code === 1 ? result : undefined;
    });
    expect(output).to.contain(
      `Deployment reviewed breaks SecurityPolicy/reviewed-images: image-approved (container app: ${pinned} is not approved)`,
    );
    expect(rolledOut(runnable).output).to.contain(`image-approved (container app: ${runnable} is not pinned to a digest)`);
    const approval = vigil(
      'approve',
      pinned,
      '--reference',
      'https://git.example.com/shop/web/pull/412',
      '--reviewed-by',
      'release-pipeline',
    );
    expect(approval.code).to.equal(0);
    kubectl(['apply', '-f', '-'], approval.output);
    await eventually('it is admitted', () => (rolledOut(pinned).code === 0 ? true : undefined));
    expect(rolledOut(pinned, false).code).to.equal(0);
    kubectl(['-n', namespace, 'rollout', 'status', 'deployment/reviewed', '--timeout=60s']);
    expect(rolledOut(runnable).code).to.equal(1);
  });
});
