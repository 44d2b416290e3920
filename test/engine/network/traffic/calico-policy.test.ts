import { expect } from 'chai';
import { calicoPolicy } from '../../../../operator/engine/network/traffic/calico-policy.ts';
import { selectsPod, type NetworkObject, type TrafficPolicy } from '../../../../operator/engine/network/traffic/traffic-policy.ts';
import { destination, policyObject } from './policy-object.ts';

const set = (labels: Readonly<Record<string, string>>, nets: readonly string[], namespace?: string): NetworkObject => ({
  ...policyObject('NetworkSet', { spec: { nets } }, namespace),
  labels,
});
const sets = [
  set({ cloud: 'metadata' }, ['169.254.169.254/32']),
  set({ own: 'yes' }, ['169.254.0.0/16'], 'shop'),
  set({ far: 'yes' }, ['10.0.0.0/8']),
];
const read = (spec: object, namespace: string | undefined = 'shop'): TrafficPolicy =>
  calicoPolicy(policyObject('NetworkPolicy', { spec }, namespace), sets);
const metadata = destination('169.254.169.254', 'metadata.example.org');

describe('the decision of a NetworkPolicy of Calico about egress', () => {
  const to = (fields: object, more: object = {}): object => ({ egress: [{ action: 'Allow', destination: fields, ...more }] });
  const rows: readonly [what: string, spec: object, decision: string | undefined][] = [
    ['no rule', { types: ['Egress'] }, undefined],
    ['a rule for all', { egress: [{ action: 'Allow' }] }, 'Allow'],
    ['a rule that denies', { egress: [{ action: 'Deny' }] }, 'Deny'],
    ['a rule that passes', { egress: [{ action: 'Pass' }] }, 'Pass'],
    ['a rule with an action that is not known', { egress: [{ action: 'Trace' }] }, 'Unknown'],
    ['the first rule that fits', { egress: [{ action: 'Deny', protocol: 'UDP' }, { action: 'Allow' }, { action: 'Deny' }] }, 'Allow'],
    ['a rule after a log', { egress: [{ action: 'Log' }, { action: 'Deny' }] }, 'Deny'],
    ['a policy that is about ingress', { types: ['Ingress'], egress: [{ action: 'Allow' }] }, undefined],
    ['TCP by name', to({}, { protocol: 'tcp' }), 'Allow'],
    ['TCP by number', to({}, { protocol: 6 }), 'Allow'],
    ['TCP by a number in a text', to({}, { protocol: '6' }), 'Allow'],
    ['UDP by number', to({}, { protocol: 17 }), undefined],
    ['all but UDP', to({}, { notProtocol: 'UDP' }), 'Allow'],
    ['all but TCP', to({}, { notProtocol: 'TCP' }), undefined],
    ['IPv4', to({}, { ipVersion: 4 }), 'Allow'],
    ['IPv6', to({}, { ipVersion: 6 }), undefined],
    ['ICMP', to({}, { icmp: { type: 8 } }), undefined],
    ['its port', to({ ports: [80] }), 'Allow'],
    ['its port as a text', to({ ports: ['80'] }), 'Allow'],
    ['another port', to({ ports: [443, '8080'] }), undefined],
    ['a range of ports', to({ ports: ['1:80'] }), 'Allow'],
    ['a range that begins with it', to({ ports: ['80:90'] }), 'Allow'],
    ['a range of lower ports', to({ ports: ['1:79'] }), undefined],
    ['a named port', to({ ports: ['http80'] }), undefined],
    ['all but its port', to({ notPorts: [80] }), undefined],
    ['all but another port', to({ notPorts: [443] }), 'Allow'],
    ['its network', to({ nets: ['10.0.0.0/8', '169.254.0.0/16'] }), 'Allow'],
    ['another network', to({ nets: ['10.0.0.0/8'] }), undefined],
    ['all but its network', to({ notNets: ['169.254.0.0/16'] }), undefined],
    ['all but another network', to({ notNets: ['10.0.0.0/8'] }), 'Allow'],
    ['its name', to({ domains: ['Metadata.example.org'] }), 'Allow'],
    ['another name', to({ domains: ['example.org'] }), undefined],
    ['a service account', to({ serviceAccounts: {} }), undefined],
    ['a service', to({ services: { name: 'web' } }), undefined],
    ['a set of networks', to({ selector: "cloud == 'metadata'" }), 'Allow'],
    ['a set of other networks', to({ selector: "far == 'yes'" }), undefined],
    ['a set of networks of the whole cluster', to({ selector: "cloud == 'metadata'", namespaceSelector: ' global( ) ' }), 'Allow'],
    ['a set of networks of a namespace', to({ selector: "own == 'yes'", namespaceSelector: "team == 'a'" }), 'Allow'],
    ['a set of a namespace as one of the whole cluster', to({ selector: "own == 'yes'", namespaceSelector: 'global()' }), undefined],
    ['a selector that cannot be read', to({ selector: 'own ==' }), 'Unknown'],
    ['all but a selector', to({ notSelector: "far == 'yes'" }), 'Unknown'],
    ['some pods', { egress: [{ action: 'Allow', source: { selector: "a == 'b'" } }] }, 'Unknown'],
    [
      'some pods to another network',
      { egress: [{ action: 'Deny', source: { selector: "a == 'b'" }, destination: { nets: ['10.0.0.0/8'] } }] },
      undefined,
    ],
    ['a source without conditions', { egress: [{ action: 'Allow', source: {} }] }, 'Allow'],
  ];
  for (const [what, spec, decision] of rows)
    it(`${what}: ${decision ?? 'none'}`, () => expect(read(spec).decide(metadata)).to.equal(decision));

  it('tells IPv6 from IPv4', () => {
    const policy = read(to({}, { ipVersion: 6 }));
    expect([policy.decide(destination('2001:db8::1')), policy.decide(destination('255.255.255.255'))]).to.deep.equal(['Allow', undefined]);
  });
});

