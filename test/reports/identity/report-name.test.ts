import { expect } from 'chai';
import {
  alternativeReportName,
  hashedName,
  policyLabel,
  policyLabels,
  policyOfLabel,
  reportKey,
  reportName,
  reportSelector,
  validName,
} from '../../../operator/reports/identity/report-name.ts';

const name = (apiVersion: string, kind: string, of = 'web'): string =>
  reportName('vigil', { apiVersion, kind, namespace: 'shop', name: of });

// These names are in clusters: another name would leave an old report behind.
describe('the name of a report', () => {
  for (const [apiVersion, kinds] of Object.entries({
    v1: [
      ...['Pod', 'Service', 'ServiceAccount', 'ConfigMap', 'Namespace', 'ReplicationController', 'PodTemplate', 'Node'],
      ...['PersistentVolume'],
    ],
    'apps/v1': ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'],
    'batch/v1': ['Job', 'CronJob'],
    'policy/v1': ['PodDisruptionBudget'],
    'networking.k8s.io/v1': ['NetworkPolicy', 'Ingress'],
    'autoscaling/v2': ['HorizontalPodAutoscaler'],
    'rbac.authorization.k8s.io/v1': ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'],
  }))
    for (const kind of kinds)
      it(`is plain for ${apiVersion} ${kind}`, () => expect(name(apiVersion, kind)).to.equal(`vigil-${kind.toLowerCase()}-web`));

  for (const [apiVersion, kind, expected] of [
    ['extensions/v1beta1', 'Ingress', 'vigil-ingress-web-f3c4501550'],
    ['v1', 'Ingress', 'vigil-ingress-web-3e23e1d9c7'],
    ['example.com/v1', 'Pod', 'vigil-pod-web-2ab6c31440'],
    ['example.com/v1', 'Widget', 'vigil-widget-web-e2feeb9804'],
  ] as const)
    it(`ends in a hash for ${apiVersion} ${kind}, which other groups may have too`, () =>
      expect(name(apiVersion, kind)).to.equal(expected));

  it('does not depend on the version of a group', () => {
    expect(name('example.com/v2', 'Widget')).to.equal(name('example.com/v1', 'Widget'));
  });

  for (const [what, of, expected] of [
    ['upper case and colons', 'system:Node', 'vigil-pod-system-node-986de52c11'],
    ['two dots', 'a..b', 'vigil-pod-a--b-f163b802a1'],
    ['a dot after a hyphen', 'a-.b', 'vigil-pod-a--b-5fa1c4d6b5'],
    ['a hyphen at its end', 'a-', 'vigil-pod-a-97f97d53aa'],
  ] as const)
    it(`is a valid name with a hash for ${what}`, () => expect(name('v1', 'Pod', of)).to.equal(expected));

  it('has at most 253 characters, and is plain up to that', () => {
    const longest = 'x'.repeat(253 - 'vigil-pod-'.length);
    expect(name('v1', 'Pod', longest)).to.equal(`vigil-pod-${longest}`);
    const longer = name('v1', 'Pod', `${longest}x`);
    expect(longer)
      .to.match(/^vigil-pod-x+-[0-9a-f]{10}$/)
      .and.have.length(253);
    expect(name('v1', 'Pod', `${'x'.repeat(231)}.${'y'.repeat(30)}`)).to.match(/x-[0-9a-f]{10}$/);
  });

  it('differs for objects that differ in group, kind, namespace or name only', () => {
    const objects = [
      { apiVersion: 'a/v1', kind: 'Widget', namespace: 'n', name: 'x' },
      { apiVersion: 'b/v1', kind: 'Widget', namespace: 'n', name: 'x' },
      { apiVersion: 'a/v1', kind: 'Gadget', namespace: 'n', name: 'x' },
      { apiVersion: 'a/v1', kind: 'Widget', namespace: 'm', name: 'x' },
      { apiVersion: 'a/v1', kind: 'Widget', name: 'x' },
      { apiVersion: 'a/v1', kind: 'Widget', namespace: 'n', name: 'y' },
    ];
    expect(new Set(objects.map((object) => reportName('vigil', object))).size).to.equal(objects.length);
  });

  it('has an alternative with another hash for each source', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web' };
    const alternatives = ['vigil', 'vigil-images'].map((source) => alternativeReportName(source, pod));
    expect(alternatives).to.deep.equal(['vigil-pod-web-f0489a868c', 'vigil-images-pod-web-373161cfe9']);
    const long = alternativeReportName('vigil', { ...pod, name: `${'x'.repeat(231)}.${'y'.repeat(11)}` });
    expect(long).to.match(/^vigil-pod-x+-[0-9a-f]{10}$/);
    expect(long.length).to.be.at.most(253);
  });
});

describe('the names of other things in reports', () => {
  it('are the selector of a source and the key of a report', () => {
    expect(reportSelector('vigil')).to.equal('app.kubernetes.io/managed-by=vigil,vigil.dev/source=vigil');
    expect([reportKey('shop', 'a'), reportKey(undefined, 'a')]).to.deep.equal(['shop/a', '/a']);
  });

  it('are the labels of a policy: its name, or a hash if that is too long or looks like a hash', () => {
    const long = 'p'.repeat(63);
    expect(policyLabel('web')).to.equal('policy.vigil.dev/web');
    expect(policyLabel(long)).to.equal(`policy.vigil.dev/${long}`);
    expect(policyLabel(`${long}p`)).to.match(/^policy\.vigil\.dev\/[0-9a-f]{10}$/);
    expect(policyLabel('0123456789')).to.equal('policy.vigil.dev/84d89877f0');
    expect(policyLabel('0123456789a')).to.equal('policy.vigil.dev/0123456789a');
    expect(policyLabels('web')).to.deep.equal(['policy.vigil.dev/web', 'policy.vigil.dev/4b5e57f6eb']);
    expect(policyLabels(`${long}p`)).to.have.length(1);
  });

  it('are the policy that a label names, if it names one', () => {
    const labels = ['policy.vigil.dev/web', 'policy.vigil.dev/', 'policy.vigil.dev/84d89877f0', 'app', 'vigil.dev/source'];
    expect(labels.map(policyOfLabel)).to.deep.equal(['web', undefined, undefined, undefined, undefined]);
  });

  it('are a valid name as it is, and otherwise one with a hash', () => {
    expect(validName('a.b-c')).to.equal('a.b-c');
    expect(validName('x'.repeat(253))).to.have.length(253);
    for (const [invalid, valid] of [
      ['A', /^a-[0-9a-f]{10}$/],
      ['a:b', /^a-b-[0-9a-f]{10}$/],
      ['a.', /^a-[0-9a-f]{10}$/],
      ['a-.', /^a-[0-9a-f]{10}$/],
      ['x'.repeat(254), /^x{242}-[0-9a-f]{10}$/],
    ] as const)
      expect(validName(invalid)).to.match(valid);
    expect(hashedName('a')).to.not.equal(hashedName('A'));
    expect(hashedName('a')).to.equal('a-ca978112ca');
  });
});
