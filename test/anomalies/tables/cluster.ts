import type { KubeObject } from '../../../operator/api/metadata.ts';
import { managedBy, node, object, podSpec, pod, workload } from '../objects.ts';
import { account, minute, type World } from '../world.ts';
import type { Tables } from './table.ts';

const certManager = account('cert-manager', 'cert-manager-cainjector');
const webhook = (
  name: string,
  service: string,
  more: { readonly url?: string; readonly resources?: readonly string[]; readonly ca?: string } = {},
) =>
  object('MutatingWebhookConfiguration', name, {
    webhooks: [
      {
        name: 'a.example.com',
        clientConfig:
          more.url === undefined ? { service: { namespace: service, name: service }, caBundle: more.ca ?? '' } : { url: more.url },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: more.resources ?? ['pods'] }],
      },
    ],
  });
/** A configuration of 40 webhooks, of which the last is about some resources. */
const longWebhook = (resources: readonly string[], last = 'guard') =>
  object('ValidatingWebhookConfiguration', 'guard', {
    webhooks: Array.from({ length: 40 }, (_, index) => ({
      name: `a${index}.example.com`,
      clientConfig: { service: { namespace: 'guard', name: index === 39 ? last : `s${index}` } },
      rules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: index === 39 ? resources : ['configmaps'] },
      ],
    })),
  });
const namespace = (name: string, enforce?: string) =>
  object('Namespace', name, {}, { labels: enforce === undefined ? {} : { 'pod-security.kubernetes.io/enforce': enforce } });
const policy = (path: string, ingress?: unknown) =>
  object('NetworkPolicy', path, {
    spec: { podSelector: {}, policyTypes: ['Ingress'], ...(ingress === undefined ? {} : { ingress: [ingress] }) },
  });
const agent = (spec: object) => workload('DaemonSet', 'falco/falco', podSpec('docker.io/falcosecurity/falco', { ...spec }));
const required = (nodeSelectorTerms: readonly object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const onLinux = { matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] };
const quota = (cpu: string) => object('ResourceQuota', 'shop/quota', { spec: { hard: { 'requests.cpu': cpu } } });
const dns = (text: string, manager = 'kubeadm', time?: string) =>
  object('ConfigMap', 'kube-system/coredns', { data: { Corefile: text } }, managedBy(manager, time));
const service = (path: string, type: string, more: Readonly<Record<string, unknown>> = {}) =>
  object('Service', path, { spec: { type, ports: [{ port: 80 }], ...more } });
const loosened =
  (before: KubeObject, after: KubeObject, user = 'eve') =>
  (world: World): void => {
    world.found(before);
    world.usually(() => undefined);
    world.write(user, after);
  };
const removed =
  (what: KubeObject, user = 'eve') =>
  (world: World): void => {
    world.found(what);
    world.usually(() => undefined);
    world.remove(user, what);
  };

