import { expect } from 'chai';
import { adminPolicy } from '../../../../operator/engine/network/traffic/admin-policy.ts';
import { selectsPod, type TrafficPolicy } from '../../../../operator/engine/network/traffic/traffic-policy.ts';
import { destination, policyObject } from './policy-object.ts';

const read = (spec: object, kind = 'AdminNetworkPolicy'): TrafficPolicy =>
  adminPolicy(policyObject(kind, { spec: { subject: { namespaces: {} }, ...spec } })) ?? expect.fail('it selects no pods');
const everywhere = { to: [{ networks: ['0.0.0.0/0'] }] };

describe('the decision of an AdminNetworkPolicy about egress', () => {
  const metadata = destination('169.254.169.254', 'metadata.example.org');
  const allow = (rule: object): object => ({ egress: [{ action: 'Allow', ...everywhere, ...rule }] });
  const rows: readonly [what: string, spec: object, decision: string | undefined][] = [
    ['no rule', {}, undefined],
    ['its network', allow({}), 'Allow'],
    ['another network', allow({ to: [{ networks: ['10.0.0.0/8'] }] }), undefined],
    ['one of two peers', allow({ to: [{ networks: ['10.0.0.0/8'] }, { networks: ['169.254.0.0/16'] }] }), 'Allow'],
    ['one of two networks', allow({ to: [{ networks: ['10.0.0.0/8', '169.254.0.0/16'] }] }), 'Allow'],
    ['a network that cannot be read', allow({ to: [{ networks: ['all'] }] }), undefined],
    ['its name', allow({ to: [{ domainNames: ['Metadata.example.org'] }] }), 'Allow'],
    ['another name', allow({ to: [{ domainNames: ['example.org'] }] }), undefined],
    ['pods', allow({ to: [{ namespaces: {} }] }), undefined],
    ['the action Accept', allow({ action: 'Accept' }), 'Allow'],
    ['the action Deny', allow({ action: 'Deny' }), 'Deny'],
    ['the action Pass', allow({ action: 'Pass' }), 'Pass'],
    ['an action that is not known', allow({ action: 'constructor' }), 'Unknown'],
    [
      'the first rule that fits',
      {
        egress: [
          { action: 'Deny', to: [] },
          { action: 'Pass', ...everywhere },
          { action: 'Deny', ...everywhere },
        ],
      },
      'Pass',
    ],
    ['a port', allow({ ports: [{ portNumber: { port: 80, protocol: 'TCP' } }] }), 'Allow'],
    ['a port of the usual protocol', allow({ ports: [{ portNumber: { port: 80 } }] }), 'Allow'],
    ['another port', allow({ ports: [{ portNumber: { port: 443 } }] }), undefined],
    ['a port of UDP', allow({ ports: [{ portNumber: { port: 80, protocol: 'UDP' } }] }), undefined],
    ['one of two ports', allow({ ports: [{ portNumber: { port: 443 } }, { portNumber: { port: 80 } }] }), 'Allow'],
    ['a range', allow({ ports: [{ portRange: { start: 80, end: 90 } }] }), 'Allow'],
    ['a range that ends with it', allow({ ports: [{ portRange: { start: 1, end: 80 } }] }), 'Allow'],
    ['a lower range', allow({ ports: [{ portRange: { start: 1, end: 79 } }] }), undefined],
    ['a higher range', allow({ ports: [{ portRange: { start: 81, end: 90 } }] }), undefined],
    ['a range of UDP', allow({ ports: [{ portRange: { start: 1, end: 90, protocol: 'UDP' } }] }), undefined],
    ['a range without an end', allow({ ports: [{ portRange: { start: 1 } }] }), undefined],
    ['a named port', allow({ ports: [{ namedPort: 'http' }] }), undefined],
    ['TCP', allow({ protocols: [{ tcp: {} }] }), 'Allow'],
    ['a port of TCP', allow({ protocols: [{ tcp: { destinationPort: { number: 80 } } }] }), 'Allow'],
    ['another port of TCP', allow({ protocols: [{ tcp: { destinationPort: { number: 443 } } }] }), undefined],
    ['a range of TCP', allow({ protocols: [{ tcp: { destinationPort: { range: { start: 1, end: 90 } } } }] }), 'Allow'],
    ['UDP', allow({ protocols: [{ udp: {} }] }), undefined],
    ['rules of ingress', { ingress: [{ action: 'Deny', ...everywhere }] }, undefined],
  ];
  for (const [what, spec, decision] of rows)
    it(`${what}: ${decision ?? 'none'}`, () => expect(read(spec).decide(metadata)).to.equal(decision));
});

