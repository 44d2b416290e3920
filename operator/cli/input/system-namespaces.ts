/** The namespaces that are left out of files unless a policy asks for them. */
export const systemNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease', 'vigil-system'];
