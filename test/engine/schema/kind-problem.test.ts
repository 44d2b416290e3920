import { expect } from 'chai';
import { kindProblem } from '../../../operator/engine/schema/kind-problem.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { formerKinds, lifecycleOf } from '../../../operator/engine/schema/former-kinds.ts';

const problems: readonly [apiVersion: string, kind: string, message: string][] = [
  ['v1', 'Deployment', 'Kubernetes has no kind Deployment in the core API (v1): Deployment is in apps/v1'],
  ['v1', 'deployment', 'Kubernetes has no kind deployment in the core API (v1): Deployment is in apps/v1'],
  ['v1', 'CronJob', 'Kubernetes has no kind CronJob in the core API (v1): CronJob is in batch/v1'],
  ['v1', 'pod', 'Kubernetes has no kind pod in the core API (v1): Pod is in v1'],
  ['v1', 'Pods', 'Kubernetes has no kind Pods in the core API (v1): Pod is in v1'],
  ['v2', 'Pod', 'Kubernetes has no kind Pod in v2: Pod is in v1'],
  ['V1', 'Pod', 'Kubernetes has no kind Pod in V1: Pod is in v1'],
  ['v1beta1', 'Deployment', 'Kubernetes has no kind Deployment in v1beta1: Deployment is in apps/v1'],
  ['apps', 'Deployment', 'Kubernetes has no kind Deployment in apps: Deployment is in apps/v1'],
  ['apps/v1', 'Statefulset', 'Kubernetes has no kind Statefulset in apps/v1: StatefulSet is in apps/v1'],
  ['apps/v1', 'Deploymnet', "Kubernetes has no kind Deploymnet in apps/v1 (did you mean 'Deployment' in apps/v1?)"],
  ['apps/v1', 'Pod', 'Kubernetes has no kind Pod in apps/v1: Pod is in v1'],
  ['apps/v1', 'Rollout', 'Kubernetes has no kind Rollout in apps/v1'],
  ['apps/v2', 'Deployment', 'Kubernetes has no kind Deployment in apps/v2: Deployment is in apps/v1'],
  ['Apps/v1', 'Deployment', 'Kubernetes has no kind Deployment in Apps/v1: Deployment is in apps/v1'],
  ['app/v1', 'Deployment', 'Kubernetes has no kind Deployment in app/v1: Deployment is in apps/v1'],
  ['rbac/v1', 'Role', 'Kubernetes has no kind Role in rbac/v1: Role is in rbac.authorization.k8s.io/v1'],
  ['networking.k8s.oi/v1', 'Ingress', 'Kubernetes has no kind Ingress in networking.k8s.oi/v1: Ingress is in networking.k8s.io/v1'],
  [
    'networking.k8s.io/v1',
    'NetworkPolices',
    "Kubernetes has no kind NetworkPolices in networking.k8s.io/v1 (did you mean 'NetworkPolicy' in networking.k8s.io/v1?)",
  ],
  ['batch/v1', 'Cronjob', 'Kubernetes has no kind Cronjob in batch/v1: CronJob is in batch/v1'],
  ['policy/v1', 'PodSecurityPolicy', 'Kubernetes has no kind PodSecurityPolicy in policy/v1'],
  ['extensions/v1beta1', 'Deployment', 'Kubernetes 1.16 removed Deployment from extensions/v1beta1: use apps/v1'],
  ['apps/v1beta1', 'Deployment', 'Kubernetes 1.16 removed Deployment from apps/v1beta1: use apps/v1'],
  ['apps/v1beta2', 'DaemonSet', 'Kubernetes 1.16 removed DaemonSet from apps/v1beta2: use apps/v1'],
  ['extensions/v1beta1', 'Ingress', 'Kubernetes 1.22 removed Ingress from extensions/v1beta1: use networking.k8s.io/v1'],
  ['batch/v1beta1', 'CronJob', 'Kubernetes 1.25 removed CronJob from batch/v1beta1: use batch/v1'],
  ['policy/v1beta1', 'PodSecurityPolicy', 'Kubernetes 1.25 removed PodSecurityPolicy from policy/v1beta1: use Pod Security admission'],
  ['settings.k8s.io/v1alpha1', 'PodPreset', 'Kubernetes 1.20 removed PodPreset from settings.k8s.io/v1alpha1: nothing is in its place'],
];

