import { expect } from 'chai';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { noSelectedRules, type SelectedRules } from '../../operator/engine/admission-policies/selected-rules.ts';
import type { BoundRule } from '../../operator/engine/rules/bound-rule.ts';
import { evaluationRevision } from '../../operator/engine/evaluation-revision.ts';
import { PolicyRevisions } from '../../operator/policies/policy-revisions.ts';

const rules: SecurityPolicy['spec']['rules'] = [
  {
    name: 'r',
    matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['pods'] }] },
    validations: [{ expression: 'true' }],
  },
];
const policy: SecurityPolicy = { metadata: { name: 'web', generation: 3 }, spec: { rules } };

describe('PolicyRevisions', () => {
  it('returns the revision of the generation and the spec for the Kubernetes version', () => {
    const revisions = new PolicyRevisions('1.36');
    const expected = evaluationRevision({ generation: 3, spec: policy.spec }, { kubernetesVersion: '1.36' });
    expect([revisions.of(policy), revisions.of(policy)]).to.deep.equal([expected, expected]);
    expect(revisions.of({ ...policy, spec: { rules: [] } })).to.not.equal(expected);
    expect(new PolicyRevisions('1.36').of({ metadata: { name: 'web' }, spec: policy.spec })).to.match(/^0-/);
  });

  it('asks for the admission policies that this spec selects', () => {
    const asked: unknown[] = [];
    const revisions = new PolicyRevisions('1.36', (of) => {
      asked.push(of.spec);
      return noSelectedRules;
    });
    revisions.of(policy);
    expect(asked).to.deep.equal([policy.spec]);
  });

  it('returns another revision after the selected admission policies changed, and the same one after they changed back', () => {
    const selecting: SecurityPolicy = { metadata: { name: 'web', generation: 3 }, spec: { admissionPolicies: { selector: {} } } };
    const bound = (binding: string): SelectedRules => ({
      ...noSelectedRules,
      rules: [{ rule: rules[0], properties: { binding } } as BoundRule],
    });
    let selected: SelectedRules | undefined;
    const revisions = new PolicyRevisions('1.36', () => selected);
    const seen = [undefined, bound('a'), bound('b'), bound('a')].map((now) => {
      selected = now;
      return revisions.of(selecting);
    });
    expect(new Set(seen).size).to.equal(3);
    expect(seen[3]).to.equal(seen[1]);
  });

  it('returns another revision after the Kubernetes version changed', () => {
    const revisions = new PolicyRevisions('1.36');
    const before = revisions.of(policy);
    revisions.setKubernetesVersion('1.36');
    expect(revisions.of(policy)).to.equal(before);
    revisions.setKubernetesVersion('1.37');
    expect(revisions.of(policy)).to.equal(evaluationRevision({ generation: 3, spec: policy.spec }, { kubernetesVersion: '1.37' }));
    expect(revisions.of(policy)).to.not.equal(before);
  });
});
