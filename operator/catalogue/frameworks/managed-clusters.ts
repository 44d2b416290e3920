import {
  admin,
  balancers,
  bindEscalate,
  createPods,
  defaultAccounts,
  defaultNamespace,
  endpoint,
  files,
  kubelet,
  namespaces,
  nodesProxy,
  numbered,
  ofCloud,
  persistentVolumes,
  plugin,
  pods,
  policies,
  policiesEnabled,
  registry,
  scanned,
  secretFiles,
  secrets,
  secretStore,
  securityContext,
  tokenRequests,
  tokens,
  webhooks,
  wildcards,
  type Entry,
  type ManagedRequirement,
} from './managed-requirements.ts';

/** CIS Amazon EKS Benchmark 1.7 and 1.8, by cfg/eks-1.7.0 and cfg/eks-1.8.0 of aquasecurity/kube-bench. */
export function eksRequirements(version: string): readonly ManagedRequirement[] {
  return [
    ...numbered('2.1', [
      ofCloud('Enable audit logs', 'Check the logging of the cluster in EKS.'),
      ofCloud('Ensure that audit logs are collected and managed', 'Check where the logs of the cluster are kept.'),
    ]),
    ...numbered('3.1', files('kubeconfig file', 'kubelet configuration file')),
    ...numbered('3.2', kubelet),
    ...numbered('4.1', [
      ...[admin, secrets, wildcards, createPods, defaultAccounts, tokens],
      ofCloud(
        'Manage access with the Cluster Access Manager API',
        'Check the authentication mode of the cluster and its access entries in EKS.',
        'aws-auth-masters aws-auth-accounts',
      ),
      bindEscalate,
      ...(version === '1.7' ? [] : [persistentVolumes, nodesProxy, webhooks, tokenRequests]),
    ]),
    ...numbered('4.2', pods),
    ...numbered('4.3', [plugin, policies]),
    ...numbered('4.4', [secretFiles, secretStore]),
    ...numbered('4.5', [namespaces, defaultNamespace]),
    ...numbered('5.1', registry('Amazon ECR')),
    ...numbered('5.2', [
      ofCloud(
        'Prefer dedicated service accounts for access to AWS',
        'Check which pods use the role of their node.',
        'default-service-account-cloud-identity',
      ),
    ]),
    ...numbered('5.3', [ofCloud('Ensure that Secrets are encrypted with a key in AWS KMS', 'Check the encryption of Secrets in EKS.')]),
    ...numbered('5.4', [
      ...endpoint('EKS'),
      ['Ensure that clusters have private nodes', 'node-external-address'],
      policiesEnabled,
      balancers,
    ]),
    ...numbered('5.5', [ofCloud('Authenticate users with AWS IAM', 'Check how users authenticate.', 'aws-auth-masters aws-auth-accounts')]),
  ];
}

/** CIS Azure Kubernetes Service Benchmark 1.8, by cfg/aks-1.8 of aquasecurity/kube-bench. */
export function aksRequirements(): readonly ManagedRequirement[] {
  return [
    ...numbered('2.1', [ofCloud('Enable audit logs', 'Check the diagnostic settings of the cluster in Azure.')]),
    ...numbered('3.1', files('kubeconfig file', 'azure.json file')),
    ...numbered('3.2', kubelet),
    ...numbered('4.1', [
      ...[admin, secrets, wildcards, createPods, defaultAccounts, tokens, bindEscalate, persistentVolumes, nodesProxy],
      ['Minimize access to the approval sub-resource of certificatesigningrequests objects', '5.1.11'],
      ...[webhooks, tokenRequests],
    ]),
    ...numbered('4.2', pods),
    ...numbered('4.4', [ofCloud('Ensure that the latest version of the network plugin is used', 'Check the version in Azure.'), policies]),
    ...numbered('4.5', [secretFiles, secretStore]),
    ...numbered('4.6', [namespaces, securityContext, defaultNamespace]),
    ...numbered('5.1', registry('Azure Container Registry')),
    ...numbered('5.2', [
      ofCloud(
        'Prefer dedicated service accounts for access to Azure',
        'Check which pods use the identity of their node.',
        'default-service-account-cloud-identity azure-pod-identity',
      ),
    ]),
    ...numbered('5.3', [ofCloud('Ensure that Secrets are encrypted', 'Check the encryption of etcd in Azure.')]),
    ...numbered('5.4', [
      ...endpoint('Azure'),
      ofCloud('Ensure that clusters have private nodes', 'Check the public addresses of nodes in Azure.', 'node-external-address'),
      policiesEnabled,
      balancers,
    ]),
    ...numbered('5.5', [
      ofCloud('Authenticate users with Microsoft Entra ID', 'Check how users authenticate.'),
      ofCloud('Authorize requests with Azure RBAC', 'Check the authorization of the cluster in Azure.'),
    ]),
  ];
}

