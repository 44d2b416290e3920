import { expect } from 'chai';
import { parse } from 'yaml';
import { customTemplatePaths } from '../../../operator/engine/objects/custom-workloads.ts';
import { workloadRoleOf } from '../../../operator/engine/objects/workload-kind.ts';
import { syntheticPods } from '../../../operator/engine/pods/synthetic-pod.ts';

const pod = '{metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: "a:1"}]}}';
const once = '{spec: {restartPolicy: Never, containers: [{name: a, image: "a:1"}]}}';

const object = (apiVersion: string, kind: string, spec: string): Record<string, unknown> =>
  parse(`{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: a, namespace: shop}, spec: ${spec}}`) as Record<string, unknown>;

type Row = readonly [apiVersion: string, kind: string, spec: string, paths: readonly string[], role: 'longRunning' | 'finite'];

const bearing: readonly Row[] = [
  ['argoproj.io/v1alpha1', 'Rollout', `{template: ${pod}}`, ['spec.template'], 'longRunning'],
  ['serving.knative.dev/v1', 'Service', `{template: ${pod}}`, ['spec.template'], 'longRunning'],
  ['serving.knative.dev/v1', 'Revision', '{containers: [{image: "a:1"}]}', [''], 'longRunning'],
  ['apps.openshift.io/v1', 'DeploymentConfig', `{template: ${pod}}`, ['spec.template'], 'longRunning'],
  [
    'jobset.x-k8s.io/v1alpha2',
    'JobSet',
    `{replicatedJobs: [{template: {spec: {template: ${pod}}}}, {template: {spec: {template: ${pod}}}}]}`,
    ['spec.replicatedJobs[0].template.spec.template', 'spec.replicatedJobs[1].template.spec.template'],
    'finite',
  ],
  [
    'ray.io/v1',
    'RayCluster',
    `{headGroupSpec: {template: ${pod}}, workerGroupSpecs: [{template: ${pod}}]}`,
    ['spec.headGroupSpec.template', 'spec.workerGroupSpecs[0].template'],
    'longRunning',
  ],
  ['ray.io/v1', 'RayCluster', `{headGroupSpec: {template: ${pod}}}`, ['spec.headGroupSpec.template'], 'longRunning'],
  [
    'ray.io/v1',
    'RayJob',
    `{rayClusterSpec: {headGroupSpec: {template: ${pod}}}, submitterPodTemplate: ${once}}`,
    ['spec.rayClusterSpec.headGroupSpec.template', 'spec.submitterPodTemplate'],
    'finite',
  ],
  [
    'kubeflow.org/v1',
    'PyTorchJob',
    `{pytorchReplicaSpecs: {Master: {template: ${pod}}}}`,
    ['spec.pytorchReplicaSpecs.Master.template'],
    'finite',
  ],
  ['batch.volcano.sh/v1alpha1', 'Job', `{tasks: [{template: ${once}}]}`, ['spec.tasks[0].template'], 'finite'],
  ['keda.sh/v1alpha1', 'ScaledJob', `{jobTargetRef: {template: ${once}}}`, ['spec.jobTargetRef.template'], 'finite'],
  ['robots.example.org/v1', 'Robot', `{template: ${pod}}`, ['spec.template'], 'longRunning'],
  ['robots.example.org/v1', 'Errand', `{jobTemplate: {spec: {template: ${once}}}}`, ['spec.jobTemplate.spec.template'], 'finite'],
  ['robots.example.org/v1', 'Fleet', `{robots: [{arm: {podTemplate: ${pod}}}]}`, ['spec.robots[0].arm.podTemplate'], 'longRunning'],
  ['robots.example.org/v1', 'Broken', '{template: {spec: {containers: {name: a, image: b}}}}', ['spec.template'], 'longRunning'],
  [
    'elasticsearch.k8s.elastic.co/v1',
    'Elasticsearch',
    `{nodeSets: [{podTemplate: ${pod}}]}`,
    ['spec.nodeSets[0].podTemplate'],
    'longRunning',
  ],
];

