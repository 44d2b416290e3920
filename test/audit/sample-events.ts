/** An Event of audit.k8s.io/v1 as an API server writes it, with some fields replaced. */
export const auditJson = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID: '0c2e9a0e-8f2b-4f0c-9d0b-0f2f3b1c1a11',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/secrets/db',
  verb: 'get',
  user: {
    username: 'system:serviceaccount:shop:cart',
    uid: 'b0d6a1c2',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/pod-name': ['cart-7d4b9'], 'authentication.kubernetes.io/node-name': ['worker-1'] },
  },
  sourceIPs: ['10.244.1.7'],
  userAgent: 'curl/8.5.0',
  objectRef: { resource: 'secrets', namespace: 'shop', name: 'db', apiVersion: 'v1' },
  responseStatus: { metadata: {}, code: 200 },
  requestReceivedTimestamp: '2026-03-01T10:00:00.123456Z',
  stageTimestamp: '2026-03-01T10:00:00.130200Z',
  annotations: {
    'authorization.k8s.io/decision': 'allow',
    'authorization.k8s.io/reason': 'RBAC: allowed by RoleBinding "cart/shop" of Role "cart" to ServiceAccount "cart/shop"',
  },
  ...changes,
});
