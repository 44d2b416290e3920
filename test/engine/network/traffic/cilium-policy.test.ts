import { expect } from 'chai';
import { ciliumPolicies } from '../../../../operator/engine/network/traffic/cilium-policy.ts';
import { selectsPod, type TrafficPolicy } from '../../../../operator/engine/network/traffic/traffic-policy.ts';
import { destination, policyObject } from './policy-object.ts';

const read = (spec: object, namespace: string | undefined = 'shop'): TrafficPolicy => {
  const [policy, ...more] = ciliumPolicies(policyObject('CiliumNetworkPolicy', { spec: { endpointSelector: {}, ...spec } }, namespace));
  expect(more).to.deep.equal([]);
  return policy ?? expect.fail('no policy');
};

describe('the decision of a CiliumNetworkPolicy about egress', () => {
  const web = destination('169.254.169.254', 'metadata.example.org');
  const rows: readonly [what: string, spec: object, decision: string | undefined][] = [
    ['no rule', {}, undefined],
    ['an empty rule, which allows nothing', { egress: [{}] }, undefined],
    ['an address', { egress: [{ toCIDR: ['169.254.169.254/32'] }] }, 'Allow'],
    ['another address', { egress: [{ toCIDR: ['10.0.0.0/8'] }] }, undefined],
    ['one of two addresses', { egress: [{ toCIDR: ['10.0.0.0/8', '169.254.0.0/16'] }] }, 'Allow'],
    ['no address', { egress: [{ toCIDR: [] }] }, undefined],
    ['a text that is no address', { egress: [{ toCIDR: ['all'] }] }, undefined],
    ['a set', { egress: [{ toCIDRSet: [{ cidr: '169.254.0.0/16' }] }] }, 'Allow'],
    ['a set without it', { egress: [{ toCIDRSet: [{ cidr: '169.254.0.0/16', except: ['169.254.169.0/24'] }] }] }, undefined],
    ['a set without another', { egress: [{ toCIDRSet: [{ cidr: '169.254.0.0/16', except: ['169.254.1.0/24', 'x'] }] }] }, 'Allow'],
    ['one of two sets', { egress: [{ toCIDRSet: [{ cidr: '10.0.0.0/8' }, { cidr: '169.254.0.0/16' }] }] }, 'Allow'],
    ['the world', { egress: [{ toEntities: ['world'] }] }, 'Allow'],
    ['all', { egress: [{ toEntities: ['all'] }] }, 'Allow'],
    ['the world of IPv4', { egress: [{ toEntities: ['world-ipv4'] }] }, 'Allow'],
    ['the world of IPv6', { egress: [{ toEntities: ['world-ipv6'] }] }, undefined],
    ['the cluster', { egress: [{ toEntities: ['cluster', 'host'] }] }, undefined],
    ['pods', { egress: [{ toEndpoints: [{}] }] }, undefined],
    ['its name', { egress: [{ toFQDNs: [{ matchName: 'Metadata.example.org' }] }] }, 'Allow'],
    ['another name', { egress: [{ toFQDNs: [{ matchName: 'example.org' }] }] }, undefined],
    ['a pattern of all', { egress: [{ toFQDNs: [{ matchPattern: '*' }] }] }, 'Allow'],
    ['a pattern of its domain', { egress: [{ toFQDNs: [{ matchPattern: '*.example.org' }] }] }, 'Allow'],
    ['a pattern with parts in its order', { egress: [{ toFQDNs: [{ matchPattern: 'm*ata*ample.*' }] }] }, 'Allow'],
    ['a pattern with parts in another order', { egress: [{ toFQDNs: [{ matchPattern: 'm*ample*ata*g' }] }] }, undefined],
    ['a pattern whose parts overlap', { egress: [{ toFQDNs: [{ matchPattern: 'metadata.example*example.org' }] }] }, undefined],
    ['a pattern with a part after the end', { egress: [{ toFQDNs: [{ matchPattern: '*metadata*example.org*.org' }] }] }, undefined],
    ['a pattern that ends otherwise', { egress: [{ toFQDNs: [{ matchPattern: '*.example.com' }] }] }, undefined],
    ['a pattern that begins otherwise', { egress: [{ toFQDNs: [{ matchPattern: 'x*.example.org' }] }] }, undefined],
    ['a pattern without a star', { egress: [{ toFQDNs: [{ matchPattern: 'metadata.example.org' }] }] }, 'Allow'],
    ['an entry without a name', { egress: [{ toFQDNs: [{}] }] }, undefined],
    ['a port of all addresses', { egress: [{ toPorts: [{ ports: [{ port: '80' }] }] }] }, 'Allow'],
    ['another port of all addresses', { egress: [{ toPorts: [{ ports: [{ port: '443' }] }] }] }, undefined],
    ['any port', { egress: [{ toEntities: ['world'], toPorts: [{ ports: [] }] }] }, 'Allow'],
    ['port 0', { egress: [{ toEntities: ['world'], toPorts: [{ ports: [{ port: '0' }] }] }] }, 'Allow'],
    ['a range of ports', { egress: [{ toEntities: ['world'], toPorts: [{ ports: [{ port: '1', endPort: 80 }] }] }] }, 'Allow'],
    [
      'a range of ports that begins with it',
      { egress: [{ toEntities: ['world'], toPorts: [{ ports: [{ port: '80', endPort: 90 }] }] }] },
      'Allow',
    ],
    ['a range of lower ports', { egress: [{ toEntities: ['world'], toPorts: [{ ports: [{ port: '1', endPort: 79 }] }] }] }, undefined],
    [
      'a range that ends before it begins',
      { egress: [{ toEntities: ['world'], toPorts: [{ ports: [{ port: '80', endPort: 9 }] }] }] },
      'Allow',
    ],
    ['TCP', { egress: [{ toEntities: ['world'], toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }] }] }] }, 'Allow'],
    ['UDP', { egress: [{ toEntities: ['world'], toPorts: [{ ports: [{ port: '80', protocol: 'UDP' }] }] }] }, undefined],
    ['any protocol', { egress: [{ toEntities: ['world'], toPorts: [{ ports: [{ port: '80', protocol: 'ANY' }] }] }] }, 'Allow'],
    [
      'one of two ports',
      { egress: [{ toEntities: ['world'], toPorts: [{ ports: [{ port: '1' }] }, { ports: [{ port: '80' }] }] }] },
      'Allow',
    ],
    ['a denied address', { egress: [{ toEntities: ['world'] }], egressDeny: [{ toCIDR: ['169.254.0.0/16'] }] }, 'Deny'],
    ['another denied address', { egress: [{ toEntities: ['world'] }], egressDeny: [{ toCIDR: ['10.0.0.0/8'] }] }, 'Allow'],
    ['the world as a source', { ingress: [{ fromEntities: ['world'] }] }, undefined],
  ];
  for (const [what, spec, decision] of rows) it(`${what}: ${decision ?? 'none'}`, () => expect(read(spec).decide(web)).to.equal(decision));

  it('tells IPv6 from IPv4', () => {
    const policy = read({ egress: [{ toEntities: ['world-ipv6'] }] });
    expect([policy.decide(destination('2001:db8::1')), policy.decide(destination('255.255.255.255'))]).to.deep.equal(['Allow', undefined]);
  });
});

