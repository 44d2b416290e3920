import { expect } from 'chai';
import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { isNotFound } from '../../../operator/kube/client/kube-api-error.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { kubectl, uniqueName } from '../cluster-access.ts';
import { type Answer, EnforcementBench, eventually } from './enforcement-bench.ts';

const deployments: ApiResource = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true };

describe('enforcement by ValidatingAdmissionPolicies', function () {
  this.timeout(180_000);
  const namespace = uniqueName('enforced');
  const policy = uniqueName('enforced');
  const bench = new EnforcementBench();
  const controls = [{ name: 'privileged-container' }, { name: 'host-pid' }];
  const spec = (actions: readonly ('Deny' | 'Warn' | 'Audit')[], more: Partial<SecurityPolicySpec> = {}): SecurityPolicySpec => ({
    controls,
    enforcement: [{ actions: [...actions], namespaces: { include: [namespace] } }],
    ...more,
  });
  const deployment = (
    name: string,
    { privileged = false, hostPID = false, replicas = 0 } = {},
  ): KubeObject & { readonly spec: object } => ({
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { hostPID, containers: [{ name: 'app', image: 'example.com/app:1', securityContext: { privileged } }] },
      },
    },
  });
  const create = (object: KubeObject, persist = false): Promise<Answer> => bench.send('POST', deployments, object, { persist });
  const violator = deployment('violator', { privileged: true, hostPID: true });
  const refused = (name: string, checks: string): RegExp => new RegExp(`Deployment ${name} breaks SecurityPolicy/${policy}: ${checks}[.]`);
  const both = 'privileged-container \\(container app\\), host-pid';

  /** Waits until a new violation is refused or admitted. */
  const untilRefused = (wanted = true): Promise<true> =>
    eventually(wanted ? 'a violation is refused' : 'a violation is admitted', async () => {
      const { status } = await create(deployment('probe', { privileged: true }));
      return (status === 403) === wanted ? true : undefined;
    });
  const owned = async (): Promise<readonly string[]> => {
    const resources = [RESOURCES.admissionPolicies, RESOURCES.admissionBindings, RESOURCES.admissionParameters];
    const lists = await Promise.all(resources.map((resource) => listAll<KubeObject>(bench.client, resource)));
    return lists
      .flat()
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === policy))
      .map(({ metadata }) => metadata.name);
  };

  before(async () => {
    EnforcementBench.install();
    kubectl(['create', 'namespace', namespace]);
    await bench.start();
    expect((await create(violator, true)).status).to.equal(201);
  });

  after(async () => {
    await bench.stop();
    kubectl(['delete', 'securitypolicy', policy, '--ignore-not-found']);
    kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });

  it('audits, then warns, then denies, as the policy is rolled out', async () => {
    await bench.apply(policy, spec(['Audit']));
    expect(await create(deployment('new', { privileged: true })))
      .to.include({ status: 201 })
      .and.to.have.property('warnings')
      .with.length(0);
    await bench.apply(policy, spec(['Warn', 'Audit']));
    const warning = await eventually(
      'a warning',
      async () => (await create(deployment('new', { privileged: true, hostPID: true }))).warnings[0],
    );
    expect(warning).to.match(refused('new', both));
    const enforced = await bench.apply(policy, spec(['Deny']));
    expect(enforced.status?.enforcement).to.deep.equal({ observedGeneration: 3, policies: 1, inForce: 1, enforcedChecks: 2 });
    await untilRefused();
  });

  it('refuses a new violation with all its reasons in one message', async () => {
    const { status, message } = await create(deployment('new', { privileged: true, hostPID: true }));
    expect(status).to.equal(403);
    expect(message).to.match(refused('new', both));
    expect((await create(deployment('good'))).status).to.equal(201);
  });

  it('does not apply in another namespace', async () => {
    const elsewhere = { ...violator, metadata: { name: 'violator', namespace: 'default' } };
    expect((await create(elsewhere)).status).to.equal(201);
  });

  it('lets a violator be labelled, scaled, half mended and deleted, and not gain a violation', async () => {
    const patch = (body: object, sub = ''): Promise<Answer> => bench.send('PATCH', deployments, violator, { body, sub, persist: true });
    expect((await patch({ metadata: { labels: { team: 'a' } } })).message).to.equal('');
    expect((await patch({ spec: { replicas: 1 } })).message).to.equal('');
    expect((await patch({ spec: { replicas: 0 } }, '/scale')).message).to.equal('');
    expect((await patch({ metadata: { finalizers: ['vigil.dev/test'] } })).message).to.equal('');
    expect((await patch({ spec: { template: { spec: { hostPID: null } } } })).message).to.equal('');
    expect((await patch({ spec: { template: { spec: { hostPID: true } } } })).message).to.match(refused('violator', 'host-pid'));
    expect((await bench.send('DELETE', deployments, violator, { persist: true })).status).to.equal(200);
    expect((await patch({ metadata: { finalizers: null } })).message).to.equal('');
  });

  it('restores admission policies and bindings that someone else edits or deletes', async () => {
    const [name = ''] = await owned();
    const before = bench.writes.length;
    kubectl(['patch', 'validatingadmissionpolicy', name, '--type=merge', '-p', '{"spec":{"validations":[{"expression":"true"}]}}']);
    await eventually('the policy is restored', () => bench.writes.slice(before).find(({ operation }) => operation === 'replace'), 5000);
    kubectl([
      'patch',
      'validatingadmissionpolicy',
      name,
      '--type=merge',
      '-p',
      '{"spec":{"matchConditions":[{"name":"never","expression":"false"}]}}',
    ]);
    await eventually('the policy is restored again', () => (bench.writes.length >= before + 2 ? true : undefined), 5000);
    kubectl(['patch', 'validatingadmissionpolicybinding', name, '--type=merge', '-p', '{"spec":{"validationActions":["Audit"]}}']);
    await eventually('the binding is restored', () => (bench.writes.length >= before + 3 ? true : undefined), 5000);
    kubectl(['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', name]);
    await eventually('both are created again', async () => ((await owned()).length === 2 ? true : undefined), 5000);
    await bench.enforced(policy);
    await untilRefused();
    expect(bench.events.map(({ reason }) => reason)).to.include('EnforcementRestored');
  });

  it('applies an exception within a second, and restores its parameters', async () => {
    await bench.apply(policy, spec(['Deny'], { exceptions: { allow: 'All' } }));
    await untilRefused();
    bench.waivers = { waivers: [{ exception: `${namespace}/legacy`, checks: ['privileged-container'], namespaces: [`^${namespace}$`] }] };
    const started = performance.now();
    bench.enqueue(policy);
    await untilRefused(false);
    expect(performance.now() - started).to.be.lessThan(1000);
    expect((await create(deployment('new', { privileged: true, hostPID: true }))).message).to.match(refused('new', 'host-pid'));
    kubectl(['patch', 'admissionparameters', policy, '--type=merge', '-p', '{"waivers":[]}']);
    await untilRefused(false);
    kubectl(['delete', 'admissionparameters', policy]);
    await eventually('the parameters are created again', async () => ((await owned()).length === 3 ? true : undefined), 5000);
    await eventually(
      'enforcement holds',
      async () => ((await create(deployment('new', { hostPID: true }))).status === 403 ? true : undefined),
      5000,
    );
    bench.waivers = { waivers: [] };
    bench.enqueue(policy);
    await untilRefused();
  });

  it('ends an exception by itself when it expires', async () => {
    bench.waivers = { waivers: [{ exception: `${namespace}/short`, checks: ['privileged-container'] }], until: Date.now() + 2000 };
    bench.enqueue(policy);
    await untilRefused(false);
    bench.waivers = { waivers: [] };
    await untilRefused();
  });

  it('removes the parameters when the policy no longer allows exceptions', async () => {
    await bench.apply(policy, spec(['Deny']));
    await eventually('the parameters are deleted', async () => ((await owned()).length === 2 ? true : undefined));
  });

  it('reports an entry that cannot be enforced', async () => {
    const enforcement = [
      { actions: ['Deny' as const], namespaces: { include: ['kube-system'] } },
      { actions: ['Deny' as const], namespaces: { include: [namespace] }, controls: ['host-pdi'] },
    ];
    const { status } = await bench.apply(policy, { controls, enforcement });
    expect(status?.enforcement).to.deep.include({ policies: 0, reason: 'InvalidEntry' });
    expect(status?.enforcement?.problems?.join()).to.match(/system namespace kube-system.*did you mean 'host-pid'/);
    await untilRefused(false);
  });

  it('keeps what it enforced while a rule does not compile', async () => {
    await bench.apply(policy, spec(['Deny']));
    const broken = {
      name: 'broken',
      matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE' as const], resources: ['pods'] }] },
      validations: [{ expression: 'object.nope(' }],
    };
    kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({
        apiVersion: 'vigil.dev/v1alpha1',
        kind: 'SecurityPolicy',
        metadata: { name: policy },
        spec: spec(['Deny'], { rules: [broken] }),
      }),
    );
    const { status } = await eventually('the problem is reported', async () => {
      const found = await bench.enforced(policy);
      return found.status?.enforcement?.reason === 'InvalidPolicy' ? found : undefined;
    });
    expect(status?.enforcement?.problems?.[0]).to.match(/^spec[.]rules\[0\][.]validations\[0\]/);
    await untilRefused();
  });

  it('holds while the operator is down, and nothing is left a minute after the policy is deleted', async () => {
    await bench.apply(policy, spec(['Deny']));
    await bench.stop();
    expect((await create(deployment('new', { privileged: true }))).status).to.equal(403);
    kubectl(['delete', 'securitypolicy', policy]);
    await eventually('nothing is left', async () => ((await owned()).length === 0 ? true : undefined), 60_000);
    await untilRefused(false);
    await bench.client.get(RESOURCES.policies, { name: policy }).then(
      () => expect.fail('the policy exists'),
      (error: unknown) => expect(isNotFound(error)).to.equal(true),
    );
  });
});
