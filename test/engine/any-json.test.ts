import { expect } from 'chai';
import fc from 'fast-check';
import { catalogue } from '../../operator/catalogue/controls/catalogue.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import type { KubernetesObject } from '../../operator/engine/objects/kubernetes-object.ts';
import { applyManifestDefaults } from '../../operator/engine/pods/manifest-defaults.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { Snapshot } from '../../operator/engine/snapshot/snapshot.ts';

const parameters: Readonly<Record<string, Record<string, unknown>>> = { 'trusted-registries': { registries: ['registry.example.com'] } };
const set = compilePolicies(
  [
    {
      name: 'all',
      spec: { controls: catalogue.map(({ id }) => ({ name: id, ...(parameters[id] ? { parameters: parameters[id] } : {}) })) },
    },
  ],
  { kubernetesVersion: '1.37', resources: builtinResources, systemNamespaces: [] },
);

const podSpec = {
  hostNetwork: true,
  securityContext: { runAsNonRoot: true, seLinuxOptions: { type: 'spc_t' }, sysctls: [{ name: 'kernel.sem', value: '1' }] },
  tolerations: [{ operator: 'Exists' }],
  volumes: [
    { name: 'v', hostPath: { path: '/var/run/docker.sock' } },
    { name: 'w', projected: { sources: [{ serviceAccountToken: { expirationSeconds: 9 } }] } },
  ],
  containers: [
    {
      name: 'a',
      image: 'nginx:latest',
      command: ['sudo', '--password=x'],
      env: [
        { name: 'PASSWORD', value: 'hunter2' },
        { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      ],
      ports: [{ containerPort: 80, hostPort: 80 }],
      livenessProbe: { httpGet: { host: 'x', port: 1 } },
      resources: { limits: { cpu: 1 } },
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
      securityContext: { privileged: true, capabilities: { add: ['SYS_ADMIN'], drop: ['ALL'] } },
    },
  ],
};
const labels = { app: 'a' };
const seeds: readonly KubernetesObject[] = [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', labels, annotations: { 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined' } },
    spec: podSpec,
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: { replicas: 1, template: { metadata: { labels }, spec: podSpec } },
  },
  { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'a' }, spec: { jobTemplate: { spec: { template: { spec: podSpec } } } } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec: { type: 'NodePort', selector: labels, ports: [{ port: 22 }], externalIPs: ['1.1.1.1'] },
  },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a' },
    data: { 'app.conf': 'password=x\ntoken: y', 'allow-snippet-annotations': 'true' },
  },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, type: 'kubernetes.io/service-account-token' },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'a' },
    spec: {
      podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['a'] }] },
      egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }],
      ingress: [{}],
    },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'a', annotations: { 'nginx.ingress.kubernetes.io/server-snippet': 'x;' } },
    spec: {
      defaultBackend: { service: { name: 'a' } },
      rules: [{ host: '*.x', http: { paths: [{ path: '/etc', backend: { service: { name: 'b' } } }] } }],
    },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'a' },
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'], resourceNames: ['x'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'a' },
    roleRef: { kind: 'ClusterRole', name: 'a' },
    subjects: [
      { kind: 'Group', name: 'system:masters' },
      { kind: 'ServiceAccount', name: 'default', namespace: 'default' },
    ],
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'a' },
    spec: { minAvailable: 1, selector: { matchLabels: labels } },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'a' },
    webhooks: [
      {
        failurePolicy: 'Ignore',
        clientConfig: { url: 'http://x' },
        rules: [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }],
      },
    ],
  },
];

/** Replaces a part of a document, selected by numbers. */
function replaced(value: unknown, selectors: readonly number[], by: unknown): unknown {
  const [first, ...rest] = selectors;
  if (first === undefined || typeof value !== 'object' || value === null) return by;
  if (Array.isArray(value)) {
    const at = value.length === 0 ? 0 : first % value.length;
    return value.length === 0 ? [by] : value.map((item: unknown, index) => (index === at ? replaced(item, rest, by) : item));
  }
  const keys = Object.keys(value);
  const key = keys[first % Math.max(1, keys.length)];
  return key === undefined ? { x: by } : { ...value, [key]: replaced((value as Record<string, unknown>)[key], rest, by) };
}

function evaluate(objects: readonly KubernetesObject[]): string[] {
  const snapshot = new Snapshot();
  const verdicts: string[] = [];
  for (const object of objects) {
    for (const { verdict, check } of set.evaluate(object).results) verdicts.push(`${check} ${verdict}`);
    snapshot.add(object, set.isOwned(object));
  }
  for (const { results } of set.evaluateSnapshot(snapshot, { now: 0 }))
    for (const { verdict, check } of results) verdicts.push(`${check} ${verdict}`);
  return verdicts.sort();
}

describe('the engine with arbitrary JSON', () => {
  it('returns a verdict or an error with its path, and never throws', () => {
    const odd = fc.oneof(
      fc.constantFrom(null, true, 0, -1, 1e21, '', 'x', [], {}, [null], [[]], { '': null }, '__proto__', 'constructor'),
      fc.jsonValue({ maxDepth: 3 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.array(fc.nat(20), { maxLength: 8 }), odd), { minLength: 1, maxLength: 4 }),
        (seed, changes) => {
          const object = changes.reduce<unknown>((value, [selectors, by]) => replaced(value, selectors, by), structuredClone(seed));
          if (typeof object !== 'object' || object === null || Array.isArray(object)) return;
          const live = object as Record<string, unknown>;
          const manifest = structuredClone(live);
          applyManifestDefaults(manifest, { namespaced: true });
          for (const candidate of [live, manifest]) {
            for (const result of set.evaluate(candidate).results) {
              if (result.verdict === 'error') expect(result.message).to.match(/^cannot be evaluated: /);
            }
            evaluate([...seeds, candidate]);
          }
        },
      ),
      { numRuns: 1500 },
    );
  }).timeout(300_000);

  it('returns the same verdicts for any order of objects', () => {
    const expected = evaluate(seeds);
    fc.assert(
      fc.property(fc.shuffledSubarray([...seeds], { minLength: seeds.length }), (shuffled) => {
        expect(evaluate(shuffled)).to.deep.equal(expected);
      }),
      { numRuns: 50 },
    );
  });
});
