import { http } from '../http.ts';
import { account as sa, hour, minute } from '../world.ts';
import { named, type UsualWork } from './trace.ts';

const argo = sa('argocd', 'argocd-application-controller');
const hpa = sa('kube-system', 'horizontal-pod-autoscaler');
const web = sa('shop', 'web');

/** Requests of people and programs that do their work. */
export const usualRequests: readonly UsualWork[] = [
  [
    'velero lists secrets every night',
    (world) => {
      const v = () => {
        http(world, sa('velero', 'velero'), 'GET /api/v1/secrets?limit=500');
        for (let i = 0; i < 5; i += 1) http(world, sa('velero', 'velero'), `GET /api/v1/namespaces/ns${i}/secrets?limit=500`);
      };
      world.usually(v);
      v();
    },
  ],
  [
    'external-secrets reads one secret more than usual',
    (world) => {
      const v = (n: number) => {
        for (let i = 0; i < n; i += 1) http(world, sa('eso', 'external-secrets'), `GET /api/v1/namespaces/eso/secrets/${named(i)}`);
      };
      world.usually(() => v(40));
      v(42);
    },
  ],
  [
    'cert-manager renews',
    (world) => {
      const v = () => {
        http(world, sa('cert-manager', 'cert-manager'), 'GET /api/v1/namespaces/shop/secrets/tls');
        http(world, sa('cert-manager', 'cert-manager'), 'PUT /api/v1/namespaces/shop/secrets/tls');
      };
      world.usually(v);
      v();
    },
  ],
  [
    'argocd server-side diff of everything',
    (world) => {
      world.usually(() => http(world, argo, 'GET /api/v1/namespaces?limit=500'));
      for (const r of ['rolebindings', 'roles'])
        http(
          world,
          argo,
          `PATCH /apis/rbac.authorization.k8s.io/v1/namespaces/shop/${r}/x?dryRun=All&fieldManager=argocd-controller&force=true`,
        );
      http(world, argo, 'PATCH /api/v1/namespaces/shop/serviceaccounts/x?dryRun=All&fieldManager=argocd-controller');
    },
  ],
  [
    'kubectl diff as a person',
    (world) => {
      http(world, 'alice', 'PATCH /apis/apps/v1/namespaces/shop/deployments/web?dryRun=All&fieldManager=kubectl-client-side-apply');
      http(world, 'alice', 'POST /apis/apps/v1/namespaces/shop/deployments?dryRun=All', { name: 'new' });
    },
  ],
  [
    'prometheus operator lists and watches everything',
    (world) => {
      for (const r of ['pods', 'services', 'endpoints', 'nodes', 'namespaces', 'configmaps', 'persistentvolumeclaims']) {
        http(world, sa('monitoring', 'kube-state-metrics'), `GET /api/v1/${r}?limit=500&resourceVersion=0`);
        http(world, sa('monitoring', 'kube-state-metrics'), `GET /api/v1/${r}?watch=true&resourceVersion=1`);
      }
      world.wait(minute);
    },
  ],
  [
    'EKS own users at work',
    (world) => {
      const own = [
        'eks:node-manager',
        'eks:k8s-metrics',
        'eks:certificate-controller',
        'eks:cloud-controller-manager',
        'eks:addon-manager',
        'eks:vpc-resource-controller',
      ];
      world.usually(() => own.forEach((u) => http(world, u, 'GET /api/v1/nodes?limit=500', { agent: 'eks/v1' })));
      own.forEach((u) => http(world, u, 'GET /api/v1/nodes?limit=500', { agent: 'eks/v1' }));
      http(world, 'eks:addon-manager', 'PATCH /apis/apps/v1/namespaces/kube-system/daemonsets/aws-node');
    },
  ],
  [
    'GKE own users',
    (world) => {
      const own = [
        'system:gcp-controller-manager',
        'system:managed-certificate-controller',
        'system:addon-manager',
        'system:l7-lb-controller',
      ];
      for (const u of own) {
        for (const r of ['services', 'nodes', 'ingresses', 'pods', 'configmaps', 'secrets'])
          if (r !== 'secrets') {
            http(world, u, `GET /api/v1/${r}`);
            http(world, u, `GET /api/v1/${r}?watch=true`);
          }
      }
      world.wait(minute);
    },
  ],
  [
    'AKS own users',
    (world) => {
      world.usually(() => http(world, 'aksService', 'GET /api/v1/nodes', { groups: ['system:masters', 'system:authenticated'] }));
      http(world, 'aksService', 'GET /api/v1/nodes', { groups: ['system:masters', 'system:authenticated'] });
    },
  ],
  [
    'helm upgrade by a person who does it',
    (world) => {
      const v = (n: string) => {
        http(world, 'deployer', `GET /api/v1/namespaces/shop/secrets?labelSelector=owner%3Dhelm`);
        http(world, 'deployer', `POST /api/v1/namespaces/shop/secrets`, { name: `sh.helm.release.v1.shop.v${n}` });
        http(world, 'deployer', `PUT /api/v1/namespaces/shop/secrets/sh.helm.release.v1.shop.v${n}`);
        http(world, 'deployer', `DELETE /api/v1/namespaces/shop/secrets/sh.helm.release.v1.shop.v${n}`);
      };
      world.usually(() => v('1'));
      v('99');
    },
  ],
  [
    'metrics server scrapes kubelets via proxy',
    (world) => {
      for (const p of ['metrics', 'metrics/cadvisor', 'stats/summary', 'healthz', 'configz'])
        http(world, sa('monitoring', 'prometheus'), `GET /api/v1/nodes/proxy-1/proxy/${p}`);
    },
  ],
  [
    'load balancer probes anonymously',
    (world) => {
      for (const p of [
        '/healthz',
        '/livez?verbose',
        '/readyz',
        '/version',
        '/api',
        '/apis',
        '/openapi/v2',
        '/.well-known/openid-configuration',
        '/openid/v1/jwks',
      ])
        http(world, 'system:anonymous', `GET ${p}`, { groups: ['system:unauthenticated'] });
    },
  ],
  [
    'token expired: a client gets 401 again and again',
    (world) => {
      for (let i = 0; i < 100; i += 1) http(world, '', 'GET /api/v1/namespaces/shop/pods/web', { code: 401 });
    },
  ],
  [
    'grafana behind services/proxy answers 401',
    (world) => {
      for (let i = 0; i < 30; i += 1)
        http(world, 'alice', `GET /api/v1/namespaces/monitoring/services/grafana:80/proxy/api/${named(i)}`, {
          code: 401,
          annotations: { 'authorization.k8s.io/decision': 'allow' },
        });
    },
  ],
  [
    'prometheus-operator probes at start: five reviews',
    (world) => {
      for (let i = 0; i < 5; i += 1) http(world, sa('monitoring', 'po'), 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews');
    },
  ],
  [
    'kubectl auth can-i by a person',
    (world) => {
      http(world, 'alice', 'POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews');
      http(world, 'alice', 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews');
    },
  ],
  [
    'statefulset exec by velero hook, as every night',
    (world) => {
      const v = () =>
        http(
          world,
          sa('velero', 'velero'),
          'POST /api/v1/namespaces/shop/pods/db-0/exec?command=%2Fbin%2Fbash&command=-c&command=fsfreeze+--freeze+%2Fdata&container=db&stderr=true&stdout=true',
        );
      world.usually(v);
      v();
    },
  ],
  ['port-forward by a developer', (world) => http(world, 'alice', 'POST /api/v1/namespaces/shop/pods/web-5d4f8c7b9-x2k4v/portforward')],
  ['failed exec: pod gone', (world) => http(world, 'alice', 'POST /api/v1/namespaces/shop/pods/gone/exec?command=sh', { code: 404 })],
  [
    'denied token request',
    (world) => http(world, 'alice', 'POST /api/v1/namespaces/kube-system/serviceaccounts/admin/token', { code: 403 }),
  ],
  ['conflicting secret update', (world) => http(world, 'alice', 'PUT /api/v1/namespaces/shop/secrets/db', { code: 409 })],
  [
    'person creates a secret with dry run',
    (world) => http(world, 'alice', 'POST /api/v1/namespaces/shop/secrets?dryRun=All', { name: 'x' }),
  ],
  [
    'kubelet mounts tokens',
    (world) => {
      for (let i = 0; i < 30; i += 1)
        http(world, 'system:node:node-a', `POST /api/v1/namespaces/shop/serviceaccounts/${named(i)}/token`, {
          groups: ['system:nodes', 'system:authenticated'],
          body: { spec: { expirationSeconds: 3607, boundObjectRef: { kind: 'Pod', name: 'x' } } },
        });
    },
  ],
  [
    'CI exec by gitlab runner',
    (world) => {
      const v = () =>
        http(
          world,
          sa('ci', 'runner'),
          'POST /api/v1/namespaces/ci/pods/runner-abc-project-1-concurrent-0-x2k4v/attach?container=build&stdin=true',
        );
      world.usually(v);
      v();
    },
  ],
  [
    'leader election by leases and configmaps',
    (world) => {
      for (let i = 0; i < 50; i += 1) http(world, web, 'PUT /apis/coordination.k8s.io/v1/namespaces/shop/leases/web');
    },
  ],
  [
    'aggregated API reads of metrics',
    (world) => {
      http(world, 'alice', 'GET /apis/metrics.k8s.io/v1beta1/nodes');
      http(world, 'alice', 'GET /apis/metrics.k8s.io/v1beta1/pods');
      http(world, hpa, 'GET /apis/metrics.k8s.io/v1beta1/namespaces/shop/pods');
    },
  ],
  [
    'impersonating tool does so every day',
    (world) => {
      const v = () =>
        http(world, sa('rancher', 'rancher'), 'GET /api/v1/namespaces/shop/pods', {
          as: 'u-abc',
          asGroups: ['system:authenticated', 'team-a'],
        });
      world.usually(v);
      v();
    },
  ],
  [
    'own secret of an account by field selector',
    (world) => {
      http(world, web, 'GET /api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%3Dtls');
      http(world, web, 'GET /api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%3Dtls&watch=true');
    },
  ],
  [
    'on-call reads ten secrets where she does so',
    (world) => {
      world.usually(() => http(world, 'alice', 'GET /api/v1/namespaces/shop/secrets/db'));
      for (let i = 0; i < 9; i += 1) {
        http(world, 'alice', `GET /api/v1/namespaces/shop/secrets/${named(i)}`);
        world.wait(hour);
      }
    },
  ],
];
