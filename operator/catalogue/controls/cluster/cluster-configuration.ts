import type { Section } from '../control.ts';
import { credentialWords } from '../secrets-hygiene.ts';

const webhookKinds = [
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
  'MutatingWebhookConfiguration.admissionregistration.k8s.io',
];
const volume = (source: string): string => `kind: PersistentVolume\nspec:\n  ${source}\n`;
/** Folders of the node that a local volume must not be, with what is below most of them. */
const nodeFolders =
  '^/+((etc|root|boot|proc|sys|run|var/run|bin|sbin|lib|lib64|usr|var/lib/(kubelet|etcd|docker|containerd|containers|rancher))(/.*)?|dev/*|var/*|var/lib/*|home/*|opt/*)?$';

/** Objects of the cluster that decide on storage, on extensions of the API server, and on who gets in. */
export const clusterConfiguration: Section = {
  title: 'Cluster configuration',
  controls: [
    {
      id: 'persistent-volume-host-path',
      title: 'PersistentVolumes are no folders of the node',
      severity: 'high',
      essential: false,
      kinds: ['PersistentVolume'],
      why: 'Pods may use any PersistentVolumeClaim, whatever Pod Security Standard applies to them. A hostPath behind it gives them the files of the node.',
      fix: 'Use a CSI driver, or a local volume on a disk of its own.',
      example: { before: volume('hostPath: {path: /var/data}'), after: volume('local: {path: /mnt/disks/ssd1}') },
      message: 'the volume is a folder of the node',
      placement: { cis: ['5.2.12/5.2.11'], nist: ['4.5.5'], mitre: ['T1611', 'T1552.001'] },
      theme: 'hardening',
      checks: [
        { at: 'spec.hostPath', type: 'map', require: 'false' },
        { at: 'spec.local.path', type: 'string', require: `!item.matches('${nodeFolders}')` },
      ],
    },
    {
      id: 'credential-in-storage-parameters',
      title: 'Storage classes and volumes have no credentials',
      severity: 'high',
      essential: false,
      kinds: [
        'StorageClass.storage.k8s.io',
        'VolumeAttributesClass.storage.k8s.io',
        'VolumeSnapshotClass.snapshot.storage.k8s.io',
        'PersistentVolume',
      ],
      why: 'Every user can read storage classes, and their parameters are copied to volumes. A password there gives access to the storage of all.',
      fix: 'Move the credential to a Secret, refer to it as the CSI driver documents (csi.storage.k8s.io/provisioner-secret-name), and replace it with a new one.',
      example: {
        before: 'kind: StorageClass\nparameters: {restuserkey: hunter2, password: hunter2}\n',
        after: 'kind: StorageClass\nparameters: {csi.storage.k8s.io/provisioner-secret-name: storage}\n',
      },
      message: 'parameters have a credential',
      placement: { cis: ['5.4.1'], nist: ['4.1.4'], mitre: ['T1552.001'] },
      theme: 'secrets',
      parameters: credentialWords,
      builtin: 'credentialInParameters',
    },
    {
      id: 'api-service-tls',
      title: 'The API server verifies the certificates of extension API servers',
      severity: 'high',
      essential: false,
      kinds: ['APIService.apiregistration.k8s.io'],
      why: 'Who is between the API server and the extension can answer in its place, and gets the requests with the names and groups of users.',
      fix: 'Set spec.caBundle, and remove spec.insecureSkipTLSVerify.',
      example: {
        before: 'kind: APIService\nspec: {insecureSkipTLSVerify: true}\n',
        after: 'kind: APIService\nspec: {caBundle: LS0tLS1CRUdJTi4uLg==}\n',
      },
      message: 'insecureSkipTLSVerify is true',
      placement: { nsa: ['NS.encryption'], mitre: ['T1557'] },
      theme: 'tls',
      checks: [{ at: 'spec.insecureSkipTLSVerify', type: 'bool', require: '!item' }],
    },
    {
      id: 'webhook-outside-cluster',
      title: 'Webhooks are inside the cluster',
      severity: 'medium',
      essential: false,
      kinds: [...webhookKinds, 'CustomResourceDefinition.apiextensions.k8s.io'],
      why: 'The API server sends objects to the host, Secrets among them, and the host can change them. If it does not answer, requests fail or are not checked.',
      fix: 'Run the webhook in the cluster and name it with clientConfig.service, or accept the host with an exception.',
      example: {
        before: 'webhooks: [{clientConfig: {url: "https://hooks.example.net/mutate"}}]\n',
        after: 'webhooks: [{clientConfig: {service: {name: hooks, namespace: hooks}}}]\n',
      },
      message: 'clientConfig.url is outside of the cluster',
      placement: { mitre: ['T1557'] },
      theme: 'network',
      builtin: 'webhookOutside',
    },
    {
      id: 'aws-auth-masters',
      title: 'aws-auth adds no identity to system:masters',
      severity: 'high',
      essential: false,
      kinds: ['ConfigMap'],
      named: { namespace: 'kube-system', name: 'aws-auth' },
      why: 'The group has all rights, which no role and no webhook can limit. Who can assume the role of IAM is administrator of the cluster.',
      fix: 'Map the identity to a group of its own, and bind a ClusterRole to that, or use access entries of EKS.',
      example: {
        before: 'data:\n  mapRoles: |\n    - rolearn: arn:aws:iam::111122223333:role/dev\n      groups: [system:masters]\n',
        after: 'data:\n  mapRoles: |\n    - rolearn: arn:aws:iam::111122223333:role/dev\n      groups: [developers]\n',
      },
      message: 'the group system:masters is given to',
      placement: { cis: ['5.1.7'], nsa: ['AA.rbac'], mitre: ['T1078'] },
      theme: 'access',
      builtin: 'awsMasters',
    },
    {
      id: 'aws-auth-accounts',
      title: 'aws-auth lets no whole account in',
      severity: 'medium',
      essential: false,
      kinds: ['ConfigMap'],
      named: { namespace: 'kube-system', name: 'aws-auth' },
      why: 'Every identity of the account can log in to the cluster, and has what roles grant to system:authenticated.',
      fix: 'Remove mapAccounts, and map single roles.',
      example: { before: "data:\n  mapAccounts: |\n    - '111122223333'\n", after: 'data:\n  mapAccounts: |\n    []\n' },
      message: 'mapAccounts has accounts',
      placement: { nsa: ['AA.authentication'], mitre: ['T1078'] },
      theme: 'access',
      builtin: 'awsAccounts',
    },
  ],
};
