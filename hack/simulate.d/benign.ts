import type { KubeObject } from '../../operator/api/metadata.ts';
import { day, hour, minute, second, type Call, type Client } from './api-server.ts';
import { applications, type Cluster } from './cluster.ts';
import { bind, helmRelease, make, podSpec, rule, workload } from './objects.ts';
import { controller, kubelet, kubernetesAdmin, person } from './people.ts';

const cached: readonly string[] = [
  'pods',
  'services',
  'configmaps',
  'secrets',
  'nodes',
  'deployments.apps',
  'statefulsets.apps',
  'ingresses.networking.k8s.io',
  'jobs.batch',
];

/** The usual work of a cluster, by what its controllers, pipelines and people do on a day. `number` counts days from 0, a Monday. */
export class UsualWork {
  readonly #cluster: Cluster;
  #versions = 1;
  #previews = 4000;
  #jobs = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Plays a day from the current time on. */
  day(number: number): void {
    const { api } = this.#cluster;
    const start = api.now;
    const isWorkday = number % 7 < 5;
    for (let at = 0; at < 24; at += 1) {
      api.until(start + at * hour);
      this.#everyHour(at);
      if (at === 2) this.#nightly();
      if (isWorkday && at >= 8 && at < 18) this.#workHour(number, at);
    }
    api.until(start + day);
  }

  /** Software is installed that the cluster has not had. */
  installChart(name: string, by: Client, more: { readonly daemon?: boolean; readonly webhook?: boolean } = {}): void {
    const { api } = this.#cluster;
    const of = helmRelease(name, name);
    api.write(by, make('Namespace', '', name), 'helm');
    api.write(controller('serviceaccount-controller'), make('ServiceAccount', name, 'default'), 'kube-controller-manager');
    api.call(by, { verb: 'create', of: 'secrets', in: name, name: `sh.helm.release.v1.${name}.v1` });
    api.write(by, make('ServiceAccount', name, name, {}, of), 'helm');
    api.write(by, make('ClusterRole', '', name, { rules: [rule('get list watch', 'pods namespaces configmaps')] }, of), 'helm');
    api.write(
      by,
      bind('ClusterRoleBinding', '', name, `ClusterRole/${name}`, [{ kind: 'ServiceAccount', namespace: name, name }], of),
      'helm',
    );
    if (more.webhook === true)
      api.write(
        by,
        make(
          'ValidatingWebhookConfiguration',
          '',
          name,
          {
            webhooks: [
              {
                name: 'v.example',
                clientConfig: { service: { namespace: name, name } },
                rules: [{ apiGroups: ['keda.sh'], resources: ['scaledobjects'] }],
              },
            ],
          },
          of,
        ),
        'helm',
      );
    const spec = podSpec(
      `docker.io/${name}/${name}:1`,
      name,
      more.daemon === true ? { volumes: [{ name: 'log', hostPath: { path: '/var/log' } }] } : {},
    );
    api.write(by, workload(more.daemon === true ? 'DaemonSet' : 'Deployment', name, name, spec, { metadata: of }), 'helm');
    api.write(by, make('Service', name, name, { spec: { type: 'ClusterIP', ports: [{ port: 80 }] } }, of), 'helm');
    if (more.daemon !== true) this.#cluster.replacePods(name, name, spec);
  }

