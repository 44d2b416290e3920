import { expect } from 'chai';
import { catalogue } from '../../../operator/catalogue/controls/catalogue.ts';
import type { Theme } from '../../../operator/catalogue/controls/control.ts';
import { cisId } from '../../../operator/catalogue/frameworks/cis.ts';
import { aksRequirements, eksRequirements, gkeRequirements } from '../../../operator/catalogue/frameworks/managed-clusters.ts';
import {
  controlsOfFramework,
  type Framework,
  frameworkId,
  frameworkVersions,
  resolveFramework,
} from '../../../operator/catalogue/frameworks/framework.ts';

function framework(name: string, version?: string, kubernetesVersion?: string): Framework {
  const found = resolveFramework(name, version, kubernetesVersion);
  if (!found.ok) throw new Error(found.message);
  return found.framework;
}
const messageOf = (...[name, version]: [name: string, version?: string]): string | undefined => {
  const found = resolveFramework(name, version, undefined);
  return found.ok ? undefined : found.message;
};
/** The ids of the requirements of a framework. One with a manual check has a star. */
const requirementsOf = (name: string, version?: string): string =>
  framework(name, version)
    .requirements.map(({ id, manual }) => id + (manual === undefined ? '' : '*'))
    .join(' ');

describe('the frameworks', () => {
  it('have these versions, oldest first', () => {
    const versions = frameworkVersions().map(({ name, versions: all }) => `${name} ${all.join(' ')}`);
    const minors = Array.from({ length: 38 }, (_, minor) => `1.${minor}`).join(' ');
    expect(versions).to.deep.equal([
      `pss-baseline ${minors}`,
      `pss-restricted ${minors}`,
      'cis 1.8 1.9 1.10 1.11 1.12',
      'cis-eks 1.7 1.8',
      'cis-aks 1.8',
      'cis-gke 1.9',
      'nsa 1.2',
      'mitre-containers 16',
      'nist-800-190 1',
      'pci-dss 4.0',
      'soc2 2017',
      'gdpr 2016',
      'vigil 1 2',
    ]);
  });

  const access = '5.1.1 5.1.2 5.1.3 5.1.4 5.1.5 5.1.6 5.1.7* 5.1.8 5.1.9 5.1.10 5.1.11 5.1.12 5.1.13';
  const pods = '5.2.1 5.2.2 5.2.3 5.2.4 5.2.5 5.2.6 5.2.7 5.2.8 5.2.9 5.2.10 5.2.11 5.2.12';
  const others = '5.3.1* 5.3.2 5.4.1 5.4.2* 5.5.1*';
  const general = (section: string): string => [1, 2, 3, 4].map((number) => `${section}.${number}`).join(' ');
  const upTo = (section: string, last: number, manual: readonly number[] = []): string =>
    Array.from({ length: last }, (_, index) => `${section}.${index + 1}${manual.includes(index + 1) ? '*' : ''}`).join(' ');
  const all = (section: string, last: number): string =>
    upTo(
      section,
      last,
      Array.from({ length: last }, (_, index) => index + 1),
    );
  /** Sections 1 to 4: how many requirements the API server and the kubelet have, and which of them are manual. */
  const sizes: Readonly<Record<string, readonly [api: number, manual: readonly number[], kubelet: number, manual: readonly number[]]>> = {
    '1.8': [30, [12, 21], 13, [7, 8]],
    '1.9': [29, [20], 13, [7, 8]],
    '1.10': [29, [20], 13, [7, 8]],
    '1.11': [30, [20], 15, [7, 8, 15]],
    '1.12': [30, [20], 14, [7, 8]],
  };
  const programs = (version: string): string => {
    const [api, apiManual, kubelet, kubeletManual] = sizes[version] ?? [0, [], 0, []];
    return [
      all('1.1', 21),
      upTo('1.2', api, apiManual),
      upTo('1.3', 7, [1]),
      upTo('1.4', 2),
      upTo('2', 7, [7]),
      all('3.1', 3),
      upTo('3.2', 2, [2]),
      all('4.1', 10),
      upTo('4.2', kubelet, kubeletManual),
      ...(version === '1.8' ? [] : ['4.3.1']),
    ].join(' ');
  };
  const eks = (roles: string): string =>
    `${all('2.1', 2)} ${all('3.1', 4)} ${upTo('3.2', 9, [7])} ${roles} ${upTo('4.2', 5)} 4.3.1* 4.3.2 4.4.1 4.4.2* 4.5.1 4.5.2 ${all('5.1', 4)} 5.2.1* 5.3.1* ${upTo('5.4', 5, [1, 2, 4, 5])} 5.5.1*`;
  const rows: readonly [name: string, version: string, requirements: string][] = [
    ['cis', '1.8', `${programs('1.8')} ${access} ${pods} 5.2.13 ${others} ${general('5.7')}`],
    ['cis', '1.9', `${programs('1.9')} ${access} ${pods} 5.2.13 ${others} ${general('5.7')}`],
    ['cis', '1.10', `${programs('1.10')} ${access} ${pods} 5.2.13 ${others} ${general('5.7')}`],
    ['cis', '1.11', `${programs('1.11')} ${access} ${pods} 5.2.13 ${others} ${general('5.6')}`],
    ['cis', '1.12', `${programs('1.12')} ${access} ${pods} ${others} ${general('5.6')}`],
    ['cis-eks', '1.7', eks('4.1.1 4.1.2 4.1.3 4.1.4 4.1.5 4.1.6 4.1.7* 4.1.8')],
    ['cis-eks', '1.8', eks(upTo('4.1', 12, [7]))],
    ['cis-aks', '1.8', `2.1.1* ${all('3.1', 4)} ${upTo('3.2', 9, [7])} ${upTo('4.1', 12)} ${upTo('4.2', 5)} 4.4.1* 4.4.2 4.5.1 4.5.2* ${upTo('4.6', 3)} ${all('5.1', 4)} 5.2.1* 5.3.1* ${all('5.4', 5)} ${all('5.5', 2)}`],
    ['cis-gke', '1.9', `${all('3.1', 4)} ${upTo('4.1', 10, [6])} 4.2.1 4.3.1* 4.3.2 4.4.1 4.4.2* 4.5.1* ${upTo('4.6', 4)} ${all('5.1', 4)} ${all('5.2', 2)} 5.3.1* 5.4.1 ${upTo('5.5', 7, [2, 3, 4, 5, 6, 7])} ${upTo('5.6', 7, [1, 2, 3, 4, 6, 7])} ${all('5.7', 2)} ${all('5.8', 3)} ${all('5.9', 2)} ${all('5.10', 4)}`],
    ['nsa', '1.2', 'PS.nonroot PS.immutable PS.images* PS.enforcement PS.tokens PS.hardening NS.namespaces NS.policies NS.resources NS.control-plane* NS.nodes* NS.encryption NS.secrets* NS.cloud* AA.authentication AA.rbac AL.logging* AL.detection* UP.updates*'],
    ['nist-800-190', '1', '4.1.1* 4.1.2* 4.1.3* 4.1.4 4.1.5 4.2.1 4.2.2 4.2.3* 4.3.1 4.3.2 4.3.3 4.3.4 4.3.5* 4.4.1* 4.4.2 4.4.3 4.4.4* 4.4.5* 4.5.1* 4.5.2 4.5.3* 4.5.4* 4.5.5'],
    ['mitre-containers', '16', 'T1021 T1036 T1046 T1053.007* T1068* T1069* T1070 T1078 T1078.001 T1090 T1098 T1098.006 T1110* T1133 T1136.001* T1190 T1204.003 T1496 T1498* T1499 T1525 T1528 T1548 T1550.001* T1552.001 T1552.005 T1552.007 T1557 T1562.001 T1562.007 T1565 T1609 T1610 T1611 T1612* T1613'],
    ['pci-dss', '4.0', '1.2 1.3 1.4 2.2.4 2.2.6 3* 4.2.1 5* 6.3 7.2.1 7.2.2 7.2.5 8.3.2 8.6.2 9* 10.3.2 11* 12*'],
    ['soc2', '2017', 'CC1-CC5* CC6.1 CC6.2 CC6.3 CC6.4* CC6.5* CC6.6 CC6.7 CC6.8 CC7.1 CC7.2 CC7.3-CC7.5* CC8.1 CC9* A1.1 A1.2'],
    ['gdpr', '2016', '32(1)(a) 32(1)(b) 32(1)(c)* 32(1)(d)*'],
  ]; // prettier-ignore
  for (const [name, version, requirements] of rows)
    it(`${name} ${version} has all its requirements, with a star for those that need a manual check`, () =>
      expect(requirementsOf(name, version)).to.equal(requirements));

  for (const { name, title, versions } of frameworkVersions())
    it(`${name} has a title, one for each requirement, and a sentence for each manual check`, () => {
      expect(title).to.match(/^[A-Z]/);
      for (const requirement of versions.flatMap((version) => framework(name, version).requirements)) {
        expect(requirement.title, requirement.id).to.match(/^\S.+\S$/);
        if (requirement.manual !== undefined) expect(requirement.manual, requirement.id).to.match(/^[A-Z].*\.$/);
      }
    });

  it('have a manual check for each requirement of a standard without controls', () => {
    const idle = ['cis-eks', 'cis-aks', 'cis-gke', 'nsa', 'nist-800-190', 'mitre-containers', 'pci-dss', 'soc2', 'gdpr'].flatMap((name) =>
      framework(name)
        .requirements.filter(({ controls, manual }) => controls.length === 0 && manual === undefined)
        .map(({ id }) => `${name} ${id}`),
    );
    expect(idle).to.deep.equal([]);
  });

  const serving: readonly [name: string, id: string, controls: string][] = [
    ['cis-eks', '3.2.1', 'kubelet-anonymous-auth'],
    ['cis-eks', '4.1.3', 'rbac-wildcard-all rbac-wildcard-verbs rbac-wildcard-resources'],
    ['cis-eks', '4.1.10', 'rbac-nodes-proxy'],
    ['cis-eks', '4.2.5', 'privilege-escalation'],
    ['cis-eks', '4.5.2', 'default-namespace'],
    ['cis-eks', '5.4.3', 'node-external-address'],
    ['cis-aks', '4.1.10', 'rbac-csr-approval'],
    ['cis-aks', '4.4.2', 'netpol-namespace-policy netpol-default-deny netpol-coverage'],
    ['cis-gke', '4.1.9', 'rbac-anonymous-binding'],
    ['cis-gke', '5.4.1', 'gke-metadata-server'],
    ['cis-gke', '5.5.1', 'gke-node-image'],
    ['cis-gke', '5.10.3', ''],
  ];
  for (const [name, id, controls] of serving)
    it(`${name} ${id} is covered by ${controls === '' ? 'no control' : controls}`, () =>
      expect(
        framework(name)
          .requirements.find((requirement) => requirement.id === id)
          ?.controls.join(' '),
      ).to.equal(controls));

  it('of managed clusters name only controls and requirements that exist', () => {
    const ids = new Set(catalogue.map(({ id }) => id));
    const sections = new Set(framework('cis', '1.12').requirements.map(({ id }) => id));
    for (const { id, as, controls } of [...eksRequirements('1.8'), ...aksRequirements(), ...gkeRequirements()]) {
      expect(controls.filter((control) => !ids.has(control)), id).to.deep.equal([]); // prettier-ignore
      expect(as.filter((section) => !sections.has(section)), id).to.deep.equal([]); // prettier-ignore
    }
  });

  const themes: readonly [name: string, id: string, themes: readonly Theme[]][] = [
    ...(['1.2', '1.3', '1.4'] as const).map((id) => ['pci-dss', id, ['network']] as const),
    ...(['2.2.4', '2.2.6'] as const).map((id) => ['pci-dss', id, ['hardening']] as const),
    ['pci-dss', '4.2.1', ['tls']],
    ['pci-dss', '6.3', ['supply-chain']],
    ...(['7.2.1', '7.2.2', '7.2.5'] as const).map((id) => ['pci-dss', id, ['access']] as const),
    ...(['8.3.2', '8.6.2'] as const).map((id) => ['pci-dss', id, ['secrets']] as const),
    ['pci-dss', '10.3.2', ['logging']],
    ...(['3', '5', '9', '11', '12'] as const).map((id) => ['pci-dss', id, []] as const),
    ['soc2', 'CC6.1', ['network', 'access', 'secrets']],
    ...(['CC6.2', 'CC6.3'] as const).map((id) => ['soc2', id, ['access']] as const),
    ['soc2', 'CC6.6', ['network']],
    ['soc2', 'CC6.7', ['tls', 'secrets']],
    ['soc2', 'CC6.8', ['hardening']],
    ...(['CC7.1', 'CC8.1'] as const).map((id) => ['soc2', id, ['supply-chain']] as const),
    ['soc2', 'CC7.2', ['logging']],
    ...(['A1.1', 'A1.2'] as const).map((id) => ['soc2', id, ['availability']] as const),
    ['gdpr', '32(1)(a)', ['tls']],
    ['gdpr', '32(1)(b)', ['hardening', 'network', 'tls', 'access', 'secrets', 'supply-chain', 'availability', 'logging']],
  ] as unknown as readonly [string, string, readonly Theme[]][];
  for (const [name, id, wanted] of themes)
    it(`${name} ${id} is covered by the controls about ${wanted.length === 0 ? 'nothing' : wanted.join(', ')}`, () => {
      const controls = catalogue.filter(({ theme }) => [theme].flat().some((each) => wanted.includes(each))).map((control) => control.id);
      expect(framework(name).requirements.find((requirement) => requirement.id === id)?.controls).to.deep.equal(controls);
    });

  it('vigil has one requirement for each essential control', () => {
    const essential = catalogue.filter((control) => control.essential);
    expect(framework('vigil', '1').requirements).to.deep.equal(essential.map(({ id, title }) => ({ id, title, controls: [id] })));
    expect(framework('vigil', '1').controls).to.deep.equal(essential);
  });

  it('vigil has severe controls since version 2 that need no parameter and report no fact of another essential one', () => {
    const before = new Set(framework('vigil', '1').controls);
    const added = framework('vigil', '2').controls.filter((control) => !before.has(control));
    expect(framework('vigil', '2').controls).to.include.members([...before]);
    expect(added).to.have.length(12);
    for (const { id, severity, parameters = {}, setBy } of added) {
      expect(severity, id).to.be.oneOf(['critical', 'high']);
      expect(
        [setBy, ...Object.values(parameters).map((parameter) => parameter.default)].filter((value) => value === undefined),
        id,
      ).to.have.length(setBy === undefined ? 1 : 0);
    }
  });

  it('of the Pod Security Standards name the requirements of the version', () => {
    expect(requirementsOf('pss-baseline', '1.33')).not.to.include('Host Probes');
    expect(requirementsOf('pss-baseline', '1.34')).to.equal('Privileged Containers Host Namespaces HostPath Volumes Host Ports Host Probes / Lifecycle Hooks HostProcess Capabilities AppArmor SELinux /proc Mount Type Seccomp Sysctls'); // prettier-ignore
    expect(requirementsOf('pss-restricted', '1.37')).to.equal('Privileged Containers Host Namespaces Host Ports Host Probes / Lifecycle Hooks HostProcess AppArmor SELinux Sysctls Volume Types Privilege Escalation Running as Non-root Running as Non-root user Seccomp Capabilities /proc Mount Type'); // prettier-ignore
    expect(framework('pss-baseline', '1.37').requirements[1]?.controls).to.deep.equal(['host-network', 'host-pid', 'host-ipc']);
    expect([framework('pss-baseline', '1.30').podSecurityMinor, framework('cis').podSecurityMinor]).to.deep.equal([30, undefined]);
  });
});

