import { expect } from 'chai';
import { run as scan } from '../../operator/cli/scan.ts';
import { run as test } from '../../operator/cli/test.ts';
import { Folder, runCommand } from './command-fixture.ts';

const admission = (kind: string, name: string, spec: string): string =>
  `---\napiVersion: admissionregistration.k8s.io/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
const about =
  'matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]}';
const policy = (rest: string, name = 'few-replicas.example.com'): string =>
  admission('ValidatingAdmissionPolicy', name, `{failurePolicy: Fail, ${about}, ${rest}}`);
const binding = (rest: string, name = 'everywhere', of = 'few-replicas.example.com'): string =>
  admission('ValidatingAdmissionPolicyBinding', name, `{policyName: ${of}, validationActions: [Deny, Audit], ${rest}}`);
const configMap = (name: string, most: number, namespace = 'policies'): string =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${namespace}, labels: {for: replicas}}\ndata: {most: "${most}"}\n`;
const deployment = (replicas: number, namespace = 'shop', tier = 'prod'): string =>
  `---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ${namespace}, labels: {tier: ${tier}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: ${namespace}, labels: {app: web}}\nspec: {replicas: ${replicas}}\n`;

const plain = policy(
  'validations: [{expression: "object.spec.replicas <= 3", messageExpression: "\'replicas: \' + string(object.spec.replicas)"}]',
);
const withParams = policy(
  'paramKind: {apiVersion: v1, kind: ConfigMap}, validations: [{expression: "object.spec.replicas <= int(params.data.most)", message: too many}]',
);

