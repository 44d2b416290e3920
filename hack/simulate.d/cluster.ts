import type { KubeObject } from '../../operator/api/metadata.ts';
import { minute, second, type ApiServer, type Client } from './api-server.ts';
import { bind, make, nodeObject, owned, podSpec, rule, workload } from './objects.ts';
import { controller, kubelet, scheduler } from './people.ts';
import type { Random } from './random.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A node that runs pods. */
interface SimulatedNode {
  readonly name: string;
  readonly index: number;
  readonly pool: string;
}

/** An application: its namespace, its workloads and who installs it. */
export interface Application {
  readonly namespace: string;
  readonly workloads: readonly string[];
  readonly by: 'argocd' | 'helm';
}

const operators: readonly (readonly [namespace: string, account: string, rules: readonly Fields[]])[] = [
  [
    'cert-manager',
    'cert-manager',
    [
      rule('get list watch create update delete', 'secrets'),
      rule('create', 'serviceaccounts/token'),
      rule('get list watch update', 'certificates issuers', 'cert-manager.io'),
    ],
  ],
  [
    'cert-manager',
    'cert-manager-cainjector',
    [
      rule('get list watch', 'secrets'),
      rule('get list watch update patch', 'mutatingwebhookconfigurations validatingwebhookconfigurations', 'admissionregistration.k8s.io'),
    ],
  ],
  ['external-secrets', 'external-secrets', [rule('get list watch create update', 'secrets'), rule('create', 'serviceaccounts/token')]],
  ['argocd', 'argocd-application-controller', [rule('*', '*', '*')]],
  ['monitoring', 'prometheus', [rule('get', 'nodes/metrics'), rule('get list watch', 'pods services endpoints nodes')]],
  ['monitoring', 'kube-state-metrics', [rule('list watch', 'secrets configmaps pods nodes services deployments')]],
  ['monitoring', 'metrics-agent', [rule('get', 'nodes/proxy nodes/stats')]],
  ['ingress-nginx', 'ingress-nginx', [rule('get list watch', 'secrets services endpoints')]],
  ['velero', 'velero', [rule('*', '*', '*')]],
  ['ci', 'gitlab-runner', [rule('*', 'pods pods/exec pods/attach secrets configmaps')]],
  ['ci', 'deployer', [rule('*', 'namespaces deployments services rolebindings', '* apps')]],
  ['kube-system', 'cluster-autoscaler', [rule('get list watch update', 'nodes pods')]],
];
export const applications: readonly Application[] = [
  { namespace: 'shop', workloads: ['web', 'cart', 'search'], by: 'argocd' },
  { namespace: 'bank', workloads: ['ledger', 'api'], by: 'argocd' },
  { namespace: 'crm', workloads: ['front', 'sync'], by: 'helm' },
  { namespace: 'ml', workloads: ['train-api', 'features'], by: 'argocd' },
];

/** A cluster with its nodes, its operators and its applications, and what controllers do when a workload changes. */
export class Cluster {
  readonly api: ApiServer;
  readonly random: Random;
  readonly nodes: SimulatedNode[] = [];
  #nextNode = 1;

  constructor(api: ApiServer, random: Random) {
    this.api = api;
    this.random = random;
  }