describe('resolveFramework', () => {
  it('uses the newest version by default', () => {
    expect(['cis', 'nsa', 'vigil'].map((name) => frameworkId(framework(name)))).to.deep.equal(['cis@1.12', 'nsa@1.2', 'vigil@2']);
    expect(framework('cis', 'latest', '1.30').version).to.equal('1.12');
    expect(['1.30', 'v1.30.2+k3s1', '1.37', '1.38', 'unknown', 'x1.30', undefined].map((version) => framework('pss-baseline', undefined, version).version)).to.deep.equal(['1.30', '1.30', '1.37', '1.37', '1.37', '1.37', '1.37']); // prettier-ignore
  });

  it('returns the same framework each time', () => expect(framework('cis', 'v1.8')).to.equal(framework('cis', '1.8')));

  it('says which frameworks and versions there are', () => {
    const names = frameworkVersions().map(({ name }) => name);
    expect(messageOf('ciss')).to.equal(`no framework 'ciss' (did you mean 'cis'?); the frameworks are ${names.join(', ')}`);
    expect(messageOf('unheard-of')).to.match(/^no framework 'unheard-of'; the frameworks are pss-baseline, /);
    expect(messageOf('cis', '1.7')).to.equal("framework 'cis' has no version '1.7'; the versions are 1.8, 1.9, 1.10, 1.11, 1.12, latest");
    expect(messageOf('pss-baseline', 'v1.99')).to.equal(
      "framework 'pss-baseline' has no version 'v1.99'; the versions are 1.0 to 1.37 and latest",
    );
    expect(messageOf('nsa', '1.v2')).to.match(/^framework 'nsa' has no version '1\.v2'/);
  });
});