describe('vigil scan with ValidatingAdmissionPolicies', () => {
  const folder = new Folder();
  after(() => {
    folder.remove();
  });
  let files = 0;
  const run = async (policies: string, objects: string) => {
    const file = folder.file(`policy-${++files}.yaml`, policies);
    const { code, out } = await runCommand(scan, ['--policy', file, '-o', 'json', '-'], objects);
    const { results, errors } = JSON.parse(out) as {
      readonly results: readonly { verdict: string; check: string; message: string; policy: string | null; properties?: object }[];
      readonly errors: readonly { message: string; source: { line?: number } }[];
    };
    return { code, results, errors };
  };
  const lines = async (policies: string, objects: string): Promise<readonly string[]> => {
    const { results, errors } = await run(policies, objects);
    expect(errors).to.deep.equal([]);
    return results.map(({ verdict, message }) => `${verdict} ${message}`);
  };

  it('evaluates a policy without a binding, as its author tests it', async () => {
    const { code, results } = await run(plain, deployment(5));
    expect(code).to.equal(1);
    expect(results).to.have.length(1);
    expect(results[0]).to.include({ verdict: 'fail', policy: null, check: 'few-replicas.example.com', message: 'replicas: 5' });
    expect(await lines(plain, deployment(3))).to.deep.equal([]);
  });

  it('evaluates where a binding applies, and names it with its actions', async () => {
    const bound = plain + binding('matchResources: {namespaceSelector: {matchLabels: {tier: prod}}}');
    const { results } = await run(bound, deployment(5));
    expect(results[0]?.properties).to.deep.equal({ binding: 'everywhere', actions: 'Deny, Audit' });
    expect(await lines(bound, deployment(5, 'test', 'dev'))).to.deep.equal([]);
    const other = plain + binding('matchResources: {objectSelector: {matchLabels: {app: cart}}}');
    expect(await lines(other, deployment(5))).to.deep.equal([]);
    const kinds =
      plain + binding('matchResources: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [pods]}]}');
    expect(await lines(kinds, deployment(5))).to.deep.equal([]);
    const system = plain + binding('matchResources: {}');
    expect(await lines(system, deployment(5, 'kube-system'))).to.deep.equal(['fail replicas: 5']);
  });

  it('reads parameters by name, by selector, and from the namespace of the object', async () => {
    const named = withParams + binding('paramRef: {name: strict, namespace: policies, parameterNotFoundAction: Deny}');
    const { results } = await run(named + configMap('strict', 4) + configMap('loose', 9), deployment(5));
    expect(results.map(({ properties }) => properties)).to.deep.equal([
      { binding: 'everywhere', actions: 'Deny, Audit', params: 'policies/strict' },
    ]);
    const selected =
      withParams + binding('paramRef: {selector: {matchLabels: {for: replicas}}, namespace: policies, parameterNotFoundAction: Deny}');
    expect(await lines(selected + configMap('a', 4) + configMap('b', 2) + configMap('c', 9), deployment(5))).to.have.length(2);
    const near = withParams + binding('paramRef: {name: limit, parameterNotFoundAction: Deny}') + configMap('limit', 4, 'shop');
    expect(await lines(near, deployment(5))).to.deep.equal(['fail too many']);
    expect(await lines(near, deployment(1, 'other'))).to.deep.equal([
      'fail the binding finds no parameter object, and parameterNotFoundAction is Deny',
    ]);
  });

  it('refuses cluster-scoped objects if the parameters are in the namespace of the object', async () => {
    const about = 'matchConstraints: {resourceRules: [{apiGroups: ["*"], apiVersions: [v1], operations: [CREATE], resources: ["*"]}]}';
    const spec = `{${about}, paramKind: {apiVersion: v1, kind: ConfigMap}, validations: [{expression: "request.namespace == 'shop'", message: "not in shop"}]}`;
    const written = admission('ValidatingAdmissionPolicy', 'few-replicas.example.com', spec);
    const near = written + binding('paramRef: {name: limit, parameterNotFoundAction: Allow}') + configMap('limit', 4, 'shop');
    const role = '---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reader}\nrules: []\n';
    // The Namespace is in itself: the API server finds the parameters there.
    expect(await lines(near, role + deployment(1))).to.deep.equal([
      'fail the binding names no namespace of its parameters, which a cluster-scoped object needs',
    ]);
  });

  it('apply exceptions that name the policy', async () => {
    const exception = (name: string): string =>
      `---\napiVersion: vigil.dev/v1alpha1\nkind: SecurityException\nmetadata: {name: accepted, namespace: shop}\n` +
      `spec: {reason: the vendor needs five, checks: [{name: ${name}}]}\n`;
    const bound = plain + binding('matchResources: {}');
    const { code, results } = await run(bound, deployment(5) + exception('few-replicas.example.com'));
    expect([code, results.map(({ verdict }) => verdict)]).to.deep.equal([0, ['skip']]);
    const { errors } = await run(bound, deployment(5) + exception('few-replica.example.com'));
    expect(errors[0]?.message).to.contain("has the name 'few-replica.example.com' (did you mean 'few-replicas.example.com'?)");
  });

  it('says that it does not evaluate what a SecurityPolicy selects in a cluster, whose names exceptions may have', async () => {
    const selecting =
      '---\napiVersion: vigil.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: p}\nspec: {admissionPolicies: {selector: {}}}\n';
    const file = folder.file('selecting.yaml', selecting);
    const exception =
      '---\napiVersion: vigil.dev/v1alpha1\nkind: SecurityException\nmetadata: {name: a, namespace: shop}\nspec: {reason: accepted for now, checks: [{name: some.vap}]}\n';
    const { out, error } = await runCommand(scan, ['--policy', file, '-o', 'json', '-'], deployment(5) + exception);
    expect(error).to.contain('SecurityPolicy/p: spec.admissionPolicies is evaluated by the operator only');
    expect((JSON.parse(out) as { errors: readonly unknown[] }).errors).to.deep.equal([]);
  });

  it('says why parameters are not evaluated', async () => {
    const allowed = withParams + binding('paramRef: {name: none, namespace: policies, parameterNotFoundAction: Allow}');
    expect(await lines(allowed, deployment(5))).to.deep.equal(['skip the binding finds no parameter object: it has no effect']);
    expect(await lines(withParams, deployment(5))).to.deep.equal([
      'skip no ValidatingAdmissionPolicyBinding names its parameters of kind ConfigMap',
    ]);
    const secret = withParams.replace('kind: ConfigMap', 'kind: Secret') + binding('paramRef: {name: a, parameterNotFoundAction: Deny}');
    expect(await lines(secret, deployment(5))).to.deep.equal(['skip its parameters are Secrets, which Vigil never reads']);
  });

  it('skips what depends on the request, and evaluates match conditions and variables', async () => {
    const user = policy('validations: [{expression: "request.userInfo.username == \'admin\'"}]');
    expect((await lines(user, deployment(5))).join()).to.match(/^skip .*only at admission/);
    const authorizer = policy(
      "validations: [{expression: \"authorizer.group('apps').resource('deployments').check('delete').allowed()\"}]",
    );
    expect((await lines(authorizer, deployment(5))).join()).to.match(/^skip .*only at admission/);
    const old = policy('validations: [{expression: "oldObject == null || object.spec.replicas >= oldObject.spec.replicas"}]');
    expect((await lines(old, deployment(5))).join()).to.match(/^skip the rule reads oldObject/);
    const rest =
      'variables: [{name: replicas, expression: "object.spec.replicas"}], validations: [{expression: "variables.replicas < 3", message: many}]';
    expect(
      await lines(policy(`matchConditions: [{name: web, expression: "object.metadata.name == 'web'"}], ${rest}`), deployment(5)),
    ).to.deep.equal(['fail many']);
    expect(
      await lines(policy(`matchConditions: [{name: cart, expression: "object.metadata.name == 'cart'"}], ${rest}`), deployment(5)),
    ).to.deep.equal([]);
  });

  it('reports mistakes with their place', async () => {
    const { code, errors } = await run(policy('validations: [{expression: "object.spec.replicas =< 3"}]'), deployment(5));
    expect(code).to.equal(2);
    expect(errors[0]?.message).to.match(/^ValidatingAdmissionPolicy\/few-replicas.example.com: spec.validations\[0\].expression: 1:\d+: /);
    const unknown = await run(plain + binding('matchResources: {}', 'b', 'many-replicas'), deployment(1));
    expect(unknown.errors[0]?.message).to.contain("spec.policyName: no ValidatingAdmissionPolicy 'many-replicas' among the policy files");
    const field = await run(policy('validation: []'), deployment(1));
    expect(field.errors[0]?.message).to.match(/^ValidatingAdmissionPolicy\/few-replicas.example.com: spec: .*validation/);
  });
});

