import { expect } from 'chai';
import { parse } from 'yaml';
import { applyManifestDefaults } from '../../../operator/engine/pods/manifest-defaults.ts';
import { builtinKinds } from '../../../operator/engine/schema/schema-node.ts';
import { randomObject, seeded } from './random-object.ts';

type Row = readonly [title: string, manifest: string, path: string, expected: unknown];

const deployment = (spec: string, pod = '{containers: [{name: a, image: "a:1"}]}'): string =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {}, template: {metadata: {}, spec: ${pod}}${spec}}}`;
const pod = (spec: string): string => `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {${spec}}}`;
const container = (fields: string): string => pod(`containers: [{name: a, ${fields}}]`);
const service = (spec: string): string => `{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {${spec}}}`;

/** What a rule sees of a manifest at a path. */
const rows: readonly Row[] = [
  [
    'the strategy of a Deployment',
    deployment(''),
    'spec.strategy',
    { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
  ],
  [
    'a strategy with its own fields',
    deployment(', strategy: {rollingUpdate: {maxSurge: 1}}'),
    'spec.strategy',
    { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: '25%' } },
  ],
  ['a strategy that replaces all', deployment(', strategy: {type: Recreate}'), 'spec.strategy', { type: 'Recreate' }],
  ['null is the same as nothing', deployment(', replicas: null'), 'spec.replicas', 1],
  ['replicas of zero stay', deployment(', replicas: 0'), 'spec.replicas', 0],
  ['no service links in a template', deployment(''), 'spec.template.spec.enableServiceLinks', undefined],
  ['service links in a Pod', pod(''), 'spec.enableServiceLinks', true],
  ['the account of a Pod', pod(''), 'spec.serviceAccountName', 'default'],
  ['no account in a template', deployment(''), 'spec.template.spec.serviceAccountName', undefined],
  ['the old name of the account', deployment('', '{serviceAccount: web, containers: []}'), 'spec.template.spec.serviceAccountName', 'web'],
  ['the new name of the account', deployment('', '{serviceAccountName: web, containers: []}'), 'spec.template.spec.serviceAccount', 'web'],
  [
    'the new name wins',
    deployment('', '{serviceAccountName: web, serviceAccount: b, containers: []}'),
    'spec.template.spec.serviceAccount',
    'web',
  ],
  ['the priority of a Pod', pod(''), 'spec.priority', 0],
  ['the priority of a class', pod('priorityClassName: system-node-critical'), 'spec.priority', 2_000_001_000],
  ['the priority of an unknown class', pod('priorityClassName: own'), 'spec.priority', undefined],
  ['the priority of a class with an inherited name', pod('priorityClassName: constructor'), 'spec.priority', undefined],
  ['the tolerations of a Pod', pod(''), 'spec.tolerations[0].key', 'node.kubernetes.io/not-ready'],
  ['its own tolerations', pod('tolerations: [{operator: Exists}]'), 'spec.tolerations.length', 1],
  ['resources are never absent', container('image: a'), 'spec.containers[0].resources', {}],
  [
    'the requests of a Pod are its limits',
    container('resources: {limits: {cpu: 2}}'),
    'spec.containers[0].resources.requests',
    { cpu: '2' },
  ],
  [
    'the requests of a pod as a whole',
    pod(
      'resources: {limits: {cpu: 2, memory: 1Gi}}, containers: [{name: a, resources: {requests: {cpu: 250m}}}, {name: b, resources: {requests: {cpu: 0.5}}}]',
    ),
    'spec.resources.requests',
    { cpu: '750m', memory: '1Gi' },
  ],
  ['the tag latest', container('image: "a:latest"'), 'spec.containers[0].imagePullPolicy', 'Always'],
  ['no tag', container('image: registry.example.org:5000/a'), 'spec.containers[0].imagePullPolicy', 'Always'],
  ['a digest without a tag', container(`image: "a@sha256:${'0'.repeat(64)}"`), 'spec.containers[0].imagePullPolicy', 'IfNotPresent'],
  ['the tag latest with a digest', container(`image: "a:latest@sha256:${'0'.repeat(64)}"`), 'spec.containers[0].imagePullPolicy', 'Always'],
  ['no image', container('image: ""'), 'spec.containers[0].imagePullPolicy', 'IfNotPresent'],
  ['not a name of an image', container('image: "App Name"'), 'spec.containers[0].imagePullPolicy', 'IfNotPresent'],
  ['an image volume', pod('volumes: [{name: v, image: {reference: a}}]'), 'spec.volumes[0].image.pullPolicy', 'Always'],
  ['a volume without a type', pod('volumes: [{name: v}]'), 'spec.volumes[0].emptyDir', {}],
  ['a volume of a later version', pod('volumes: [{name: v, later: {}}]'), 'spec.volumes[0].emptyDir', undefined],
  ['the mode of a volume', pod('volumes: [{name: v, configMap: {name: c}}]'), 'spec.volumes[0].configMap.defaultMode', 420],
  ['the type of a host path', pod('volumes: [{name: v, hostPath: {path: /}}]'), 'spec.volumes[0].hostPath.type', ''],
  [
    'a probe',
    container('livenessProbe: {httpGet: {port: 80}}'),
    'spec.containers[0].livenessProbe',
    { httpGet: { path: '/', port: 80, scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
  ],
  [
    'a field of the environment',
    container('env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]'),
    'spec.containers[0].env[0].valueFrom.fieldRef.apiVersion',
    'v1',
  ],
  ['false is left out', pod('hostNetwork: false'), 'spec.hostNetwork', undefined],
  ['false that differs from nothing stays', pod('automountServiceAccountToken: false'), 'spec.automountServiceAccountToken', false],
  ['empty lists are left out', container('command: []'), 'spec.containers[0].command', undefined],
  [
    'host ports',
    pod('hostNetwork: true, containers: [{name: a, ports: [{containerPort: 80}]}]'),
    'spec.containers[0].ports[0]',
    { containerPort: 80, hostPort: 80, protocol: 'TCP' },
  ],
  [
    'a Service',
    service('ports: [{port: 80}]'),
    'spec',
    {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    },
  ],
  ['a Service for a load balancer', service('type: LoadBalancer'), 'spec.externalTrafficPolicy', 'Cluster'],
  ['a Service that is a name', service('type: ExternalName'), 'spec.internalTrafficPolicy', undefined],
  ['a Service with affinity', service('sessionAffinity: ClientIP'), 'spec.sessionAffinityConfig.clientIP.timeoutSeconds', 10_800],
  [
    'a NetworkPolicy',
    '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}, egress: [{}]}}',
    'spec.policyTypes',
    ['Ingress', 'Egress'],
  ],
  [
    'a NetworkPolicy without egress',
    '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}, egress: []}}',
    'spec.policyTypes',
    ['Ingress'],
  ],
  [
    'a StatefulSet',
    '{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {}}',
    'spec.updateStrategy',
    { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
  ],
  [
    'a DaemonSet',
    '{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a}, spec: {}}',
    'spec.updateStrategy.rollingUpdate',
    { maxSurge: 0, maxUnavailable: 1 },
  ],
  ['a Job', '{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {backoffLimitPerIndex: 1}}', 'spec.backoffLimit', 2_147_483_647],
  ['a CronJob', '{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {}}', 'spec.concurrencyPolicy', 'Allow'],
  [
    'the subject of a binding',
    '{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, subjects: [{kind: Group, name: a}]}',
    'subjects[0].apiGroup',
    'rbac.authorization.k8s.io',
  ],
  [
    'a service account has no group',
    '{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, subjects: [{kind: ServiceAccount, name: a}]}',
    'subjects[0].apiGroup',
    undefined,
  ],
  [
    'a webhook',
    '{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: a}, webhooks: [{}]}',
    'webhooks[0].failurePolicy',
    'Fail',
  ],
  [
    'a webhook of the first version',
    '{apiVersion: admissionregistration.k8s.io/v1beta1, kind: ValidatingWebhookConfiguration, metadata: {name: a}, webhooks: [{}]}',
    'webhooks[0].failurePolicy',
    'Ignore',
  ],
  [
    'a version that is no longer served',
    '{apiVersion: extensions/v1beta1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {}}}}',
    'spec.template.spec.restartPolicy',
    'Always',
  ],
  [
    'the texts of a Secret',
    '{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: eA==, b: eA==}, stringData: {b: "y"}}',
    'data',
    { a: 'eA==', b: 'eQ==' },
  ],
  ['no texts of a Secret', '{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {b: "y"}}', 'stringData', undefined],
  ['texts of a Secret that are none', '{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {b: 1}}', 'stringData', { b: 1 }],
  ['a Namespace', '{apiVersion: v1, kind: Namespace, metadata: {name: a}}', 'metadata.labels', { 'kubernetes.io/metadata.name': 'a' }],
  [
    'a LimitRange',
    '{apiVersion: v1, kind: LimitRange, metadata: {name: a}, spec: {limits: [{type: Container, max: {cpu: 2}, min: {memory: 1Mi}}]}}',
    'spec.limits[0].defaultRequest',
    { cpu: '2', memory: '1Mi' },
  ],
  [
    'a CustomResourceDefinition',
    '{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, spec: {names: {kind: Box}}}',
    'spec.names',
    { kind: 'Box', plural: '', listKind: 'BoxList', singular: 'box' },
  ],
  [
    'a claim',
    '{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {resources: {requests: {storage: 1024Mi}}}}',
    'spec',
    { volumeMode: 'Filesystem', resources: { requests: { storage: '1Gi' } } },
  ],
  [
    'a custom kind stays',
    '{apiVersion: example.org/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: null}}',
    'spec',
    { replicas: null },
  ],
  ['a value of a wrong type stays', deployment(', strategy: 5'), 'spec.strategy', 5],
];

function at(value: unknown, path: string): unknown {
  return path
    .split(/\.|\[|\]\.?/)
    .filter((step) => step !== '')
    .reduce<unknown>((current, step) => (current as Record<string, unknown> | undefined)?.[step], value);
}

describe('the defaults of manifests', () => {
  for (const [title, manifest, path, expected] of rows)
    it(title, () => {
      const object = parse(manifest) as Record<string, unknown>;
      applyManifestDefaults(object, { namespaced: false });
      expect(at(object, path)).to.deep.equal(expected);
    });

  it('sets nothing more the second time, for random objects of every kind', () => {
    const random = seeded(7);
    const kinds = builtinKinds().filter(({ node }) => node >= 0);
    for (const kind of [...kinds, ...kinds, ...kinds]) {
      const once = randomObject(random, kind);
      applyManifestDefaults(once, { namespaced: kind.namespaced });
      const twice = structuredClone(once);
      applyManifestDefaults(twice, { namespaced: kind.namespaced });
      expect(twice, JSON.stringify(once)).to.deep.equal(once);
    }
    expect(kinds.length).to.be.greaterThan(80);
  });
});
