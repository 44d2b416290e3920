import { certificateRequest } from '../../certificate-request.ts';
import { http } from '../../http.ts';
import { binding, managedBy, node, object, pod, podSpec, release, rule, workload } from '../../objects.ts';
import { account as sa, day } from '../../world.ts';
import { exec, hostPath, role, type Attack } from '../trace.ts';

const argo = sa('argocd', 'argocd-application-controller');
const argoAgent = { agent: 'argocd-application-controller/v0.0.0 (linux/amd64) kubernetes/$Format' };
const fluxAgent = { agent: 'kustomize-controller/v1.4.0' };
const helmAgent = { agent: 'Helm/4.0.0' };

/** Usual work of Argo CD, and what it takes the attacker for. */
const gitOps = (world: Parameters<Attack[1]>[0]): void =>
  world.usually(() => {
    http(world, argo, 'GET /api/v1/namespaces?limit=500', argoAgent);
    world.write(
      argo,
      workload('Deployment', 'shop/web', podSpec(`web:${world.now}`), { metadata: managedBy('argocd-controller') }),
      argoAgent,
    );
  });

/** Attacks that name themselves like somebody who is trusted. */
export const disguises: readonly Attack[] = [
  [
    'a Deployment is changed with the program and the field manager of Argo CD',
    (world) => {
      gitOps(world);
      world.write(
        'eve',
        workload('Deployment', 'shop/web', podSpec('web:evil', {}, { command: ['sh'] }), { metadata: managedBy('argocd-controller') }),
        argoAgent,
      );
    },
    ['changed-by-new-actor'],
    'eve',
  ],
  [
    'an account with the name of that of Argo CD in another namespace',
    (world) => {
      gitOps(world);
      const fake = sa('shop', 'argocd-application-controller');
      world.write(
        fake,
        workload('Deployment', 'shop/web', podSpec('web:evil', {}, { command: ['sh'] }), { metadata: managedBy('argocd-controller') }),
        argoAgent,
      );
      http(world, fake, 'GET /api/v1/secrets', argoAgent);
    },
    ['changed-by-new-actor', 'cluster-wide-secret-list'],
    sa('shop', 'argocd-application-controller'),
  ],
  [
    'an account in kube-system with the name of a controller',
    (world) => {
      world.write('eve', object('ServiceAccount', 'kube-system/endpoint-controler'));
      http(world, 'eve', 'POST /api/v1/namespaces/kube-system/serviceaccounts/endpoint-controler/token');
      http(world, sa('kube-system', 'endpoint-controler'), 'GET /api/v1/secrets', {
        agent: 'kube-controller-manager/v1.36.0 (linux/amd64) kubernetes/abc/system:serviceaccount:kube-system:endpoint-controller',
      });
    },
    ['system-namespace-newcomer', 'token-request:high', 'cluster-wide-secret-list'],
    sa('kube-system', 'endpoint-controler'),
  ],
  [
    'the token of a real controller makes a pod',
    (world) => {
      http(world, 'eve', 'POST /api/v1/namespaces/kube-system/serviceaccounts/daemon-set-controller/token');
      world.write(sa('kube-system', 'daemon-set-controller'), pod('kube-system/x', podSpec('alpine', hostPath('/'))));
    },
    ['token-request:high', 'host-takeover-pod'],
    'eve',
  ],
  [
    'a user with the name of the controller manager and other groups',
    (world) => http(world, 'system:kube-controller-manager', 'GET /api/v1/secrets', { from: '203.0.113.9', agent: 'curl/8.5.0' }),
    ['cluster-wide-secret-list'],
    'system:kube-controller-manager',
  ],
  [
    'a user with a name like that of the API server',
    (world) => http(world, 'system:apiservers', 'GET /api/v1/secrets', { from: '203.0.113.9' }),
    ['cluster-wide-secret-list'],
    'system:apiservers',
  ],
  [
    'a user whose name is a path',
    (world) => http(world, 'system:serviceaccount:argocd:argocd-application-controller:x', 'GET /api/v1/secrets', argoAgent),
    ['cluster-wide-secret-list'],
  ],
  [
    'a user with the name of an administrator in other letters',
    (world) => http(world, 'Alice', 'GET /api/v1/secrets'),
    ['cluster-wide-secret-list', 'new-principal'],
    'Alice',
  ],
  [
    'a release of Helm that was never installed',
    (world) =>
      world.write(
        'eve',
        binding(
          'ClusterRoleBinding',
          'ingress-nginx',
          'ClusterRole/cluster-admin',
          ['ServiceAccount/shop/ingress-nginx'],
          release('ingress-nginx'),
        ),
        helmAgent,
      ),
    ['new-admin-binding'],
    'eve',
  ],
  [
    'a DaemonSet of the network plugin that has another image',
    (world) => {
      world.found(
        workload(
          'DaemonSet',
          'kube-system/aws-node',
          podSpec('602401143452.dkr.ecr.us-east-1.amazonaws.com/amazon-k8s-cni', { hostNetwork: true }),
          { metadata: managedBy('eks') },
        ),
      );
      world.write(
        'eve',
        workload('DaemonSet', 'kube-system/aws-node', podSpec('docker.io/amazon-k8s/cni', { hostNetwork: true }), {
          metadata: managedBy('eks'),
        }),
        { agent: 'eks-addon/1.0' },
      );
    },
    ['changed-by-new-actor'],
    'eve',
  ],
  [
    'a container that is added to kube-proxy',
    (world) => {
      const proxy = (containers: readonly unknown[]) => workload('DaemonSet', 'kube-system/kube-proxy', { containers, hostNetwork: true });
      const own = { name: 'kube-proxy', image: 'registry.k8s.io/kube-proxy:v1.36.0', securityContext: { privileged: true } };
      world.found(proxy([own]));
      world.write('eve', proxy([own, { name: 'metrics', image: 'registry.k8s.io.example/metrics' }]), { agent: 'kubeadm/v1.36.0' });
    },
    ['changed-by-new-actor'],
    'eve',
  ],
  [
    'another tag of the same image',
    (world) => {
      gitOps(world);
      world.write(
        'eve',
        workload('Deployment', 'shop/web', podSpec('web:v1.0.1-hotfix'), { metadata: managedBy('kustomize-controller') }),
        fluxAgent,
      );
    },
    ['changed-by-new-actor'],
    'eve',
  ],
  [
    'webhook with the name of that of cert-manager',
    (world) =>
      world.write(
        'eve',
        object(
          'MutatingWebhookConfiguration',
          'cert-manager-webhooks',
          {
            webhooks: [
              {
                clientConfig: { service: { namespace: 'cert-manager', name: 'cert-manager-webhooks' } },
                rules: [{ apiGroups: ['*'], resources: ['*/*'] }],
              },
            ],
          },
          release('cert-manager'),
        ),
        helmAgent,
      ),
    ['webhook-configuration:critical'],
    'eve',
  ],
  [
    'role with the label of a default role',
    (world) =>
      world.write('eve', role('system:public-info', [rule('*', '*', '*')], { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } })),
    ['role-gains-power'],
    'eve',
  ],
  [
    'a certificate as a kubelet would ask for it, by an account',
    (world) => {
      const velero = sa('velero', 'velero');
      world.write(
        velero,
        object('CertificateSigningRequest', 'csr-x7k2p', {
          spec: {
            signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
            username: velero,
            request: certificateRequest('system:node:node-z', 'system:nodes'),
          },
        }),
      );
    },
    ['certificate-request'],
    sa('velero', 'velero'),
  ],
  [
    'a node that names itself like one of the pool, from the network of an attacker',
    (world) => {
      world.found(node('node-a', '10.0.0.1'), node('node-b', '10.0.0.2'));
      http(world, 'system:node:node-b', 'GET /api/v1/namespaces/shop/secrets/db', {
        from: '203.0.113.9',
        groups: ['system:nodes', 'system:authenticated'],
      });
    },
    ['node-identity-from-elsewhere'],
    'system:node:node-b',
  ],
  [
    'the token of Argo CD from a pod of the shop',
    (world) => {
      gitOps(world);
      world.found(node('node-a', '10.0.0.1', { range: '10.244.0.0/24' }));
      world.write(
        undefined,
        pod(
          'argocd/argocd-application-controller-0',
          podSpec('argocd', { nodeName: 'node-a', serviceAccountName: 'argocd-application-controller' }),
          { ip: '10.244.0.7' },
        ),
      );
      world.write(undefined, pod('shop/web-5d4f8c7b9-x2k4v', podSpec('web', { nodeName: 'node-a' }), { ip: '10.244.0.9' }));
      http(world, argo, 'GET /api/v1/namespaces?limit=500', {
        ...argoAgent,
        from: '10.244.0.9',
        extra: { 'authentication.kubernetes.io/pod-name': ['argocd-application-controller-0'] },
      });
    },
    ['token-from-elsewhere'],
    argo,
  ],
  [
    'addresses that the client adds itself hide nothing',
    (world) => {
      world.found(node('node-a', '10.0.0.1'));
      http(world, 'system:node:node-a', 'GET /api/v1/namespaces/shop/secrets/db', {
        from: '203.0.113.9',
        groups: ['system:nodes', 'system:authenticated'],
        agent: 'kubelet/v1.36.0 (linux/amd64) kubernetes/abc',
      });
    },
    ['node-identity-from-elsewhere'],
    'system:node:node-a',
  ],
  [
    'session by the account of a debugger in another namespace',
    (world) => {
      world.usually(() => exec(world, sa('ci', 'runner'), ['sh'], { pod: 'ci/pods/build-5d4f8c7b9-x2k4v' }));
      exec(world, sa('ci', 'runner'), ['sh'], { pod: 'bank/pods/db-0' });
    },
    ['exec-into-pod'],
    sa('ci', 'runner'),
  ],
  [
    'a job of a person with the name of a CronJob that exists',
    (world) => {
      world.found(workload('CronJob', 'shop/backup', podSpec('backup')));
      world.write(
        'eve',
        workload('Job', 'shop/backup-29018880', podSpec('alpine', hostPath('/etc')), {
          metadata: { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'backup', uid: 'u', controller: true }] },
        }),
      );
    },
    ['new-host-access'],
    'eve',
  ],
  [
    'an administrator from another network with another program',
    (world) => {
      world.found(binding('ClusterRoleBinding', 'admins', 'ClusterRole/cluster-admin', ['User/alice']));
      world.usually(() => http(world, 'alice', 'GET /api/v1/namespaces/shop/pods'));
      http(world, 'alice', 'GET /api/v1/namespaces/shop/pods', { from: '203.0.113.9', agent: 'python-requests/2.31.0' });
    },
    ['new-principal'],
    'alice',
  ],
  [
    'a namespace with a name like that of a preview reads Secrets like its brothers',
    (world) => {
      world.usually(() =>
        http(world, sa(`pr-${1000 + (Math.floor(world.now / day) % 1000)}`, 'web'), 'GET /api/v1/namespaces/shop/configmaps/a'),
      );
      http(world, sa('pr-4711', 'web'), 'GET /api/v1/namespaces/bank/secrets/db');
    },
    ['secret-read'],
    sa('pr-4711', 'web'),
  ],
];
