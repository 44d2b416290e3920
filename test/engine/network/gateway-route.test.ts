import { expect } from 'chai';
import { isAttached } from '../../../operator/engine/network/exposure/gateway-route.ts';
import type { NetworkObject } from '../../../operator/engine/network/traffic/traffic-policy.ts';

const object = (kind: string, name: string, body: NetworkObject['body']): NetworkObject => ({
  ...{ reference: { kind, name, namespace: 'shop' }, groupKind: `${kind}.gateway.networking.k8s.io`, annotations: {}, labels: {}, body },
});

/** Whether a route of a kind is attached to a Gateway with one listener. */
function attached(kind: string, listener: object, { route = {}, parent = {} }: { route?: object; parent?: object } = {}): boolean {
  const gateway = object('Gateway', 'edge', { listeners: [{ name: 'l', port: 80, ...listener }] });
  const objects = { all: () => [gateway], in: () => [gateway], find: () => gateway, size: 1 };
  return isAttached(object(kind, 'r', { parentRefs: [{ name: 'edge', ...parent }], ...route }), objects, []);
}

describe('a route', () => {
  const kinds: readonly (readonly [protocol: string, kinds: string])[] = [
    ['HTTP', 'HTTPRoute GRPCRoute'],
    ['HTTPS', 'HTTPRoute GRPCRoute'],
    ['TLS', 'TLSRoute TCPRoute'],
    ['TCP', 'TCPRoute'],
    ['UDP', 'UDPRoute'],
    ['example.org/own', 'HTTPRoute GRPCRoute TLSRoute TCPRoute UDPRoute'],
    ['constructor', 'HTTPRoute GRPCRoute TLSRoute TCPRoute UDPRoute'],
  ];
  for (const [protocol, expected] of kinds)
    it(`of the kinds ${expected} is attached to a listener of ${protocol}`, () => {
      const all = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'];
      expect(all.filter((kind) => attached(kind, { protocol })).join(' ')).to.equal(expected);
    });

  const rows: readonly (readonly [string, Parameters<typeof attached>, boolean])[] = [
    ['a listener of its name', ['HTTPRoute', { protocol: 'HTTP' }, { parent: { sectionName: 'l' } }], true],
    ['a listener of another name', ['HTTPRoute', { protocol: 'HTTP' }, { parent: { sectionName: 'm' } }], false],
    ['a listener of its port', ['HTTPRoute', { protocol: 'HTTP' }, { parent: { port: 80 } }], true],
    ['a listener of another port', ['HTTPRoute', { protocol: 'HTTP' }, { parent: { port: 81 } }], false],
    ['a listener that lists its kind', ['TCPRoute', { protocol: 'HTTP', allowedRoutes: { kinds: [{ kind: 'TCPRoute' }] } }], true],
    ['a listener that lists another kind', ['HTTPRoute', { protocol: 'HTTP', allowedRoutes: { kinds: [{ kind: 'TCPRoute' }] } }], false],
    [
      'a listener that lists its kind in another group',
      ['HTTPRoute', { protocol: 'HTTP', allowedRoutes: { kinds: [{ kind: 'HTTPRoute', group: 'example.org' }] } }],
      false,
    ],
    ['a listener of its host', ['HTTPRoute', { protocol: 'HTTP', hostname: 'a.io' }, { route: { hostnames: ['a.io'] } }], true],
    ['a listener of another host', ['HTTPRoute', { protocol: 'HTTP', hostname: 'a.io' }, { route: { hostnames: ['b.io'] } }], false],
    [
      'a listener of all hosts of a domain',
      ['HTTPRoute', { protocol: 'HTTP', hostname: '*.a.io' }, { route: { hostnames: ['x.a.io'] } }],
      true,
    ],
    [
      'a listener whose domain is not below',
      ['HTTPRoute', { protocol: 'HTTP', hostname: '*.a.io' }, { route: { hostnames: ['a.io'] } }],
      false,
    ],
    [
      'a listener of one host of its domain',
      ['HTTPRoute', { protocol: 'HTTP', hostname: 'x.a.io' }, { route: { hostnames: ['*.a.io'] } }],
      true,
    ],
    ['a listener of a host, if it names none', ['HTTPRoute', { protocol: 'HTTP', hostname: 'x.a.io' }], true],
  ];
  for (const [what, args, expected] of rows)
    it(`${expected ? 'is' : 'is not'} attached to ${what}`, () => expect(attached(...args)).to.equal(expected));
});
