import { http } from '../http.ts';
import { binding, object, rule } from '../objects.ts';
import { account as sa } from '../world.ts';
import { bootstrapping, role, type Attack } from './trace.ts';

/** Attacks on roles and bindings. */
export const permissionsAttacks: readonly Attack[] = [
  [
    'stratus admin clusterrole',
    (world) => {
      world.write('eve', role('stratus', [rule('*', '*', '*')]));
      world.write('eve', object('ServiceAccount', 'kube-system/stratus'));
      world.write('eve', binding('ClusterRoleBinding', 'stratus', 'ClusterRole/stratus', ['ServiceAccount/kube-system/stratus']));
      http(world, 'eve', 'POST /api/v1/namespaces/kube-system/serviceaccounts/stratus/token');
    },
    ['role-gains-power', 'new-admin-binding', 'system-namespace-newcomer', 'token-request', 'attack-sequence'],
    'eve',
  ],
  [
    'role with bootstrapping label',
    (world) => world.write('eve', role('system:helper', [rule('*', '*', '*')], bootstrapping)),
    ['role-gains-power'],
    'eve',
  ],
  [
    'admin role by maker of powerful roles',
    (world) => {
      world.usually(() => {
        const r = role('app', [rule('create', 'pods/exec')]);
        world.write('alice', r);
        world.remove('alice', r);
      });
      world.write('alice', role('mine', [rule('*', '*', '*')]));
    },
    ['role-gains-power'],
    'alice',
  ],
  [
    'bind edit cluster-wide',
    (world) => {
      world.found(
        role(
          'edit',
          [rule('impersonate', 'serviceaccounts'), rule('create', 'serviceaccounts/token'), rule('get list watch', 'secrets')],
          bootstrapping,
        ),
      );
      world.write('eve', binding('ClusterRoleBinding', 'x', 'ClusterRole/edit', ['ServiceAccount/shop/default']));
    },
    ['new-admin-binding'],
    'eve',
  ],
  [
    'bind controller role with escalate',
    (world) => {
      world.found(
        role(
          'system:controller:clusterrole-aggregation-controller',
          [rule('escalate get list patch update watch', 'clusterroles', 'rbac.authorization.k8s.io')],
          bootstrapping,
        ),
      );
      world.write(
        'eve',
        binding('ClusterRoleBinding', 'x', 'ClusterRole/system:controller:clusterrole-aggregation-controller', ['User/eve']),
      );
    },
    ['new-admin-binding'],
    'eve',
  ],
  [
    'explicit verbs on everything then bind',
    (world) => {
      world.found(role('ops', [rule('get list watch create update patch delete deletecollection', '*', '*')]));
      world.write('eve', binding('ClusterRoleBinding', 'x', 'ClusterRole/ops', ['User/mallory']));
    },
    ['new-admin-binding'],
    'eve',
  ],
  [
    'cluster-admin to default SA in ns',
    (world) => world.write('eve', binding('RoleBinding', 'shop/x', 'ClusterRole/cluster-admin', ['ServiceAccount/shop/default'])),
    ['new-admin-binding:high'],
    'eve',
  ],
  [
    'cluster-admin to group',
    (world) => world.write('eve', binding('ClusterRoleBinding', 'x', 'ClusterRole/cluster-admin', ['Group/devs'])),
    ['new-admin-binding:high'],
    'eve',
  ],
  [
    'cluster-admin to all SAs',
    (world) => world.write('eve', binding('ClusterRoleBinding', 'x', 'ClusterRole/cluster-admin', ['Group/system:serviceaccounts'])),
    ['binding-to-everybody:critical'],
    'eve',
  ],
  [
    'subject added to existing cluster-admin binding',
    (world) => {
      world.found(binding('ClusterRoleBinding', 'cluster-admin', 'ClusterRole/cluster-admin', ['Group/system:masters']));
      world.write(
        'eve',
        binding('ClusterRoleBinding', 'cluster-admin', 'ClusterRole/cluster-admin', ['Group/system:masters', 'User/mallory']),
      );
    },
    ['new-admin-binding'],
    'eve',
  ],
  [
    'view gains secrets by aggregation',
    (world) => {
      const v = (more: readonly unknown[]) =>
        object('ClusterRole', 'view', { aggregationRule: {}, rules: [rule('get list watch', 'pods'), ...more] }, bootstrapping);
      world.found(v([]));
      world.write(
        'eve',
        role('aggregate-view-x', [rule('get list watch', 'secrets')], {
          labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' },
        }),
      );
      world.write(sa('kube-system', 'clusterrole-aggregation-controller'), v([rule('get list watch', 'secrets')]));
    },
    ['role-gains-power:medium'],
    'eve',
  ],
  [
    'role gains pods/exec',
    (world) => {
      world.found(role('shop/app', [rule('get', 'pods')]));
      world.write('eve', role('shop/app', [rule('get', 'pods'), rule('create', 'pods/exec')]));
    },
    ['role-gains-power:high'],
    'eve',
  ],
  [
    'role gains nodes/proxy',
    (world) => {
      world.found(role('app', [rule('get', 'nodes')]));
      world.write('eve', role('app', [rule('get', 'nodes nodes/proxy')]));
    },
    ['role-gains-power'],
    'eve',
  ],
  [
    'system role changed',
    (world) => {
      const s = (r: readonly unknown[]) => role('system:discovery', r, bootstrapping);
      world.found(s([]));
      world.write('eve', s([rule('get', 'secrets')]));
    },
    ['system-role-changed'],
    'eve',
  ],
];