describe('the directions that an AdminNetworkPolicy isolates', () => {
  const deny = (rule: object): object => ({ action: 'Deny', ...rule });
  const rows: readonly [what: string, spec: object, isolates: readonly string[], closes: readonly string[]][] = [
    ['no rules', {}, [], []],
    ['a denial of all pods', { ingress: [deny({ from: [{ namespaces: {} }] })] }, ['Ingress'], ['Ingress']],
    [
      'a denial of all pods of all namespaces',
      { ingress: [deny({ from: [{ pods: { namespaceSelector: {}, podSelector: {} } }] })] },
      ['Ingress'],
      ['Ingress'],
    ],
    ['a denial of some pods', { ingress: [deny({ from: [{ pods: { podSelector: { matchLabels: { a: 'b' } } } }] })] }, [], []],
    ['a denial of some namespaces', { ingress: [deny({ from: [{ namespaces: { matchLabels: { a: 'b' } } }] })] }, [], []],
    ['a denial of all addresses', { egress: [deny(everywhere)] }, ['Egress'], ['Egress']],
    ['a denial of all addresses of IPv6', { egress: [deny({ to: [{ networks: ['::/0'] }] })] }, ['Egress'], ['Egress']],
    [
      'a denial of all addresses in two halves',
      { egress: [deny({ to: [{ networks: ['0.0.0.0/1'] }, { networks: ['128.0.0.0/1'] }] })] },
      ['Egress'],
      ['Egress'],
    ],
    ['a denial of some addresses', { egress: [deny({ to: [{ networks: ['0.0.0.0/1'] }] })] }, [], []],
    ['a denial on one port', { egress: [deny({ ...everywhere, ports: [{ portNumber: { port: 80 } }] })] }, [], []],
    ['a denial by protocol', { egress: [deny({ ...everywhere, protocols: [{ tcp: {} }] })] }, [], []],
    ['a permission of all', { egress: [{ action: 'Allow', ...everywhere }] }, [], []],
    [
      'a denial of what another rule leaves',
      { egress: [{ action: 'Allow', to: [{ networks: ['10.0.0.0/8'] }] }, deny(everywhere)] },
      ['Egress'],
      [],
    ],
    ['a denial after another', { egress: [deny({ to: [{ networks: ['10.0.0.0/8'] }] }), deny(everywhere)] }, ['Egress'], ['Egress']],
    ['a denial before a permission', { egress: [deny(everywhere), { action: 'Allow', ...everywhere }] }, ['Egress'], ['Egress']],
  ];
  for (const [what, spec, isolates, closes] of rows)
    it(`with ${what}`, () => expect([read(spec).isolates, read(spec).closes]).to.deep.equal([isolates, closes]));
});

describe('the pods of an AdminNetworkPolicy', () => {
  const pod = { namespace: { name: 'shop', labels: { team: 'a' } }, labels: { app: 'web' } };
  const rows: readonly [what: string, subject: object, expected: boolean | undefined][] = [
    ['all namespaces', { namespaces: {} }, true],
    ['some namespaces', { namespaces: { matchLabels: { team: 'a' } } }, true],
    ['other namespaces', { namespaces: { matchLabels: { team: 'b' } } }, false],
    ['pods', { pods: { podSelector: { matchLabels: { app: 'web' } } } }, true],
    ['other pods', { pods: { podSelector: { matchLabels: { app: 'db' } } } }, false],
    ['pods of other namespaces', { pods: { namespaceSelector: { matchLabels: { team: 'b' } }, podSelector: {} } }, false],
    ['nothing', {}, undefined],
  ];
  for (const [what, subject, expected] of rows)
    it(`with a subject of ${what}`, () => {
      const policy = adminPolicy(policyObject('AdminNetworkPolicy', { spec: { subject } }));
      expect(policy && selectsPod(policy, pod)).to.equal(expected);
    });

  const places: readonly (readonly [string, unknown])[] = [
    ['namespaces', { namespaces: { matchLabels: 5 } }],
    ['pods.namespaceSelector', { pods: { namespaceSelector: { matchLabels: 5 } } }],
    ['pods.podSelector', { pods: { podSelector: { matchLabels: 5 } } }],
  ];
  for (const [place, subject] of places)
    it(`cannot be told if subject.${place} cannot be read`, () => {
      const message = read({ subject }).unreadableSelection ?? '';
      expect(message.slice(0, message.lastIndexOf(': '))).to.equal(`AdminNetworkPolicy p: spec.subject.${place}.matchLabels`);
    });

  it('can be told otherwise', () => expect(read({})).not.to.have.property('unreadableSelection'));
});

describe('the tier and order of an AdminNetworkPolicy', () => {
  const rows: readonly [kind: string, spec: object, tier: string, order: number][] = [
    ['AdminNetworkPolicy', { priority: 7 }, 'admin', 7],
    ['AdminNetworkPolicy', { tier: 'Baseline' }, 'admin', 0],
    ['BaselineAdminNetworkPolicy', {}, 'baseline', 0],
    ['ClusterNetworkPolicy', { tier: 'Admin', priority: 5 }, 'admin', 5],
    ['ClusterNetworkPolicy', { tier: 'Baseline', priority: '5' }, 'baseline', 0],
    ['ClusterNetworkPolicy', {}, 'admin', 0],
  ];
  for (const [kind, spec, tier, order] of rows)
    it(`${kind} with ${JSON.stringify(spec)}`, () =>
      expect([read(spec, kind).tier, read(spec, kind).order, read(spec, kind).name]).to.deep.equal([tier, order, `${kind} p`]));
});
