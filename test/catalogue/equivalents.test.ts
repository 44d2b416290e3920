import { expect } from 'chai';
import { controlById } from '../../operator/catalogue/controls/catalogue.ts';
import { equivalents, equivalentsOf, withoutEquivalent } from '../../operator/catalogue/equivalents.ts';

const forms = {
  trivy: /^K[SC]V-\d{4,5}$/,
  kubescape: /^C-\d{4}$/,
  'kube-linter': /^[a-z0-9-]+$/,
  polaris: /^[a-zA-Z]+$/,
  kyverno: /^[a-z0-9-]+$/,
};

describe('the checks of other tools', () => {
  it('name existing controls, each once, by ids of the form of their tool', () => {
    for (const { tool, id, controls } of equivalents) {
      expect(id, tool).to.match(forms[tool]);
      expect(
        controls.filter((control) => controlById(control) === undefined),
        id,
      ).to.deep.equal([]);
      expect(new Set(controls).size, id).to.equal(controls.length);
    }
    expect(new Set(equivalents.map(({ tool, id }) => `${tool} ${id}`)).size).to.equal(equivalents.length);
  });

  for (const id of ['KSV-0012', 'AVD-KSV-0012', 'ksv012', 'KSV012'])
    it(`finds the controls of ${id}`, () => {
      expect(equivalentsOf(id)).to.deep.equal([{ tool: 'trivy', id: 'KSV-0012', controls: ['run-as-non-root'] }]);
    });

  const programs: readonly [id: string, control: string][] = [
    ['AVD-KCV-0034', 'controller-manager-profiling'],
    ['KCV-0040', 'scheduler-profiling'],
    ['C-0143', 'apiserver-cipher-suites'],
    ['C-0172', 'kubelet-anonymous-auth'],
    ['C-0142', 'encryption-of-secrets'],
  ];
  for (const [id, control] of programs)
    it(`finds ${control} for ${id}`, () => expect(equivalentsOf(id).map(({ controls }) => controls.join(' '))).to.deep.equal([control]));

  it('has no control for checks of files of nodes', () => {
    const files = equivalents.filter(({ controls }) => controls.length === 0).map(({ id }) => id);
    expect(files).to.include.members(['KCV-0048', 'KCV-0078', 'C-0092', 'C-0112', 'C-0162', 'C-0171']);
    expect(files).not.to.include('KCV-0047').and.not.to.include('KCV-0079').and.not.to.include('C-0113');
  });

  it('finds the checks that a control answers, and says if there are none', () => {
    expect(equivalentsOf('C-0041')).to.have.length(1);
    const found = equivalentsOf('host-network');
    expect(found.map(({ tool, id }) => `${tool} ${id}`)).to.deep.equal([
      'trivy KSV-0009',
      'kubescape C-0041',
      'kubescape C-0196',
      'kubescape C-0216',
      'kube-linter host-network',
      'polaris hostNetworkSet',
      'kyverno disallow-host-namespaces',
    ]);
    expect(equivalentsOf('unknown-field')).to.deep.equal([]);
    expect(withoutEquivalent()).to.include('unknown-field').and.not.to.include('host-network');
    expect(equivalentsOf('KSV-0032')[0]?.controls).to.deep.equal([]);
  });
});
