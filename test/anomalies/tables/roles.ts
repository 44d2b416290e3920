import { binding, object, release, rule } from '../objects.ts';
import { account, type World } from '../world.ts';
import type { Tables } from './table.ts';

const helm = 'deployer';
const bind =
  (user: string | undefined, ...subjects: readonly string[]) =>
  (world: World): void =>
    world.write(user, binding('ClusterRoleBinding', 'made', 'ClusterRole/cluster-admin', subjects));
const role = (path: string, ...rules: readonly unknown[]) => object(path.includes('/') ? 'Role' : 'ClusterRole', path, { rules });
const gains =
  (user: string | undefined, ...added: readonly unknown[]) =>
  (world: World): void => {
    const before = rule('get list', 'pods');
    world.found(role('viewer', before));
    world.usually(() => undefined);
    world.write(user, role('viewer', before, ...added));
  };
const builtIn = (name: string, ...rules: readonly unknown[]) =>
  object('ClusterRole', name, { rules }, { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } });
const changesSystem =
  (user: string | undefined, name = 'system:node') =>
  (world: World): void => {
    world.found(builtIn(name, rule('get', 'pods')));
    world.usually(() => undefined);
    world.write(user, builtIn(name, rule('get', 'pods'), rule('get', 'secrets')));
  };

