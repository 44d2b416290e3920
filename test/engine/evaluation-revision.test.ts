import { expect } from 'chai';
import type { SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import type { BoundRule } from '../../operator/engine/rules/bound-rule.ts';
import { catalogueVersion, generationOf, evaluationRevision } from '../../operator/engine/evaluation-revision.ts';

const restricted: SecurityPolicySpec = { frameworks: [{ name: 'pss-restricted' }] };
const pinned: SecurityPolicySpec = { frameworks: [{ name: 'pss-restricted', version: '1.34' }] };
const rule: SecurityPolicySpec = {
  rules: [
    {
      name: 'own',
      matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }] },
      validations: [{ expression: 'true' }],
    },
  ],
};
const revision = (spec: SecurityPolicySpec, { generation = 3, kubernetesVersion = '1.36', catalogue = catalogueVersion } = {}): string =>
  evaluationRevision({ generation, spec }, { kubernetesVersion, catalogue });

describe('evaluationRevision', () => {
  it('starts with the generation and is equal for equal inputs', () => {
    expect(revision(restricted))
      .to.match(/^3-[0-9a-f]{10}$/)
      .and.to.equal(revision({ ...restricted }));
    expect([generationOf(revision(restricted)), generationOf('12'), generationOf('none')]).to.deep.equal([3, 12, 0]);
  });

  it('differs for each input that may change a verdict', () => {
    const all = [
      revision(restricted),
      revision(restricted, { generation: 4 }),
      revision(restricted, { catalogue: 'of the next release' }),
      revision(restricted, { kubernetesVersion: '1.35' }),
      revision({ ...restricted, controls: [{ name: 'allowed-registries', parameters: { registries: ['a'] } }] }),
      revision({ ...restricted, controls: [{ name: 'allowed-registries', parameters: { registries: ['b'] } }] }),
    ];
    expect(new Set(all).size).to.equal(all.length);
  });

  it('depends on the rules of selected admission policies, and only if the policy selects some', () => {
    const rules = (most: number): readonly BoundRule[] => [
      { rule: { ...rule.rules?.[0], params: { data: { most } } } as BoundRule['rule'], properties: { binding: 'b' } },
    ];
    const of = (spec: SecurityPolicySpec, boundRules?: readonly BoundRule[]): string =>
      evaluationRevision({ generation: 1, spec, boundRules }, { kubernetesVersion: '1.36' });
    const selecting = { admissionPolicies: { selector: {} } };
    expect(of(selecting, rules(3))).to.equal(of(selecting, rules(3)));
    expect(new Set([of(selecting, rules(3)), of(selecting, rules(4)), of(selecting, []), of(selecting)]).size).to.equal(4);
    expect(of(restricted, rules(3))).to.equal(of(restricted));
  });

  it('depends on the Kubernetes minor only when a check does', () => {
    const changes = (spec: SecurityPolicySpec, from: string, to: string): boolean =>
      revision(spec, { kubernetesVersion: from }) !== revision(spec, { kubernetesVersion: to });
    expect(changes(restricted, '1.34', '1.35')).to.equal(true, 'the standard follows the cluster');
    expect(changes(restricted, '1.90', '1.91')).to.equal(false, 'both are newer than the newest standard that Vigil knows');
    expect(changes(pinned, '1.90', '1.91')).to.equal(false, 'the standard is pinned');
    expect(changes(rule, '1.90', '1.91')).to.equal(true, 'the rule language follows the server');
  });
});
