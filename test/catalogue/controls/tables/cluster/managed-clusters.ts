import { errs, fails, objects, passes, pods, skips, type Row, type Tables } from '../../control-table.ts';

const node = (labels: string, status = '{}'): string =>
  `{apiVersion: v1, kind: Node, metadata: {name: it, labels: {${labels}}}, status: ${status}}`;
const gke = 'cloud.google.com/gke-nodepool: web';
const addresses = (...entries: readonly string[]): string =>
  node('', `{addresses: [${entries.map((entry) => `{type: ${entry.replace(' ', ', address: "')}"}`).join(', ')}]}`);
const account = (annotations: string, name = 'default'): string =>
  `{apiVersion: v1, kind: ServiceAccount, metadata: {name: ${name}, namespace: shop, annotations: {${annotations}}}}`;
const template = (metadata: string): string => `metadata: {${metadata}}\nspec: {containers: [{name: a, image: a}]}`;
const image = (name: string): string => node(gke, `{nodeInfo: {osImage: ${name}}}`);

const identity = (key: string): Row => fails(`the default account with ${key}`, account(`${key}: it`), `metadata.annotations['${key}']`);
const breakGlass = (field: 'labels' | 'annotations', key: string): Row =>
  fails(`${key} in ${field}`, template(`${field}: {${key}: "true"}`), `metadata.${field}['${key}']`);

/** What the Kubernetes API shows of managed clusters. */
export const table: Tables = {
  'node-external-address': objects(
    passes('an internal address', addresses('InternalIP 10.0.0.7', 'Hostname node-7')),
    passes('an external address of RFC 1918', addresses('InternalIP 10.0.0.7', 'ExternalIP 192.168.7.7')),
    passes('an external address of RFC 6598', addresses('ExternalIP 100.64.0.1')),
    passes('a local address of IPv6', addresses('ExternalIP fd00::7')),
    passes('a public address that is internal', addresses('InternalIP 203.0.113.7')),
    fails('a public address', addresses('InternalIP 10.0.0.7', 'ExternalIP 203.0.113.7'), 'status.addresses[1]'),
    fails('just outside of RFC 1918', addresses('ExternalIP 172.32.0.1'), 'status.addresses[0]'),
    fails('just outside of RFC 6598', addresses('ExternalIP 100.128.0.1'), 'status.addresses[0]'),
    fails('a public address of IPv6', addresses('ExternalIP 2001:db8::7'), 'status.addresses[0]'),
    fails('both families', addresses('ExternalIP 203.0.113.7', 'ExternalIP 2001:db8::7'), ['status.addresses[0]', 'status.addresses[1]']),
    skips('no addresses', node('')),
    skips('an empty list', node('', '{addresses: []}')),
    errs('no list', node('', '{addresses: 203.0.113.7}'), 'status.addresses'),
    errs('a number', node('', '{addresses: [{type: ExternalIP, address: 7}]}'), 'status.addresses[0]'),
    passes('an empty address', node('', '{addresses: [{type: ExternalIP, address: ""}]}')),
  ),
  'gke-metadata-server': objects(
    passes('the label', node(`${gke}, iam.gke.io/gke-metadata-server-enabled: "true"`)),
    fails('no label', node(gke), "metadata.labels['iam.gke.io/gke-metadata-server-enabled']"),
    fails(
      'the label is false',
      node(`${gke}, iam.gke.io/gke-metadata-server-enabled: "false"`),
      "metadata.labels['iam.gke.io/gke-metadata-server-enabled']",
    ),
    skips('a node of another cloud', node('eks.amazonaws.com/nodegroup: web')),
    skips('a node with Windows', node(`${gke}, kubernetes.io/os: windows`)),
    skips('no labels', '{apiVersion: v1, kind: Node, metadata: {name: it}}'),
  ),
  'gke-node-image': objects(
    passes('Container-Optimized OS', image('Container-Optimized OS from Google')),
    fails('Ubuntu', image('Ubuntu 22.04.5 LTS'), 'status.nodeInfo.osImage'),
    fails('a name that contains it', image('Not Container-Optimized OS'), 'status.nodeInfo.osImage'),
    skips('Windows', node(`${gke}, kubernetes.io/os: windows`, '{nodeInfo: {osImage: Windows Server 2022 Datacenter}}')),
    skips('a node of another cloud', node('', '{nodeInfo: {osImage: Bottlerocket OS 1.20.0}}')),
    skips('no status', node(gke)),
    errs('a number', image('7'), 'status.nodeInfo.osImage'),
  ),
  'default-service-account-cloud-identity': objects(
    ...['eks.amazonaws.com/role-arn', 'iam.gke.io/gcp-service-account', 'azure.workload.identity/client-id'].map(identity),
    passes('an account of its own', account('eks.amazonaws.com/role-arn: it', 'shop')),
    passes('an empty value', account('eks.amazonaws.com/role-arn: ""')),
    passes('another setting of the identity', account('eks.amazonaws.com/sts-regional-endpoints: "true"')),
    passes('the tenant only', account('azure.workload.identity/tenant-id: it')),
    passes('no annotations', '{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}'),
  ),
  'azure-pod-identity': pods(
    fails('the label', template('labels: {aadpodidbinding: shop}'), "metadata.labels['aadpodidbinding']"),
    passes('workload identity', template('labels: {azure.workload.identity/use: "true"}')),
    passes('an empty value selects nothing', template('labels: {aadpodidbinding: ""}')),
    passes('an annotation', template('annotations: {aadpodidbinding: shop}')),
    passes('no labels', template('')),
  ),
  'image-policy-break-glass': pods(
    breakGlass('labels', 'image-policy.k8s.io/break-glass'),
    breakGlass('annotations', 'alpha.image-policy.k8s.io/break-glass'),
    breakGlass('annotations', 'mycluster.image-policy.k8s.io/break-glass'),
    passes('false', template('labels: {image-policy.k8s.io/break-glass: "false"}')),
    passes('another name', template('labels: {image-policy.k8s.io/ticket: "true"}')),
    passes('another group', template('annotations: {notimage-policy.k8s.io/break-glass: "true"}')),
    passes('a group that ends otherwise', template('annotations: {image-policy.k8s.io.example.com/break-glass: "true"}')),
    passes('no labels', template('')),
  ),
};
