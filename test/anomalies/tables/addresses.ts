import { node, pod, podSpec } from '../objects.ts';
import { account, type World } from '../world.ts';
import type { Tables } from './table.ts';

const web = account('shop', 'web');
const token = (name: string, onNode?: string): Readonly<Record<string, readonly string[]>> => ({
  'authentication.kubernetes.io/pod-name': [name],
  ...(onNode === undefined ? {} : { 'authentication.kubernetes.io/node-name': [onNode] }),
});
/** Two nodes with a pod each, whose requests arrive from their own addresses. */
const cluster = (world: World): void => {
  world.found(node('node-a', '10.0.0.1', { range: '10.244.1.0/24' }), node('node-b', '10.0.0.2', { range: '10.244.2.0/24' }));
  world.found(pod('shop/web-1', podSpec('web', { nodeName: 'node-a', serviceAccountName: 'web' }), { ip: '10.244.1.7' }));
  world.found(pod('shop/db-0', podSpec('db', { nodeName: 'node-b' }), { ip: '10.244.2.9' }));
  world.usually(() => world.request(web, { of: 'configmaps', in: 'shop', from: '10.244.1.7', extra: token('web-1') }));
};
const use =
  (from: string, extra = token('web-1')) =>
  (world: World): void => {
    cluster(world);
    world.request(web, { of: 'secrets', in: 'shop', name: 'db', from, extra });
  };

const kubelet =
  (from: string, name = 'node-a') =>
  (world: World): void => {
    cluster(world);
    world.request(`system:node:${name}`, { of: 'pods', from: '10.0.0.1', groups: ['system:nodes'] });
    world.request(`system:node:${name}`, { of: 'secrets', in: 'shop', name: 'db', from, groups: ['system:nodes'] });
  };

/** A request from an address adds a tunnel address to the node, as network plugins do, and another request comes a minute later. */
const renamed =
  (from: string, added: string, later = from) =>
  (world: World): void => {
    cluster(world);
    const changed = node('node-a', '10.0.0.1', { range: '10.244.1.0/24' });
    const metadata = { ...changed.metadata, annotations: { 'example.com/tunnel': added } };
    // A watch shows the change before the audit event comes.
    world.write(undefined, { ...changed, metadata });
    world.request('system:node:node-a', { verb: 'patch', of: 'nodes/status', name: 'node-a', from, groups: ['system:nodes'] });
    world.wait(60_000);
    world.request('system:node:node-a', { of: 'secrets', in: 'shop', name: 'db', from: later, groups: ['system:nodes'] });
  };

const nobody = 'system:anonymous';

/** Detections about where a request comes from. */
export const addressTables: Tables = {
  'token-from-elsewhere': {
    fires: [
      [
        'a token from the internet',
        use('203.0.113.5'),
        { actor: web, severity: 'high', seen: /Pod shop\/web-1 \(10\.244\.1\.7\) was used from 203\.0\.113\.5/ },
      ],
      ['a token from another pod', use('10.244.2.9'), { seen: /from 10\.244\.2\.9, the address of Pod shop\/db-0/ }],
      ['a token from another node', use('10.0.0.2'), { seen: /the address of another node/ }],
      ['a token whose pod is not known, from another pod', use('10.244.2.9', token('web-2', 'node-a'))],
      [
        'a token from elsewhere while Vigil learns, if the pod has used its own address',
        (world) => {
          world.detector.configure({ learningPeriod: 7 * 86_400_000, keepFor: 86_400_000 });
          use('203.0.113.5')(world);
        },
      ],
    ],
    quiet: [
      ['the address of the pod', use('10.244.1.7')],
      ['the address of the node of the pod', use('10.0.0.1')],
      ['the address of the bridge of the node', use('10.244.1.1')],
      ['an address written as IPv6', use('::ffff:10.244.1.7')],
      ['a pod whose address is not known yet', use('10.244.1.99', token('web-new', 'node-a'))],
      [
        'a translation of addresses that was learned',
        (world) => {
          world.detector.configure({ learningPeriod: 7 * 86_400_000, keepFor: 86_400_000 });
          world.found(node('node-c', '10.0.0.3'));
          for (const name of ['x', 'y', 'z']) {
            world.found(pod(`shop/${name}`, podSpec('web', { nodeName: 'node-c' }), { ip: `10.9.0.${name.charCodeAt(0)}` }));
            world.request(web, { of: 'configmaps', in: 'shop', from: '198.51.100.9', extra: token(name) });
          }
          world.detector.configure({ learningPeriod: 0, keepFor: 86_400_000 });
          world.request(web, { of: 'configmaps', in: 'shop', from: '198.51.100.9', extra: token('x') });
        },
      ],
    ],
  },
  'node-identity-from-elsewhere': {
    fires: [
      ['a kubelet from the internet', kubelet('203.0.113.5'), { actor: 'system:node:node-a', severity: 'high' }],
      ['a kubelet from a pod of its own node', kubelet('10.244.1.7'), { seen: /the address of Pod shop\/web-1/ }],
      ['a kubelet from another node', kubelet('10.0.0.2')],
      [
        'a stolen credential that first adds its own address to the node',
        renamed('203.0.113.5', '203.0.113.5'),
        { seen: /from 203\.0\.113\.5, and added this address to the node with it/ },
      ],
    ],
    quiet: [
      ['a kubelet from its node', kubelet('10.0.0.1')],
      ['a kubelet of the control plane over the loopback', kubelet('127.0.0.1')],
      ['a node that adds an address to itself, and uses it later', renamed('10.0.0.1', '10.244.9.1', '10.244.9.1')],
      ['a node that is not known yet', kubelet('10.0.0.50', 'node-new')],
    ],
  },
  'anonymous-access': {
    fires: [
      [
        'a list of pods',
        (world) => world.request(nobody, { verb: 'list', of: 'pods', groups: ['system:unauthenticated'] }),
        { severity: 'high', actor: nobody },
      ],
      ['a Secret that is read', (world) => world.request(nobody, { of: 'secrets', in: 'shop', name: 'db' }), { severity: 'critical' }],
      ['a path that is no resource', (world) => world.request(nobody, { uri: '/metrics' })],
      ['a path that only begins like a public one', (world) => world.request(nobody, { uri: '/healthzz/../metrics' })],
    ],
    quiet: [
      ['health', (world) => world.request(nobody, { uri: '/livez/ping' })],
      ['discovery', (world) => world.each(['/version', '/api', '/apis/apps/v1', '/openapi/v3'], (uri) => world.request(nobody, { uri }))],
      ['a denied request', (world) => world.request(nobody, { verb: 'list', of: 'secrets', code: 403 })],
      ['the cluster-info of kubeadm', (world) => world.request(nobody, { of: 'configmaps', in: 'kube-public', name: 'cluster-info' })],
      ['a wrong password', (world) => world.request('', { verb: 'list', of: 'pods', code: 401 })],
    ],
  },
};
