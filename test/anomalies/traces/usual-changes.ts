import { http } from '../http.ts';
import { binding, node, object, ownedBy, pod, podSpec, release, rule, workload } from '../objects.ts';
import { account as sa, hour, minute } from '../world.ts';
import { named, type UsualWork } from './trace.ts';

const hpa = sa('kube-system', 'horizontal-pod-autoscaler');
const dep = sa('kube-system', 'deployment-controller');
const rs = sa('kube-system', 'replicaset-controller');

/** Changes that people and programs make in their work. */
export const usualChanges: readonly UsualWork[] = [
  [
    'cert-manager csr for own signer',
    (world) => {
      const c = object('CertificateSigningRequest', 'istio-x', {
        spec: { signerName: 'clusterissuers.cert-manager.io/ca', username: sa('istio-system', 'istiod'), request: '' },
      });
      world.write(sa('istio-system', 'istiod'), c, { of: 'certificatesigningrequests.certificates.k8s.io' });
    },
  ],
  [
    'HPA scales by the scale subresource',
    (world) => {
      const d = (n: number) =>
        workload('Deployment', 'shop/web', podSpec('web', {}, { resources: { requests: { cpu: '100m' } } }), { replicas: n });
      world.write('deployer', d(2));
      world.wait(hour);
      world.write(hpa, d(4), { of: 'deployments.apps/scale', verb: 'update' });
      world.wait(minute);
      for (let i = 0; i < 8; i += 1) {
        world.wait(minute);
        http(world, 'alice', 'GET /api/v1/namespaces/shop/pods');
      }
      world.wait(minute);
    },
  ],
  [
    'quota refuses: condition in status',
    (world) => {
      const d = (c: readonly unknown[]) => ({
        ...workload('ReplicaSet', 'shop/web-5d4f8c7b9', podSpec('web'), { metadata: ownedBy('Deployment', 'web') }),
        status: { conditions: c },
      });
      world.write(dep, d([]));
      world.wait(hour);
      world.write(rs, d([{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota: x' }]), {
        of: 'replicasets.apps/status',
        verb: 'update',
      });
      for (let i = 0; i < 8; i += 1) {
        world.wait(minute);
        http(world, 'alice', 'GET /api/v1/namespaces/shop/pods');
      }
      world.wait(minute);
    },
  ],
  [
    'node drain: evictions and deletions by kubelet',
    (world) => {
      const ps = [0, 1, 2, 3, 4, 5].map((i) =>
        pod(`shop/web-5d4f8c7b9-${named(i)}`, podSpec('web', { nodeName: 'node-a' }), { metadata: ownedBy('ReplicaSet', 'web-5d4f8c7b9') }),
      );
      world.found(node('node-a', '10.0.0.1'), ...ps);
      for (const p of ps) {
        http(world, 'admin', `POST /api/v1/namespaces/shop/pods/${p.metadata.name}/eviction`);
        world.wait(30_000);
        http(world, 'system:node:node-a', `DELETE /api/v1/namespaces/shop/pods/${p.metadata.name}`, {
          from: '10.0.0.1',
          groups: ['system:nodes', 'system:authenticated'],
        });
        world.remove(undefined, p);
      }
      for (let i = 0; i < 8; i += 1) {
        world.wait(minute);
        http(world, 'alice', 'GET /api/v1/namespaces/shop/pods');
      }
    },
  ],
  [
    'cluster-autoscaler adds a node of a known pool',
    (world) => {
      world.found(node('node-a', '10.0.0.1'));
      world.write('system:node:node-b', node('node-b', '10.0.0.2'));
    },
  ],
  [
    'kubelet csr by bootstrap token',
    (world) => {
      world.usually(() => http(world, 'system:bootstrap:abcdef', 'GET /api/v1/namespaces/kube-system/configmaps/kubeadm-config'));
      const c = (cond: readonly unknown[]) =>
        object('CertificateSigningRequest', 'csr-x', {
          spec: { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', username: 'system:bootstrap:abcdef', request: '' },
          status: { conditions: cond },
        });
      world.write('system:bootstrap:abcdef', c([]), { of: 'certificatesigningrequests.certificates.k8s.io' });
      world.write(sa('kube-system', 'certificate-controller'), c([{ type: 'Approved' }]), {
        of: 'certificatesigningrequests.certificates.k8s.io/approval',
        verb: 'update',
      });
    },
  ],
  [
    'kubelet serving csr on EKS approved',
    (world) => {
      const c = object('CertificateSigningRequest', 'csr-y', {
        spec: { signerName: 'kubernetes.io/kubelet-serving', username: 'system:node:ip-10-0-0-1', request: '' },
      });
      world.write('system:node:ip-10-0-0-1', c, { groups: ['system:nodes'], of: 'certificatesigningrequests.certificates.k8s.io' });
    },
  ],
  [
    'cronjob runs',
    (world) => {
      const v = () =>
        world.write(
          sa('kube-system', 'cronjob-controller'),
          workload('Job', `shop/backup-${Math.floor(world.now / 60000)}`, podSpec('backup'), { metadata: ownedBy('CronJob', 'backup') }),
        );
      world.usually(v);
      v();
    },
  ],
  [
    'kubectl create job --from by an on-call person is low',
    (world) => {
      world.found(workload('CronJob', 'shop/backup', podSpec('backup')));
      world.write('alice', workload('Job', 'shop/manual-1', podSpec('backup'), { metadata: ownedBy('CronJob', 'backup') }));
    },
  ],
  [
    'daemonset pods with host access',
    (world) => {
      world.found(
        workload('DaemonSet', 'monitoring/ne', podSpec('ne', { hostPID: true, volumes: [{ name: 'r', hostPath: { path: '/' } }] })),
      );
      for (let i = 0; i < 5; i += 1)
        world.write(
          sa('kube-system', 'daemon-set-controller'),
          pod(`monitoring/ne-${named(i)}`, podSpec('ne', { hostPID: true, volumes: [{ name: 'r', hostPath: { path: '/' } }] }), {
            metadata: ownedBy('DaemonSet', 'ne'),
          }),
        );
    },
  ],
  [
    'k3s controllers make pods as the controller manager',
    (world) => {
      world.found(
        workload('DaemonSet', 'kube-system/svclb', podSpec('klipper', {}, { securityContext: { capabilities: { add: ['NET_ADMIN'] } } })),
      );
      world.write(
        'system:kube-controller-manager',
        pod('kube-system/svclb-abcde', podSpec('klipper', {}, { securityContext: { capabilities: { add: ['NET_ADMIN'] } } }), {
          metadata: ownedBy('DaemonSet', 'svclb'),
        }),
      );
    },
  ],
  [
    'upgrade: default roles made again by the API server',
    (world) => {
      world.usually(() => http(world, 'system:apiserver', 'GET /api/v1/namespaces', { groups: ['system:masters'] }));
      world.write(
        'system:apiserver',
        object(
          'ClusterRole',
          'system:controller:new-controller',
          { rules: [rule('escalate', 'clusterroles', 'rbac.authorization.k8s.io')] },
          { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
        ),
        { groups: ['system:masters'] },
      );
      world.write(
        'system:apiserver',
        binding('ClusterRoleBinding', 'system:controller:new-controller', 'ClusterRole/system:controller:new-controller', [
          'ServiceAccount/kube-system/new-controller',
        ]),
        { groups: ['system:masters'] },
      );
    },
  ],
  [
    'operator installed by helm with role that reads secrets',
    (world) => {
      world.usually(() => http(world, 'deployer', 'GET /api/v1/namespaces/x/pods'));
      world.write('deployer', object('ClusterRole', 'op', { rules: [rule('get list watch', 'secrets')] }, release('op')));
      world.write('deployer', binding('ClusterRoleBinding', 'op', 'ClusterRole/op', ['ServiceAccount/op/op'], release('op')));
    },
  ],
  [
    'chart upgrade adds secrets to the role of a release',
    (world) => {
      const r = (x: readonly unknown[]) => object('ClusterRole', 'op', { rules: [rule('get', 'pods'), ...x] }, release('op'));
      world.found(r([]));
      world.write('deployer', r([rule('get list watch', 'secrets')]));
    },
  ],
  [
    'CRD role aggregated to edit by a chart',
    (world) => {
      world.write(
        'deployer',
        object(
          'ClusterRole',
          'op-edit',
          { rules: [rule('get list watch create update patch delete', 'widgets', 'example.com')] },
          { labels: { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' } },
        ),
      );
    },
  ],
  [
    'edit bound in a namespace',
    (world) => {
      world.found(
        object('ClusterRole', 'edit', { rules: [rule('impersonate', 'serviceaccounts'), rule('create', 'serviceaccounts/token')] }),
      );
      world.write('admin', binding('RoleBinding', 'shop/devs', 'ClusterRole/edit', ['Group/devs']));
    },
  ],
  [
    'view bound cluster-wide',
    (world) => {
      world.found(object('ClusterRole', 'view', { rules: [rule('get list watch', 'pods')] }));
      world.write('admin', binding('ClusterRoleBinding', 'devs', 'ClusterRole/view', ['Group/devs']));
    },
  ],
  [
    'namespace deleted with everything',
    (world) => {
      const ds = 'abcdefghijklmno'.split('').map((x) => workload('Deployment', `pr-1/${x}x`, podSpec('a')));
      const ns = object('Namespace', 'pr-1');
      world.found(ns, ...ds);
      world.remove('deployer', ns);
      for (const d of ds) world.remove(sa('kube-system', 'namespace-controller'), d);
      http(world, sa('kube-system', 'namespace-controller'), 'DELETE /api/v1/namespaces/pr-1/secrets');
      http(world, sa('kube-system', 'namespace-controller'), 'DELETE /api/v1/namespaces/pr-1/events');
    },
  ],
  [
    'gatekeeper, kyverno: certificate of webhook rotated',
    (world) => {
      const o = (ca: string) =>
        object('ValidatingWebhookConfiguration', 'kyverno', {
          webhooks: [{ clientConfig: { caBundle: ca, service: { namespace: 'kyverno', name: 'k' } }, rules: [] }],
        });
      world.found(o('a'));
      world.write(sa('cert-manager', 'cainjector'), o('b'));
    },
  ],
  [
    'CI job creates a pod by gitlab runner',
    (world) => {
      const v = () =>
        world.write(
          sa('ci', 'runner'),
          pod(
            `ci/runner-abc-project-1-concurrent-0-${Math.floor(world.now / 1000)}`,
            podSpec('gitlab-helper', {}, { command: ['sh', '-c', 'if [ -x /usr/local/bin/bash ]; then exec bash; fi'] }),
          ),
        );
      world.usually(v);
      v();
    },
  ],
  [
    'fluent-bit installed by helm',
    (world) => {
      world.usually(() => world.write('deployer', workload('DaemonSet', 'logging/old', podSpec('old'))));
      world.write(
        'deployer',
        workload(
          'DaemonSet',
          'logging/fb',
          podSpec('fluent-bit', {
            volumes: [
              { name: 'v', hostPath: { path: '/var/log' } },
              { name: 'p', hostPath: { path: '/var/log/pods' } },
              { name: 'c', hostPath: { path: '/var/lib/docker/containers' } },
            ],
          }),
          { metadata: release('fb') },
        ),
      );
    },
    'medium',
  ],
  [
    'longhorn instance manager owned by a custom resource',
    (world) => {
      world.usually(() =>
        world.write(
          sa('longhorn-system', 'longhorn'),
          pod(
            `longhorn-system/instance-manager-${Math.floor(world.now / 1000)}`,
            podSpec('lim', { hostPID: true }, { securityContext: { privileged: true } }),
            {
              metadata: {
                ownerReferences: [{ apiVersion: 'longhorn.io/v1', kind: 'InstanceManager', name: 'x', uid: 'u', controller: true }],
              },
            },
          ),
        ),
      );
      world.write(
        sa('longhorn-system', 'longhorn'),
        pod('longhorn-system/instance-manager-zz', podSpec('lim', { hostPID: true }, { securityContext: { privileged: true } }), {
          metadata: { ownerReferences: [{ apiVersion: 'longhorn.io/v1', kind: 'InstanceManager', name: 'x', uid: 'u', controller: true }] },
        }),
      );
    },
  ],
  [
    'VAP gets another validation',
    (world) => {
      const v = (n: number) =>
        object('ValidatingAdmissionPolicy', 'p', { spec: { validations: Array.from({ length: n }, () => ({ expression: 'x' })) } });
      world.found(v(1));
      world.write('deployer', v(2));
    },
  ],
];
