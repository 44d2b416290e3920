import type { Section } from '../control.ts';

const node = (labels: string, status: string): string =>
  `kind: Node\nmetadata: {labels: {cloud.google.com/gke-nodepool: web${labels}}}\nstatus: ${status}\n`;
const account = (name: string): string =>
  `kind: ServiceAccount\nmetadata:\n  name: ${name}\n  annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/shop"}\n`;
const labelled = (label: string): string => `template:\n  metadata: {labels: {${label}}}\n`;

/**
 * What the Kubernetes API shows of the settings of managed clusters. Controls about Nodes are only in the frameworks of such clusters: kubelets
 * write the status of Nodes every few minutes, and each policy with the framework follows all of them.
 */
export const managedClusters: Section = {
  title: 'Managed clusters',
  controls: [
    {
      id: 'node-external-address',
      title: 'Nodes have no public address',
      severity: 'low',
      essential: false,
      kinds: ['Node'],
      why: 'Everything that listens on the node, such as the kubelet, NodePorts and host ports, is on the internet, and only a firewall protects it.',
      fix: 'Create the nodes in private subnets, and let load balancers and NAT gateways have the public addresses.',
      example: {
        before: 'kind: Node\nstatus: {addresses: [{type: ExternalIP, address: 203.0.113.7}]}\n',
        after: 'kind: Node\nstatus: {addresses: [{type: InternalIP, address: 10.0.0.7}]}\n',
      },
      message: 'the node has a public address',
      placement: {},
      theme: [],
      builtin: 'nodeExternalAddress',
    },
    {
      id: 'gke-metadata-server',
      title: 'Nodes of GKE run the metadata server of GKE',
      severity: 'medium',
      essential: false,
      kinds: ['Node'],
      why: 'Without it, every pod of the node can get the token of its service account from the metadata server of the machine.',
      fix: 'Set --workload-metadata=GKE_METADATA for the node pool, and give workloads identities of their own with Workload Identity Federation.',
      example: { before: node('', '{}'), after: node(', iam.gke.io/gke-metadata-server-enabled: "true"', '{}') },
      message: 'the label iam.gke.io/gke-metadata-server-enabled is not true',
      placement: {},
      theme: [],
      builtin: 'gkeMetadataServer',
    },
    {
      id: 'gke-node-image',
      title: 'Nodes of GKE run Container-Optimized OS',
      severity: 'low',
      essential: false,
      kinds: ['Node'],
      why: 'Container-Optimized OS has a read-only root file system and few packages, and gets its patches as a whole image.',
      fix: 'Set --image-type=COS_CONTAINERD for the node pool.',
      example: {
        before: node('', '{nodeInfo: {osImage: Ubuntu 22.04.5 LTS}}'),
        after: node('', '{nodeInfo: {osImage: Container-Optimized OS from Google}}'),
      },
      message: 'the node does not run Container-Optimized OS',
      placement: {},
      theme: [],
      builtin: 'gkeNodeImage',
    },
    {
      id: 'default-service-account-cloud-identity',
      title: 'The default ServiceAccount has no identity in the cloud',
      severity: 'medium',
      essential: false,
      kinds: ['ServiceAccount'],
      why: 'Every pod of the namespace without a serviceAccountName can use the rights of the identity in the cloud.',
      fix: 'Create a ServiceAccount for the workload, and move the annotation to it.',
      example: { before: account('default'), after: account('shop') },
      message: 'the annotation gives the default ServiceAccount an identity in the cloud',
      placement: { cis: ['5.1.5'], mitre: ['T1078.001'] },
      theme: 'access',
      checks: [
        {
          at: 'metadata.annotations',
          type: 'string',
          entries: true,
          require:
            "!(key in ['eks.amazonaws.com/role-arn', 'iam.gke.io/gcp-service-account', 'azure.workload.identity/client-id']) || item == ''",
        },
      ],
      exemptions: [{ when: "!has(object.metadata.name) || object.metadata.name != 'default'" }],
    },
    {
      id: 'azure-pod-identity',
      title: 'Pods do not use the pod identity of Azure',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'Microsoft deprecated pod identity in October 2022. It gets no more patches, and pods of the host network get around it.',
      fix: 'Move to workload identity: annotate the ServiceAccount with azure.workload.identity/client-id, and label pods with azure.workload.identity/use.',
      example: { before: labelled('aadpodidbinding: shop'), after: labelled('azure.workload.identity/use: "true"') },
      message: 'the label aadpodidbinding selects an identity of Azure',
      placement: {},
      theme: 'access',
      checks: [{ at: 'metadata.labels', type: 'string', entries: true, require: "key != 'aadpodidbinding' || item == ''" }],
    },
    {
      id: 'image-policy-break-glass',
      title: 'Pods do not get around the image policy',
      severity: 'medium',
      essential: false,
      kinds: 'workloads',
      why: 'ImagePolicyWebhook and Binary Authorization admit the images of such pods, whoever built them.',
      fix: 'Remove the label or the annotation break-glass, and let the images be attested.',
      example: { before: labelled('image-policy.k8s.io/break-glass: "true"'), after: labelled('app: shop') },
      message: 'break-glass is true',
      placement: { cis: ['5.5.1'], nist: ['4.1.5'], mitre: ['T1204.003'] },
      theme: 'supply-chain',
      checks: ['metadata.labels', 'metadata.annotations'].map((at) => ({
        at,
        type: 'string' as const,
        entries: true,
        require: "!key.matches('^([a-z0-9-]+[.])?image-policy[.]k8s[.]io/break-glass$') || item != 'true'",
      })),
    },
  ],
};