const known: readonly [apiVersion: string, kind: string][] = [
  ['v1', 'List'],
  ['v1', 'PodList'],
  ['v1', 'Config'],
  ['policy/v1', 'Eviction'],
  ['apps/v1', 'ControllerRevision'],
  ['admissionregistration.k8s.io/v1alpha1', 'MutatingAdmissionPolicy'],
  ['apps.example.org/v1', 'Deployment'],
  ['apps.kruise.io/v1alpha1', 'StatefulSet'],
  ['batch.volcano.sh/v1alpha1', 'Job'],
  ['gateway.networking.k8s.io/v1', 'Gateway'],
  ['networking.gke.io/v1', 'Ingress'],
  ['serving.knative.dev/v1', 'Service'],
  ['crd.projectcalico.org/v1', 'NetworkPolicy'],
  ['projectcalico.org/v3', 'NetworkPolicy'],
  ['snapshot.storage.k8s.io/v1', 'VolumeSnapshot'],
  ['kubelet.config.k8s.io/v1beta1', 'KubeletConfiguration'],
  ['audit.k8s.io/v1', 'Policy'],
  ['skaffold/v4beta1', 'Config'],
  ['apps.openshift.io/v1', 'DeploymentConfig'],
  ['route.openshift.io/v1', 'Route'],
  ['rbac.istio.io/v1alpha1', 'ServiceRole'],
];

describe('kindProblem', () => {
  for (const [apiVersion, kind, message] of problems)
    it(`${kind} in ${apiVersion}`, () => {
      expect(kindProblem(apiVersion, kind, 37)?.message).to.match(new RegExp(`^${message.replace(/[().?/']/g, '\\$&')}`));
    });

  for (const [apiVersion, kind] of known)
    it(`nothing about ${kind} in ${apiVersion}`, () => {
      expect(kindProblem(apiVersion, kind, 37)).to.equal(undefined);
    });

  const versions: readonly [minor: number, apiVersion: string, kind: string, message: string | undefined][] = [
    [36, 'storage.k8s.io/v1beta1', 'VolumeAttributesClass', undefined],
    [
      37,
      'storage.k8s.io/v1beta1',
      'VolumeAttributesClass',
      'Kubernetes 1.37 removed VolumeAttributesClass from storage.k8s.io/v1beta1: use storage.k8s.io/v1',
    ],
    [28, 'flowcontrol.apiserver.k8s.io/v1beta2', 'FlowSchema', ''],
    [
      29,
      'flowcontrol.apiserver.k8s.io/v1beta2',
      'FlowSchema',
      'Kubernetes 1.29 removed FlowSchema from flowcontrol.apiserver.k8s.io/v1beta2: use flowcontrol.apiserver.k8s.io/v1',
    ],
    [37, 'events.k8s.io/v1beta1', 'Event', 'Kubernetes 1.25 removed Event from events.k8s.io/v1beta1: use events.k8s.io/v1'],
    [
      34,
      'admissionregistration.k8s.io/v1beta1',
      'ValidatingAdmissionPolicy',
      'Kubernetes 1.34 removed ValidatingAdmissionPolicy from admissionregistration.k8s.io/v1beta1: use admissionregistration.k8s.io/v1',
    ],
    [37, 'resource.k8s.io/v1beta1', 'ResourceClaim', undefined],
    [20, 'policy/v1', 'PodDisruptionBudget', 'Kubernetes 1.20 has no PodDisruptionBudget in policy/v1: 1.21 is the first version with it'],
    [21, 'policy/v1', 'PodDisruptionBudget', undefined],
    [16, 'apps/v1', 'Deployment', undefined],
  ];
  for (const [minor, apiVersion, kind, message] of versions)
    it(`${kind} in ${apiVersion} for Kubernetes 1.${minor}`, () => {
      expect(kindProblem(apiVersion, kind, minor)?.message).to.equal(message);
    });

  it('warns of a version before it is removed, and removes none that the newest Kubernetes serves', () => {
    for (const { deprecated, removed, introduced, version, kind } of formerKinds) {
      if (!version.includes('alpha')) expect(deprecated ?? 0, kind).to.be.at.most(removed);
      expect(introduced, kind).to.be.below(removed);
    }
    for (const { group, version, kind } of builtinResources) expect(lifecycleOf(group, version, kind)?.removed, kind).to.equal(undefined);
  });

  it('is silent about a version that the Kubernetes in question still serves', () => {
    expect(kindProblem('batch/v1beta1', 'CronJob', 24)).to.deep.equal({ message: '', isFormer: true });
    expect(kindProblem('batch/v1beta1', 'CronJob', 25)?.message).to.match(/removed/);
  });

  it('knows every kind that a scan of files evaluates, in the newest version', () => {
    for (const { group, version, kind } of builtinResources)
      expect(kindProblem(group === '' ? version : `${group}/${version}`, kind, 37), kind).to.equal(undefined);
  });
});