/** Detections about the configuration of the cluster. */
export const clusterTables: Tables = {
  'webhook-configuration': {
    fires: [
      [
        'a new webhook',
        (world) => world.write('eve', webhook('new', 'shop')),
        { actor: 'eve', severity: 'high', seen: /sends objects to shop\/shop/ },
      ],
      [
        'a webhook outside of the cluster',
        (world) => world.write('eve', webhook('new', '', { url: 'https://203.0.113.9/x' })),
        { severity: 'critical', seen: /https:\/\/203\.0\.113\.9/ },
      ],
      [
        'a webhook that sees Secrets',
        (world) => world.write('eve', webhook('new', 'shop', { resources: ['secrets'] })),
        { severity: 'critical' },
      ],
      ['a webhook with another target', loosened(webhook('old', 'shop'), webhook('old', 'evil'))],
      ['a webhook that is deleted', removed(webhook('guard', 'guard')), { seen: /was deleted/ }],
      [
        'a webhook that sees less, at the end of a long configuration',
        loosened(longWebhook(['pods', 'deployments']), longWebhook(['configmaps'])),
        { seen: /eve changed what ValidatingWebhookConfiguration guard sees or does/ },
      ],
      [
        'a webhook with another target after many others',
        loosened(longWebhook(['pods'], 'z'), longWebhook(['pods'], 'zz-evil')),
        { seen: /eve changed what ValidatingWebhookConfiguration guard sees or does/ },
      ],
      [
        'a webhook that sees less',
        loosened(
          webhook('guard', 'guard', { resources: ['pods', 'deployments'] }),
          webhook('guard', 'guard', { resources: ['configmaps'] }),
        ),
      ],
    ],
    quiet: [
      ['a renewed certificate', loosened(webhook('old', 'shop', { ca: 'a' }), webhook('old', 'shop', { ca: 'b' }), certManager)],
      ['a label', loosened(webhook('old', 'shop'), { ...webhook('old', 'shop'), metadata: { name: 'old', labels: { a: 'b' } } })],
      [
        'a policy engine that adapts its rules every day',
        (world) => {
          const rules = (index: number) => webhook('kyverno', 'kyverno', { resources: [`kind${index % 3}`] });
          world.usually(() => world.write(account('kyverno', 'kyverno'), rules(Math.floor(world.now / 86_400_000))));
          world.write(account('kyverno', 'kyverno'), webhook('kyverno', 'kyverno', { resources: ['other'] }));
        },
      ],
    ],
  },
  'guardrail-loosened': {
    fires: [
      [
        'a lower level of Pod Security',
        loosened(namespace('shop', 'restricted'), namespace('shop', 'privileged')),
        { actor: 'eve', severity: 'high', seen: /Pod Security of Namespace shop protects less/ },
      ],
      ['a level of Pod Security that is removed', loosened(namespace('shop', 'baseline'), namespace('shop'))],
      [
        'a deleted default-deny NetworkPolicy',
        removed(policy('shop/deny')),
        { seen: /default-deny NetworkPolicy of NetworkPolicy shop\/deny was deleted/ },
      ],
      ['a default-deny NetworkPolicy that lets everything in', loosened(policy('shop/deny'), policy('shop/deny', {}))],
      [
        'a NetworkPolicy beside a default-deny that allows all addresses',
        (world) => {
          world.found(policy('shop/deny'));
          world.usually(() => undefined);
          world.write('eve', policy('shop/open', { from: [{ ipBlock: { cidr: '10.0.0.0/8' } }, { ipBlock: { cidr: '0.0.0.0/0' } }] }));
        },
        { seen: /NetworkPolicy shop\/open allows all ingress traffic of all pods/ },
      ],
      ...[
        { nodeSelector: { 'kubernetes.io/hostname': 'none' } },
        { nodeSelector: { 'kubernetes.io/os': 'beos' } },
        required([{ matchExpressions: [{ key: 'none', operator: 'Exists' }] }]),
      ].map(
        (spec) =>
          [
            `an agent that runs on no node by ${JSON.stringify(spec)}`,
            loosened(agent({}), agent(spec)),
            { seen: /security agent of DaemonSet falco\/falco protects less: node selector/ },
          ] as const,
      ),
      ['a quota that grows a hundredfold', loosened(quota('10'), quota('1k'))],
      ['a quota of Ti that becomes one of Pi', loosened(quota('1Ti'), quota('1Pi'))],
      ['a quota that grows to a number with an exponent', loosened(quota('10'), quota('1e6'))],
      [
        'a deleted admission policy',
        removed(object('ValidatingAdmissionPolicy', 'guard', { spec: { validations: [{ expression: 'true' }] } })),
      ],
      [
        'a binding that no longer denies',
        loosened(
          object('ValidatingAdmissionPolicyBinding', 'guard', { spec: { validationActions: ['Deny'] } }),
          object('ValidatingAdmissionPolicyBinding', 'guard', { spec: { validationActions: ['Audit'] } }),
        ),
      ],
    ],
    quiet: [
      ['a higher level of Pod Security', loosened(namespace('shop', 'baseline'), namespace('shop', 'restricted'))],
      ['a quota that doubles', loosened(quota('10'), quota('20'))],
      [
        'a namespace that ends with what protects it',
        (world) => {
          world.found(namespace('pr-1', 'restricted'), policy('pr-1/deny'));
          world.usually(() => undefined);
          world.remove('ci', namespace('pr-1', 'restricted'));
          world.remove(account('kube-system', 'namespace-controller'), policy('pr-1/deny'));
        },
      ],
      ['an agent that runs on nodes of Linux only', loosened(agent({}), agent({ nodeSelector: { 'kubernetes.io/os': 'linux' } }))],
      [
        'an agent that may also run on other nodes',
        loosened(agent(required([onLinux])), agent(required([onLinux, { matchExpressions: [{ key: 'other', operator: 'Exists' }] }]))),
      ],
      [
        'a NetworkPolicy beside a default-deny that allows some addresses, or one port',
        (world) => {
          world.found(policy('shop/deny'));
          world.usually(() => undefined);
          world.write('eve', policy('shop/some', { from: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }] }));
          world.write('eve', policy('shop/port', { from: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 443 }] }));
        },
      ],
      [
        'a NetworkPolicy that is no default deny',
        removed(
          object('NetworkPolicy', 'shop/web', {
            spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'], ingress: [{}] },
          }),
        ),
      ],
    ],
  },
  'cluster-dns-or-auth-changed': {
    fires: [
      [
        'another user who changes CoreDNS',
        loosened(dns('.:53 {}'), dns('.:53 { rewrite name a b }')),
        { actor: 'eve', severity: 'high', seen: /eve changed ConfigMap kube-system\/coredns/ },
      ],
      [
        'another field manager that changes CoreDNS',
        (world) => {
          world.found(dns('a'));
          world.usually(() => undefined);
          world.write(undefined, dns('b', 'kubectl-edit', '2026-11-02T10:00:00Z'));
        },
      ],
      [
        'aws-auth',
        loosened(
          object('ConfigMap', 'kube-system/aws-auth', { data: { mapRoles: 'a' } }),
          object('ConfigMap', 'kube-system/aws-auth', { data: { mapRoles: 'b' } }),
        ),
      ],
      ['CoreDNS that is deleted', removed(dns('a')), { seen: /eve deleted/ }],
    ],
    quiet: [
      [
        'who always changes it',
        (world) => {
          world.usually(() => world.write('admin', dns(String(world.now))));
          world.write('admin', dns('next'));
        },
      ],
      ['a label', loosened(dns('a'), { ...dns('a'), metadata: { ...dns('a').metadata, labels: { a: 'b' } } })],
      [
        'another ConfigMap of kube-system',
        loosened(
          object('ConfigMap', 'kube-system/coredns', { data: { a: '1' } }),
          object('ConfigMap', 'kube-system/coredns', { data: { a: '1' } }),
        ),
      ],
    ],
  },
  'new-exposure': {
    fires: [
      [
        'the first LoadBalancer of a namespace',
        (world) => {
          world.usually(() => world.write('alice', service('shop/web', 'ClusterIP', { selector: { version: String(world.now) } })));
          world.usually(() => world.write('alice', workload('Deployment', 'shop/web', podSpec(`registry.example/web:${world.now}`))));
          world.write('eve', service('shop/web', 'LoadBalancer'));
        },
        { actor: 'eve', severity: 'medium', seen: /reachable from outside by LoadBalancer/ },
      ],
      ['a dashboard', (world) => world.write('eve', service('kube/kubernetes-dashboard', 'NodePort')), { severity: 'high' }],
      [
        'external IPs',
        (world) => world.write('eve', service('shop/web', 'ClusterIP', { externalIPs: ['8.8.8.8'] })),
        { severity: 'high', seen: /8\.8\.8\.8/ },
      ],
      [
        'a database port',
        (world) => world.write('eve', service('shop/store', 'NodePort', { ports: [{ port: 5432 }] })),
        { severity: 'high' },
      ],
    ],
    quiet: [
      ['a Service inside of the cluster', (world) => world.write('alice', service('shop/web', 'ClusterIP'))],
      [
        'one more LoadBalancer in a namespace with LoadBalancers',
        (world) => {
          world.usually(() => world.write('alice', service(`ingress/lb-${world.now}`, 'LoadBalancer')));
          world.write('alice', service('ingress/another', 'LoadBalancer'));
        },
      ],
      [
        'a change of the ports',
        (world) => {
          world.found(service('shop/web', 'NodePort'));
          world.usually(() => undefined);
          world.write('alice', service('shop/web', 'NodePort', { ports: [{ port: 81 }] }));
        },
      ],
    ],
  },
  'unknown-node': {
    fires: [
      [
        'a node of another instance type',
        joins(node('x', '10.0.0.9', { labels: { 'node.kubernetes.io/instance-type': 'p4d' } })),
        { severity: 'medium', seen: /node x joined/ },
      ],
      ['a node without labels', joins(object('Node', 'x', {}))],
      ['a node of another system', joins(node('x', '10.0.0.9', { labels: { 'kubernetes.io/os': 'windows' } }))],
      ['a control plane', joins(node('x', '10.0.0.9', { labels: { 'node-role.kubernetes.io/control-plane': '' } }))],
    ],
    quiet: [
      ['one more node of a pool', joins(node('node-b', '10.0.0.2'))],
      ['a node that comes back', joins(node('node-a', '10.0.0.1'))],
      ['a new label that is not about the pool', joins(node('node-a', '10.0.0.1', { labels: { 'example.com/team': 'shop' } }))],
    ],
  },
  'audit-gap': {
    fires: [
      [
        'audit events that stopped altogether',
        (world) => {
          world.request('alice', { of: 'pods' });
          world.wait(20 * minute);
          for (const name of ['web', 'db', 'cache']) world.write(undefined, workload('Deployment', `shop/${name}`, podSpec('web')));
          world.wait(10 * minute);
        },
        { severity: 'medium', seen: /^no audit events came from .*Z on; 3 changes were seen without a user since then$/ },
      ],
      [
        'a change without its audit event',
        gap((world) => world.write(undefined, workload('Deployment', 'shop/web', podSpec('web')))),
        { severity: 'medium', seen: /Deployment shop\/web was created at .* and no audit event of it came/ },
      ],
      [
        'a deletion without its audit event',
        (world) => {
          world.found(workload('Deployment', 'shop/web', podSpec('web')));
          gap((each) => each.remove(undefined, workload('Deployment', 'shop/web', podSpec('web'))))(world);
        },
      ],
      [
        'an audit event of another object only',
        gap((world) => {
          world.request('eve', { verb: 'create', of: 'deployments.apps', in: 'shop', name: 'other' });
          world.write(undefined, workload('Deployment', 'shop/web', podSpec('web')));
        }),
      ],
    ],
    quiet: [
      ['a change with its audit event', gap((world) => world.write('alice', workload('Deployment', 'shop/web', podSpec('web'))))],
      [
        'an audit event that comes two minutes late',
        gap((world) => {
          world.write(undefined, workload('Deployment', 'shop/web', podSpec('web')));
          world.wait(2 * minute);
          const { now } = world;
          world.now -= 2 * minute;
          world.request('alice', { verb: 'create', of: 'deployments.apps', in: 'shop', name: 'web' });
          world.now = now;
        }),
      ],
      [
        'a cluster without audit events',
        (world) => {
          world.write(undefined, workload('Deployment', 'shop/web', podSpec('web')));
          world.wait(10 * minute);
        },
      ],
      [
        'audit events that stopped while nothing changed',
        (world) => {
          world.request('alice', { of: 'pods' });
          world.wait(20 * minute);
          world.wait(10 * minute);
        },
      ],
      [
        'the status of a pod',
        gap((world) => {
          world.found(pod('shop/web', podSpec('web')));
          world.write(undefined, pod('shop/web', podSpec('web', { nodeName: 'node-a' }), { ip: '10.0.0.1' }));
        }),
      ],
    ],
  },
};

function joins(joined: KubeObject) {
  return (world: World): void => {
    world.found(node('node-a', '10.0.0.1'));
    world.usually(() => undefined);
    world.write('system:node:x', joined);
  };
}

/** Audit events of other requests come all the time. */
function gap(play: (world: World) => void) {
  return (world: World): void => {
    for (let index = 0; index < 5; index += 1) {
      world.request('alice', { of: 'pods' });
      world.wait(30_000);
    }
    play(world);
    for (let index = 0; index < 14; index += 1) {
      world.request('alice', { of: 'pods' });
      world.wait(30_000);
    }
  };
}
