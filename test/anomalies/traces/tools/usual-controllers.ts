import { http } from '../../http.ts';
import { binding, managedBy, node, object, ownedBy, pod, podSpec, release, rule, workload } from '../../objects.ts';
import { account as sa, day, minute, type World } from '../../world.ts';
import { exec, named, role, type UsualWork } from '../trace.ts';

const argo = sa('argocd', 'argocd-application-controller');
const kustomize = sa('flux-system', 'kustomize-controller');
const helmController = sa('flux-system', 'helm-controller');
const certManager = sa('cert-manager', 'cert-manager');
const injector = sa('cert-manager', 'cert-manager-cainjector');
const eso = sa('external-secrets', 'external-secrets');
const prometheus = sa('monitoring', 'prometheus-operator');
const autoscaler = sa('kube-system', 'cluster-autoscaler');
const karpenter = sa('kube-system', 'karpenter');
const velero = sa('velero', 'velero');
const kyverno = sa('kyverno', 'kyverno-background-controller');
const nodes = { groups: ['system:nodes', 'system:authenticated'] };

/** What a controller does when it starts: it lists and then watches. */
function starts(world: World, user: string, ...paths: readonly string[]): void {
  for (const path of paths) {
    http(world, user, `GET ${path}?limit=500&resourceVersion=0`);
    http(world, user, `GET ${path}?watch=true&allowWatchBookmarks=true`);
  }
  world.wait(minute);
}

