import { http } from '../../http.ts';
import { binding, node, object, ownedBy, pod, podSpec, release, rule, workload } from '../../objects.ts';
import { account as sa, day, hour, minute } from '../../world.ts';
import { exec, named, role, type UsualWork } from '../trace.ts';

const nodes = { groups: ['system:nodes', 'system:authenticated'] };
const ci = sa('ci', 'deployer');
const helm = { agent: 'Helm/4.0.0' };

/** What people, builds and upgrades do. */
export const usualPeople: readonly UsualWork[] = [
  [
    'on call: looks at what is wrong in a namespace',
    (world) => {
      world.usually(() => http(world, 'alice', 'GET /api/v1/namespaces/shop/pods?limit=500'));
      for (const path of [
        'pods?limit=500',
        'pods/web-5d4f8c7b9-x2k4v',
        'events?fieldSelector=involvedObject.name%3Dweb',
        'pods/web-5d4f8c7b9-x2k4v/log?tailLines=100',
        'services',
        'endpoints',
        'configmaps/web',
      ])
        http(world, 'alice', `GET /api/v1/namespaces/shop/${path}`);
    },
  ],
  [
    'on call: a session in a pod as last week',
    (world) => {
      world.usually(() => exec(world, 'alice', ['sh']));
      exec(world, 'alice', ['bash'], { pod: 'shop/pods/web-66f7d9c8b4-q9z4d' });
    },
  ],
  [
    'on call: kubectl cp of a dump from the pod of a database, as last week',
    (world) => {
      world.usually(() => exec(world, 'alice', ['tar', 'cf', '-', '/var/lib/postgresql/dump.sql'], { pod: 'shop/pods/db-0' }));
      exec(world, 'alice', ['tar', 'cf', '-', '/var/lib/postgresql/dump2.sql'], { pod: 'shop/pods/db-1' });
    },
  ],
  [
    'on call: rolls back a release that she deploys',
    (world) => {
      const web = (tag: string) => workload('Deployment', 'shop/web', podSpec(`web:${tag}`));
      world.usually(() => world.write('alice', web(`v${world.now}`)));
      world.write('alice', web('v1'));
    },
  ],
  [
    'on call: scales a Deployment',
    (world) => {
      const web = (replicas: number) =>
        workload('Deployment', 'shop/web', podSpec('web', {}, { resources: { requests: { cpu: '250m' } } }), { replicas });
      world.usually(() => world.write('deployer', web(3)));
      world.write('alice', web(6), { of: 'deployments.apps/scale' });
      world.wait(10 * minute);
    },
  ],
  [
    'on call: restarts a Deployment that she deploys',
    (world) => {
      const web = (annotations: object) => workload('Deployment', 'shop/web', podSpec('web'), { metadata: { annotations } });
      world.usually(() => world.write('alice', web({})));
      world.write('alice', web({ 'kubectl.kubernetes.io/restartedAt': '2026-11-02T09:00:00Z' }));
    },
  ],
  ['on call: deletes a pod that hangs', (world) => http(world, 'alice', 'DELETE /api/v1/namespaces/shop/pods/web-5d4f8c7b9-x2k4v')],
  [
    'on call: kubectl top, get nodes, describe',
    (world) => {
      for (const path of [
        '/apis/metrics.k8s.io/v1beta1/nodes',
        '/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods',
        '/api/v1/nodes?limit=500',
        '/api/v1/nodes/node-a',
        '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a&limit=500',
        '/api/v1/events?limit=500',
      ])
        http(world, 'alice', `GET ${path}`);
      world.wait(minute);
    },
  ],
  [
    'on call: kubectl get all in all namespaces',
    (world) => {
      for (const path of [
        '/api/v1/pods',
        '/api/v1/services',
        '/apis/apps/v1/deployments',
        '/apis/apps/v1/replicasets',
        '/apis/batch/v1/jobs',
      ])
        http(world, 'alice', `GET ${path}?limit=500`);
      world.wait(minute);
    },
  ],
  [
    'on call: may I',
    (world) => {
      for (let index = 0; index < 3; index += 1) http(world, 'alice', 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews');
    },
  ],
  [
    'a developer forwards a port of the service that she works on',
    (world) => {
      world.usually(() => http(world, 'alice', 'GET /api/v1/namespaces/shop/pods/web-5d4f8c7b9-x2k4v/portforward'));
      http(world, 'alice', 'POST /api/v1/namespaces/shop/pods/web-66f7d9c8b4-q9z4d/portforward');
    },
  ],
  [
    'a developer without rights tries some commands',
    (world) => {
      for (const path of ['/api/v1/nodes', '/api/v1/namespaces', '/api/v1/namespaces/kube-system/pods', '/api/v1/secrets'])
        http(world, 'alice', `GET ${path}?limit=500`, { code: 403 });
    },
  ],
  [
    'a developer with an expired certificate',
    (world) => {
      for (let index = 0; index < 9; index += 1) http(world, '', 'GET /api/v1/namespaces/shop/pods', { code: 401, groups: [] });
    },
  ],
  [
    'k9s: lists and watches what is on the screen',
    (world) => {
      world.usually(() => http(world, 'alice', 'GET /api/v1/namespaces/shop/pods?limit=500'));
      for (const resource of ['pods', 'namespaces', 'services', 'nodes', 'configmaps', 'events']) {
        http(world, 'alice', `GET /api/v1/${resource}?limit=500&resourceVersion=0`, { agent: 'k9s/v0.50.0' });
        http(world, 'alice', `GET /api/v1/${resource}?watch=true&allowWatchBookmarks=true`, { agent: 'k9s/v0.50.0' });
      }
      for (let index = 0; index < 4; index += 1)
        http(world, 'alice', 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { agent: 'k9s/v0.50.0' });
      world.wait(minute);
    },
  ],
  [
    'helm: a person upgrades a release that she installed',
    (world) => {
      const upgrade = () => {
        http(world, 'alice', 'GET /api/v1/namespaces/shop/secrets?labelSelector=name%3Dweb%2Cowner%3Dhelm', helm);
        http(world, 'alice', 'POST /api/v1/namespaces/shop/secrets', { ...helm, name: 'sh.helm.release.v1.web.v3' });
        world.write('alice', workload('Deployment', 'shop/web', podSpec(`web:${world.now}`), { metadata: release('web') }), helm);
      };
      world.usually(upgrade);
      upgrade();
    },
  ],
  [
    'helm: a hook of a chart runs a Job',
    (world) => {
      world.usually(() => world.write('alice', workload('Job', 'shop/web-migrate', podSpec('web'), { metadata: release('web') }), helm));
      world.write('alice', workload('Job', 'shop/web-migrate', podSpec('web'), { metadata: release('web') }), helm);
    },
  ],
  [
    'CI: deploys to the namespace of a pull request',
    (world) => {
      const deploy = (pr: string) => {
        world.write(ci, object('Namespace', pr));
        world.write(ci, object('ServiceAccount', `${pr}/web`));
        world.write(ci, workload('Deployment', `${pr}/web`, podSpec('registry.example/web')));
        world.write(ci, object('Service', `${pr}/web`, { spec: { type: 'ClusterIP', ports: [{ port: 80 }] } }));
        world.remove(ci, object('Namespace', pr));
      };
      world.usually(() => deploy(`pr-${1000 + (Math.floor(world.now / day) % 100)}`));
      deploy('pr-4711');
    },
  ],
  [
    'CI: a new version of ten services within some minutes',
    (world) => {
      const deploy = () => {
        for (let index = 0; index < 10; index += 1)
          world.write(ci, workload('Deployment', `shop/${named(index)}`, podSpec(`registry.example/${named(index)}:${world.now}`)));
      };
      world.usually(deploy);
      deploy();
    },
  ],
  [
    'CI: cleans up twenty old previews at night, as every night',
    (world) => {
      const clean = () => {
        for (let index = 0; index < 20; index += 1) {
          const namespace = object('Namespace', `pr-${3000 + index}`);
          world.found(namespace);
          world.remove(ci, namespace);
        }
      };
      world.usually(clean);
      clean();
    },
  ],
  [
    'CI: runner makes pods with sidecars for services',
    (world) => {
      const runner = sa('ci', 'gitlab-runner');
      const build = (name: string) => {
        world.write(
          runner,
          pod(`ci/runner-abc-project-7-concurrent-0-${name}`, {
            containers: [
              { name: 'build', image: 'docker.io/library/node' },
              { name: 'svc-0', image: 'docker.io/library/postgres' },
            ],
          }),
        );
        http(world, runner, `POST /api/v1/namespaces/ci/secrets`, { name: `runner-abc-project-7-concurrent-0-${name}` });
        http(world, runner, `POST /api/v1/namespaces/ci/pods/runner-abc-project-7-concurrent-0-${name}/attach?container=build&stdin=true`);
        http(world, runner, `DELETE /api/v1/namespaces/ci/secrets/runner-abc-project-7-concurrent-0-${name}`);
      };
      world.usually(() => build(`x7k2${'bcdfghjk'[Math.floor(world.now / day) % 8] ?? ''}`));
      for (const name of ['q9z4d', 'w5x6z', 'h7j8k']) build(name);
    },
  ],
  [
    'upgrade: kubeadm writes its ConfigMaps and CoreDNS, as an administrator who does so',
    (world) => {
      const dns = (data: string) => object('ConfigMap', 'kube-system/coredns', { data: { Corefile: data } });
      world.usually(() => world.write('admin', dns(String(world.now)), { agent: 'kubeadm/v1.36.0' }));
      world.write('admin', dns('new'), { agent: 'kubeadm/v1.37.0' });
    },
  ],
  [
    'upgrade: controllers of a new version use more',
    (world) => {
      world.usually(() => http(world, sa('kube-system', 'generic-garbage-collector'), 'PATCH /api/v1/namespaces/shop/pods/x'));
      world.detector.serverVersion('v1.36.0', world.now);
      world.detector.serverVersion('v1.37.0', world.now);
      http(world, sa('kube-system', 'generic-garbage-collector'), 'DELETE /apis/apps/v1/namespaces/shop/replicasets/web-5d4f8c7b9');
      http(world, 'system:kube-scheduler', 'GET /apis/resource.k8s.io/v1/deviceclasses');
      http(
        world,
        'system:kube-controller-manager',
        'POST /api/v1/namespaces/kube-system/serviceaccounts/podcertificaterequest-cleaner/token',
      );
    },
  ],
  [
    'upgrade: the control plane restarts and its components list everything',
    (world) => {
      const list = () => {
        for (const path of [
          '/api/v1/pods',
          '/api/v1/nodes',
          '/api/v1/services',
          '/api/v1/namespaces',
          '/apis/apps/v1/replicasets',
          '/apis/apps/v1/statefulsets',
          '/apis/policy/v1/poddisruptionbudgets',
        ])
          for (const user of ['system:kube-controller-manager', 'system:kube-scheduler'])
            http(world, user, `GET ${path}?limit=500&resourceVersion=0`);
        http(world, 'system:kube-controller-manager', 'GET /api/v1/secrets?limit=500&resourceVersion=0');
        http(world, 'system:kube-controller-manager', 'GET /api/v1/secrets?watch=true&allowWatchBookmarks=true');
      };
      world.usually(list);
      list();
      world.wait(minute);
    },
  ],
  [
    'upgrade: kube-proxy and CoreDNS get new images by the add-on manager of the cloud',
    (world) => {
      const proxy = (tag: string) =>
        workload(
          'DaemonSet',
          'kube-system/kube-proxy',
          podSpec(`registry.k8s.io/kube-proxy:${tag}`, { hostNetwork: true }, { securityContext: { privileged: true } }),
        );
      world.usually(() => world.write('eks:addon-manager', proxy(String(Math.floor(world.now / day)))));
      world.write('eks:addon-manager', proxy('v1.37.0'));
    },
  ],
  [
    'a node joins by kubeadm',
    (world) => {
      world.found(node('node-a', '10.0.0.1'));
      world.usually(() =>
        http(world, 'system:bootstrap:abcdef', 'GET /api/v1/namespaces/kube-public/configmaps/cluster-info', {
          groups: ['system:bootstrappers', 'system:authenticated'],
        }),
      );
      for (const name of ['kubeadm-config', 'kubelet-config', 'kube-proxy'])
        http(world, 'system:bootstrap:abcdef', `GET /api/v1/namespaces/kube-system/configmaps/${name}`, {
          groups: ['system:bootstrappers', 'system:authenticated'],
        });
      http(world, 'system:bootstrap:abcdef', 'GET /api/v1/nodes/node-n', {
        code: 404,
        groups: ['system:bootstrappers', 'system:authenticated'],
      });
      world.write('system:node:node-n', node('node-n', '10.0.0.8'), nodes);
      http(world, 'system:node:node-n', 'GET /api/v1/nodes/node-n', { ...nodes, from: '10.0.0.8' });
    },
  ],
  [
    'kubelets report, mount and renew',
    (world) => {
      world.found(node('node-a', '10.0.0.1'));
      for (let index = 0; index < 20; index += 1)
        http(world, 'system:node:node-a', `GET /api/v1/namespaces/shop/secrets/${named(index)}`, { ...nodes, from: '10.0.0.1' });
      http(world, 'system:node:node-a', 'PATCH /api/v1/nodes/node-a/status', { ...nodes, from: '10.0.0.1' });
    },
  ],
  [
    'a new team: its namespace, roles, quota and people',
    (world) => {
      world.usually(() => {
        const name = `team-${named(Math.floor(world.now / day) % 20)}`;
        world.write('admin', object('Namespace', name, {}, { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } }));
        world.write('admin', binding('RoleBinding', `${name}/edit`, 'ClusterRole/edit', [`Group/${name}`]));
        world.write('admin', object('ResourceQuota', `${name}/quota`, { spec: { hard: { 'limits.cpu': '8' } } }));
      });
      world.write('admin', object('Namespace', 'billing', {}, { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } }));
      world.write('admin', binding('RoleBinding', 'billing/edit', 'ClusterRole/edit', ['Group/billing']));
      world.write('admin', object('ResourceQuota', 'billing/quota', { spec: { hard: { 'limits.cpu': '8' } } }));
      world.write('admin', object('NetworkPolicy', 'billing/deny', { spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } }));
      world.write(
        'admin',
        object('NetworkPolicy', 'billing/dns', {
          spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }] },
        }),
      );
    },
  ],
  [
    'a new colleague looks around in the namespace of the team',
    (world) => {
      for (const path of ['pods', 'services', 'configmaps', 'events']) http(world, 'nina', `GET /api/v1/namespaces/shop/${path}?limit=500`);
    },
  ],
  [
    'a team raises its quota by a half',
    (world) => {
      const quota = (cpu: string) => object('ResourceQuota', 'shop/quota', { spec: { hard: { 'limits.cpu': cpu } } });
      world.found(quota('8'));
      world.write('admin', quota('12'));
    },
  ],
  [
    'a namespace becomes stricter',
    (world) => {
      const namespace = (level: string) => object('Namespace', 'shop', {}, { labels: { 'pod-security.kubernetes.io/enforce': level } });
      world.found(namespace('baseline'));
      world.write('admin', namespace('restricted'));
    },
  ],
  [
    'a role loses a right',
    (world) => {
      world.found(role('ci', [rule('create', 'pods/exec'), rule('get', 'pods')]));
      world.write('admin', role('ci', [rule('get', 'pods')]));
    },
  ],
  [
    'a chart is uninstalled with all that it made',
    (world) => {
      const parts = [
        workload('Deployment', 'loki/loki', podSpec('loki'), { metadata: release('loki') }),
        object('Service', 'loki/loki', { spec: { ports: [{ port: 3100 }] } }, release('loki')),
        role('loki', [rule('get', 'pods')], release('loki')),
      ];
      world.found(...parts);
      for (const part of parts) world.remove('admin', part);
    },
  ],
  [
    'an agent for security is upgraded by its release',
    (world) => {
      const falco = (tag: string) =>
        workload(
          'DaemonSet',
          'falco/falco',
          podSpec(
            `falcosecurity/falco:${tag}`,
            { nodeSelector: { 'kubernetes.io/os': 'linux' } },
            { securityContext: { privileged: true } },
          ),
          { metadata: release('falco') },
        );
      world.usually(() => world.write('admin', falco(String(world.now)), helm));
      world.write('admin', falco('0.43.0'), helm);
    },
  ],
  [
    'the admission controller is scaled from three to two',
    (world) => {
      const kyverno = (replicas: number) =>
        workload('Deployment', 'kyverno/kyverno-admission-controller', podSpec('reg.kyverno.io/kyverno/kyverno'), { replicas });
      world.usually(() => world.write('admin', kyverno(3)));
      world.write('admin', kyverno(2), { of: 'deployments.apps/scale' });
    },
  ],
  [
    'a platform team changes the policies of Kyverno, as it does',
    (world) => {
      const change = () => http(world, 'admin', 'PATCH /apis/kyverno.io/v1/clusterpolicies/require-labels');
      world.usually(change);
      change();
    },
  ],
  [
    'a NetworkPolicy that lets one application in',
    (world) => {
      world.found(object('NetworkPolicy', 'shop/deny', { spec: { podSelector: {}, policyTypes: ['Ingress'] } }));
      world.write(
        'alice',
        object('NetworkPolicy', 'shop/web', {
          spec: {
            podSelector: { matchLabels: { app: 'web' } },
            policyTypes: ['Ingress'],
            ingress: [{ from: [{ podSelector: { matchLabels: { app: 'ingress' } } }] }],
          },
        }),
      );
    },
  ],
  [
    'pods of a CronJob over midnight',
    (world) => {
      const controller = sa('kube-system', 'cronjob-controller');
      world.found(workload('CronJob', 'shop/backup', podSpec('backup')));
      for (let index = 0; index < 24; index += 1) {
        world.write(
          controller,
          workload('Job', `shop/backup-${29_018_880 + 60 * index}`, podSpec('backup'), { metadata: ownedBy('CronJob', 'backup') }),
        );
        world.wait(hour);
      }
    },
  ],
  [
    'a CustomResourceDefinition gets a version',
    (world) => http(world, 'admin', 'PATCH /apis/apiextensions.k8s.io/v1/customresourcedefinitions/issuers.cert-manager.io'),
  ],
];