const leftAlone: readonly [apiVersion: string, kind: string, spec: string][] = [
  ['karpenter.sh/v1', 'NodePool', '{template: {spec: {requirements: []}}}'],
  ['robots.example.org/v1', 'Box', '{template: {spec: {containers: 6}}}'],
  ['robots.example.org/v1', 'Box', '{template: {spec: {containers: [red, blue]}}}'],
  ['robots.example.org/v1', 'Box', '{template: {spec: {containers: []}}}'],
  ['robots.example.org/v1', 'Box', '{template: {spec: {containers: {count: 2}}}}'],
  ['external-secrets.io/v1', 'ExternalSecret', '{target: {template: {type: Opaque, data: {a: b}}}}'],
  ['bitnami.com/v1alpha1', 'SealedSecret', '{template: {metadata: {name: a}, type: Opaque}}'],
  ['cert-manager.io/v1', 'Certificate', '{secretTemplate: {labels: {a: b}}}'],
  ['kyverno.io/v1', 'ClusterPolicy', `{rules: [{mutate: {patchStrategicMerge: {spec: {template: ${pod}}}}}]}`],
  ['apiextensions.crossplane.io/v1', 'Composition', `{resources: [{base: {spec: {template: ${pod}}}}]}`],
  ['policies.example.org/v1', 'Rule', `{pattern: ${pod}}`],
  ['policies.example.org/v1', 'Bundle', `{objects: [{apiVersion: apps/v1, kind: Deployment, spec: {template: ${pod}}}]}`],
  ['helm.toolkit.fluxcd.io/v2', 'HelmRelease', `{values: {template: ${pod}}}`],
  ['kafka.strimzi.io/v1', 'Kafka', '{kafka: {template: {pod: {securityContext: {}}}}}'],
  ['apps/v1', 'ControllerRevision', `{template: ${pod}}`],
];

describe('pod templates of custom kinds', () => {
  for (const [apiVersion, kind, spec, paths, role] of bearing)
    it(`${kind} in ${apiVersion}: ${paths.join(', ')}`, () => {
      const custom = object(apiVersion, kind, spec);
      expect(customTemplatePaths(custom)).to.deep.equal(paths);
      expect(workloadRoleOf(custom)).to.equal(role);
      expect(syntheticPods(custom)).to.have.length(paths.length);
    });

  for (const [apiVersion, kind, spec] of leftAlone)
    it(`${kind} in ${apiVersion} with ${spec.slice(0, 40)} has none`, () => {
      const custom = object(apiVersion, kind, spec);
      expect([customTemplatePaths(custom), workloadRoleOf(custom), syntheticPods(custom)]).to.deep.equal([[], undefined, []]);
    });

  it('have the defaults that the server sets in their pods', () => {
    const custom = object('argoproj.io/v1alpha1', 'Rollout', `{template: ${pod}}`);
    const [made] = syntheticPods(custom);
    expect(made?.pod?.spec).to.include({ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst' });
    expect(custom['spec']).to.deep.equal({ template: parse(pod) as unknown });
  });

  const broken: readonly [title: string, kind: string, spec: string, expected: object][] = [
    ['no template', 'Rollout', '{}', { path: 'spec.template', problem: 'expected a map, found nothing' }],
    ['a template that is a text', 'Rollout', '{template: a}', { path: 'spec.template', problem: 'expected a map, found a string' }],
    ['no spec', 'Rollout', '{template: {}}', { path: 'spec.template.spec', problem: 'expected a map, found nothing' }],
    [
      'no containers',
      'Rollout',
      '{template: {spec: {}}}',
      { path: 'spec.template.spec.containers', problem: 'expected a list, found nothing' },
    ],
    ['a template elsewhere', 'Rollout', '{workloadRef: {kind: Deployment, name: web}}', { referred: 'Deployment web' }],
  ];
  for (const [title, kind, spec, expected] of broken)
    it(`a ${kind} with ${title}`, () => {
      expect(syntheticPods(object('argoproj.io/v1alpha1', kind, spec))[0]).to.deep.include(expected);
    });

  it('are found among thousands of values, and not searched for without end', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`) as unknown;
    const wide = Array.from({ length: 100_000 }, (_, index) => ({ index }));
    const custom = {
      apiVersion: 'robots.example.org/v1',
      kind: 'Robot',
      metadata: { name: 'a' },
      spec: { deep, template: parse(pod) as unknown, wide },
    };
    expect(customTemplatePaths(custom)).to.deep.equal(['spec.template']);
  });
});
