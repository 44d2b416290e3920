import { expect } from 'chai';
import type { SecurityPolicyRule } from '../../../operator/api/kinds/security-policy.ts';
import { decider, objectsOf } from '../admission-fixture.ts';

const about = (
  resource: string,
  operations: readonly string[] = ['CREATE', 'UPDATE'],
  group = '',
): SecurityPolicyRule['matchConstraints'] => ({
  resourceRules: [{ apiGroups: [group], apiVersions: ['v1'], operations: [...operations] as never, resources: [resource] }],
});
const limit: SecurityPolicyRule = {
  name: 'few-containers',
  podTemplates: true,
  params: { most: 1, ignored: ['debug'] },
  matchConstraints: about('pods'),
  variables: [{ name: 'counted', expression: 'object.spec.containers.filter(c, !(c.name in params.ignored))' }],
  validations: [
    { expression: 'variables.counted.size() <= params.most', messageExpression: "'containers: ' + string(variables.counted.size())" },
  ],
};
const pod = (...names: readonly string[]): object => ({ containers: names.map((name) => ({ name })) });
const deployment = (...names: readonly string[]): Record<string, unknown> => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template: { spec: pod(...names) } },
});
const configMap = (data: object): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', namespace: 'shop' },
  data,
});

describe('the failure policy of a rule', () => {
  const validations = [{ expression: 'object.data.x == "y"' }];
  const made = (rule: Partial<SecurityPolicyRule>): readonly string[] =>
    objectsOf({ rules: [{ name: 'r', matchConstraints: about('configmaps'), validations, ...rule }] }).policies.map(
      ({ metadata, spec }) =>
        `${metadata.name.includes('-update-') ? 'update ' : ''}${spec.failurePolicy} ${spec.matchConstraints.resourceRules.flatMap(({ operations }) => operations).join()}`,
    );
  const cases: readonly (readonly [title: string, rule: Partial<SecurityPolicyRule>, policies: readonly string[]])[] = [
    ['is Fail for new objects and Ignore for updates', {}, ['Fail CREATE', 'update Ignore UPDATE']],
    ['splits all operations', { matchConstraints: about('configmaps', ['*']) }, ['Fail CREATE,DELETE,CONNECT', 'update Ignore UPDATE']],
    ['is what the rule sets', { failurePolicy: 'Fail' }, ['Fail CREATE,UPDATE']],
    ['is Ignore if the rule sets it', { failurePolicy: 'Ignore' }, ['Ignore CREATE,UPDATE']],
    [
      'is Fail for a rule that reads its variables as a whole',
      { variables: [{ name: 'a', expression: '1' }], validations: [{ expression: "dyn(variables) != null && object.data.x == 'y'" }] },
      ['Fail CREATE,UPDATE'],
    ],
    ['is Fail without updates', { matchConstraints: about('configmaps', ['CREATE']) }, ['Fail CREATE']],
    [
      'is Fail for a rule that reads the old object',
      { validations: [{ expression: 'oldObject == null || true' }] },
      ['Fail CREATE,UPDATE'],
    ],
  ];
  for (const [title, rule, policies] of cases) it(title, () => expect(made(rule)).to.deep.equal(policies));
});

