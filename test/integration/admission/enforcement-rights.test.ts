import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { Credentials } from '../../../operator/kube/client/credentials.ts';
import { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';
import { EnforcementBench, eventually } from './enforcement-bench.ts';

const operator = 'system:serviceaccount:vigil-system:vigil-operator';
const component = 'config/components/enforcement/rbac.yaml';

describe('the rights of the operator for enforcement', function () {
  this.timeout(120_000);
  const name = uniqueName('rights');
  const admin = testClient();
  let bench: EnforcementBench | undefined;

  /** A client with the rights of the operator: a kubeconfig that impersonates its service account. */
  function operatorClient(): KubeClient {
    const config = JSON.parse(kubectl(['config', 'view', '--raw', '--flatten', '-o', 'json'])) as {
      users: { user: Record<string, unknown> }[];
    };
    for (const { user } of config.users) user['as'] = operator;
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromString(JSON.stringify(config));
    return new KubeClient(new Credentials({ kubeConfig }));
  }

  const reasonOf = async (): Promise<string | undefined> => {
    const { status } = await admin.get<SecurityPolicy>(RESOURCES.policies, { name });
    return status?.enforcement === undefined ? undefined : (status.enforcement.reason ?? 'none');
  };

  before(async () => {
    EnforcementBench.install();
    kubectl(['apply', '--server-side', '-f', 'config/base/namespace.yaml', '-f', 'config/base/rbac.yaml']);
    kubectl(['delete', '-f', component, '--ignore-not-found']);
    bench = new EnforcementBench(operatorClient());
    await bench.start();
    const spec = {
      controls: [{ name: 'host-pid' }],
      exceptions: { allow: 'All' },
      enforcement: [{ actions: ['Deny'], namespaces: { include: [name] } }],
    };
    kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name }, spec }));
  });

  after(async () => {
    await bench?.stop();
    kubectl(['delete', 'securitypolicy', name, '--ignore-not-found']);
    kubectl(['delete', '-f', component, '--ignore-not-found']);
  });

  it('are missing without the component, and the status names it', async () => {
    expect(await eventually('the status is written', reasonOf)).to.equal('MissingRights');
    const { status } = await admin.get<SecurityPolicy>(RESOURCES.policies, { name });
    expect(status?.enforcement?.problems?.join())
      .to.include('apply config/components/enforcement')
      .and.to.match(/cannot list/);
  });

  it('are enough with the component', async () => {
    kubectl(['apply', '-f', component]);
    await eventually('the policy is enforced', async () => {
      bench?.enqueue(name);
      return (await reasonOf()) === 'none' ? true : undefined;
    });
    const { status } = await admin.get<SecurityPolicy>(RESOURCES.policies, { name });
    expect(status?.enforcement).to.include({ policies: 1, enforcedChecks: 1 });
    expect(kubectl(['get', 'admissionparameters', name, '-o', 'name']).trim()).to.equal(`admissionparameters.vigil.dev/${name}`);
  });
});
