/** The system namespaces for scans of files. They are excluded unless a policy includes them. */
export const systemNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease', 'vigil-system'];