  /** Puts everything there that existed before the detector. */
  install(): void {
    const { api } = this;
    for (let index = 0; index < 3; index += 1) this.#addNode('control-plane', true);
    for (let index = 0; index < 8; index += 1) this.#addNode('workers', false);
    for (const namespace of [
      'kube-system',
      'default',
      'cert-manager',
      'external-secrets',
      'argocd',
      'monitoring',
      'ingress-nginx',
      'velero',
      'ci',
      ...applications.map((each) => each.namespace),
    ]) {
      const labels = applications.some((each) => each.namespace === namespace) ? { 'pod-security.kubernetes.io/enforce': 'baseline' } : {};
      api.exists(make('Namespace', '', namespace, {}, { labels }), 'kubectl-create');
      api.exists(make('ServiceAccount', namespace, 'default'), 'kube-controller-manager');
    }
    for (const [namespace, account, rules] of operators) {
      api.exists(make('ServiceAccount', namespace, account), 'helm');
      api.exists(make('ClusterRole', '', account, { rules }), 'helm');
      api.exists(
        bind('ClusterRoleBinding', '', account, `ClusterRole/${account}`, [{ kind: 'ServiceAccount', namespace, name: account }]),
        'helm',
      );
      api.exists(workload('Deployment', namespace, account, podSpec(`registry.example/${account}:1`, account), { replicas: 1 }), 'helm');
    }
    api.exists(
      make(
        'ClusterRole',
        '',
        'cluster-admin',
        { rules: [rule('*', '*', '*')] },
        { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
      ),
      'kube-apiserver',
    );
    api.exists(
      bind('ClusterRoleBinding', '', 'platform', 'ClusterRole/cluster-admin', [{ kind: 'Group', name: 'platform' }]),
      'kubectl-create',
    );
    api.exists(
      bind('ClusterRoleBinding', '', 'system:discovery', 'ClusterRole/system:discovery', [{ kind: 'Group', name: 'system:authenticated' }]),
      'kube-apiserver',
    );
    for (const [name, service] of [
      ['cert-manager-webhook', 'cert-manager'],
      ['ingress-nginx-admission', 'ingress-nginx'],
    ])
      api.exists(
        make('ValidatingWebhookConfiguration', '', name ?? '', {
          webhooks: [
            {
              name: 'x.example',
              clientConfig: { service: { namespace: service, name } },
              rules: [{ apiGroups: ['*'], resources: ['ingresses'] }],
            },
          ],
        }),
        'helm',
      );
    for (const [name, host] of [
      ['kube-proxy', true],
      ['calico-node', true],
      ['node-exporter', true],
    ] as const)
      api.exists(
        workload(
          'DaemonSet',
          name === 'node-exporter' ? 'monitoring' : 'kube-system',
          name,
          podSpec(
            `registry.example/${name}:1`,
            'default',
            { hostNetwork: host, volumes: [{ name: 'lib', hostPath: { path: '/lib/modules' } }] },
            { securityContext: { privileged: true } },
          ),
        ),
        'kubeadm',
      );
    api.exists(workload('Deployment', 'kube-system', 'coredns', podSpec('registry.k8s.io/coredns:1')), 'kubeadm');
    api.exists(make('ConfigMap', 'kube-system', 'coredns', { data: { Corefile: '.:53 {}' } }), 'kubeadm');
    for (const node of this.nodes.filter(({ pool }) => pool === 'control-plane'))
      for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
        api.exists(this.#mirror(name, node, 1), 'kubelet');
    api.exists(make('Service', 'ingress-nginx', 'controller', { spec: { type: 'LoadBalancer', ports: [{ port: 443 }] } }), 'helm');
    for (const { namespace, workloads, by } of applications) {
      api.exists(make('NetworkPolicy', namespace, 'deny', { spec: { podSelector: {}, policyTypes: ['Ingress'] } }), by);
      for (const name of workloads) {
        api.exists(
          workload('Deployment', namespace, name, podSpec(`registry.example/${namespace}/${name}:1`)),
          by === 'argocd' ? 'argocd-controller' : 'helm',
        );
        api.exists(make('Service', namespace, name, { spec: { type: 'ClusterIP', ports: [{ port: 80 }] } }), by);
        const set = `${name}-${this.random.suffix(9)}`;
        api.exists(
          make('ReplicaSet', namespace, set, { spec: { replicas: 2, template: { spec: podSpec('x') } } }, owned('Deployment', name)),
          'kube-controller-manager',
        );
        for (let replica = 0; replica < 2; replica += 1)
          api.exists(
            this.#podOf(namespace, 'ReplicaSet', set, podSpec(`registry.example/${namespace}/${name}:1`)),
            'kube-controller-manager',
          );
      }
    }
    for (const [namespace, account] of operators)
      api.exists(
        this.#podOf(namespace, 'ReplicaSet', `${account}-${this.random.suffix(9)}`, podSpec(`registry.example/${account}:1`, account)),
        'kube-controller-manager',
      );
  }

  /** The client of a service account: its token is bound to its pod, and requests come from the address of the pod. */
  account(namespace: string, name: string, agent = name): Client {
    const pod = [...this.api.objects.values()].find(
      (object) =>
        object.kind === 'Pod' &&
        object.metadata.namespace === namespace &&
        (object as { spec?: { serviceAccountName?: string } }).spec?.serviceAccountName === name,
    ) as
      | (KubeObject & {
          readonly status?: { readonly podIPs?: readonly { readonly ip: string }[] };
          readonly spec?: { readonly nodeName?: string };
        })
      | undefined;
    return {
      user: `system:serviceaccount:${namespace}:${name}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      from: pod?.status?.podIPs?.[0]?.ip ?? '10.0.0.4',
      agent: `${agent}/v1.0 (linux/amd64)`,
      binding: `ClusterRoleBinding "${name}"`,
      ...(pod === undefined
        ? {}
        : {
            extra: {
              'authentication.kubernetes.io/pod-name': [pod.metadata.name],
              'authentication.kubernetes.io/node-name': [pod.spec?.nodeName ?? ''],
            },
          }),
    };
  }

  /** A workload gets another template: its user writes it, and controllers replace its pods one by one. */
  roll(client: Client, namespace: string, name: string, image: string, manager?: string): void {
    const key = `Deployment/${namespace}/${name}`;
    const existing = this.api.objects.get(key);
    const spec = podSpec(image, accountOf(existing));
    this.api.write(client, workload('Deployment', namespace, name, spec, { metadata: labelsOf(existing) }), manager);
    this.replacePods(namespace, name, spec);
  }

  /** The Deployment controller makes a ReplicaSet, and the pods of the old one go. */
  replacePods(namespace: string, name: string, spec: Fields): void {
    const old = [...this.api.objects.values()].filter(
      (object) => object.kind === 'Pod' && object.metadata.namespace === namespace && object.metadata.name.startsWith(`${name}-`),
    );
    const set = `${name}-${this.random.suffix(9)}`;
    this.api.write(
      controller('deployment-controller'),
      make('ReplicaSet', namespace, set, { spec: { replicas: 2, template: { spec } } }, owned('Deployment', name)),
      'kube-controller-manager',
    );
    for (let replica = 0; replica < 2; replica += 1) {
      this.startPod(controller('replicaset-controller'), this.#podOf(namespace, 'ReplicaSet', set, spec, true));
      const gone = old[replica];
      if (gone) this.stopPod(gone, controller('replicaset-controller'));
    }
  }

  /** A controller makes a pod; the scheduler binds it, the kubelet fetches its token and its Secrets, and runs it. */
  startPod(client: Client, pod: KubeObject): void {
    const { namespace = '', name } = pod.metadata;
    const node = this.#nodeOf(pod);
    const self = kubelet(node.name, node.index);
    const withoutNode = { ...pod, spec: { ...(pod as { spec?: Fields }).spec, nodeName: undefined }, status: {} } as KubeObject;
    this.api.write(client, withoutNode, client.agent.split('/', 1)[0]);
    this.api.call(scheduler, { verb: 'create', of: 'pods/binding', in: namespace, name });
    this.api.now += second;
    const account = accountOf(pod);
    this.api.call(self, {
      verb: 'create',
      of: 'serviceaccounts/token',
      in: namespace,
      name: account,
      token: { expirationSeconds: 3607, audiences: [], boundTo: { kind: 'Pod', name } },
    });
    this.api.call(self, { verb: 'get', of: 'secrets', in: namespace, name: `${account}-config` });
    this.api.status({ ...pod, metadata: this.api.objects.get(`Pod/${namespace}/${name}`)?.metadata ?? pod.metadata });
    this.api.call(self, { verb: 'patch', of: 'pods/status', in: namespace, name });
  }

  stopPod(pod: KubeObject, client: Client): void {
    this.api.remove(client, 'Pod', pod.metadata.namespace, pod.metadata.name);
  }

  /** A Job runs one pod, and is cleaned up later. */
  runJob(client: Client, namespace: string, name: string, spec: Fields, owner?: string): void {
    this.api.write(
      client,
      workload('Job', namespace, name, spec, { replicas: 1, metadata: owner === undefined ? {} : owned('CronJob', owner) }),
    );
    const pod = this.#podOf(namespace, 'Job', name, spec, true);
    this.startPod(controller('job-controller'), pod);
    this.api.until(this.api.now + this.random.between(20, 90) * second);
    this.stopPod(pod, controller('generic-garbage-collector'));
    this.api.remove(controller('ttl-after-finished-controller'), 'Job', namespace, name);
  }

  /** A machine joins: its kubelet asks for certificates, which controllers approve, and registers itself. */
  joinNode(pool: string): SimulatedNode {
    const node: SimulatedNode = { name: `ip-10-0-0-${this.#nextNode}`, index: this.#nextNode, pool };
    this.#nextNode += 1;
    const bootstrap: Client = {
      user: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers'],
      from: `10.0.0.${node.index}`,
      agent: 'kubelet/v1.36.0',
    };
    const request = make('CertificateSigningRequest', '', `csr-${this.random.suffix()}`, {
      spec: { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', username: bootstrap.user, request: '' },
    });
    this.api.write(bootstrap, request, 'kubelet');
    this.api.write(
      controller('csrapproving-controller'),
      { ...request, status: { conditions: [{ type: 'Approved' }] } } as KubeObject,
      'kube-controller-manager',
      'approval',
    );
    this.api.now += 5 * second;
    this.api.write(kubelet(node.name, node.index), nodeObject(node.name, node.index, pool), 'kubelet');
    this.nodes.push(node);
    return node;
  }

  /** Somebody drains a node: its pods are evicted and start elsewhere, and it goes. */
  drain(client: Client, node: SimulatedNode): void {
    this.api.write(client, {
      ...nodeObject(node.name, node.index, node.pool),
      spec: { podCIDR: `10.244.${node.index}.0/24`, unschedulable: true },
    } as KubeObject);
    this.nodes.splice(this.nodes.indexOf(node), 1);
    for (const pod of [...this.api.objects.values()].filter(
      (object) => object.kind === 'Pod' && (object as { spec?: { nodeName?: string } }).spec?.nodeName === node.name,
    )) {
      const { namespace = '', name } = pod.metadata;
      this.api.call(client, { verb: 'create', of: 'pods/eviction', in: namespace, name });
      this.stopPod(pod, kubelet(node.name, node.index));
      const [owner] = pod.metadata.ownerReferences ?? [];
      if (owner)
        this.startPod(
          controller(`${owner.kind.toLowerCase()}-controller`),
          this.#podOf(namespace, owner.kind, owner.name, (pod as unknown as { spec: Fields }).spec, true),
        );
    }
    this.api.until(this.api.now + minute);
    this.api.remove(client, 'Node', undefined, node.name);
  }

  /** The control plane runs another version: kubelets replace the static pods. */
  upgradeStaticPods(version: number): void {
    for (const node of this.nodes.filter(({ pool }) => pool === 'control-plane'))
      for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) {
        const self = kubelet(node.name, node.index);
        this.api.remove(self, 'Pod', 'kube-system', `${name}-${node.name}`);
        this.api.write(self, this.#mirror(name, node, version), 'kubelet');
      }
  }

  #addNode(pool: string, controlPlane: boolean): void {
    const node: SimulatedNode = { name: `ip-10-0-0-${this.#nextNode}`, index: this.#nextNode, pool };
    this.#nextNode += 1;
    this.nodes.push(node);
    this.api.exists(nodeObject(node.name, node.index, pool, controlPlane), 'kubelet');
  }

  #mirror(name: string, node: SimulatedNode, version: number): KubeObject {
    return make(
      'Pod',
      'kube-system',
      `${name}-${node.name}`,
      {
        spec: { ...podSpec(`registry.k8s.io/${name}:${version}`, 'default', { hostNetwork: true, nodeName: node.name }) },
        status: { podIPs: [{ ip: `10.0.0.${node.index}` }] },
      },
      { annotations: { 'kubernetes.io/config.mirror': 'x' }, ...owned('Node', node.name) },
    );
  }

  #podOf(namespace: string, ownerKind: string, ownerName: string, spec: Fields, fresh = false): KubeObject {
    const workers = this.nodes.filter(({ pool }) => pool !== 'control-plane');
    const node = this.random.of(workers);
    const name = `${ownerName}-${this.random.suffix()}`;
    const whole = { ...spec, nodeName: node.name };
    return make(
      'Pod',
      namespace,
      name,
      { spec: whole, status: { podIPs: [{ ip: this.api.address(node.index) }] } },
      { ...owned(ownerKind, ownerName), ...(fresh ? { generateName: `${ownerName}-` } : {}) },
    );
  }

  #nodeOf(pod: KubeObject): SimulatedNode {
    const name = (pod as { spec?: { nodeName?: string } }).spec?.nodeName;
    const node = this.nodes.find((each) => each.name === name) ?? this.nodes.at(-1);
    if (!node) throw new Error('the cluster has no nodes');
    return node;
  }
}

const accountOf = (object: KubeObject | undefined): string => {
  const spec = (object as { spec?: { serviceAccountName?: string; template?: { spec?: { serviceAccountName?: string } } } } | undefined)
    ?.spec;
  return spec?.serviceAccountName ?? spec?.template?.spec?.serviceAccountName ?? 'default';
};

const labelsOf = (object: KubeObject | undefined): Fields => ({
  ...(object?.metadata.labels ? { labels: object.metadata.labels } : {}),
  ...(object?.metadata.annotations ? { annotations: object.metadata.annotations } : {}),
});