describe('the directions of a NetworkPolicy of Calico', () => {
  const allow = [{ action: 'Allow' }];
  const rows: readonly [what: string, spec: object, isolates: readonly string[], closes: readonly string[]][] = [
    ['no rules', {}, ['Ingress'], ['Ingress']],
    ['ingress', { ingress: allow }, ['Ingress'], []],
    ['egress', { egress: allow }, ['Egress'], []],
    ['both', { ingress: allow, egress: [{ action: 'Deny' }] }, ['Ingress', 'Egress'], ['Egress']],
    ['types', { types: ['Egress'], ingress: allow }, ['Egress'], ['Egress']],
    ['both types', { types: ['Egress', 'Ingress'], egress: allow }, ['Ingress', 'Egress'], ['Ingress']],
    ['a log before a denial', { egress: [{ action: 'Log' }, { action: 'Deny' }] }, ['Egress'], ['Egress']],
    ['a pass', { egress: [{ action: 'Pass' }] }, ['Egress'], []],
  ];
  for (const [what, spec, isolates, closes] of rows)
    it(`with ${what}`, () => expect([read(spec).isolates, read(spec).closes]).to.deep.equal([isolates, closes]));
});

describe('the pods of a policy of Calico', () => {
  const namespace = { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop', team: 'a' } };
  const selects = (spec: object, of: string | undefined): boolean => selectsPod(read(spec, of), { namespace, labels: { app: 'web' } });
  const rows: readonly [what: string, spec: object, namespace: string | undefined, expected: boolean][] = [
    ['all of its namespace', {}, 'shop', true],
    ['all with all()', { selector: 'all()' }, 'shop', true],
    ['none of another namespace', {}, 'bank', false],
    ['those with a label', { selector: "app == 'web'" }, 'shop', true],
    ['none without it', { selector: "app == 'db'" }, 'shop', false],
    ['all of the cluster', {}, undefined, true],
    ['those of some namespaces', { namespaceSelector: "team == 'a'" }, undefined, true],
    ['none of other namespaces', { namespaceSelector: "team == 'b'" }, undefined, false],
    ['all of its namespace, whatever it selects', { namespaceSelector: "team == 'b'" }, 'shop', true],
    ['any if the selector cannot be read', { selector: 'app ==' }, 'shop', true],
  ];
  for (const [what, spec, of, expected] of rows)
    it(`are ${what}`, () =>
      expect(
        of === undefined
          ? selectsPod(calicoPolicy(policyObject('GlobalNetworkPolicy', { spec }), []), { namespace, labels: { app: 'web' } })
          : selects(spec, of),
      ).to.equal(expected));

  const faults: readonly [what: string, spec: object, selection: string | undefined, rules: string | undefined][] = [
    ['nothing', { selector: "app == 'a'", tier: 'default', order: 1 }, undefined, undefined],
    ['a selector', { selector: 'app ==' }, 'NetworkPolicy p: spec.selector cannot be read', undefined],
    ['a selector that is no text', { selector: 5 }, 'NetworkPolicy p: spec.selector cannot be read', undefined],
    ['a selector of namespaces', { namespaceSelector: '(' }, 'NetworkPolicy p: spec.namespaceSelector cannot be read', undefined],
    [
      'service accounts',
      { serviceAccountSelector: 'all()' },
      'NetworkPolicy p selects by the labels of service accounts, which Vigil does not read',
      undefined,
    ],
    ['a tier', { tier: 'security' }, undefined, 'NetworkPolicy p is in the tier security, which Vigil does not evaluate'],
  ];
  for (const [what, spec, selection, rules] of faults)
    it(`cannot be told by ${what}`, () => {
      const { unreadableSelection, unreadableRules } = read(spec);
      expect([unreadableSelection, unreadableRules]).to.deep.equal([selection, rules]);
    });

  it('come in an order; without one, the policy is last', () => {
    expect([read({ order: 5 }).order, read({}).order, read({ order: '5' }).order]).to.deep.equal([5, Infinity, Infinity]);
  });
});
