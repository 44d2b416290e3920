import { certificateRequest } from '../../certificate-request.ts';
import { http } from '../../http.ts';
import { binding, node, object, ownedBy, pod, podSpec, release, rule, workload } from '../../objects.ts';
import { account as sa, minute } from '../../world.ts';
import { atWork, exec, hostPath, role, type Attack } from '../trace.ts';

const web = sa('shop', 'web');
const csr = (username: string, signerName: string, request: string) =>
  object('CertificateSigningRequest', 'x', { spec: { signerName, username, request } });
const kubeletClient = 'kubernetes.io/kube-apiserver-client-kubelet';
const apiClient = 'kubernetes.io/kube-apiserver-client';
const csrOf =
  (user: string, signer: string, request: string, options: { readonly groups?: readonly string[] } = {}): Attack[1] =>
  (world) =>
    world.write(user, csr(user, signer, request), { of: 'certificatesigningrequests.certificates.k8s.io', ...options });

/** Techniques of MITRE ATT&CK for containers and of the threat matrix for Kubernetes. */
export const techniques: readonly Attack[] = [
  [
    'stratus: client certificate of an administrator',
    csrOf('eve', apiClient, certificateRequest('kube-admin', 'system:masters')),
    ['certificate-request:critical'],
    'eve',
  ],
  [
    'certificate for a controller of the system',
    csrOf('eve', apiClient, certificateRequest('system:kube-controller-manager')),
    ['certificate-request:critical'],
    'eve',
  ],
  [
    'certificate in the name of the account of a GitOps controller',
    csrOf('eve', apiClient, certificateRequest('system:serviceaccount:argocd:argocd-application-controller')),
    ['certificate-request:critical'],
    'eve',
  ],
  [
    'certificate of a node that a person asks for',
    csrOf('eve', kubeletClient, certificateRequest('system:node:node-a', 'system:nodes')),
    ['certificate-request'],
    'eve',
  ],
  [
    'certificate of a node that exists, by a stolen bootstrap token',
    (world) => {
      world.found(node('node-a', '10.0.0.1'));
      csrOf('system:bootstrap:abcdef', kubeletClient, certificateRequest('system:node:node-a', 'system:nodes'), {
        groups: ['system:bootstrappers', 'system:authenticated'],
      })(world);
    },
    ['certificate-request'],
    'system:bootstrap:abcdef',
  ],
  [
    'certificate of masters by a stolen bootstrap token',
    csrOf('system:bootstrap:abcdef', kubeletClient, certificateRequest('system:node:node-a', 'system:masters')),
    ['certificate-request:critical'],
    'system:bootstrap:abcdef',
  ],
  [
    'a kubelet asks for the certificate of another node',
    csrOf('system:node:node-a', kubeletClient, certificateRequest('system:node:node-b', 'system:nodes'), {
      groups: ['system:nodes', 'system:authenticated'],
    }),
    ['certificate-request'],
    'system:node:node-a',
  ],
  [
    'bootstrap token that a person makes',
    (world) => http(world, 'eve', 'POST /api/v1/namespaces/kube-system/secrets', { name: 'bootstrap-token-abcdef' }),
    ['token-request'],
    'eve',
  ],
  [
    'Secret with a token of an account that never expires, and its read',
    (world) => {
      http(world, 'eve', 'POST /api/v1/namespaces/kube-system/secrets', { name: 'metrics-token' });
      http(world, 'eve', 'GET /api/v1/namespaces/kube-system/secrets/metrics-token');
    },
    ['secret-read'],
    'eve',
  ],
  [
    'kubectl debug node: a pod of the node',
    (world) => {
      world.write(
        'eve',
        pod(
          'default/node-debugger-node-a-8xk2p',
          podSpec('busybox', { hostPID: true, hostIPC: true, hostNetwork: true, nodeName: 'node-a', ...hostPath('/') }),
        ),
      );
      http(
        world,
        'eve',
        'POST /api/v1/namespaces/default/pods/node-debugger-node-a-8xk2p/attach?container=debugger&stdin=true&stdout=true&tty=true',
      );
    },
    ['host-takeover-pod:critical', 'exec-into-pod'],
    'eve',
  ],
  [
    'kubectl cp of the token of the pod',
    (world) => exec(world, 'eve', ['tar', 'cf', '-', '/var/run/secrets/kubernetes.io/serviceaccount/token']),
    ['suspicious-exec'],
    'eve',
  ],
  ['kubectl cp of all that is mounted', (world) => exec(world, 'eve', ['tar', 'cf', '-', '/var/run/secrets']), ['suspicious-exec'], 'eve'],
  ['kubectl cp of a tool into the container', (world) => exec(world, 'eve', ['tar', '-xmf', '-', '-C', '/tmp']), ['exec-into-pod'], 'eve'],
  [
    'port-forward to etcd',
    (world) => http(world, 'eve', 'GET /api/v1/namespaces/kube-system/pods/etcd-node-a/portforward'),
    ['exec-into-pod'],
    'eve',
  ],
  [
    'privileged ephemeral container',
    (world) => {
      const one = (ephemeralContainers: readonly unknown[]) =>
        pod('shop/web-5d4f8c7b9-x2k4v', { ...podSpec('web'), ephemeralContainers }, { metadata: ownedBy('ReplicaSet', 'web-5d4f8c7b9') });
      world.found(one([]));
      world.write('eve', one([{ name: 'debugger-x7k2p', image: 'busybox', securityContext: { privileged: true } }]), {
        of: 'pods/ephemeralcontainers',
      });
    },
    ['ephemeral-container-added', 'new-host-access:high'],
    'eve',
  ],
  [
    'sidecars by a webhook inside of the cluster',
    (world) =>
      world.write(
        'eve',
        object('MutatingWebhookConfiguration', 'pod-injector', {
          webhooks: [
            {
              clientConfig: { service: { namespace: 'default', name: 'injector' } },
              rules: [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }],
            },
          ],
        }),
      ),
    ['webhook-configuration:high'],
    'eve',
  ],
  [
    'the injector of a mesh gets another target',
    (world) => {
      const one = (namespace: string) =>
        object('MutatingWebhookConfiguration', 'istio-sidecar-injector', {
          webhooks: [{ clientConfig: { service: { namespace, name: 'istiod' } }, rules: [{ apiGroups: [''], resources: ['pods'] }] }],
        });
      world.found(one('istio-system'));
      world.write('eve', one('istio-systen'));
    },
    ['webhook-configuration:high'],
    'eve',
  ],
  [
    'sidecars by a MutatingAdmissionPolicy',
    (world) =>
      world.write(
        'eve',
        object('MutatingAdmissionPolicy', 'inject', {
          spec: {
            matchConstraints: { resourceRules: [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }] },
            mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }],
          },
        }),
        { of: 'mutatingadmissionpolicies.admissionregistration.k8s.io' },
      ),
    ['webhook-configuration'],
    'eve',
  ],
  [
    'an API group is served by a Service of the attacker',
    (world) =>
      world.write(
        'eve',
        object('APIService', 'v1beta1.metrics.k8s.io', {
          spec: {
            group: 'metrics.k8s.io',
            version: 'v1beta1',
            insecureSkipTLSVerify: true,
            service: { namespace: 'default', name: 'metrics' },
          },
        }),
        { of: 'apiservices.apiregistration.k8s.io' },
      ),
    ['webhook-configuration'],
    'eve',
  ],
  [
    'metrics are served by another Service than before',
    (world) => {
      const one = (namespace: string) =>
        object('APIService', 'v1beta1.metrics.k8s.io', {
          spec: { group: 'metrics.k8s.io', version: 'v1beta1', service: { namespace, name: 'metrics-server' } },
        });
      world.found(one('kube-system'));
      world.write('eve', one('shop'), { of: 'apiservices.apiregistration.k8s.io' });
    },
    ['webhook-configuration'],
    'eve',
  ],
  [
    'request headers that the API server trusts',
    (world) => {
      const one = (ca: string) =>
        object('ConfigMap', 'kube-system/extension-apiserver-authentication', { data: { 'requestheader-client-ca-file': ca } });
      world.found(one('a'));
      world.write('eve', one('b'));
    },
    ['cluster-dns-or-auth-changed'],
    'eve',
  ],
  [
    'a RoleBinding of admin in kube-system',
    (world) => {
      world.found(
        role('admin', [
          rule('*', 'pods services secrets serviceaccounts'),
          rule('impersonate', 'serviceaccounts'),
          rule('create', 'serviceaccounts/token'),
        ]),
      );
      world.write('eve', binding('RoleBinding', 'kube-system/team', 'ClusterRole/admin', ['User/mallory']));
    },
    ['new-admin-binding'],
    'eve',
  ],
  [
    'all accounts of a namespace become administrators',
    (world) => world.write('eve', binding('ClusterRoleBinding', 'ci', 'ClusterRole/cluster-admin', ['Group/system:serviceaccounts:shop'])),
    ['new-admin-binding:high'],
    'eve',
  ],
  [
    'a role for ephemeral containers',
    (world) => world.write('eve', role('debug', [rule('patch update', 'pods/ephemeralcontainers')])),
    ['role-gains-power'],
    'eve',
  ],
  [
    'a role for reads through kubelets',
    (world) => world.write('eve', role('metrics', [rule('get', 'nodes/proxy')])),
    ['role-gains-power'],
    'eve',
  ],
  [
    'a role by a wildcard of subresources',
    (world) => world.write('eve', role('tokens', [rule('create', '*/token')])),
    ['role-gains-power'],
    'eve',
  ],
  [
    'a role for constrained impersonation',
    (world) => world.write('eve', role('support', [rule('impersonate:serviceaccount', 'serviceaccounts', 'authentication.k8s.io')])),
    ['role-gains-power'],
    'eve',
  ],
  [
    'a role that approves certificates of every signer',
    (world) =>
      world.write(
        'eve',
        role('approver', [
          rule('update', 'certificatesigningrequests/approval', 'certificates.k8s.io'),
          rule('approve', 'signers', 'certificates.k8s.io'),
        ]),
      ),
    ['role-gains-power'],
    'eve',
  ],
  [
    'the agent that watches the nodes is deleted',
    (world) => {
      const falco = workload('DaemonSet', 'falco/falco', podSpec('falcosecurity/falco', {}, { securityContext: { privileged: true } }), {
        metadata: release('falco'),
      });
      world.found(falco);
      world.remove('eve', falco);
    },
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'the agent that watches the nodes runs on none',
    (world) => {
      const falco = (spec: object) => workload('DaemonSet', 'falco/falco', podSpec('falcosecurity/falco', { ...spec }));
      world.found(falco({}));
      world.write('eve', falco({ nodeSelector: { 'non-existing': 'true' } }));
    },
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'the admission controller is scaled to zero',
    (world) => {
      const kyverno = (replicas: number) =>
        workload('Deployment', 'kyverno/kyverno-admission-controller', podSpec('reg.kyverno.io/kyverno/kyverno'), { replicas });
      world.found(kyverno(3));
      world.write('eve', kyverno(0), { of: 'deployments.apps/scale' });
    },
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'an exception of Kyverno',
    (world) => http(world, 'eve', 'POST /apis/kyverno.io/v2/namespaces/kyverno/policyexceptions', { name: 'allow-all' }),
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'a policy of Kyverno is deleted',
    (world) => http(world, 'eve', 'DELETE /apis/kyverno.io/v1/clusterpolicies/disallow-privileged'),
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'a policy of Kyverno only audits',
    (world) => http(world, 'eve', 'PATCH /apis/kyverno.io/v1/clusterpolicies/disallow-privileged'),
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'namespaces that Gatekeeper leaves out',
    (world) => http(world, 'eve', 'PATCH /apis/config.gatekeeper.sh/v1alpha1/namespaces/gatekeeper-system/configs/config'),
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'a constraint of Gatekeeper is deleted',
    (world) => http(world, 'eve', 'DELETE /apis/constraints.gatekeeper.sh/v1beta1/k8spspprivilegedcontainer/no-privileged'),
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'an exception of Vigil',
    (world) => http(world, 'eve', 'POST /apis/vigil.dev/v1alpha1/clustersecurityexceptions', { name: 'nothing-to-see' }),
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'a policy of the network plugin is deleted',
    (world) => http(world, 'eve', 'DELETE /apis/cilium.io/v2/ciliumclusterwidenetworkpolicies/default-deny'),
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'a NetworkPolicy that allows all beside one that denies all',
    (world) => {
      world.found(object('NetworkPolicy', 'shop/deny', { spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } }));
      world.write('eve', object('NetworkPolicy', 'shop/allow', { spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] } }));
    },
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'the default-deny NetworkPolicy of a namespace is deleted',
    (world) => {
      const deny = object('NetworkPolicy', 'shop/deny', { spec: { podSelector: {}, policyTypes: ['Ingress'] } });
      world.found(deny);
      world.remove('eve', deny);
    },
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'the quota of a namespace is deleted',
    (world) => {
      const quota = object('ResourceQuota', 'shop/quota', { spec: { hard: { 'limits.cpu': '8' } } });
      world.found(quota);
      world.remove('eve', quota);
    },
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'Argo Workflows runs a privileged pod',
    (world) => {
      const controller = sa('argo', 'argo-workflow-controller');
      world.usually(() =>
        world.write(controller, pod('argo/build-x7k2p', podSpec('docker.io/library/node'), { metadata: ownedBy('Workflow', 'build') })),
      );
      http(world, 'eve', 'POST /apis/argoproj.io/v1alpha1/namespaces/argo/workflows', { name: 'pwn' });
      world.write(
        controller,
        pod('argo/pwn-1234567890', podSpec('alpine', { hostPID: true }, { securityContext: { privileged: true } }), {
          metadata: ownedBy('Workflow', 'pwn'),
        }),
      );
    },
    ['new-host-access:high'],
    sa('argo', 'argo-workflow-controller'),
  ],
  [
    'a Helm release that makes its account an administrator',
    (world) => {
      world.write('eve', object('ServiceAccount', 'kube-system/tiller', {}, release('tiller')));
      world.write(
        'eve',
        binding('ClusterRoleBinding', 'tiller', 'ClusterRole/cluster-admin', ['ServiceAccount/kube-system/tiller'], release('tiller')),
      );
    },
    ['new-admin-binding', 'system-namespace-newcomer'],
    'eve',
  ],
  [
    'impersonation of a trusted account',
    (world) => http(world, 'eve', 'GET /api/v1/namespaces/shop/pods', { as: sa('argocd', 'argocd-application-controller') }),
    ['impersonation'],
    'eve',
  ],
  [
    'impersonation of a group of the system only',
    (world) =>
      http(world, 'alice', 'GET /api/v1/namespaces/shop/pods', { as: 'alice', asGroups: ['system:masters', 'system:authenticated'] }),
    ['impersonation:critical'],
    'alice',
  ],
  [
    'everything of the cluster is read as a backup would',
    (world) => {
      atWork(world, web);
      for (const resource of ['pods', 'services', 'nodes', 'namespaces', 'configmaps', 'secrets', 'serviceaccounts', 'endpoints'])
        for (const page of ['', '&continue=abc', '&continue=def'])
          http(world, web, `GET /api/v1/${resource}?limit=500${page}`, { agent: 'etcd-backup/1.0' });
      world.wait(minute);
    },
    ['enumeration', 'cluster-wide-secret-list'],
    web,
  ],
];
