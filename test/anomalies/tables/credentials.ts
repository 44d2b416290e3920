import { binding, node } from '../objects.ts';
import { account, day, hour, type World } from '../world.ts';
import type { Tables } from './table.ts';

const shop = account('shop', 'web');
const vault = account('vault', 'vault');
const legacy = (who: string): Readonly<Record<string, string>> => ({ 'authentication.k8s.io/legacy-token': who });
const tokenOf =
  (user: string, namespace: string, name: string, expirationSeconds?: number) =>
  (world: World): void =>
    world.request(user, {
      verb: 'create',
      of: 'serviceaccounts/token',
      in: namespace,
      name,
      ...(expirationSeconds === undefined ? {} : { token: { expirationSeconds, audiences: [] } }),
    });
const allowedBy = (name: string): Readonly<Record<string, string>> => ({
  'authorization.k8s.io/reason': `RBAC: allowed by ClusterRoleBinding "${name}" of ClusterRole "view" to User "alice"`,
});
const controller = account('kube-system', 'job-controller');
const ofController = { annotations: allowedBy('system:controller:job-controller'), agent: 'kube-controller-manager/v1.36.0' };

/** Detections about credentials. */
export const credentialTables: Tables = {
  impersonation: {
    fires: [
      [
        'somebody who acts as another user',
        (world) => world.request('eve', { of: 'pods', as: 'alice' }),
        { actor: 'eve', severity: 'high', seen: /acted as alice/ },
      ],
      [
        'somebody who acts as system:masters',
        (world) => world.request('eve', { of: 'pods', as: 'x', asGroups: ['system:masters'] }),
        { severity: 'critical' },
      ],
      [
        'somebody who acts as a component',
        (world) => world.request('eve', { of: 'pods', as: 'system:kube-controller-manager' }),
        { severity: 'critical' },
      ],
      [
        'somebody who acts as one more user',
        (world) => {
          world.usually(() => world.request('support', { of: 'pods', as: 'alice' }));
          world.request('support', { of: 'pods', as: 'bob' });
        },
        { seen: /as bob/ },
      ],
    ],
    quiet: [
      [
        'who always acts as this user',
        (world) => {
          world.usually(() => world.request('support', { of: 'pods', as: 'alice' }));
          world.request('support', { of: 'pods', as: 'alice' });
        },
      ],
      ['a request without impersonation', (world) => world.request('alice', { of: 'pods' })],
      ['impersonation that was denied', (world) => world.request('eve', { of: 'users', verb: 'impersonate', name: 'alice', code: 403 })],
    ],
  },
  'token-request': {
    fires: [
      [
        'a user who requests a token',
        tokenOf('eve', 'shop', 'web'),
        { actor: 'eve', severity: 'medium', seen: /ServiceAccount shop\/web/ },
      ],
      ['a token of kube-system', tokenOf('eve', 'kube-system', 'clusterrole-aggregation-controller'), { severity: 'high' }],
      ['a token for a year', tokenOf('eve', 'shop', 'web', 31_536_000), { severity: 'high', seen: /8760 hours/ }],
      [
        'a controller that requests a token of another account than usual',
        (world) => {
          world.usually(() => tokenOf(vault, 'shop', 'web')(world));
          tokenOf(vault, 'bank', 'ledger')(world);
        },
      ],
    ],
    quiet: [
      ['a kubelet', tokenOf('system:node:node-a', 'shop', 'web', 3607)],
      ['the control plane', tokenOf('system:kube-controller-manager', 'kube-system', 'job-controller')],
      [
        'a controller that does so every day',
        (world) => {
          world.usually(() => tokenOf(vault, 'shop', 'web')(world));
          tokenOf(vault, 'shop', 'web')(world);
        },
      ],
      [
        'a request that was denied',
        (world) => world.request('eve', { verb: 'create', of: 'serviceaccounts/token', in: 'shop', name: 'web', code: 403 }),
      ],
    ],
  },
  'legacy-token-used': {
    fires: [
      [
        'a token from a Secret',
        (world) => world.request(shop, { of: 'pods', in: 'shop', annotations: legacy(shop) }),
        { actor: shop, severity: 'high' },
      ],
      [
        'a token that was not used for a month',
        (world) => {
          world.usually(() => world.request(shop, { of: 'pods', in: 'shop', annotations: legacy(shop) }));
          world.wait(31 * day);
          world.request(shop, { of: 'pods', in: 'shop', annotations: legacy(shop) });
        },
      ],
      [
        'the token of an account that used bound tokens until now',
        (world) => {
          world.usually(() => world.request(shop, { of: 'pods', in: 'shop' }));
          world.request(shop, { of: 'pods', in: 'shop', annotations: legacy(shop) });
        },
      ],
    ],
    quiet: [
      [
        'a client that always uses it',
        (world) => {
          world.usually(() => world.request(shop, { of: 'pods', in: 'shop', annotations: legacy(shop) }));
          world.request(shop, { of: 'pods', in: 'shop', annotations: legacy(shop) });
        },
      ],
      ['a bound token', (world) => world.request(shop, { of: 'pods', in: 'shop' })],
      [
        'a client that was away for a week',
        (world) => {
          world.usually(() => world.request(shop, { of: 'pods', in: 'shop', annotations: legacy(shop) }));
          world.wait(7 * day);
          world.request(shop, { of: 'pods', in: 'shop', annotations: legacy(shop) });
        },
      ],
    ],
  },
  'new-principal': {
    fires: [
      ['a user who is new', (world) => world.request('stranger', { of: 'pods' }), { actor: 'stranger', severity: 'low' }],
      [
        'an administrator from another network',
        (world) => {
          const groups = ['system:masters'];
          world.usually(() => world.request('admin', { of: 'pods', groups }));
          world.request('admin', { of: 'pods', groups, from: '203.0.113.7' });
        },
        { seen: /203\.0\.113\.7/ },
      ],
      [
        'an administrator by a binding, with another program',
        (world) => {
          world.found(binding('ClusterRoleBinding', 'admins', 'ClusterRole/cluster-admin', ['User/admin']));
          world.usually(() => world.request('admin', { of: 'pods' }));
          world.request('admin', { of: 'pods', agent: 'python-requests/2.32' });
        },
        { seen: /python-requests/ },
      ],
    ],
    quiet: [
      [
        'a user who is known, from another network',
        (world) => {
          world.usually(() => world.request('alice', { of: 'pods' }));
          world.request('alice', { of: 'pods', from: '203.0.113.7' });
        },
      ],
      ['a service account', (world) => world.request(shop, { of: 'pods', in: 'shop' })],
      ['somebody who was denied', (world) => world.request('stranger', { of: 'pods', code: 403 })],
      [
        'an administrator from another address of the same network',
        (world) => {
          const groups = ['system:masters'];
          world.usually(() => world.request('admin', { of: 'pods', groups }));
          world.request('admin', { of: 'pods', groups, from: '192.0.2.99', agent: 'kubectl/v1.37.1 (darwin/arm64)' });
        },
      ],
    ],
  },
  'unused-binding-used': {
    fires: [
      [
        'a known user who uses an old right',
        (world) => {
          world.usually(() => world.request('alice', { of: 'pods', annotations: allowedBy('viewers') }));
          world.request('alice', { of: 'secrets', in: 'shop', annotations: allowedBy('forgotten') });
        },
        { actor: 'alice', severity: 'low', seen: /ClusterRoleBinding "forgotten"/ },
      ],
      [
        'an account that uses an old right',
        (world) => {
          world.usually(() => world.request(shop, { of: 'pods', annotations: allowedBy('viewers') }));
          world.request(shop, { of: 'nodes', annotations: allowedBy('nodes') });
        },
      ],
      [
        'a right in a namespace',
        (world) => {
          world.usually(() => world.request('alice', { of: 'pods', annotations: allowedBy('viewers') }));
          world.request('alice', {
            of: 'pods',
            in: 'bank',
            annotations: { 'authorization.k8s.io/reason': 'RBAC: allowed by RoleBinding "old/bank" of Role "x" to User "alice"' },
          });
        },
      ],
    ],
    quiet: [
      [
        'a controller of Kubernetes that needs its own binding for the first time',
        (world) => {
          world.usually(() => world.request(controller, { of: 'pods', annotations: allowedBy('viewers') }));
          world.request(controller, { verb: 'create', of: 'pods', in: 'shop', ...ofController });
        },
      ],
      [
        'the right of everybody to discover the API, which the API server names in no order',
        (world) => {
          world.usually(() => world.request('alice', { of: 'pods', annotations: allowedBy('viewers') }));
          world.request('alice', { of: 'services', annotations: allowedBy('system:discovery') });
        },
      ],
      [
        'a right that is used every day',
        (world) => {
          world.usually(() => world.request('alice', { of: 'pods', annotations: allowedBy('viewers') }));
          world.request('alice', { of: 'services', annotations: allowedBy('viewers') });
        },
      ],
      ['a new user, for whom every right is new', (world) => world.request('stranger', { of: 'pods', annotations: allowedBy('viewers') })],
      [
        'a denied request',
        (world) => {
          world.usually(() => world.request('alice', { of: 'pods', annotations: allowedBy('viewers') }));
          world.request('alice', { of: 'pods', code: 403 });
        },
      ],
    ],
  },
  'new-api-use': {
    fires: [
      [
        'an account that starts to read Secrets',
        (world) => {
          world.usually(() => world.request(shop, { of: 'configmaps', in: 'shop' }));
          world.request(shop, { of: 'secrets', in: 'shop', name: 'db' });
        },
        { actor: shop, severity: 'medium', seen: /get on secrets in shop/ },
      ],
      [
        'an account that starts to make pods',
        (world) => {
          world.usually(() => world.request(shop, { of: 'configmaps', in: 'shop' }));
          world.request(shop, { verb: 'create', of: 'pods', in: 'shop' });
        },
      ],
      [
        'an account that starts to exec',
        (world) => {
          world.usually(() => world.request(shop, { of: 'pods', in: 'shop' }));
          world.request(shop, { of: 'pods/exec', in: 'shop', name: 'web-1', code: 101, stage: 'ResponseStarted' });
        },
      ],
      [
        'an account of kube-system whose binding is named like that of a controller',
        (world) => {
          const own = account('kube-system', 'sync-controller');
          const binding = allowedBy('system:controller:sync-controller');
          world.usually(() => world.request(own, { of: 'pods', in: 'shop', from: '10.0.0.2', annotations: binding }));
          world.usually(() => world.request(controller, { verb: 'create', of: 'pods', in: 'shop', from: '10.0.0.2', ...ofController }));
          world.request(own, { of: 'secrets', in: 'shop', name: 'db', from: '10.0.0.2', annotations: binding });
        },
        { seen: /sync-controller used get on secrets in shop/ },
      ],
      [
        'the token of a controller of Kubernetes from elsewhere',
        (world) => {
          world.usually(() => world.request(controller, { verb: 'create', of: 'pods', in: 'shop', from: '10.0.0.2', ...ofController }));
          world.request(controller, { of: 'secrets', in: 'shop', name: 'db', from: '10.244.1.7', ...ofController });
        },
        { actor: controller, severity: 'high', seen: /from 10\.244\.1\.7/ },
      ],
    ],
    quiet: [
      [
        'a controller of Kubernetes that has something new to do',
        (world) => {
          world.usually(() => world.request(controller, { verb: 'create', of: 'pods', in: 'shop', from: '10.0.0.2', ...ofController }));
          world.request(controller, { verb: 'delete', of: 'jobs.batch', in: 'shop', name: 'old', from: '10.0.0.2', ...ofController });
        },
      ],
      [
        'the controllers of another node of the control plane',
        (world) => {
          world.found(node('master-2', '10.0.0.3', { labels: { 'node-role.kubernetes.io/control-plane': '' } }));
          world.usually(() => world.request(controller, { verb: 'create', of: 'pods', in: 'shop', from: '10.0.0.2', ...ofController }));
          world.request(controller, { verb: 'create', of: 'pods', in: 'shop', from: '10.0.0.3', ...ofController });
        },
      ],
      [
        'what the account does every day',
        (world) => {
          world.usually(() => world.request(shop, { of: 'secrets', in: 'shop', name: 'db' }));
          world.request(shop, { of: 'secrets', in: 'shop', name: 'other' });
        },
      ],
      [
        'a new use of a resource that leads nowhere',
        (world) => {
          world.usually(() => world.request(shop, { of: 'configmaps', in: 'shop' }));
          world.request(shop, { of: 'services', in: 'shop' });
        },
      ],
      ['a new account, for which every use is new', (world) => world.request(shop, { of: 'secrets', in: 'shop', name: 'db' })],
      [
        'a person',
        (world) => {
          world.usually(() => world.request('alice', { of: 'configmaps', in: 'shop' }));
          world.wait(hour);
          world.request('alice', { of: 'secrets', in: 'shop', name: 'db' });
        },
      ],
    ],
  },
};
