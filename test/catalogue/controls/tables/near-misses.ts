import { fails, objects, passes, pods, skips, type Tables } from '../control-table.ts';

const host = (path: string): string => `volumes: [{name: h, hostPath: {path: ${path}}}]`;
const hostPath = 'spec.volumes[0].hostPath.path';
const tolerates = (toleration: string): string => `tolerations: [{${toleration}}]`;
const runs = (...words: readonly string[]): string => JSON.stringify({ containers: [{ name: 'a', command: words }] });
const shell = (line: string): string => runs('sh', '-c', line);
const registries = (...list: readonly string[]): { readonly parameters: Readonly<Record<string, unknown>> } => ({
  parameters: { registries: list },
});
const ingress = (spec: string, annotations: string): string =>
  `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: shop, annotations: {${annotations}}}, spec: {${spec}}}`;
const webhook = (rule: string): string =>
  `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: w}, webhooks: [{name: a.example.com, failurePolicy: Ignore, rules: [{${rule}}]}]}`;
const scaled = (...lowest: readonly number[]): string =>
  [
    '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 3, template: {spec: {}}}}',
    ...lowest.map(
      (minReplicas, index) =>
        `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h${index}, namespace: shop}, spec: {minReplicas: ${minReplicas}, maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}`,
    ),
  ].join('\n---\n');
const certificate = 'alb.ingress.kubernetes.io/certificate-arn: "arn:aws:acm:eu-west-1:1:certificate/a"';
const service = '{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}}}';
const lastApplied = (copy: string): string =>
  `{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop, annotations: {kubectl.kubernetes.io/last-applied-configuration: "${copy}"}}}`;
const toHost = 'rules: [{host: shop.example.com}]';