const inGoogleCloud = (title: string): Entry => ofCloud(title, 'Check it in Google Cloud.');

/** CIS Google Kubernetes Engine Benchmark 1.9, by cfg/gke-1.9.0 of aquasecurity/kube-bench. */
export function gkeRequirements(): readonly ManagedRequirement[] {
  return [
    ...numbered('3.1', files('kubeconfig file', 'kubelet configuration file')),
    ...numbered('4.1', [
      ...[admin, secrets, wildcards, defaultAccounts, tokens],
      ofCloud('Avoid use of system:masters group', 'Check for client certificates with the organization system:masters.', '5.1.7'),
      bindEscalate,
      ['Avoid bindings to system:anonymous', 'rbac-anonymous-binding'],
      ['Avoid non-default bindings to system:unauthenticated', 'rbac-anonymous-binding'],
      ['Avoid non-default bindings to system:authenticated', 'rbac-authenticated-binding'],
    ]),
    ...numbered('4.2', [['Ensure that all namespaces enforce the Baseline profile or a stricter one', 'namespace-psa-enforced']]),
    ...numbered('4.3', [plugin, policies]),
    ...numbered('4.4', [secretFiles, secretStore]),
    ...numbered('4.5', [ofCloud('Configure image provenance', 'Check the policy of Binary Authorization.', '5.5.1')]),
    ...numbered('4.6', [
      namespaces,
      ['Ensure that the seccomp profile is RuntimeDefault in pod definitions', '5.6.2'],
      securityContext,
      defaultNamespace,
    ]),
    ...numbered('5.1', [
      ['Ensure that images are scanned for vulnerabilities', '', scanned],
      ofCloud('Minimize user access to image repositories', 'Check who can push to the repositories.'),
      ofCloud('Minimize cluster access to read-only for image repositories', 'Check the rights of the service account of the nodes.'),
      ofCloud(
        'Ensure that only trusted images are used',
        'Check the policy of Binary Authorization.',
        'trusted-registries image-policy-break-glass',
      ),
    ]),
    ...numbered('5.2', [
      inGoogleCloud('Ensure that nodes do not have the default service account of Compute Engine'),
      ofCloud(
        'Prefer dedicated service accounts and Workload Identity',
        'Check which pods use the service account of their node.',
        'gke-metadata-server default-service-account-cloud-identity',
      ),
    ]),
    ...numbered('5.3', [inGoogleCloud('Ensure that Secrets are encrypted with a key in Cloud KMS')]),
    ...numbered('5.4', [['Ensure that the metadata server of GKE is enabled', 'gke-metadata-server']]),
    ...numbered('5.5', [
      ['Ensure that nodes run Container-Optimized OS', 'gke-node-image'],
      inGoogleCloud('Ensure that auto-repair of nodes is enabled'),
      inGoogleCloud('Ensure that auto-upgrade of nodes is enabled'),
      inGoogleCloud('Ensure that new clusters have a release channel'),
      inGoogleCloud('Ensure that Shielded GKE Nodes are enabled'),
      inGoogleCloud('Ensure that the integrity of Shielded GKE Nodes is monitored'),
      inGoogleCloud('Ensure that Secure Boot is enabled'),
    ]),
    ...numbered('5.6', [
      inGoogleCloud('Enable flow logs and intranode visibility'),
      inGoogleCloud('Ensure that clusters are VPC-native'),
      inGoogleCloud('Ensure that the networks that reach the control plane are authorized'),
      inGoogleCloud('Ensure that the endpoint is private and not public'),
      ['Ensure that clusters have private nodes', 'node-external-address'],
      inGoogleCloud('Consider firewalls for worker nodes'),
      ofCloud('Ensure that Google manages the certificates of load balancers', 'Check who issues the certificates.', 'ingress-tls'),
    ]),
    ...numbered('5.7', [
      inGoogleCloud('Ensure that logging and monitoring are enabled'),
      ['Enable auditd logging of Linux', '', 'Check for a DaemonSet that collects the logs of auditd.'],
    ]),
    ...numbered('5.8', [
      inGoogleCloud('Ensure that no client certificate is issued'),
      ofCloud('Manage users with Google Groups', 'Check how users authenticate.'),
      inGoogleCloud('Ensure that legacy authorization (ABAC) is disabled'),
    ]),
    ...numbered('5.9', [
      inGoogleCloud('Encrypt persistent disks with keys of your own'),
      inGoogleCloud('Encrypt boot disks with keys of your own'),
    ]),
    ...numbered('5.10', [
      inGoogleCloud('Ensure that the web interface of Kubernetes is disabled'),
      inGoogleCloud('Ensure that alpha clusters are not used for production'),
      ['Consider GKE Sandbox for untrusted workloads', '', 'Decide which workloads need the RuntimeClass gvisor.'],
      inGoogleCloud('Enable the security posture dashboard'),
    ]),
  ];
}