describe('vigil test with ValidatingAdmissionPolicies', () => {
  const folder = new Folder();
  after(() => {
    folder.remove();
  });
  const cases = (policyFile: string, expected: string, replicas: number): string =>
    `apiVersion: vigil.dev/v1alpha1\nkind: PolicyTest\ncases:\n- name: a case\n  policyFile: ${policyFile}\n  expect: ${expected}\n  objects:\n` +
    `  - {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: ${replicas}}}\n`;

  it('evaluates the policies, bindings and parameters of a file', async () => {
    const bound = withParams + binding('paramRef: {name: strict, namespace: policies, parameterNotFoundAction: Deny}');
    const file = folder.file('policy.yaml', bound + configMap('strict', 4));
    for (const [expected, replicas] of [
      ['fail', 5],
      ['pass', 4],
    ] as const) {
      const { code, out } = await runCommand(test, ['-'], cases(file, expected, replicas));
      expect(code, out).to.equal(0);
    }
    expect((await runCommand(test, ['-'], cases(file, 'pass', 5))).code).to.equal(1);
  });

  it('reports mistakes of a policy', async () => {
    const file = folder.file('wrong.yaml', policy('validations: [{expression: "object.spec.replicas =< 3"}]'));
    const { code, out } = await runCommand(test, ['-'], cases(file, 'pass', 5));
    expect(code).not.to.equal(0);
    expect(out).to.contain('ValidatingAdmissionPolicy/few-replicas.example.com: spec.validations[0].expression: 1:');
  });
});