  /** Charts that are installed get new versions. */
  upgradeCharts(by: Client): void {
    const { api } = this.#cluster;
    for (const [namespace, name] of [
      ['ingress-nginx', 'ingress-nginx'],
      ['monitoring', 'prometheus'],
      ['external-secrets', 'external-secrets'],
    ] as const) {
      this.#calls(by, [
        { verb: 'get', of: 'secrets', in: namespace, name: `sh.helm.release.v1.${name}.v${this.#versions}` },
        { verb: 'create', of: 'secrets', in: namespace, name: `sh.helm.release.v1.${name}.v${this.#versions + 1}` },
      ]);
      this.#cluster.roll(by, namespace, name, `registry.example/${name}:${(this.#versions += 1)}`, 'helm');
    }
    const [exporter] = [...api.objects.values()].filter(({ metadata }) => metadata.name === 'node-exporter');
    if (exporter) {
      const text = JSON.stringify(exporter).replace(/node-exporter:\d+/, `node-exporter:${this.#versions}`);
      api.write(by, JSON.parse(text) as KubeObject, 'helm');
    }
  }

  /** A team moves its workloads from Helm to the GitOps controller, which takes over their fields. */
  moveToGitOps(namespace: string): void {
    const argo = this.#cluster.account('argocd', 'argocd-application-controller');
    for (const { workloads, namespace: own } of applications)
      if (own === namespace)
        for (const name of workloads)
          this.#cluster.roll(argo, namespace, name, `registry.example/${namespace}/${name}:${(this.#versions += 1)}`, 'argocd-controller');
  }

  /** The control plane and the nodes get another version, as kubeadm does it. */
  upgradeCluster(): void {
    const { api } = this.#cluster;
    api.detector.serverVersion('v1.37.0', api.now);
    this.#cluster.upgradeStaticPods(2);
    for (const name of ['coredns'])
      api.write(kubernetesAdmin, workload('Deployment', 'kube-system', name, podSpec(`registry.k8s.io/${name}:2`)), 'kubeadm');
    const proxy = api.objects.get('DaemonSet/kube-system/kube-proxy');
    if (proxy)
      api.write(kubernetesAdmin, JSON.parse(JSON.stringify(proxy).replace('kube-proxy:1', 'kube-proxy:2')) as KubeObject, 'kubeadm');
    for (const name of ['kube-apiserver', 'kube-scheduler']) this.#restartController(controller(name));
    api.until(api.now + 10 * minute);
  }

  /** A node is replaced. */
  replaceNode(by: Client): void {
    const node = this.#cluster.nodes.find(({ pool }) => pool === 'workers');
    this.#cluster.joinNode('workers');
    if (node) this.#cluster.drain(by, node);
  }

  #everyHour(at: number): void {
    const { api, random, nodes } = this.#cluster;
    for (const node of nodes) {
      const self = kubelet(node.name, node.index);
      this.#calls(self, [
        { verb: 'patch', of: 'nodes/status', name: node.name },
        { verb: 'list', of: 'pods' },
        { verb: 'create', of: 'events', in: 'shop' },
      ]);
    }
    for (const name of [
      'deployment-controller',
      'endpointslice-controller',
      'node-controller',
      'namespace-controller',
      'resourcequota-controller',
    ])
      this.#calls(controller(name), [
        { verb: 'list', of: 'pods' },
        { verb: 'update', of: 'endpoints', in: 'shop', name: 'web' },
      ]);
    const secrets = this.#cluster.account('external-secrets', 'external-secrets', 'external-secrets');
    for (const { namespace, workloads } of applications) {
      this.#calls(
        secrets,
        workloads.map((name) => ({ verb: 'get', of: 'secrets', in: namespace, name: `${name}-credentials` })),
      );
      this.#calls(secrets, [
        {
          verb: 'create',
          of: 'serviceaccounts/token',
          in: namespace,
          name: 'secrets-reader',
          token: { expirationSeconds: 600, audiences: ['vault'] },
        },
      ]);
    }
    this.#calls(
      this.#cluster.account('monitoring', 'metrics-agent', 'agent'),
      nodes.map(({ name }) => ({ verb: 'get', of: 'nodes/proxy', name, uri: `/api/v1/nodes/${name}/proxy/stats/summary` })),
    );
    this.#calls(this.#cluster.account('argocd', 'argocd-application-controller', 'argocd-application-controller'), [
      ...applications.flatMap(({ namespace, workloads }) =>
        workloads.map((name) => ({ verb: 'patch', of: 'deployments.apps', in: namespace, name })),
      ),
      { verb: 'list', of: 'applications.argoproj.io' },
    ]);
    this.#cluster.runJob(
      controller('cronjob-controller'),
      'shop',
      `report-${29_000_000 + Math.floor(api.now / minute)}`,
      podSpec('registry.example/shop/report:1'),
      'report',
    );
    if (at % 6 === 0) this.#restartController(this.#cluster.account('cert-manager', 'cert-manager', 'cert-manager-controller'));
    if (at % 8 === 0) this.#restartController(this.#cluster.account('monitoring', 'kube-state-metrics', 'kube-state-metrics'));
    if (random.chance(0.05))
      this.#restartController(this.#cluster.account('argocd', 'argocd-application-controller', 'argocd-application-controller'));
    if (random.chance(0.1)) this.#scale();
  }

  /** A controller starts, or another replica becomes its leader: it lists what it caches, and watches it. */
  #restartController(client: Client): void {
    this.#calls(
      client,
      cached.map((of) => ({ verb: 'list', of })),
    );
    this.#calls(
      client,
      cached.map((of) => ({ verb: 'watch', of })),
    );
  }

  /** Backups read everything. */
  #nightly(): void {
    const velero = this.#cluster.account('velero', 'velero', 'velero-server');
    this.#restartController(velero);
    for (const { namespace, workloads } of applications)
      this.#calls(
        velero,
        workloads.flatMap((name) => ['secrets', 'configmaps', 'services'].map((of) => ({ verb: 'get', of, in: namespace, name }))),
      );
  }

  #workHour(number: number, at: number): void {
    const { api, random } = this.#cluster;
    for (const name of ['anna', 'ben', 'cleo', 'dan', 'eva']) this.#develop(name);
    if (at === 9)
      this.#calls(person('admin-a', '192.0.2.30'), [
        { verb: 'list', of: 'nodes' },
        { verb: 'list', of: 'pods' },
        { verb: 'get', of: 'secrets', in: 'monitoring', name: 'grafana' },
      ]);
    for (let run = 0; run < random.between(8, 14); run += 1) this.#pipeline();
    if (random.chance(0.5)) this.#preview();
    if (random.chance(0.6)) this.#deploy();
    if (at === 10 && number % 7 === 2) this.#scaleNodes();
    if (at === 14 && number % 7 === 1)
      this.#calls(this.#cluster.account('cert-manager', 'cert-manager-cainjector', 'cainjector'), [
        { verb: 'update', of: 'validatingwebhookconfigurations.admissionregistration.k8s.io', name: 'cert-manager-webhook' },
      ]);
    api.until(api.now + minute);
  }

  /** A developer looks at the own namespace, and now and then into a pod of it. */
  #develop(name: string): void {
    const { random, api } = this.#cluster;
    const home = applications[name.charCodeAt(0) % applications.length] ?? applications[0];
    if (home === undefined) return;
    const client = person(name, `192.0.2.${random.between(20, 60)}`);
    this.#calls(client, [
      { verb: 'list', of: 'pods', in: home.namespace },
      { verb: 'get', of: 'pods/log', in: home.namespace, name: 'web' },
    ]);
    const pod = [...api.objects.values()].find((object) => object.kind === 'Pod' && object.metadata.namespace === home.namespace);
    if (pod && random.chance(0.15))
      api.call(client, {
        verb: random.chance(0.5) ? 'get' : 'create',
        of: 'pods/exec',
        in: home.namespace,
        name: pod.metadata.name,
        uri: `/x?command=${random.of(['sh', 'bash', 'env', 'ls'])}`,
      });
    if (random.chance(0.1))
      api.call(client, { verb: 'create', of: 'pods/portforward', in: home.namespace, name: pod?.metadata.name ?? 'web' });
    if (random.chance(0.05))
      this.#calls(client, [
        { verb: 'list', of: 'secrets', in: home.namespace, code: 403 },
        { verb: 'list', of: 'nodes', code: 403 },
      ]);
    if (name === 'anna' && random.chance(0.2))
      api.call(client, { verb: 'get', of: 'secrets', in: home.namespace, name: 'web-credentials' });
  }

  /** A CI job: its runner makes a Secret and a pod, attaches to it, and cleans up. */
  #pipeline(): void {
    const { api, random } = this.#cluster;
    const runner = this.#cluster.account('ci', 'gitlab-runner', 'gitlab-runner');
    const name = `runner-${random.suffix(8)}-project-${random.between(10, 60)}-concurrent-${random.between(0, 3)}-${random.suffix()}`;
    this.#jobs += 1;
    this.#calls(runner, [
      { verb: 'create', of: 'secrets', in: 'ci', name: `${name}-creds` },
      { verb: 'create', of: 'configmaps', in: 'ci' },
    ]);
    const image = random.of([
      'docker.io/library/golang:1.26',
      'docker.io/library/node:26',
      'registry.example/build/tools:3',
      'docker.io/library/maven:3',
    ]);
    const node = random.of(this.#cluster.nodes.filter(({ pool }) => pool !== 'control-plane'));
    const pod = make('Pod', 'ci', name, {
      spec: { ...podSpec(image), nodeName: node.name },
      status: { podIPs: [{ ip: api.address(node.index) }] },
    });
    this.#cluster.startPod(runner, pod);
    this.#calls(runner, [
      {
        verb: 'create',
        of: 'pods/exec',
        in: 'ci',
        name,
        uri: '/x?command=sh&command=-c&command=if+%5B+-x+%2Fusr%2Flocal%2Fbin%2Fbash+%5D',
      },
      { verb: 'create', of: 'pods/attach', in: 'ci', name },
    ]);
    api.until(api.now + random.between(5, 40) * second);
    this.#cluster.stopPod(pod, runner);
    this.#calls(runner, [{ verb: 'delete', of: 'secrets', in: 'ci', name: `${name}-creds` }]);
  }

  /** A preview of a change in a namespace of its own, which goes after some minutes. */
  #preview(): void {
    const { api } = this.#cluster;
    const by = this.#cluster.account('ci', 'deployer', 'helm');
    const namespace = `pr-${(this.#previews += 1)}`;
    api.write(by, make('Namespace', '', namespace), 'helm');
    api.write(controller('serviceaccount-controller'), make('ServiceAccount', namespace, 'default'), 'kube-controller-manager');
    api.write(by, bind('RoleBinding', namespace, 'developers', 'ClusterRole/edit', [{ kind: 'Group', name: 'developers' }]), 'helm');
    for (const name of ['web', 'cart']) {
      const spec = podSpec(`registry.example/shop/${name}:${namespace}`);
      api.write(by, workload('Deployment', namespace, name, spec), 'helm');
      this.#cluster.replacePods(namespace, name, spec);
    }
    api.until(api.now + 20 * minute);
    const end = controller('namespace-controller');
    this.#calls(end, [
      { verb: 'deletecollection', of: 'events', in: namespace },
      { verb: 'deletecollection', of: 'secrets', in: namespace },
    ]);
    const contents = [...api.objects.values()].filter(({ metadata }) => metadata.namespace === namespace);
    api.call(by, { verb: 'delete', of: 'namespaces', name: namespace });
    for (const { kind = '', metadata } of contents) api.remove(end, kind, namespace, metadata.name);
    const object = api.objects.get(`Namespace//${namespace}`);
    if (object) api.remove(end, 'Namespace', undefined, namespace);
  }

  /** The GitOps controller or Helm brings a new version of an application. */
  #deploy(): void {
    const { random } = this.#cluster;
    const { namespace, workloads, by } = random.of(applications);
    const name = random.of(workloads);
    const image = `registry.example/${namespace}/${name}:${(this.#versions += 1)}`;
    const isMoved = this.#cluster.api.objects
      .get(`Deployment/${namespace}/${name}`)
      ?.metadata.managedFields?.some(({ manager }) => manager === 'argocd-controller');
    if (by === 'argocd' || isMoved === true)
      this.#cluster.roll(
        this.#cluster.account('argocd', 'argocd-application-controller', 'argocd-application-controller'),
        namespace,
        name,
        image,
        'argocd-controller',
      );
    else this.#cluster.roll(person('admin-a', '192.0.2.30', 'helm/v4.0.0'), namespace, name, image, 'helm');
  }

  /** The autoscaler of pods changes the number of replicas. */
  #scale(): void {
    const { api, random } = this.#cluster;
    const { namespace, workloads } = random.of(applications);
    const object = api.objects.get(`Deployment/${namespace}/${random.of(workloads)}`);
    if (!object) return;
    const spec = (object as unknown as { spec: Record<string, unknown> }).spec;
    api.call(controller('horizontal-pod-autoscaler'), {
      verb: 'update',
      of: 'deployments.apps/scale',
      in: namespace,
      name: object.metadata.name,
    });
    api.status({ ...object, spec: { ...spec, replicas: random.between(2, 6) } } as KubeObject);
  }

  /** The autoscaler of nodes adds a machine and removes another. */
  #scaleNodes(): void {
    const scaler = this.#cluster.account('kube-system', 'cluster-autoscaler', 'cluster-autoscaler');
    this.replaceNode(scaler);
  }

  #calls(client: Client, calls: readonly Call[]): void {
    for (const call of calls) this.#cluster.api.call(client, call);
  }
}