describe('controlsOfFramework', () => {
  it('has the controls of all versions, and none for an unknown framework', () => {
    expect([...controlsOfFramework('pss-restricted')]).to.include.members([
      'capabilities-baseline',
      'volume-types',
      'proc-mount-restricted',
    ]);
    // volume-types replaces it in every version.
    expect([...controlsOfFramework('pss-restricted')]).not.to.include('host-path-volume');
    expect([...controlsOfFramework('pss-baseline')]).not.to.include('volume-types');
    expect(controlsOfFramework('unheard-of').size).to.equal(0);
    expect([...controlsOfFramework('pss-restricted')]).to.have.length(20);
  });
});

describe('cisId', () => {
  const rows: readonly [id: string, before: string | undefined, since11: string | undefined, since12: string | undefined][] = [
    ['5.1.1', '5.1.1', '5.1.1', '5.1.1'],
    ['5.2.12/5.2.11', '5.2.12', '5.2.12', '5.2.11'],
    ['5.2.9/-', '5.2.9', '5.2.9', undefined],
    ['5.7.4/5.6.4', '5.7.4', '5.6.4', '5.6.4'],
    ['1.2.15/1.2.14', '1.2.14', '1.2.14', '1.2.14'],
    ['-/1.2.30', undefined, '1.2.30', '1.2.30'],
    ['-/4.3.1', '4.3.1', '4.3.1', '4.3.1'],
    ['2.1', '2.1', '2.1', '2.1'],
  ];
  for (const [id, ...expected] of rows)
    it(`of ${id} is ${expected.map((each) => each ?? 'none').join(', ')} in 1.10, 1.11 and 1.12`, () =>
      expect(['1.10', '1.11', '1.12'].map((version) => cisId(id, version))).to.deep.equal(expected));
});
