import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import { kubectl, testClient, uniqueName } from '../integration/cluster-access.ts';
import { create, deployment, enforcingObjects, grantEnforcement, revokeEnforcement, run, yamlBlocks } from './enforcing.ts';
import { eventually, install, operatorSettled, scaleOperator } from './installation.ts';

const policy = 'baseline';

/** The policy of docs/enforcement.md, and the entries of the step in which it denies. */
function documented(): { readonly audit: SecurityPolicySpec; readonly deny: SecurityPolicySpec['enforcement'] } {
  const blocks = yamlBlocks('enforcement.md').map((block) => parse(block) as Record<string, unknown>);
  const whole = blocks.find(({ kind }) => kind === 'SecurityPolicy') as { readonly spec: SecurityPolicySpec } | undefined;
  const entries = blocks.find(({ enforcement }) => enforcement !== undefined) as Pick<SecurityPolicySpec, 'enforcement'> | undefined;
  if (!whole || !entries?.enforcement) throw new Error('docs/enforcement.md does not have the YAML of the rollout');
  return { audit: whole.spec, deny: entries.enforcement };
}

describe('the rollout of Deny, as docs/enforcement.md describes it', function () {
  this.timeout(180_000);
  const client = testClient();
  const [team, others] = [uniqueName('rollout'), uniqueName('others')];
  const { audit, deny } = documented();
  const both = `Deployment web breaks SecurityPolicy/${policy}: privileged-container (container app), host-pid.`;
  const web = (namespace = team): object => deployment('web', { namespace, privileged: true, hostPID: true });
  const legacy = (...args: readonly string[]) => run('kubectl', ['-n', team, ...args]);
  const patched = (pod: object) =>
    legacy('patch', 'deployment', 'legacy', '--type=strategic', '-p', JSON.stringify({ spec: { template: { spec: pod } } }));

  const apply = (enforcement: SecurityPolicySpec['enforcement']): void => {
    const object = {
      apiVersion: 'vigil.dev/v1alpha1',
      kind: 'SecurityPolicy',
      metadata: { name: policy },
      spec: { ...audit, enforcement },
    };
    kubectl(['apply', '-f', '-'], JSON.stringify(object));
  };
  /** Waits until the status says that the current generation is enforced. */
  const enforced = async (): Promise<void> => {
    await eventually('the generation is enforced', async () => {
      const { metadata, status } = await client.get<SecurityPolicy>(RESOURCES.policies, { name: policy });
      return status?.enforcement?.observedGeneration === metadata.generation ? true : undefined;
    });
    kubectl(['wait', '--for=condition=Enforced', '--timeout=60s', `securitypolicy/${policy}`]);
  };
  /** Waits until a creation is answered as wanted: the API server evaluates a changed policy about a second after it was accepted. */
  const answered = (object: object, isWanted: (output: string) => boolean): Promise<string> =>
    eventually('the API server answers as the step wants', () => {
      const { output } = create(object, true);
      return isWanted(output) ? output : undefined;
    });

  before(async () => {
    await install();
    for (const name of [team, others]) kubectl(['create', 'namespace', name]);
    expect(create(deployment('legacy', { namespace: team, privileged: true, hostPID: true, replicas: 1 })).output).to.contain('created');
    kubectl(['-n', team, 'rollout', 'status', 'deployment/legacy', '--timeout=90s']);
  });

  after(async () => {
    kubectl(['delete', 'securitypolicy', policy, '--ignore-not-found']);
    kubectl(['delete', 'namespace', team, others, '--wait=false']);
    await scaleOperator(1);
    await operatorSettled();
    revokeEnforcement();
  });

  it('needs rights, and the condition names the component that has them', () => {
    apply(audit.enforcement);
    kubectl(['wait', '--for=condition=Enforced=False', '--timeout=60s', `securitypolicy/${policy}`]);
    const condition = kubectl(['get', 'securitypolicy', policy, '-o', 'jsonpath={.status.conditions[?(@.type=="Enforced")]}']);
    expect(condition).to.contain('MissingRights').and.to.contain('apply config/components/enforcement');
    grantEnforcement();
    // The command of the page, whose timeout is 30 seconds.
    kubectl(['wait', '--for=condition=Enforced', `securitypolicy/${policy}`]);
  });

  it('audits: nobody notices, and the audit log names what would be refused', async () => {
    const log = join(dirname(process.env['KUBECONFIG'] ?? ''), 'audit.log');
    await eventually('the audit log has it', () => {
      const { code, output } = create(web(), true);
      expect([code, output]).to.deep.equal([0, 'deployment.apps/web created (server dry run)\n']);
      const lines = readFileSync(log, 'utf8').split('\n');
      return lines.some((line) => line.includes('validation.policy.admission.k8s.io') && line.includes(team)) ? true : undefined;
    });
  });

  it('warns, and admits', async () => {
    apply([{ actions: ['Warn', 'Audit'] }]);
    await enforced();
    const output = await answered(web(), (text) => text.includes('Warning: '));
    expect(output).to.contain(both).and.to.contain('created (server dry run)');
  });

  it('denies in a namespace after it is labelled, with all reasons in one message', async () => {
    apply(deny);
    await enforced();
    await answered(web(), (text) => text.includes('Warning: ') && text.includes('created'));
    kubectl(['label', 'namespace', team, 'vigil-enforce=true']);
    const output = await answered(web(), (text) => text.includes('forbidden'));
    expect(output).to.contain(both);
    expect(output.split('breaks SecurityPolicy/'), 'a warning repeats the refusal').to.have.length(2);
    expect(create(deployment('good', { namespace: team }), true).output).to.equal('deployment.apps/good created (server dry run)\n');
    const elsewhere = create(web(others), true);
    expect([elsewhere.code, elsewhere.output.includes(`Warning: `)]).to.deep.equal([0, true]);
  });

  it('lets what existed be scaled, labelled, restarted and mended in part, with new pods that run', () => {
    expect(legacy('scale', 'deployment', 'legacy', '--replicas=2').output).to.equal('deployment.apps/legacy scaled\n');
    expect(legacy('label', 'deployment', 'legacy', 'owner=shop').output).to.equal('deployment.apps/legacy labeled\n');
    expect(legacy('rollout', 'restart', 'deployment', 'legacy').output).to.equal('deployment.apps/legacy restarted\n');
    kubectl(['-n', team, 'rollout', 'status', 'deployment/legacy', '--timeout=90s']);
    expect(patched({ hostPID: false }).output).to.equal('deployment.apps/legacy patched\n');
    const gained = patched({ hostPID: true });
    expect(gained.code).to.equal(1);
    expect(gained.output).to.contain(`Deployment legacy breaks SecurityPolicy/${policy}: host-pid.`);
  });

  it('lets it be deleted, and refuses it afterwards', async () => {
    expect(legacy('delete', 'deployment', 'legacy', '--timeout=60s').output).to.contain('deleted');
    const again = deployment('legacy', { namespace: team, privileged: true });
    await answered(again, (text) =>
      text.includes(`Deployment legacy breaks SecurityPolicy/${policy}: privileged-container (container app).`),
    );
  });

  it('holds while the operator is down', async () => {
    await scaleOperator(0);
    const { code, output } = create(web());
    expect(code).to.equal(1);
    expect(output).to.contain(both);
    expect(create(deployment('good', { namespace: team })).output).to.equal('deployment.apps/good created\n');
  });

  it('leaves nothing within a minute after the policy is deleted, also while the operator is down', async () => {
    expect(await enforcingObjects()).to.have.length.greaterThan(2);
    kubectl(['delete', 'securitypolicy', policy]);
    await eventually('nothing is left', async () => ((await enforcingObjects()).length === 0 ? true : undefined), 60);
    await answered(web(), (text) => text === 'deployment.apps/web created (server dry run)\n');
  });
});