describe('the directions of a CiliumNetworkPolicy', () => {
  const rows: readonly [what: string, spec: object, isolates: readonly string[], closes: readonly string[]][] = [
    ['no rules', {}, [], []],
    ['empty lists', { ingress: [], egress: [] }, [], []],
    ['an empty rule', { ingress: [{}] }, ['Ingress'], ['Ingress']],
    ['rules for both', { ingress: [{ fromEntities: ['all'] }], egress: [{}] }, ['Ingress', 'Egress'], ['Egress']],
    ['a rule with an empty list of peers', { egress: [{ toEndpoints: [] }] }, ['Egress'], ['Egress']],
    ['a rule with ports only', { egress: [{ toPorts: [{ ports: [] }] }] }, ['Egress'], []],
    ['a rule with ICMP only', { egress: [{ icmps: [{ fields: [] }] }] }, ['Egress'], []],
    ['a rule with an empty list beside another', { egress: [{ toEndpoints: [], toEntities: ['world'] }] }, ['Egress'], []],
    ['a rule that denies', { egressDeny: [{ toEntities: ['world'] }] }, ['Egress'], ['Egress']],
    ['no default', { ingress: [{}], enableDefaultDeny: { ingress: false } }, [], []],
    ['a default without rules', { enableDefaultDeny: { egress: true } }, ['Egress'], ['Egress']],
    ['a default that is no boolean', { enableDefaultDeny: { egress: 'true' } }, [], []],
  ];
  for (const [what, spec, isolates, closes] of rows)
    it(`with ${what}`, () => {
      const policy = read(spec);
      expect([policy.isolates, policy.closes]).to.deep.equal([isolates, closes]);
    });
});

