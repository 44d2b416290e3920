import { expect } from 'chai';
import { namespacePolicies, type NamespacePolicies } from '../../../../operator/engine/network/traffic/namespace-policies.ts';
import type { NetworkObject, NetworkObjects } from '../../../../operator/engine/network/traffic/traffic-policy.ts';
import { destination } from './policy-object.ts';

const object = (groupKind: string, name: string, spec: object, namespace?: string): NetworkObject => ({
  ...{ reference: { kind: groupKind.split('.', 1)[0] ?? '', name, ...(namespace === undefined ? {} : { namespace }) }, groupKind },
  ...{ labels: {}, annotations: {}, body: { spec } },
});
const kubernetes = (spec: object, name = 'k', namespace = 'shop'): NetworkObject =>
  object('NetworkPolicy.networking.k8s.io', name, { podSelector: {}, ...spec }, namespace);
const cilium = (spec: object): NetworkObject => object('CiliumNetworkPolicy.cilium.io', 'c', { endpointSelector: {}, ...spec }, 'shop');
const calico = (spec: object, namespace: string | undefined = 'shop'): NetworkObject =>
  object('NetworkPolicy.crd.projectcalico.org', 'n', spec, namespace);
const global = (spec: object): NetworkObject => object('GlobalNetworkPolicy.projectcalico.org', 'g', spec);
const admin = (spec: object, kind = 'AdminNetworkPolicy'): NetworkObject =>
  object(`${kind}.policy.networking.k8s.io`, 'a', { subject: { namespaces: {} }, ...spec });

function policiesOf(...all: readonly NetworkObject[]): NamespacePolicies {
  const objects: NetworkObjects = {
    size: all.length,
    all: (kind) => all.filter(({ groupKind }) => groupKind === kind),
    in: (namespace, kind) => all.filter(({ groupKind, reference }) => groupKind === kind && (reference.namespace ?? '') === namespace),
    find: () => undefined,
  };
  return namespacePolicies(objects, 'shop');
}
const pod = (labels: Readonly<Record<string, string>> = { app: 'web' }) => ({
  namespace: { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop' } },
  labels,
});

describe('a namespace', () => {
  const rows: readonly [what: string, objects: readonly NetworkObject[], expected: boolean][] = [
    ['without policies', [], false],
    ['with one of its own', [kubernetes({})], true],
    ['with one for some of its pods', [kubernetes({ podSelector: { matchLabels: { app: 'db' } } })], true],
    ['with one of another namespace', [kubernetes({}, 'k', 'bank')], false],
    ['with one that the API server would refuse', [kubernetes({ podSelector: 5 })], false],
    ['with one of Cilium', [cilium({ ingress: [{}] })], true],
    ['with one of Cilium that denies nothing', [cilium({})], false],
    ['with one of Calico', [calico({})], true],
    ['with one of the cluster', [global({})], true],
    ['with one of the cluster for some pods', [global({ selector: "app == 'web'" })], false],
    ['with one of the cluster for some pods of some namespaces', [global({ selector: "app == 'web'", namespaceSelector: 'all()' })], true],
    ['with one of an administrator', [admin({})], true],
    ['with one of an administrator for other namespaces', [admin({ subject: { namespaces: { matchLabels: { a: 'b' } } } })], false],
  ];
  for (const [what, objects, expected] of rows)
    it(`${what} ${expected ? 'has' : 'has no'} policy`, () => expect(policiesOf(...objects).hasPolicy).to.equal(expected));

  const denials: readonly [what: string, objects: readonly NetworkObject[], expected: object][] = [
    ['nothing', [], { isolated: false }],
    ['a policy for all pods', [kubernetes({ policyTypes: ['Ingress'] })], { isolated: true }],
    ['a policy for the other direction', [kubernetes({ policyTypes: ['Egress'] })], { isolated: false }],
    ['a policy that allows something', [kubernetes({ policyTypes: ['Ingress'], ingress: [{}] })], { isolated: false }],
    ['a policy for some pods', [kubernetes({ podSelector: { matchLabels: { app: 'db' } } })], { isolated: false }],
    [
      'policies that cover all pods together',
      [
        kubernetes({ podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }, 'x'),
        kubernetes({ podSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } }, 'y'),
      ],
      { isolated: true },
    ],
    ['a policy of Calico for all pods', [calico({ selector: 'all()' })], { isolated: true }],
    ['a policy of Calico for some pods', [calico({ selector: "app == 'web'" })], { isolated: false }],
    [
      'a policy that cannot be read',
      [calico({ selector: 'app ==' })],
      { isolated: false, unknown: 'NetworkPolicy n: spec.selector cannot be read' },
    ],
    ['a policy that cannot be read, beside one that can', [calico({ selector: 'app ==' }), kubernetes({})], { isolated: true }],
  ];
  for (const [what, objects, expected] of denials)
    it(`denies by default with ${what}: ${JSON.stringify(expected)}`, () =>
      expect(policiesOf(...objects).deniesByDefault('Ingress')).to.deep.equal(expected));
});

