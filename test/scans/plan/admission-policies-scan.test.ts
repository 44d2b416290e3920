import { expect } from 'chai';
import { boundRules } from '../../../operator/engine/admission-policies/bound-rules.ts';
import { noSelectedRules, type SelectedRules } from '../../../operator/engine/admission-policies/selected-rules.ts';
import { ScanCluster } from '../scan-cluster.ts';

const matchConstraints = {
  resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE' as const], resources: ['deployments'] }],
};
/** The rules of a policy about the host network, whose parameter object says what it must be. */
function selected(hostNetwork: boolean): SelectedRules {
  const spec = {
    matchConstraints,
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [{ expression: 'object.spec.template.spec.hostNetwork == params.data.wanted', message: 'not as wanted' }],
  };
  const bindings = (['Deny', 'Audit'] as const).map((action) => ({
    name: action.toLowerCase(),
    spec: {
      policyName: 'host',
      validationActions: [action],
      paramRef: { name: 'a', namespace: 'x', parameterNotFoundAction: 'Deny' as const },
    },
  }));
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'x' }, data: { wanted: hostNetwork } };
  const rules = boundRules({ name: 'host', spec }, bindings, () => ({ objects: [object], namespaced: true }));
  return { ...noSelectedRules, rules, policies: 1, bindings: 2 };
}

describe('a scan of a policy that selects ValidatingAdmissionPolicies', () => {
  let cluster: ScanCluster;
  beforeEach(async () => {
    cluster = new ScanCluster();
    await cluster.namespace('blue', 'web', 'data');
    await cluster.policy('p', { admissionPolicies: { selector: {} } });
  });
  afterEach(() => cluster.restart());
  const results = (): readonly string[] =>
    (cluster.reports.get('blue/vigil-deployment-web')?.results ?? []).map(({ rule, result, properties = {} }) =>
      [rule, result, properties['binding'], properties['actions'], properties['params']].join(' '),
    );

  it('waits until they were read', async () => {
    cluster.selectedRules = () => undefined;
    await cluster.scan('s');
    await cluster.reconcile('s');
    const { status } = cluster.scanOf('s');
    expect(status?.conditions?.find(({ type }) => type === 'Reconciling')).to.deep.include({
      reason: 'WatchBehind',
      message: 'the ValidatingAdmissionPolicies that SecurityPolicy p selects were not read yet',
    });
    expect(cluster.jobs).to.deep.equal([]);
  });

  it('reports their results, and evaluates everything again after a parameter changed, but not without a change', async () => {
    cluster.selectedRules = () => selected(false);
    await cluster.scan('first');
    expect((await cluster.finish('first')).status?.phase).to.equal('Complete');
    expect(results()).to.deep.equal(['host fail audit Audit x/a', 'host fail deny Deny x/a']);
    const { evaluatedRevision } = cluster.policyOf('p').status ?? {};
    cluster.now += 60_000;
    await cluster.scan('second');
    expect((await cluster.finish('second')).status).to.deep.include({ phase: 'Complete', carriedOver: 2 });
    cluster.selectedRules = () => selected(true);
    cluster.now += 60_000;
    await cluster.scan('third');
    expect((await cluster.finish('third')).status).to.deep.include({ phase: 'Complete', carriedOver: 0 });
    expect(results()).to.deep.equal([]);
    expect(cluster.policyOf('p').status?.evaluatedRevision).to.not.equal(evaluatedRevision);
    expect(cluster.policyOf('p').status?.admissionPolicies).to.deep.equal({ selected: 1, bindings: 2, rules: 2 });
  });
});