/** Rows that differ from another row of the control in one detail that decides. */
export const table: Tables = {
  'control-plane-scheduling': pods(
    passes('every taint of the effect NoExecute', tolerates('operator: Exists, effect: NoExecute')),
    passes('PreferNoSchedule', tolerates('key: node-role.kubernetes.io/control-plane, operator: Exists, effect: PreferNoSchedule')),
    fails('every taint of the effect NoSchedule', tolerates('operator: Exists, effect: NoSchedule'), 'spec.tolerations[0]'),
    fails(
      'one of all effects',
      tolerates('key: node-role.kubernetes.io/control-plane, operator: Exists, effect: ""'),
      'spec.tolerations[0]',
    ),
  ),
  'linux-hardening-missing': pods(
    fails('empty SELinux options', 'containers: [{name: a, securityContext: {seLinuxOptions: {}}}]', 'spec.containers[0]'),
    fails('empty SELinux options of the pod', 'securityContext: {seLinuxOptions: {}}\ncontainers: [{name: a}]', 'spec.containers[0]'),
  ),
  'sudo-in-command': pods(
    passes('the configuration of sudo', runs('cat', '/etc/sudo.conf')),
    fails('sudo by its path', runs('/usr/bin/sudo', '-u', 'app'), 'spec.containers[0].command[0]'),
  ),
  'container-runtime-socket': pods(
    ...[
      '/var/run/docker',
      '/run/docker/containerd',
      '/run/containerd/containerd.sock.ttrpc',
      '/run/user/1000/docker.sock',
      '/run/user/1000/podman',
      '/run/user',
      '/var/run/isulad.sock',
    ].map((path) => fails(path, host(path), hostPath)),
    passes('another suffix', host('/run/docker.sock.d')),
    passes('another folder of a user', host('/run/user/1000/pulse')),
    passes('another folder than that of containerd', host('/run/containerd-logs')),
  ),
  'host-path-sensitive': pods(
    fails('a path that leads back', host('/srv/../etc'), hostPath),
    passes('a name of two points with more', host('/srv/..data')),
    ...['/dev/sda', '/dev/vdb1', '/dev/nvme0n1p1', '/dev//dm-0', '/var/lib/kubelet/kubeconfig', '/home/ubuntu/.ssh', '/home/jane/.kube/config'].map(
      (path) => fails(path, host(path), hostPath),
    ), // prettier-ignore
    ...['/dev/shm', '/dev/fuse', '/dev/sdata', '/dev/nvme-tools', '/home/app/data', '/home/app/.cache', '/var/lib/kubelet/plugins'].map(
      (path) => passes(path, host(path)),
    ), // prettier-ignore
  ),
  'ssh-port-exposed': pods(
    passes('port 22 of UDP', 'containers: [{name: a, ports: [{containerPort: 22, protocol: UDP}]}]'),
    fails('port 22 of TCP', 'containers: [{name: a, ports: [{containerPort: 22, protocol: TCP}]}]', 'spec.containers'),
  ),
  'emptydir-size-limit': pods(
    fails('a limit of 0 is none', 'volumes: [{name: t, emptyDir: {sizeLimit: 0}}]', 'spec.volumes[0]'),
    fails('a limit of 0 with a unit', 'volumes: [{name: t, emptyDir: {sizeLimit: 0Gi}}]', 'spec.volumes[0]'),
  ),
  'deployment-replicas': objects(
    passes('two autoscalers that both keep two', scaled(2, 3)),
    fails('the second autoscaler keeps one', scaled(2, 1), 'spec.replicas'),
    fails('the first autoscaler keeps one', scaled(1, 2), 'spec.replicas'),
  ),
  'trusted-registries': pods(
    passes('a whole repository', 'containers: [{name: a, image: nginx:1.2}]', registries('docker.io/library/nginx')),
    fails(
      'a repository with the same beginning',
      'containers: [{name: a, image: nginx-proxy:1.2}]',
      'spec.containers[0].image',
      registries('docker.io/library/nginx'),
    ),
    fails(
      'another port of the registry',
      'containers: [{name: a, image: "registry.example.com:5000/app:1"}]',
      'spec.containers[0].image',
      registries('registry.example.com'),
    ),
  ),
  'webhook-failure-policy': objects(
    fails('pods with their subresources', webhook('apiGroups: [""], resources: [pods/*]'), 'webhooks[0]'),
    fails('roles with their subresources', webhook('apiGroups: ["*"], resources: [roles/*]'), 'webhooks[0]'),
    fails('all cluster-scoped kinds', webhook('apiGroups: ["*"], resources: ["*"], scope: Cluster'), 'webhooks[0]'),
    passes('subresources only', webhook('apiGroups: [""], resources: [pods/exec]')),
    passes('the cluster-scoped kinds of the core group', webhook('apiGroups: [""], resources: ["*"], scope: Cluster')),
    passes('cluster roles in namespaces', webhook('apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], scope: Namespaced')),
  ),
  'ingress-tls': objects(
    passes('a certificate of AWS', ingress(toHost, certificate)),
    passes('a certificate of GKE', ingress(toHost, 'networking.gke.io/managed-certificates: shop')),
    passes('TLS of the backend', ingress(toHost, 'nginx.ingress.kubernetes.io/ssl-passthrough: "true"')),
    fails('an empty annotation', ingress(toHost, 'networking.gke.io/managed-certificates: ""'), 'spec.tls'),
    fails('a redirect only', ingress(toHost, 'nginx.ingress.kubernetes.io/ssl-passthrough: "false"'), 'spec.tls'),
  ),
  'ingress-tls-host-match': objects(passes('a certificate of AWS', ingress(toHost, certificate))),
  'ingress-dangling-backend': objects(
    passes(
      'an action of the AWS controller',
      ingress('defaultBackend: {service: {name: ssl-redirect, port: {name: use-annotation}}}', certificate),
    ),
    fails('a named port', ingress('defaultBackend: {service: {name: gone, port: {name: http}}}', certificate), 'spec.defaultBackend'),
  ),
  'secret-last-applied': objects(
    passes('a copy without data', lastApplied('{\\"kind\\":\\"Secret\\",\\"data\\":{}}')),
    fails(
      'a copy with spaces',
      lastApplied('{\\"data\\": {\\"a\\": \\"Yg==\\"}}'),
      "metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']",
    ),
  ),
  'ingress-nginx-paths': objects(
    ...['/etcd', '/roots', '/docs/etc-files', '/var/run/secrets-of-success'].map((path) =>
      passes(path, ingress(`rules: [{http: {paths: [{path: ${path}}]}}]`, '')),
    ),
    ...['/etc', '/etc/', '/x/etc/passwd', '"/root(/|$)(.*)"', '/var/run/secrets/x'].map((path) =>
      fails(path, ingress(`rules: [{http: {paths: [{path: ${path}}]}}]`, ''), 'spec.rules[0].http.paths[0].path'),
    ),
  ),
  'service-dangling-selector': objects(
    skips(
      'the pods of the cluster itself',
      '{apiVersion: v1, kind: Service, metadata: {name: dns, namespace: kube-system}, spec: {clusterIP: None, selector: {k8s-app: kube-dns}}}',
    ),
    fails(
      'other pods of kube-system',
      '{apiVersion: v1, kind: Service, metadata: {name: dns, namespace: kube-system}, spec: {selector: {k8s-app: kube-dns}}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: kube-system, labels: {k8s-app: cilium}}, spec: {}}',
      'spec.selector',
    ),
    passes(
      'a template without labels has those that its workload selects',
      `${service}\n---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: shop}, spec: {selector: {matchLabels: {app: web}}, template: {spec: {}}}}`,
    ),
    passes(
      'a template without labels of a ReplicationController',
      `${service}\n---\n{apiVersion: v1, kind: ReplicationController, metadata: {name: d, namespace: shop}, spec: {selector: {app: web}, template: {spec: {}}}}`,
    ),
    fails(
      'a template with other labels than its workload selects',
      `${service}\n---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: shop}, spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: api}}, spec: {}}}}`,
      'spec.selector',
    ),
  ),
  'workload-internet-exposed': pods(
    ...(
      [
        ['the name of another port', 'ports: [{name: metrics, containerPort: 9090}]', 'targetPort: http', false],
        ['the name of its port', 'ports: [{name: http, containerPort: 8080}]', 'targetPort: http', true],
        ['the name of a port of another protocol', 'ports: [{name: dns, containerPort: 53, protocol: UDP}]', 'targetPort: dns', false],
        [
          'the name of a port of the same protocol',
          'ports: [{name: dns, containerPort: 53, protocol: UDP}]',
          'targetPort: dns, protocol: UDP',
          true,
        ],
        ['the number of a port that no container names', 'ports: []', 'targetPort: 8080', true],
        ['no target port', 'ports: []', '', true],
      ] as const
    ).map(([title, ports, target, leads]) => {
      const yaml = `metadata: {labels: {app: web}}\nspec: {containers: [{name: a, ${ports}}]}\n---\n${service.replace('spec: {', `spec: {type: NodePort, ports: [{port: 80, ${target}}], `)}`;
      return leads ? fails(title, yaml, 'metadata.labels') : passes(title, yaml);
    }),
  ),
  'ingress-nginx-annotations': objects(
    fails('a directive for the controller of NGINX Inc.', ingress(toHost, 'nginx.org/x: "alias; "'), "metadata.annotations['nginx.org/x']"),
    passes(
      'rewrites of the controller of NGINX Inc.',
      ingress(toHost, 'nginx.org/rewrites: "serviceName=a rewrite=/;serviceName=b rewrite=/b"'),
    ),
    passes('an annotation of another program', ingress(toHost, 'example.com/x: "alias; "')),
  ),
  'service-load-balancer': objects(
    ...(
      [
        ['a class of AWS is internal', 'service.k8s.aws/nlb', '', true],
        ['a class of AWS with the scheme internet-facing', 'service.k8s.aws/nlb', 'aws-load-balancer-scheme: internet-facing', false],
        ['a class of AWS that is not internal', 'eks.amazonaws.com/nlb', 'aws-load-balancer-internal: "false"', false],
        ['a class of a private network', 'tailscale', '', true],
        ['a class of others', 'example.com/lb', '', false],
      ] as const
    ).map(([title, lbClass, note, isInternal]) => {
      const annotations = note === '' ? '' : `service.beta.kubernetes.io/${note}`;
      const yaml = `{apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop, annotations: {${annotations}}}, spec: {type: LoadBalancer, loadBalancerClass: ${lbClass}, selector: {app: web}}}`;
      return isInternal ? passes(title, yaml) : fails(title, yaml, 'spec.type');
    }),
  ),
  'credential-in-env-var': pods(
    fails(
      'the cookie of Erlang nodes',
      'containers: [{name: a, env: [{name: RABBITMQ_ERLANG_COOKIE, value: SWQOKODSQALRPCLNMEQG}]}]',
      'spec.containers[0].env[0].value',
    ),
    passes('the key of a password in a Secret', 'containers: [{name: a, env: [{name: DB_PASSWORD_SECRET_KEY, value: password}]}]'),
    passes(
      'how etcd signs its tokens',
      'containers: [{name: a, env: [{name: ETCD_AUTH_TOKEN, value: "jwt,priv-key=/etc/key.pem,ttl=10m"}]}]',
    ),
    fails(
      'the secret key of a program',
      'containers: [{name: a, env: [{name: APP_SECRET_KEY, value: password}]}]',
      'spec.containers[0].env[0].value',
    ),
    passes('the cookie of a browser', 'containers: [{name: a, env: [{name: XSRF_COOKIE, value: SWQOKODSQALRPCLNMEQG}]}]'),
    passes('the name of a new cluster of etcd', 'containers: [{name: a, env: [{name: ETCD_INITIAL_CLUSTER_TOKEN, value: etcd-1}]}]'),
  ),
  'credential-in-command': pods(
    ...[
      'mysql -uroot -p"$MYSQL_ROOT_PASSWORD" -e x',
      'mysql -h db -P3306',
      'sshpass -p "$PASS" ssh a@b',
      'redis-cli -a "$REDIS_PASSWORD" ping',
      'docker login -u ci -p "$PASS" registry.example.com',
      'echo "$PASS" | docker login -u ci --password-stdin registry.example.com && mkdir -p /data',
      'sqlcmd -S db -U sa -P "$PASS" -Q x',
      'openssl enc -aes-256-cbc -k $KEY -in a',
      'htpasswd -nbB admin "$PASS"',
      'htpasswd -nB admin',
      'rabbitmqctl add_user shop "$PASS"',
      'mc alias set m http://minio:9000 "$USER" "$PASS"',
      'aws configure set region eu-central-1',
      'echo "shop:$PASS" | chpasswd',
      'app --password "$PASS" --verbose',
      'kubectl create secret generic db --from-literal=password=$PASS',
      'etcd --initial-cluster-token etcd-cluster-1 --initial-cluster-state new',
    ].map((line) => passes(line, shell(line))),
    ...[
      'mysql -uroot -p"hunter2" -e x',
      "sshpass -p 'hunter2' ssh a@b",
      'redis-cli -a hunter22 ping',
      'docker login -u ci -p hunter2 registry.example.com',
      'sqlcmd -S db -U sa -P hunter2',
      'openssl enc -aes-256-cbc -k hunter2 -in a',
      'htpasswd -nbB admin hunter2',
      'rabbitmqctl add_user shop hunter2',
      'mc alias set m http://minio:9000 admin hunter2',
      'aws configure set aws_secret_access_key hunter2',
      'echo "shop:hunter2" | chpasswd',
      'redis-server --requirepass hunter2',
      'app --password hunter2 --verbose',
      'kubectl create secret generic db --from-literal=password=hunter2',
    ].map((line) => fails(line, shell(line), 'spec.containers[0].command')),
    passes('the name of a Secret with its namespace', runs('controller', '--secret=kube-system/web-tls')),
    fails('a literal secret', runs('controller', '--secret=h4nter2-long'), 'spec.containers[0].command'),
  ),
};