describe('the pods of a CiliumNetworkPolicy', () => {
  const selects = (matchLabels: object, labels: Readonly<Record<string, string>>, of: string | undefined = 'shop'): boolean => {
    const namespace = { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop', team: 'a' } };
    return selectsPod(read({ endpointSelector: { matchLabels } }, of), { namespace, labels });
  };
  const rows: readonly [what: string, args: Parameters<typeof selects>, expected: boolean][] = [
    ['all of its namespace', [{}, {}], true],
    ['none of another namespace', [{}, {}, 'bank'], false],
    ['those with a label', [{ app: 'web' }, { app: 'web' }], true],
    ['none without it', [{ app: 'web' }, { app: 'db' }], false],
    ['those with a label of k8s', [{ 'k8s:app': 'web' }, { app: 'web' }], true],
    ['those with a label of any source', [{ 'any:app': 'web' }, { app: 'web' }], true],
    ['none with a label of another source', [{ 'reserved:app': 'web' }, { app: 'web' }], false],
    ['those of a namespace by its name', [{ 'k8s:io.kubernetes.pod.namespace': 'shop' }, {}], true],
    ['none of a namespace of another name', [{ 'io.kubernetes.pod.namespace': 'bank' }, {}], false],
    ['those of a namespace by its labels', [{ 'k8s:io.cilium.k8s.namespace.labels.team': 'a' }, {}], true],
    ['none of a namespace with other labels', [{ 'io.cilium.k8s.namespace.labels.team': 'b' }, { team: 'b' }], false],
  ];
  for (const [what, args, expected] of rows) it(`are ${what}`, () => expect(selects(...args)).to.equal(expected));

  it('are those of the whole cluster for a CiliumClusterwideNetworkPolicy', () => {
    const [policy] = ciliumPolicies(policyObject('CiliumClusterwideNetworkPolicy', { spec: { endpointSelector: {} } }));
    expect(policy?.selection).to.deep.equal({ namespace: [], pod: [] });
    expect(policy?.name).to.equal('CiliumClusterwideNetworkPolicy p');
  });

  it('are none for rule sets about nodes, and those of each other rule set', () => {
    const body = {
      spec: { nodeSelector: {} },
      specs: [{ endpointSelector: { matchLabels: { app: 'a' } } }, 'x', { endpointSelector: {} }],
    };
    expect(ciliumPolicies(policyObject('CiliumNetworkPolicy', body, 'shop')).map(({ selection }) => selection.pod.length)).to.deep.equal([
      1, 0,
    ]);
  });

  it('are not known if the selector cannot be read', () => {
    expect(read({ endpointSelector: { matchLabels: 'x' } }).unreadableSelection).to.match(
      /^CiliumNetworkPolicy p: spec\.endpointSelector\.matchLabels: /,
    );
    expect(read({})).not.to.have.any.keys('unreadableSelection', 'unreadableRules');
  });

  it('have rules that are not known if these refer to a group of addresses', () => {
    const refers = (entry: object, field = 'egress'): string | undefined => read({ [field]: [{ toCIDRSet: [entry] }] }).unreadableRules;
    const message = 'CiliumNetworkPolicy p refers to a CiliumCIDRGroup, which Vigil does not read';
    expect([refers({ cidrGroupRef: 'g' }), refers({ cidrGroupSelector: {} }), refers({ cidrGroupRef: 'g' }, 'egressDeny')]).to.deep.equal([
      ...[message, message, message],
    ]);
    expect(refers({ cidr: '10.0.0.0/8' })).to.equal(undefined);
  });
});