/** What controllers do every day. */
export const usualControllers: readonly UsualWork[] = [
  [
    'argocd: sync of a new version',
    (world) => {
      const app = (tag: string) => workload('Deployment', 'shop/web', podSpec(`web:${tag}`), { metadata: managedBy('argocd-controller') });
      world.usually(() => world.write(argo, app(`v${world.now}`)));
      world.write(argo, app('v2'));
    },
  ],
  [
    'argocd: a new application with a role of its own',
    (world) => {
      world.usually(() => {
        const name = `team-${named(Math.floor(world.now / day) % 20)}`;
        world.write(argo, object('Namespace', name));
        world.write(argo, object('ServiceAccount', `${name}/api`));
        world.write(argo, role(`${name}/api`, [rule('get list watch', 'configmaps')]));
        world.write(argo, binding('RoleBinding', `${name}/api`, 'Role/api', [`ServiceAccount/${name}/api`]));
        world.write(
          argo,
          workload('Deployment', `${name}/web`, podSpec(`docker.io/library/web:${world.now}`), {
            metadata: managedBy('argocd-controller'),
          }),
        );
      });
      world.write(argo, object('Namespace', 'billing'));
      world.write(argo, object('ServiceAccount', 'billing/api', {}, { labels: { 'app.kubernetes.io/instance': 'billing' } }));
      world.write(argo, role('billing/api', [rule('get list watch', 'configmaps')]));
      world.write(argo, binding('RoleBinding', 'billing/api', 'Role/api', ['ServiceAccount/billing/api']));
      world.write(
        argo,
        workload('Deployment', 'billing/api', podSpec('docker.io/library/web:v1', { serviceAccountName: 'api' }), {
          metadata: managedBy('argocd-controller'),
        }),
      );
    },
  ],
  [
    'argocd: restart lists and watches every kind',
    (world) => {
      world.usually(() =>
        starts(
          world,
          argo,
          '/api/v1/secrets',
          '/api/v1/pods',
          '/apis/rbac.authorization.k8s.io/v1/clusterroles',
          '/apis/apps/v1/deployments',
        ),
      );
      starts(
        world,
        argo,
        '/api/v1/secrets',
        '/api/v1/pods',
        '/apis/rbac.authorization.k8s.io/v1/clusterroles',
        '/apis/apps/v1/deployments',
        '/apis/batch/v1/jobs',
        '/api/v1/services',
        '/api/v1/endpoints',
      );
    },
  ],
  [
    'argocd: server opens a log and a diff for a person',
    (world) => {
      const server = sa('argocd', 'argocd-server');
      world.usually(() => http(world, server, 'GET /api/v1/namespaces/argocd/secrets/argocd-secret'));
      http(world, server, 'GET /api/v1/namespaces/argocd/secrets/argocd-secret');
      http(world, server, 'GET /api/v1/namespaces/shop/pods/web-5d4f8c7b9-x2k4v/log?follow=true&tailLines=1000');
    },
  ],
  [
    'flux: kustomization with impersonation as every ten minutes',
    (world) => {
      const reconcile = () => {
        for (const name of ['team-a', 'team-b'])
          http(world, kustomize, `PATCH /apis/apps/v1/namespaces/${name}/deployments/web`, {
            as: sa(name, 'reconciler'),
            asGroups: ['system:serviceaccounts', `system:serviceaccounts:${name}`, 'system:authenticated'],
          });
      };
      world.usually(reconcile);
      reconcile();
    },
  ],
  [
    'flux: helm-controller upgrades a release',
    (world) => {
      const upgrade = () => {
        http(world, helmController, 'GET /api/v1/namespaces/shop/secrets?labelSelector=name%3Dweb%2Cowner%3Dhelm');
        http(world, helmController, 'POST /api/v1/namespaces/shop/secrets', { name: 'sh.helm.release.v1.web.v12' });
        world.write(helmController, workload('Deployment', 'shop/web', podSpec(`web:${world.now}`), { metadata: release('web') }));
      };
      world.usually(upgrade);
      upgrade();
    },
  ],
  [
    'flux: source-controller fetches the credentials of a repository',
    (world) => {
      const fetch = () => http(world, sa('flux-system', 'source-controller'), 'GET /api/v1/namespaces/flux-system/secrets/git-auth');
      world.usually(fetch);
      fetch();
    },
  ],
  [
    'cert-manager: a certificate in a new namespace',
    (world) => {
      world.usually(() => {
        for (let index = 0; index < 22; index += 1) {
          http(world, certManager, `GET /api/v1/namespaces/team-${named(index)}/secrets/tls`);
          for (const kind of [
            'challenges',
            'orders',
            'certificaterequests',
            'certificates',
            'issuers',
            'events',
            'services',
            'ingresses',
            'leases',
            'pods',
          ])
            http(world, certManager, `PATCH /apis/acme.cert-manager.io/v1/namespaces/team-${named(index)}/${kind}/x/status`);
        }
        starts(world, certManager, '/api/v1/secrets');
      });
      http(world, certManager, 'GET /api/v1/namespaces/billing/secrets/tls');
      http(world, certManager, 'POST /api/v1/namespaces/billing/secrets', { name: 'tls' });
    },
    'medium',
  ],
  [
    'cert-manager: solver pods and their Services',
    (world) => {
      const solve = (host: string) => {
        world.write(
          certManager,
          pod(`shop/cm-acme-http-solver-${host}`, podSpec('quay.io/jetstack/cert-manager-acmesolver'), {
            metadata: ownedBy('Challenge', 'web-1-2-3'),
          }),
        );
        world.write(
          certManager,
          object(
            'Service',
            `shop/cm-acme-http-solver-${host}`,
            { spec: { type: 'NodePort', ports: [{ port: 8089 }] } },
            ownedBy('Challenge', 'web-1-2-3'),
          ),
        );
      };
      world.usually(() => solve(`x${Math.floor(world.now / day)}`));
      solve('q9z4d');
    },
  ],
  [
    'cert-manager: cainjector writes the certificate of webhooks and API services',
    (world) => {
      const hook = (caBundle: string) =>
        object('ValidatingWebhookConfiguration', 'kyverno-policy', {
          webhooks: [
            {
              clientConfig: { caBundle, service: { namespace: 'kyverno', name: 'kyverno-svc' } },
              rules: [{ apiGroups: ['kyverno.io'], resources: ['policies'] }],
            },
          ],
        });
      world.found(hook('a'));
      world.write(injector, hook('b'));
    },
  ],
  [
    'prometheus operator: rules, StatefulSets and Secrets of its own',
    (world) => {
      const reconcile = () => {
        http(world, prometheus, 'PUT /api/v1/namespaces/monitoring/secrets/prometheus-k8s');
        http(world, prometheus, 'GET /api/v1/namespaces/monitoring/secrets/alertmanager-main');
        world.write(
          prometheus,
          workload('StatefulSet', 'monitoring/prometheus-k8s', podSpec(`quay.io/prometheus/prometheus:${world.now}`), {
            metadata: ownedBy('Prometheus', 'k8s'),
          }),
        );
      };
      world.usually(reconcile);
      reconcile();
    },
  ],
  [
    'prometheus: scrapes kubelets through the API server',
    (world) => {
      const scrape = () => {
        for (const name of ['node-a', 'node-b'])
          for (const path of ['metrics', 'metrics/cadvisor', 'metrics/probes'])
            http(world, sa('monitoring', 'prometheus'), `GET /api/v1/nodes/${name}/proxy/${path}`);
      };
      world.usually(scrape);
      scrape();
    },
  ],
  [
    'metrics-server: its API service becomes available',
    (world) => http(world, 'system:kube-aggregator', 'PUT /apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io/status'),
  ],
  [
    'cluster-autoscaler: removes a node that is not needed',
    (world) => {
      const one = node('node-x', '10.0.0.7');
      world.found(node('node-a', '10.0.0.1'), one);
      world.usually(() => http(world, autoscaler, 'GET /api/v1/nodes'));
      for (let index = 0; index < 15; index += 1)
        http(world, autoscaler, `POST /api/v1/namespaces/shop/pods/web-5d4f8c7b9-${'bcdfghjklmnpqrs'[index] ?? ''}2k4v/eviction`);
      world.remove('system:serviceaccount:kube-system:node-controller', one);
    },
  ],
  [
    'karpenter: nodes of a pool come and go',
    (world) => {
      const labels = { 'karpenter.sh/nodepool': 'default', 'node.kubernetes.io/instance-type': 'm5.large' };
      world.found(node('ip-10-0-0-1', '10.0.0.1', { labels }));
      world.usually(() => http(world, karpenter, 'DELETE /api/v1/nodes/ip-10-0-0-3'));
      world.write(
        'system:node:ip-10-0-0-9',
        node('ip-10-0-0-9', '10.0.0.9', { labels: { ...labels, 'node.kubernetes.io/instance-type': 'c7g.xlarge' } }),
        nodes,
      );
      world.remove(karpenter, node('ip-10-0-0-1', '10.0.0.1', { labels }));
    },
  ],
  [
    'external-secrets: reads the credentials of its stores',
    (world) => {
      const sync = () => {
        for (const name of ['team-a', 'team-b', 'team-c']) {
          http(world, eso, `GET /api/v1/namespaces/${name}/secrets/store`);
          http(world, eso, `PUT /api/v1/namespaces/${name}/secrets/db`);
        }
      };
      world.usually(sync);
      sync();
    },
  ],
  [
    'external-secrets: tokens of accounts for the vault, as every hour',
    (world) => {
      const ask = () =>
        http(world, eso, 'POST /api/v1/namespaces/team-a/serviceaccounts/vault/token', {
          body: { kind: 'TokenRequest', spec: { audiences: ['vault'], expirationSeconds: 600 } },
        });
      world.usually(ask);
      ask();
    },
  ],
  [
    'velero: backup with hooks and restore of one namespace',
    (world) => {
      const backup = () => {
        for (const resource of ['pods', 'secrets', 'configmaps', 'services', 'persistentvolumeclaims'])
          http(world, velero, `GET /api/v1/namespaces/shop/${resource}?limit=500`);
        exec(world, velero, ['/sbin/fsfreeze', '--freeze', '/data'], { pod: 'shop/pods/db-0' });
      };
      world.usually(backup);
      backup();
      http(world, velero, 'DELETE /apis/velero.io/v1/namespaces/velero/backups/nightly-20261101020000');
    },
  ],
  [
    'kyverno: generates a NetworkPolicy in a new namespace',
    (world) => {
      world.usually(() =>
        world.write(
          kyverno,
          object('NetworkPolicy', `team-${Math.floor(world.now / day)}/default-deny`, {
            spec: { podSelector: {}, policyTypes: ['Ingress'] },
          }),
        ),
      );
      world.write(kyverno, object('NetworkPolicy', 'billing/default-deny', { spec: { podSelector: {}, policyTypes: ['Ingress'] } }));
    },
  ],
  [
    'kyverno: reports and its own webhooks with other rules for a new policy',
    (world) => {
      const hook = (resources: readonly string[]) =>
        object('ValidatingWebhookConfiguration', 'kyverno-resource-validating-webhook-cfg', {
          webhooks: [
            {
              failurePolicy: 'Fail',
              clientConfig: { service: { namespace: 'kyverno', name: 'kyverno-svc' } },
              rules: [{ apiGroups: ['apps'], resources }],
            },
          ],
        });
      const admission = sa('kyverno', 'kyverno-admission-controller');
      world.usually(() => world.write(admission, hook(['deployments', `x${Math.floor(world.now / day)}`])));
      world.write(admission, hook(['deployments', 'statefulsets']));
    },
  ],
  [
    'istio: injector writes its certificate',
    (world) => {
      const hook = (caBundle: string) =>
        object('MutatingWebhookConfiguration', 'istio-sidecar-injector', {
          webhooks: [
            {
              clientConfig: { caBundle, service: { namespace: 'istio-system', name: 'istiod' } },
              rules: [{ apiGroups: [''], resources: ['pods'] }],
            },
          ],
        });
      world.found(hook('a'));
      world.write(sa('istio-system', 'istiod'), hook('b'));
    },
  ],
  [
    'keda: external metrics and its scaled Jobs',
    (world) => {
      const keda = sa('keda', 'keda-operator');
      const scale = () => {
        http(world, keda, 'GET /api/v1/namespaces/shop/secrets/queue');
        world.write(
          keda,
          workload('Job', `shop/worker-${Math.floor(world.now / 1000)}`, podSpec('docker.io/library/worker'), {
            metadata: ownedBy('ScaledJob', 'worker'),
          }),
        );
      };
      world.usually(scale);
      scale();
    },
  ],
  [
    'metallb: gives addresses to Services',
    (world) => {
      const assign = () => http(world, sa('metallb-system', 'controller'), 'PUT /api/v1/namespaces/shop/services/web/status');
      world.usually(assign);
      assign();
    },
  ],
  [
    'cloud controller: a load balancer for a new Service',
    (world) => {
      world.usually(() => http(world, sa('kube-system', 'cloud-controller-manager'), 'PATCH /api/v1/namespaces/shop/services/web/status'));
      http(world, sa('kube-system', 'cloud-controller-manager'), 'PATCH /api/v1/namespaces/billing/services/api/status');
    },
  ],
  [
    'cloud controller of k3s: addresses of klipper',
    (world) => http(world, 'system:k3s-controller', 'PATCH /api/v1/namespaces/shop/services/web/status'),
  ],
  [
    'CSI driver: tokens of accounts, by kubelets',
    (world) =>
      http(world, 'system:node:node-a', 'POST /api/v1/namespaces/shop/serviceaccounts/web/token', {
        ...nodes,
        body: { kind: 'TokenRequest', spec: { audiences: ['sts.amazonaws.com'], expirationSeconds: 3600 } },
      }),
  ],
  [
    'vault injector: token reviews of pods',
    (world) => {
      const review = () => http(world, sa('vault', 'vault'), 'POST /apis/authentication.k8s.io/v1/tokenreviews');
      world.usually(review);
      review();
    },
  ],
  [
    'trivy operator: Jobs for scans come and go',
    (world) => {
      const trivy = sa('trivy-system', 'trivy-operator');
      const scan = (name: string) =>
        world.write(trivy, workload('Job', `trivy-system/scan-vulnerabilityreport-${name}`, podSpec('ghcr.io/aquasecurity/trivy')));
      world.usually(() => {
        scan(`5d4f8c7b${Math.floor(world.now / day) % 10}`);
        http(world, trivy, 'DELETE /apis/batch/v1/namespaces/trivy-system/jobs/scan-vulnerabilityreport-5d4f8c7b9');
      });
      scan('66f7d9c8b4');
      world.remove(trivy, workload('Job', 'trivy-system/scan-vulnerabilityreport-66f7d9c8b4', podSpec('ghcr.io/aquasecurity/trivy')));
    },
  ],
  [
    'vertical pod autoscaler: evicts and its webhook sets requests',
    (world) => {
      const updater = sa('kube-system', 'vpa-updater');
      const evict = () => http(world, updater, 'POST /api/v1/namespaces/shop/pods/web-5d4f8c7b9-x2k4v/eviction');
      world.usually(evict);
      evict();
    },
  ],
  [
    'descheduler: evicts thirty pods every night',
    (world) => {
      const evict = () => {
        for (let index = 0; index < 30; index += 1)
          http(world, sa('kube-system', 'descheduler'), `POST /api/v1/namespaces/shop/pods/${named(index)}-5d4f8c7b9-x2k4v/eviction`);
      };
      world.usually(evict);
      evict();
    },
  ],
  [
    'postgres operator: failover and a session in its pods',
    (world) => {
      const operator = sa('postgres', 'postgres-operator');
      const check = () => {
        exec(world, operator, ['patronictl', 'list'], { pod: 'postgres/pods/db-0' });
        http(world, operator, 'GET /api/v1/namespaces/postgres/secrets/db-credentials');
      };
      world.usually(check);
      check();
      exec(world, operator, ['patronictl', 'failover', '--force'], { pod: 'postgres/pods/db-1' });
    },
  ],
  [
    'operator lifecycle manager: a new version of an operator',
    (world) => {
      const olm = sa('olm', 'olm-operator-serviceaccount');
      const csv = (name: string) => {
        world.write(olm, role(`op.v${name}-x`, [rule('get list watch create update', 'deployments', 'apps')]));
        world.write(olm, workload('Deployment', 'operators/op', podSpec(`quay.io/op/op:v${name}`)));
      };
      world.usually(() => csv(String(Math.floor(world.now / day))));
      csv('30000');
    },
  ],
  [
    'tekton: pods of pipelines with many images',
    (world) => {
      const tekton = sa('tekton-pipelines', 'tekton-pipelines-controller');
      const run = (name: string) =>
        world.write(tekton, pod(`ci/build-${name}-pod`, podSpec('docker.io/library/golang'), { metadata: ownedBy('TaskRun', 'build') }));
      world.usually(() => run(`x${Math.floor(world.now / day)}`));
      run('q9z4d');
    },
  ],
  [
    'a node drains by itself: kured reboots one after the other',
    (world) => {
      const kured = sa('kube-system', 'kured');
      const reboot = () => {
        http(world, kured, 'PATCH /api/v1/nodes/node-a');
        for (let index = 0; index < 12; index += 1)
          http(world, kured, `POST /api/v1/namespaces/shop/pods/${named(index)}-5d4f8c7b9-x2k4v/eviction`);
      };
      world.usually(reboot);
      reboot();
    },
  ],
  [
    'chaos mesh: kills pods as every day',
    (world) => {
      const chaos = sa('chaos-mesh', 'chaos-controller-manager');
      const kill = () => {
        for (let index = 0; index < 5; index += 1)
          http(world, chaos, `DELETE /api/v1/namespaces/staging/pods/${named(index)}-5d4f8c7b9-x2k4v`);
      };
      world.usually(kill);
      kill();
    },
  ],
];
