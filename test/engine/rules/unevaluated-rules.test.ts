import { expect } from 'chai';
import type { SecurityPolicyRule } from '../../../operator/api/kinds/security-policy.ts';
import { unevaluatedRules } from '../../../operator/engine/rules/unevaluated-rules.ts';
import { emptySummary } from '../../../operator/findings/tally.ts';

type Constraints = SecurityPolicyRule['matchConstraints'];

const pods: Constraints['resourceRules'][number] = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
const rule = (constraints: Partial<Constraints> = {}, change: Partial<SecurityPolicyRule> = {}): SecurityPolicyRule => ({
  name: 'r',
  matchConstraints: { resourceRules: [pods], ...constraints },
  validations: [{ expression: 'true' }],
  ...change,
});
const none = emptySummary();

describe('unevaluatedRules', () => {
  it('does not report a rule whose kinds have no object', () => expect(unevaluatedRules([rule()], {})).to.deep.equal([]));

  for (const verdict of ['pass', 'fail', 'warn', 'error'] as const)
    it(`does not report a rule with the verdict ${verdict}`, () =>
      expect(unevaluatedRules([rule()], { r: { ...none, skip: 3, [verdict]: 1 } })).to.deep.equal([]));

  const cases: Readonly<Record<string, readonly [SecurityPolicyRule, string]>> = {
    'an objectSelector': [
      rule({ objectSelector: { matchLabels: { app: 'shpo' } } }),
      'rule r matches none of the objects of its kinds (see its objectSelector)',
    ],
    'a namespaceSelector and matchConditions': [
      rule({ namespaceSelector: { matchLabels: { team: 'a' } } }, { matchConditions: [{ name: 'c', expression: 'false' }] }),
      'rule r matches none of the objects of its kinds (see its namespaceSelector, matchConditions)',
    ],
    'names of resources': [
      rule({ resourceRules: [{ ...pods, resourceNames: ['x'] }], excludeResourceRules: [pods], objectSelector: {} }),
      'rule r matches none of the objects of its kinds (see its resourceNames, excludeResourceRules)',
    ],
  };
  for (const [name, [given, message]] of Object.entries(cases))
    it(`reports a rule that matches nothing because of ${name}`, () =>
      expect(unevaluatedRules([given], { r: none })).to.deep.equal([message]));

  it('reports a rule about updates and deletions only', () => {
    const given = rule({ resourceRules: [{ ...pods, operations: ['UPDATE', 'DELETE'] }] });
    expect(unevaluatedRules([given], { r: { ...none, skip: 2 } })).to.deep.equal([
      'rule r is about UPDATE, DELETE only: a scan evaluates rules about CREATE',
    ]);
  });

  it('reports a rule that was skipped for every object', () =>
    expect(unevaluatedRules([rule()], { r: { ...none, skip: 2 } })).to.deep.equal([
      'rule r was skipped for every object that it matches: its results give the reason',
    ]));
});