/** Detections about roles and bindings. */
export const roleTables: Tables = {
  'binding-to-everybody': {
    fires: [
      [
        'a binding of system:anonymous',
        (world) => world.write('eve', binding('ClusterRoleBinding', 'open', 'ClusterRole/view', ['User/system:anonymous'])),
        { actor: 'eve', severity: 'critical', seen: /gives ClusterRole\/view to User\/system:anonymous/ },
      ],
      [
        'a binding of everybody in a namespace',
        (world) => world.write(undefined, binding('RoleBinding', 'shop/open', 'ClusterRole/edit', ['Group/system:authenticated'])),
      ],
      [
        'a binding that gains everybody',
        (world) => {
          world.found(binding('ClusterRoleBinding', 'team', 'ClusterRole/view', ['Group/team']));
          world.usually(() => undefined);
          world.write('eve', binding('ClusterRoleBinding', 'team', 'ClusterRole/view', ['Group/team', 'Group/system:unauthenticated']));
        },
      ],
      [
        'a binding of the usual name with another role',
        (world) =>
          world.write(
            'eve',
            binding('ClusterRoleBinding', 'system:discovery', 'ClusterRole/cluster-admin', ['Group/system:authenticated']),
          ),
      ],
      [
        'a binding that was deleted and made again',
        (world) => {
          const open = binding('ClusterRoleBinding', 'open', 'ClusterRole/view', ['User/system:anonymous']);
          world.found(open);
          world.usually(() => undefined);
          world.remove('admin', open);
          world.write('eve', open);
        },
      ],
    ],
    quiet: [
      [
        'what Kubernetes binds',
        (world) =>
          world.write(
            'system:apiserver',
            binding('ClusterRoleBinding', 'system:discovery', 'ClusterRole/system:discovery', ['Group/system:authenticated']),
          ),
      ],
      ['a binding of a group', (world) => world.write('alice', binding('ClusterRoleBinding', 'team', 'ClusterRole/view', ['Group/team']))],
      [
        'a binding that was there before',
        (world) => {
          world.found(binding('ClusterRoleBinding', 'self-provisioners', 'ClusterRole/self-provisioner', ['Group/system:authenticated']));
          world.usually(() => undefined);
          world.write(
            'alice',
            binding('ClusterRoleBinding', 'self-provisioners', 'ClusterRole/self-provisioner', ['Group/system:authenticated'], {
              labels: { a: 'b' },
            }),
          );
        },
      ],
    ],
  },
  'new-admin-binding': {
    fires: [
      [
        'a user who becomes cluster-admin',
        bind('eve', 'User/mallory'),
        { actor: 'eve', severity: 'high', seen: /User\/mallory got all rights/ },
      ],
      ['an account that becomes cluster-admin', bind(undefined, 'ServiceAccount/shop/web')],
      [
        'a role with all rights that is not cluster-admin',
        (world) => {
          world.found(role('innocent', rule('*', '*', '*')));
          world.write('eve', binding('ClusterRoleBinding', 'made', 'ClusterRole/innocent', ['User/mallory']));
        },
      ],
      [
        'an account that comes with its release, by who installs things',
        (world) => {
          world.usually(() => world.request(helm, { verb: 'create', of: 'deployments.apps', in: 'x' }));
          world.write(
            helm,
            binding('ClusterRoleBinding', 'made', 'ClusterRole/cluster-admin', ['ServiceAccount/argocd/argocd'], release('argocd')),
          );
        },
        { severity: 'medium' },
      ],
    ],
    quiet: [
      [
        'a binding of another role',
        (world) => world.write('alice', binding('ClusterRoleBinding', 'made', 'ClusterRole/view', ['User/mallory'])),
      ],
      [
        'a user who is an administrator already',
        (world) => {
          world.found(binding('ClusterRoleBinding', 'admins', 'ClusterRole/cluster-admin', ['User/admin']));
          world.usually(() => undefined);
          bind('alice', 'User/admin')(world);
        },
      ],
      [
        'a change of a binding that leaves its subjects',
        (world) => {
          world.found(binding('ClusterRoleBinding', 'made', 'ClusterRole/cluster-admin', ['User/admin']));
          world.usually(() => undefined);
          world.write('alice', binding('ClusterRoleBinding', 'made', 'ClusterRole/cluster-admin', ['User/admin'], { labels: { a: 'b' } }));
        },
      ],
    ],
  },
  'role-gains-power': {
    fires: [
      ['a wildcard', gains('eve', rule('*', '*', '*')), { actor: 'eve', severity: 'high', seen: /gained the rights: everything/ }],
      ['escalate and bind', gains(undefined, rule('escalate bind', 'roles', 'rbac.authorization.k8s.io'))],
      ['exec into pods', gains('eve', rule('create', 'pods/exec'))],
      ['tokens', gains('eve', rule('create', 'serviceaccounts/token')), { seen: /create tokens/ }],
      ['kubelets', gains('eve', rule('get', 'nodes/proxy'))],
      ['a new role with a wildcard', (world) => world.write('eve', role('fresh', rule('*', '*', '*'))), { severity: 'medium' }],
    ],
    quiet: [
      ['a right that leads nowhere', gains('alice', rule('get list', 'services'))],
      [
        'a role that loses a wildcard',
        (world) => {
          world.found(role('strong', rule('*', '*', '*')));
          world.usually(() => undefined);
          world.write('alice', role('strong', rule('get', 'pods')));
        },
      ],
      ['a new role without power', (world) => world.write('alice', role('shop/reader', rule('get', 'configmaps')))],
      [
        'who installs such roles every day',
        (world) => {
          world.usually(() => world.write(helm, role(`release-${world.now}`, rule('*', '*', '*'))));
          world.write(helm, role('next', rule('*', '*', '*')));
        },
      ],
    ],
  },
  'system-role-changed': {
    fires: [
      [
        'a rule that is added',
        changesSystem('eve'),
        { actor: 'eve', severity: 'high', seen: /ClusterRole system:node, which Kubernetes made, has other rules/ },
      ],
      ['a rule that is added, without audit events', changesSystem(undefined)],
      [
        'a built-in role that is deleted',
        (world) => {
          world.found(builtIn('system:basic-user', rule('create', 'x')));
          world.usually(() => undefined);
          world.remove('eve', builtIn('system:basic-user', rule('create', 'x')));
        },
        { seen: /was deleted/ },
      ],
      [
        'a role whose label is removed with the change',
        (world) => {
          world.found(builtIn('system:discovery', rule('get', 'x')));
          world.usually(() => undefined);
          world.write('eve', role('system:discovery', rule('*', '*', '*')));
        },
      ],
    ],
    quiet: [
      ['the API server at its start', changesSystem('system:apiserver')],
      [
        'a role with such a name that software brings',
        (world) => {
          world.found(role('system:metrics-server', rule('get', 'pods')));
          world.usually(() => undefined);
          world.write('alice', role('system:metrics-server', rule('get', 'pods nodes')));
        },
      ],
      [
        'a label',
        (world) => {
          world.found(builtIn('system:node', rule('get', 'pods')));
          world.usually(() => undefined);
          world.write(
            'alice',
            object(
              'ClusterRole',
              'system:node',
              { rules: [rule('get', 'pods')] },
              { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', a: 'b' } },
            ),
          );
        },
      ],
      [
        'rules in another order',
        (world) => {
          world.found(builtIn('system:node', rule('get', 'pods'), rule('get', 'nodes')));
          world.usually(() => undefined);
          world.write('alice', builtIn('system:node', rule('get', 'nodes'), rule('get', 'pods')));
        },
      ],
    ],
  },
  'account-switched': {
    fires: [
      [
        'a pod that uses a powerful account',
        powerfulPod('eve'),
        { actor: 'eve', severity: 'high', seen: /runs as ServiceAccount ops\/operator, which can: .*read secrets/ },
      ],
      ['a pod that uses a powerful account, without audit events', powerfulPod(undefined)],
      [
        'a workload that is switched',
        (world) => {
          powerfulAccount(world);
          world.found(deployment('default'));
          world.usually(() => undefined);
          world.write('eve', deployment('operator'));
        },
      ],
      [
        'an account that may write roles',
        (world) => {
          world.found(
            object('ServiceAccount', 'ops/operator', {}, { creationTimestamp: '2026-01-01T00:00:00Z' }),
            role('writer', rule('create', 'clusterrolebindings', 'rbac.authorization.k8s.io')),
          );
          world.found(binding('ClusterRoleBinding', 'writer', 'ClusterRole/writer', ['ServiceAccount/ops/operator']));
          world.usually(() => undefined);
          world.write('eve', deployment('operator'));
        },
        { seen: /write roles/ },
      ],
    ],
    quiet: [
      [
        'an account without such rights',
        (world) => {
          world.found(object('ServiceAccount', 'ops/plain'));
          world.usually(() => undefined);
          world.write('alice', deployment('plain'));
        },
      ],
      [
        'a new version of the workload of the account',
        (world) => {
          powerfulAccount(world);
          world.found(deployment('operator'));
          world.usually(() => undefined);
          world.write('alice', deployment('operator', 'operator:2'));
        },
      ],
      [
        'an account that comes with its workload',
        (world) => {
          world.usually(() => undefined);
          world.write('alice', object('ServiceAccount', 'ops/operator'));
          world.write('alice', role('reader', rule('get list watch', 'secrets')));
          world.write('alice', binding('ClusterRoleBinding', 'reader', 'ClusterRole/reader', ['ServiceAccount/ops/operator']));
          world.write('alice', deployment('operator'));
        },
      ],
      [
        'the pods of the workload',
        (world) => {
          powerfulAccount(world);
          world.found(deployment('operator'));
          world.usually(() => undefined);
          world.write(
            account('kube-system', 'replicaset-controller'),
            object(
              'Pod',
              'ops/operator-5d4f8c7b9-x2k4v',
              { spec: { serviceAccountName: 'operator' } },
              {
                ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'operator-5d4f8c7b9', uid: 'u', controller: true }],
              },
            ),
          );
        },
      ],
    ],
  },
};

function powerfulAccount(world: World): void {
  world.found(
    object('ServiceAccount', 'ops/operator', {}, { creationTimestamp: '2026-01-01T00:00:00Z' }),
    role('reader', rule('get list watch', 'secrets')),
  );
  world.found(binding('ClusterRoleBinding', 'reader', 'ClusterRole/reader', ['ServiceAccount/ops/operator']));
}

function powerfulPod(user: string | undefined) {
  return (world: World): void => {
    powerfulAccount(world);
    world.found(deployment('operator'));
    world.usually(() => undefined);
    world.write(
      user,
      object('Pod', 'ops/helper', { spec: { serviceAccountName: 'operator', containers: [{ name: 'a', image: 'alpine' }] } }),
    );
  };
}

function deployment(serviceAccountName: string, image = 'operator:1') {
  return object('Deployment', 'ops/operator', {
    spec: { replicas: 1, template: { spec: { serviceAccountName, containers: [{ name: 'a', image }] } } },
  });
}
