import { expect } from 'chai';
import type { OtherAdmissionBindingSpec, OtherAdmissionPolicySpec } from '../../../operator/api/kinds/admission-policy.ts';
import type { AdmissionPolicySelection } from '../../../operator/api/kinds/security-policy.ts';
import { type ExistingPolicies, selectedRules, type SelectedRules } from '../../../operator/engine/admission-policies/selected-rules.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../../operator/engine/policy-set.ts';

const few: OtherAdmissionPolicySpec = {
  failurePolicy: 'Fail',
  matchConstraints: { resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }] },
  validations: [{ expression: 'object.spec.replicas <= 3', message: 'too many' }],
};
const policy = (name: string, spec: Partial<OtherAdmissionPolicySpec> = {}, labels = {}) => ({ name, spec: { ...few, ...spec }, labels });
const binding = (policyName: string, name = policyName, spec: Partial<OtherAdmissionBindingSpec> = {}) => ({
  name,
  spec: { policyName, validationActions: ['Deny' as const], ...spec },
});

const select = (
  existing: Partial<ExistingPolicies>,
  selection: AdmissionPolicySelection = { selector: {} },
  ruleNames: readonly string[] = [],
): SelectedRules =>
  selectedRules(
    selection,
    { policies: [], bindings: [], unread: [], parameters: () => ({ objects: [] }), ...existing },
    { kubernetesVersion: '1.36', ruleNames },
  );

/** The results about a Deployment with five replicas. */
function resultsOf({ rules }: SelectedRules): readonly string[] {
  const set = compilePolicies([{ name: 'p', spec: {}, boundRules: rules }], {
    kubernetesVersion: '1.36',
    resources: builtinResources,
    systemNamespaces: [],
  });
  expect(set.problems).to.deep.equal([]);
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec: { replicas: 5 } };
  return set
    .evaluate(object)
    .results.map(({ check, verdict, severity, message, properties = {} }) =>
      [check, verdict, severity, message, properties['binding'], properties['actions']].join(' | '),
    );
}

