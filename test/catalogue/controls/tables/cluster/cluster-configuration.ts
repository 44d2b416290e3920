import { errs, fails, objects, passes, pods, skips, type Tables } from '../../control-table.ts';

const object = (kind: string, fields: string, apiVersion = 'v1'): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: it}, ${fields}}`;
const volume = (spec: string): string => object('PersistentVolume', `spec: {${spec}}`);
const storageClass = (parameters: string): string => object('StorageClass', `parameters: ${parameters}`, 'storage.k8s.io/v1');
const apiService = (spec: string): string => object('APIService', `spec: {${spec}}`, 'apiregistration.k8s.io/v1');
const webhook = (clientConfig: string, kind = 'MutatingWebhookConfiguration'): string =>
  object(kind, `webhooks: [{name: a.example.com, clientConfig: ${clientConfig}}]`, 'admissionregistration.k8s.io/v1');
const definition = (conversion: string): string =>
  object('CustomResourceDefinition', `spec: {group: example.com, conversion: ${conversion}}`, 'apiextensions.k8s.io/v1');
const awsAuth = (data: object): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'aws-auth', namespace: 'kube-system' }, data });
const node =
  '- rolearn: arn:aws:iam::111122223333:role/node\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n    - system:bootstrappers\n    - system:nodes\n';
const role = (arn: string, ...groups: readonly string[]): string =>
  `- rolearn: ${arn}\n  username: it\n  groups:\n${groups.map((group) => `  - ${group}\n`).join('')}`;
const admin = 'arn:aws:iam::111122223333:role/admin';
const url = 'webhooks[0].clientConfig.url';
const roles = "data['mapRoles']";

const kubelet = (version: string): string =>
  `{apiVersion: v1, kind: Node, metadata: {name: it}, status: {nodeInfo: {kubeletVersion: ${version}}}}`;
const nodePath = 'status.nodeInfo.kubeletVersion';
const day = '2026-11-29';
const controller = (tag: string, repository = 'registry.k8s.io/ingress-nginx/controller'): string =>
  `containers: [{name: a, image: "${repository}${tag}"}]`;
const imagePath = 'spec.containers[0].image';
const critical = { severity: 'critical' };

/** Objects that decide on storage, on extensions of the API server, and on who gets in. */
export const table: Tables = {
  'persistent-volume-host-path': objects(
    fails('a hostPath', volume('hostPath: {path: /mnt/data}'), 'spec.hostPath'),
    passes('a local disk', volume('local: {path: /mnt/disks/ssd1}')),
    passes('a block device', volume('local: {path: /dev/sdb}')),
    passes('a path that begins alike', volume('local: {path: /etcd-data}')),
    passes('a CSI volume', volume('csi: {driver: a, volumeHandle: b}')),
    fails('a local folder of the system', volume('local: {path: /etc/kubernetes}'), 'spec.local.path'),
    fails('the whole node', volume('local: {path: /}'), 'spec.local.path'),
    fails('all of /var', volume('local: {path: /var/}'), 'spec.local.path'),
    passes('a folder below /var', volume('local: {path: /var/data}')),
    errs('a hostPath that is a text', volume('hostPath: /mnt'), 'spec.hostPath'),
  ),
  'credential-in-storage-parameters': objects(
    passes('a class', storageClass('{type: gp3, encrypted: "true"}')),
    passes(
      'references to Secrets',
      storageClass('{csi.storage.k8s.io/provisioner-secret-name: storage-login, csi.storage.k8s.io/provisioner-secret-namespace: rook}'),
    ),
    passes('the name of a Secret', storageClass('{secretName: storage, secretNamespace: default, adminSecretName: ceph-admin}')),
    fails('a password', storageClass('{user: admin, password: k3yb0ard-cat}'), "parameters['password']"),
    fails('a key of AWS', storageClass('{secretAccessKey: q7Jp2LmX9vTz4RbN8sWd1KfHy6GcQeUaZ3oPi5Yt}'), "parameters['secretAccessKey']"),
    fails(
      'the attributes of a volume',
      volume('csi: {driver: a, volumeHandle: b, volumeAttributes: {storageAccountPassword: tr0ub4dor-and-3}}'),
      "spec.csi.volumeAttributes['storageAccountPassword']",
    ),
    errs('a number', storageClass('{replicas: 3}'), "parameters['replicas']"),
  ),
  'api-service-tls': objects(
    passes('a certificate authority', apiService('caBundle: YQ==')),
    passes('false', apiService('insecureSkipTLSVerify: false')),
    passes('an API of the API server itself', apiService('group: apps, version: v1')),
    fails('true', apiService('insecureSkipTLSVerify: true, service: {name: a, namespace: b}'), 'spec.insecureSkipTLSVerify'),
    errs('a text', apiService('insecureSkipTLSVerify: "true"'), 'spec.insecureSkipTLSVerify'),
  ),
  'webhook-outside-cluster': objects(
    passes('a Service', webhook('{service: {name: a, namespace: b}}')),
    passes('the URL of a Service', webhook('{url: "https://a.b.svc:8443/x"}')),
    passes('the URL of a Service with its domain', webhook('{url: "https://a.b.svc.cluster.local/x"}')),
    passes('the node of the API server', webhook('{url: "https://127.0.0.1:21362/mutate"}')),
    fails('another host', webhook('{url: "https://hooks.example.net/x"}'), url),
    fails(
      'a host that looks like a Service',
      webhook('{url: "https://a.b.svc.example.com:443/x?a.b.svc"}', 'ValidatingWebhookConfiguration'),
      url,
    ),
    fails('a Service in the path only', webhook('{url: "https://example.net/a.b.svc"}'), url),
    fails('an address of the network', webhook('{url: "https://10.0.0.9:8443"}'), url),
    errs('a list', webhook('[]'), 'webhooks[0].clientConfig'),
    passes('a conversion inside', definition('{strategy: Webhook, webhook: {clientConfig: {service: {name: a, namespace: b}}}}')),
    passes('no conversion', definition('{strategy: None}')),
    fails(
      'a conversion outside',
      definition('{strategy: Webhook, webhook: {clientConfig: {url: "https://convert.example.net"}}}'),
      'spec.conversion.webhook.clientConfig.url',
    ),
  ),
  'aws-auth-masters': objects(
    passes('nodes', awsAuth({ mapRoles: node })),
    passes('another group', awsAuth({ mapRoles: node + role(admin, 'developers') })),
    passes('a group with a similar name', awsAuth({ mapRoles: role(admin, 'system:masters-x') })),
    passes('nothing', awsAuth({})),
    passes('an empty list', awsAuth({ mapUsers: '[]\n' })),
    fails('a role', awsAuth({ mapRoles: node + role(admin, 'viewers', 'system:masters') }), roles),
    fails(
      'a user in JSON',
      awsAuth({ mapUsers: '[{"userarn": "arn:aws:iam::111122223333:user/a", "groups": ["system:masters"]}]' }),
      "data['mapUsers']",
      { severity: 'high' },
    ),
    fails('a whole account', awsAuth({ mapRoles: role('arn:aws:iam::111122223333:root', 'system:masters') }), roles, {
      severity: 'critical',
    }),
    fails('a pattern', awsAuth({ mapRoles: role('arn:aws:iam::111122223333:role/*', 'system:masters') }), roles, { severity: 'critical' }),
    errs('no list', awsAuth({ mapRoles: 'a: b\n' }), roles),
    errs('no YAML', awsAuth({ mapRoles: '- [a\n' }), roles),
    errs('groups that are no list', awsAuth({ mapRoles: `- {rolearn: "${admin}", groups: system:masters}\n` }), roles),
  ),
  'aws-auth-accounts': objects(
    passes('nothing', awsAuth({ mapRoles: node })),
    passes('an empty list', awsAuth({ mapAccounts: '[]' })),
    fails('an account', awsAuth({ mapAccounts: '- "111122223333"\n' }), "data['mapAccounts']"),
    errs('a text', awsAuth({ mapAccounts: 'a: b\n' }), "data['mapAccounts']"),
    errs('data that is no map', awsAuth([]), 'data'),
  ),
  'kubernetes-version-supported': objects(
    passes('a version with support', kubelet('v1.36.1'), { day }),
    passes('the last day', kubelet('v1.34.0'), { day: '2026-10-27T23:00:00Z' }),
    fails('the day after', kubelet('v1.34.0'), nodePath, { day: '2026-10-28T01:00:00Z' }),
    fails('an old version', kubelet('v1.12.3'), nodePath, { day }),
    fails('k3s', kubelet('v1.30.4+k3s1'), nodePath, { day }),
    skips('EKS in its extended support', kubelet('v1.33.2-eks-1a2b3c4'), { day }),
    fails('EKS after it', kubelet('v1.29.2-eks-1a2b3c4'), nodePath, { day }),
    skips('a version that is not known yet', kubelet('v1.99.0'), { day }),
    skips('no version', '{apiVersion: v1, kind: Node, metadata: {name: it}}', { day }),
    skips('another text', kubelet('latest'), { day }),
    fails('kubeadm', object('ClusterConfiguration', 'kubernetesVersion: v1.28.0', 'kubeadm.k8s.io/v1beta3'), 'kubernetesVersion', { day }),
  ),
  'ingress-nginx-vulnerable': pods(
    fails('CVE-2025-1974', controller(':v1.11.4'), imagePath, critical),
    fails('with a digest', controller(`:v1.12.0@sha256:${'0'.repeat(64)}`), imagePath, critical),
    fails('chroot', controller('-chroot:v1.10.0'), imagePath, critical),
    fails('the build of rke2', controller(':v1.12.1-hardened1', 'rancher/nginx-ingress-controller'), imagePath, { severity: 'high' }),
    fails(
      'the first repository',
      controller(':0.33.0', 'quay.io/kubernetes-ingress-controller/nginx-ingress-controller'),
      imagePath,
      critical,
    ),
    fails('only later vulnerabilities', controller(':v1.14.3'), imagePath, { severity: 'high' }),
    passes('all fixes', controller(':v1.14.5')),
    fails('all fixes but the last', controller(':v1.14.4'), imagePath),
    fails('the first version of the last line', controller(':v1.15.0'), imagePath),
    passes('the last version', controller(':v1.15.1')),
    passes('another program', controller(':3.4.0', 'docker.io/nginx/nginx-ingress')),
    passes('nginx', controller(':1.11.4', 'nginx')),
    skips('no version', controller(':latest')),
    skips('only a digest', controller(`@sha256:${'0'.repeat(64)}`)),
  ),
  'ingress-nginx-ended': pods(
    fails('the last version', controller(':v1.15.1'), imagePath),
    fails('no version', controller(''), imagePath),
    fails('a mirror', controller(':v1.15.1', 'mirror.example.com:5000/ingress-nginx/controller'), imagePath),
    passes('another program', controller(':3.4.0', 'docker.io/nginx/nginx-ingress')),
    passes('a program with a similar name', controller(':1', 'example.com/my-ingress-nginx/controllers')),
    passes('the jobs for its certificate', controller(':v1.5.0', 'registry.k8s.io/ingress-nginx/kube-webhook-certgen')),
  ),
};
