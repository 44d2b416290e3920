import { expect } from 'chai';
import type { SecurityPolicySpec } from '../../operator/api/security-policy.ts';
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

describe('the revision of a judgement', () => {
  it('is short, begins with the generation, and is the same for the same', () => {
    expect(revision(restricted))
      .to.match(/^3-[0-9a-f]{10}$/)
      .and.to.equal(revision({ ...restricted }));
    expect([generationOf(revision(restricted)), generationOf('12'), generationOf('none')]).to.deep.equal([3, 12, 0]);
  });

  it('is another one with each thing that may change a verdict', () => {
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

  it('follows the minor of Kubernetes as far as a check depends on it', () => {
    const changes = (spec: SecurityPolicySpec, from: string, to: string): boolean =>
      revision(spec, { kubernetesVersion: from }) !== revision(spec, { kubernetesVersion: to });
    expect(changes(restricted, '1.34', '1.35')).to.equal(true, 'the standard of the cluster');
    expect(changes(restricted, '1.90', '1.91')).to.equal(false, 'newer than any standard that Vigil knows');
    expect(changes(pinned, '1.90', '1.91')).to.equal(false, 'the standard is named');
    expect(changes(rule, '1.90', '1.91')).to.equal(true, 'the language of rules is the server of that minor');
  });
});