describe('the rules of selected ValidatingAdmissionPolicies', () => {
  it('are those of each binding of the policies with the labels of the selector', () => {
    const policies = [policy('b', {}, { team: 'shop' }), policy('a', {}, { team: 'shop' }), policy('c')];
    const bindings = [binding('b'), binding('a', 'z', { validationActions: ['Warn', 'Audit'] }), binding('a', 'y'), binding('c')];
    const made = select({ policies, bindings }, { selector: { matchLabels: { team: 'shop' } }, severity: 'high' });
    expect([made.policies, made.bindings, made.problems, made.idle]).to.deep.equal([2, 3, [], []]);
    expect(resultsOf(made)).to.deep.equal([
      'a | fail | high | too many | y | Deny',
      'a | fail | high | too many | z | Warn, Audit',
      'b | fail | high | too many | b | Deny',
    ]);
    expect(resultsOf(select({ policies, bindings }))[0]).to.contain('a | fail | medium');
  });

  it('do not depend on the order in which the objects are listed', () => {
    const policies = [policy('a'), policy('b')];
    const bindings = [binding('a'), binding('b'), binding('b', 'second')];
    const turned = select({ policies: policies.toReversed(), bindings: bindings.toReversed() });
    expect(turned).to.deep.equal(select({ policies, bindings }));
  });

  it('say that a selector selects nothing, and that a policy without a binding has no effect', () => {
    expect(select({}).idle).to.deep.equal(['spec.admissionPolicies.selector: no ValidatingAdmissionPolicy has these labels']);
    const unbound = select({ policies: [policy('a')], bindings: [binding('other')] });
    expect([unbound.rules, unbound.idle]).to.deep.equal([
      [],
      ['ValidatingAdmissionPolicy a has no ValidatingAdmissionPolicyBinding, so it has no effect'],
    ]);
  });

  it('are errors with the reason if an expression does not compile, and the other policies are evaluated', () => {
    const broken = policy('broken', {
      variables: [{ name: 'n', expression: 'object.spec.replicas' }],
      validations: [{ expression: 'variables.n.newFunction()' }],
    });
    const made = select({ policies: [broken, policy('a')], bindings: [binding('broken'), binding('a')] });
    expect(made.problems).to.have.length(1);
    expect(made.problems[0]).to.match(/^ValidatingAdmissionPolicy broken: spec.validations\[0\].expression: 1:\d+: .*newFunction/);
    const [first = '', second = ''] = resultsOf(made);
    expect(first).to.contain('a | fail');
    expect(second).to.match(/^broken \| error \| medium \| ValidatingAdmissionPolicy broken: .*newFunction/);
  });

  it('leave out a policy whose resources have capital letters, and say so', () => {
    const kinds = {
      resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE' as const], resources: ['Deployments'] }],
    };
    const made = select({ policies: [policy('a', { matchConstraints: kinds })], bindings: [binding('a')] });
    expect([made.rules.length, made.problems]).to.deep.equal([
      0,
      ["ValidatingAdmissionPolicy a: spec.matchConstraints: 'Deployments' has capital letters: resources are plural and lower case"],
    ]);
  });

  it('leave out a policy with the name of a control or of a rule of the policy, and say so', () => {
    const made = select({ policies: [policy('host-pid'), policy('own')], bindings: [binding('host-pid'), binding('own')] }, undefined, [
      'own',
    ]);
    expect(made.rules).to.deep.equal([]);
    expect(made.problems[0]).to.contain('ValidatingAdmissionPolicy host-pid has the name of a built-in control');
    expect(made.problems[1]).to.contain('ValidatingAdmissionPolicy own has the name of a rule of this policy');
  });

  it('are errors for a binding whose parameters cannot be read, which are listed as a problem', () => {
    const limited = policy('a', { paramKind: { apiVersion: 'example.com/v1', kind: 'Limit' } });
    const bound = binding('a', 'strict', { paramRef: { name: 'x', parameterNotFoundAction: 'Allow' } });
    const made = select({ policies: [limited], bindings: [bound], parameters: () => ({ objects: [], problem: 'may not be listed' }) });
    expect(made.problems).to.deep.equal(['ValidatingAdmissionPolicy a: binding strict: may not be listed']);
    expect(resultsOf(made)).to.deep.equal(['a | error | medium | may not be listed | strict | Deny']);
  });

  it('refuse a binding that names the namespace of a cluster-scoped parameter, as the API server does', () => {
    const limited = policy('a', { paramKind: { apiVersion: 'example.com/v1', kind: 'Limit' } });
    const bound = binding('a', 'b', { paramRef: { name: 'x', namespace: 'shop', parameterNotFoundAction: 'Allow' } });
    const parameters = () => ({ objects: [], namespaced: false });
    expect(resultsOf(select({ policies: [limited], bindings: [bound], parameters }))).to.deep.equal([
      'a | fail | medium | the binding names a namespace, but Limit is cluster-scoped | b | Deny',
    ]);
    const lenient = { ...limited, spec: { ...limited.spec, failurePolicy: 'Ignore' as const } };
    expect(resultsOf(select({ policies: [lenient], bindings: [bound], parameters }))[0]).to.contain('| skip |');
  });

  it('list what cannot be read at all for every selection, and other unread policies by their labels', () => {
    const unread = [
      { labels: undefined, message: 'may not be listed' },
      { labels: { team: 'shop' }, message: 'unknown field' },
    ];
    expect(select({ unread }, { selector: { matchLabels: { team: 'shop' } } }).problems).to.deep.equal([
      'may not be listed',
      'unknown field',
    ]);
    const other = select({ unread }, { selector: { matchLabels: { team: 'pay' } } });
    expect([other.problems, other.idle]).to.deep.equal([['may not be listed'], []]);
  });
});