describe('the admission policy of a rule', () => {
  it('evaluates the pod templates of every kind, with the parameters and variables of the rule', () => {
    const decide = decider(objectsOf({ rules: [limit] }));
    const refused = ['Deployment web breaks SecurityPolicy/baseline: few-containers: containers: 2. kubectl vigil explain CHECK'];
    expect(decide({ object: deployment('a', 'b') })).to.deep.equal(refused);
    expect(decide({ object: deployment('a', 'debug') })).to.deep.equal([]);
    const cronJob = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'j', namespace: 'shop' },
      spec: { jobTemplate: { spec: { template: { spec: pod('a', 'b') } } } },
    };
    expect(decide({ object: cronJob })).to.have.length(1);
    expect(
      decide({ object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop' }, spec: pod('a', 'b') } }),
    ).to.have.length(1);
  });

  it('admits the update of an object that broke the rule before, and refuses one that did not', () => {
    const decide = decider(objectsOf({ rules: [limit] }));
    expect(decide({ object: deployment('a', 'b', 'c'), oldObject: deployment('a', 'b') })).to.deep.equal([]);
    expect(decide({ object: deployment('a', 'b', 'c'), oldObject: deployment('a') })).to.have.length(1);
  });

  it('compares each validation with the old object', () => {
    const rule = {
      name: 'both',
      matchConstraints: about('configmaps'),
      validations: [
        { expression: "object.data.a == 'x'", message: 'a' },
        { expression: "object.data.b == 'x'", message: 'b' },
      ],
    };
    const decide = decider(objectsOf({ rules: [rule] }));
    expect(decide({ object: configMap({ a: 'y', b: 'y' }), oldObject: configMap({ a: 'y', b: 'x' }) }).join()).to.match(/both: b[.]/);
  });

  it('evaluates a rule about transitions as it is', () => {
    const rule = {
      name: 'fixed',
      matchConstraints: about('configmaps', ['UPDATE']),
      validations: [{ expression: 'object.data.a == oldObject.data.a' }],
    };
    const decide = decider(objectsOf({ rules: [rule] }));
    expect(decide({ object: configMap({ a: 'y' }), oldObject: configMap({ a: 'x' }) })).to.have.length(1);
    expect(decide({ object: configMap({ a: 'x' }), oldObject: configMap({ a: 'x' }) })).to.deep.equal([]);
  });

  it('applies the match conditions of the rule to the object before and after', () => {
    const rule = {
      name: 'limited',
      matchConstraints: about('configmaps'),
      matchConditions: [{ name: 'some', expression: "object.data.kind == 'some'" }],
      validations: [{ expression: "object.data.a == 'x'" }],
    };
    const decide = decider(objectsOf({ rules: [rule] }));
    expect(decide({ object: configMap({ kind: 'other', a: 'y' }) })).to.deep.equal([]);
    expect(decide({ object: configMap({ kind: 'some', a: 'y' }), oldObject: configMap({ kind: 'other', a: 'y' }) })).to.have.length(1);
  });

  it('keeps the names of a rule about pod templates, and leaves out those that only match cluster-scoped objects', () => {
    const of = (more: object): readonly unknown[] => {
      const [base] = about('pods').resourceRules;
      const matchConstraints = { resourceRules: [{ ...base, ...more }] } as never;
      return objectsOf({ rules: [{ ...limit, matchConstraints }] }).policies.flatMap(({ spec }) =>
        spec.matchConstraints.resourceRules.map(({ resourceNames }) => resourceNames),
      );
    };
    expect(new Set(of({ resourceNames: ['web'] }).map((names) => JSON.stringify(names)))).to.deep.equal(new Set(['["web"]']));
    expect(of({ scope: 'Namespaced' })).to.have.length.above(0);
    expect(of({ scope: 'Cluster' })).to.deep.equal([]);
  });

  it('lists a rule about pod templates that sees no CREATE and no UPDATE as not enforced', () => {
    const { notEnforced, policies } = objectsOf({ rules: [{ ...limit, matchConstraints: about('pods', ['DELETE']) }] });
    expect(policies).to.deep.equal([]);
    expect(notEnforced).to.deep.equal([{ check: 'few-containers', reason: 'it matches no kind with a pod template at CREATE or UPDATE' }]);
  });

  it('keeps the failure policy of the rule, by default that of Kubernetes', () => {
    const policyOf = (rule: SecurityPolicyRule): string | undefined => objectsOf({ rules: [rule] }).policies[0]?.spec.failurePolicy;
    expect(policyOf(limit)).to.equal('Fail');
    expect(policyOf({ ...limit, failurePolicy: 'Ignore' })).to.equal('Ignore');
  });

  it('can have comments at the end of expressions, and names of variables of its own in strings', () => {
    const rule = {
      name: 'odd',
      matchConstraints: about('configmaps'),
      variables: [{ name: 'object', expression: "'object' in object.data // object" }],
      validations: [{ expression: "variables.object || object.data.exists(object, object == 'params') // params" }],
    };
    const decide = decider(objectsOf({ rules: [rule] }));
    expect(decide({ object: configMap({ object: '1' }) })).to.deep.equal([]);
    expect(decide({ object: configMap({ params: '1' }) })).to.deep.equal([]);
    expect(decide({ object: configMap({ x: '1' }), oldObject: configMap({ object: '1' }) })).to.have.length(1);
  });
});