describe('a pod', () => {
  const isolation: readonly [what: string, objects: readonly NetworkObject[], expected: object][] = [
    ['no policy', [], { isolated: false }],
    ['one that selects it', [kubernetes({ podSelector: { matchLabels: { app: 'web' } } })], { isolated: true }],
    ['one that selects others', [kubernetes({ podSelector: { matchLabels: { app: 'db' } } })], { isolated: false }],
    ['one of the other direction', [kubernetes({ policyTypes: ['Egress'] })], { isolated: false }],
    ['one that cannot be read', [calico({ selector: '(' })], { isolated: false, unknown: 'NetworkPolicy n: spec.selector cannot be read' }],
    ['one that cannot be read, and one that selects it', [calico({ selector: '(' }), kubernetes({})], { isolated: true }],
  ];
  for (const [what, objects, expected] of isolation)
    it(`is isolated by ${what}: ${JSON.stringify(expected)}`, () =>
      expect(policiesOf(...objects).isolation(pod(), 'Ingress')).to.deep.equal(expected));

  const metadata = destination('169.254.169.254');
  const to = (cidr: string): object => ({ policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr } }] }] });
  const reaches = (...objects: readonly NetworkObject[]): unknown => policiesOf(...objects).egress(pod(), metadata);
  const open = reaches();
  const closed = reaches(kubernetes({ policyTypes: ['Egress'] }));

  it('reaches a destination without policies, and not if one denies all', () => expect(open).not.to.deep.equal(closed));

  const egress: readonly [what: string, objects: readonly NetworkObject[], isOpen: boolean][] = [
    ['a policy for the other direction', [kubernetes({ policyTypes: ['Ingress'] })], true],
    ['a policy that allows it', [kubernetes(to('169.254.0.0/16'))], true],
    ['a policy that allows another', [kubernetes(to('10.0.0.0/8'))], false],
    ['one of two policies that allows it', [kubernetes(to('10.0.0.0/8'), 'x'), kubernetes(to('169.254.0.0/16'), 'y')], true],
    ['a policy for other pods', [kubernetes({ ...to('10.0.0.0/8'), podSelector: { matchLabels: { app: 'db' } } })], true],
    [
      'a policy of Cilium that denies it',
      [kubernetes(to('169.254.0.0/16')), cilium({ egressDeny: [{ toCIDR: ['169.254.0.0/16'] }] })],
      false,
    ],
    [
      'an administrator that denies it',
      [kubernetes(to('169.254.0.0/16')), admin({ egress: [{ action: 'Deny', to: [{ networks: ['169.254.0.0/16'] }] }] })],
      false,
    ],
    [
      'an administrator that allows it',
      [kubernetes(to('10.0.0.0/8')), admin({ egress: [{ action: 'Allow', to: [{ networks: ['169.254.0.0/16'] }] }] })],
      true,
    ],
    [
      'an administrator that passes it',
      [kubernetes(to('10.0.0.0/8')), admin({ egress: [{ action: 'Pass', to: [{ networks: ['169.254.0.0/16'] }] }] })],
      false,
    ],
    [
      'a baseline that denies what nothing else allows',
      [admin({ egress: [{ action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] }] }, 'BaselineAdminNetworkPolicy')],
      false,
    ],
    [
      'a baseline that denies what a policy allows',
      [
        kubernetes(to('169.254.0.0/16')),
        admin({ egress: [{ action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] }] }, 'BaselineAdminNetworkPolicy'),
      ],
      true,
    ],
  ];
  for (const [what, objects, isOpen] of egress)
    it(`${isOpen ? 'reaches' : 'does not reach'} a destination with ${what}`, () =>
      expect(reaches(...objects)).to.deep.equal(isOpen ? open : closed));

  it('has an unknown verdict with the reason if a policy cannot be read', () => {
    expect(reaches(calico({ types: ['Egress'], selector: '(' }))).to.deep.equal({
      unknown: 'NetworkPolicy n: spec.selector cannot be read',
    });
    const tier = { tier: 'security', egress: [{ action: 'Allow' }] };
    expect(JSON.stringify(reaches(calico(tier)))).to.include('is in the tier security, which Vigil does not evaluate');
  });
});
