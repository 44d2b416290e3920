import { expect } from 'chai';
import { isControllerLabel, podLabelsWith, type LabelledWorkload } from '../../../operator/engine/pods/controller-labels.ts';
import { keepsApart } from '../../../operator/engine/pods/pod-spread.ts';
import { hasTokenVolume } from '../../../operator/engine/pods/token-volume.ts';

describe('the labels that a controller may add to a pod of a workload', () => {
  const rows: readonly (readonly [
    kind: string,
    key: string,
    given: readonly string[],
    others: readonly string[],
    more?: Partial<LabelledWorkload>,
  ])[] = [
    [
      'StatefulSet.apps',
      'statefulset.kubernetes.io/pod-name',
      ['web-0', 'web-2'],
      ['web-3', 'web-', 'web', 'db-0', 'web-00', 'web-x'],
      { replicas: 3 },
    ],
    ['StatefulSet.apps', 'apps.kubernetes.io/pod-index', ['0'], ['1', '-1', '', '0.0', '00'], {}],
    ['StatefulSet.apps', 'apps.kubernetes.io/pod-index', ['0'], ['1'], { replicas: 0 }],
    ['StatefulSet.apps', 'apps.kubernetes.io/pod-index', ['5', '6', '10'], ['4', '7.0', '05', '11'], { replicas: 6, firstOrdinal: 5 }],
    ['StatefulSet.apps', 'controller-revision-hash', ['web-5c7'], ['']],
    ['DaemonSet.apps', 'pod-template-generation', ['1'], ['']],
    ['Deployment.apps', 'pod-template-hash', ['5c7'], ['']],
    ['Job.batch', 'job-name', ['web'], ['web-1', '']],
    ['Job.batch', 'batch.kubernetes.io/job-completion-index', ['3'], ['']],
    ['CronJob.batch', 'job-name', ['web-29000000'], ['web', 'db-1']],
    ['CronJob.batch', 'batch.kubernetes.io/job-name', ['web-29000000'], ['web', 'db-1']],
    ['CronJob.batch', 'controller-uid', ['u'], ['']],
    ['Rollout.argoproj.io', 'rollouts-pod-template-hash', ['x'], ['']],
    ['DeploymentConfig.apps.openshift.io', 'deploymentconfig', ['web'], ['web-1']],
    ['JobSet.jobset.x-k8s.io', 'job-name', ['any'], ['']],
    ['JobSet.jobset.x-k8s.io', 'jobset.sigs.k8s.io/jobset-name', ['web'], ['other']],
    ['Service.serving.knative.dev', 'serving.knative.dev/service', ['web'], ['other']],
    ['RayCluster.ray.io', 'ray.io/cluster', ['web'], ['other']],
    ['LeaderWorkerSet.leaderworkerset.x-k8s.io', 'leaderworkerset.sigs.k8s.io/name', ['web'], ['other']],
  ];
  for (const [groupKind, key, given, others, more] of rows)
    it(`of kind ${groupKind}: ${key} is ${given.join(', ')}, and not ${others.map((value) => `'${value}'`).join(', ')}`, () => {
      const workload = { groupKind, name: 'web', podLabels: { app: 'x' }, replicas: undefined, firstOrdinal: undefined, ...more };
      const labelled = (value: string): unknown => podLabelsWith({ [key]: value, app: 'other' }, workload);
      for (const value of given) expect(labelled(value), value).to.deep.equal({ app: 'x', [key]: value });
      for (const value of others) expect(labelled(value), value).to.equal(workload.podLabels);
      expect(isControllerLabel(key)).to.equal(true);
    });

  it('are none of other kinds, and none that a template has', () => {
    const workload = { groupKind: 'Pod', name: 'web', podLabels: { app: 'x' }, replicas: 1, firstOrdinal: 0 };
    expect(podLabelsWith({ 'pod-template-hash': 'x' }, workload)).to.equal(workload.podLabels);
    for (const key of ['constructor', 'app']) {
      expect(podLabelsWith({ [key]: 'y' }, { ...workload, groupKind: 'Deployment.apps' })).to.equal(workload.podLabels);
      expect(isControllerLabel(key)).to.equal(false);
    }
  });
});

describe('pods are kept apart', () => {
  const own = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' };
  const required = (...terms: unknown[]): Record<string, unknown> => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
  });
  const rows: readonly (readonly [what: string, spec: Readonly<Record<string, unknown>>, expected: boolean])[] = [
    ['by a spread constraint about them', { topologySpreadConstraints: [own] }, true],
    ['by a required anti-affinity', required(own), true],
    ['by the second of two terms', required({ ...own, topologyKey: '' }, own), true],
    [
      'by a preferred anti-affinity',
      { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: own }] } } },
      true,
    ],
    ['by a selector of everything', required({ ...own, labelSelector: {} }), true],
    ['not by an affinity', { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [own] } } }, false],
    ['not by a term about other pods', required({ ...own, labelSelector: { matchLabels: { app: 'db' } } }), false],
    ['not by a term without a selector', required({ topologyKey: own.topologyKey }), false],
    ['not by a term without a topology key', required({ labelSelector: own.labelSelector }), false],
    ['not by an empty topology key', { topologySpreadConstraints: [{ ...own, topologyKey: '' }] }, false],
    ['not without either', {}, false],
  ];
  for (const [what, spec, expected] of rows) it(what, () => expect(keepsApart(spec, { app: 'web' })).to.equal(expected));
});

describe('a pod has a token of its service account for the API server', () => {
  const projected = (audience?: unknown): object => ({
    projected: { sources: [{ configMap: {} }, { serviceAccountToken: audience === undefined ? {} : { audience } }] },
  });
  const has = (...volumes: unknown[]): boolean => hasTokenVolume({ volumes }, 'builder');
  const audiences: readonly (readonly [audience: string, expected: boolean])[] = [
    ['', true],
    ['api', true],
    ['kubernetes', true],
    ['kubernetes.default', true],
    ['kubernetes.default.svc', true],
    ['https://kubernetes.default.svc.cluster.local', true],
    ['https://oidc.eks.eu-west-1.amazonaws.com/id/X', true],
    ['https://container.googleapis.com/v1/projects/p', true],
    ['https://shop-dns-1.hcp.westeurope.azmk8s.io', true],
    ['vault', false],
    ['api.example.com', false],
    ['sts.amazonaws.com', false],
    ['https://kubernetes.example.com', false],
    ['https://vault.example.com/azmk8s.io', false],
    ['kubernetes.default.example.com', false],
  ];
  for (const [audience, expected] of audiences)
    it(`${expected ? 'for' : 'not for'} the audience '${audience}'`, () => expect(has(projected(audience))).to.equal(expected));

  it('without an audience, and from the Secret of a token of the account', () => {
    expect(has(projected())).to.equal(true);
    expect(has({ emptyDir: {} }, { secret: { secretName: 'builder-token-x7k2p' } })).to.equal(true);
    expect(has({ secret: { secretName: 'other-token-x7k2p' } })).to.equal(false);
    expect(has({ secret: { secretName: 'builder-tokens' } })).to.equal(false);
    expect(has({ projected: { sources: [{ serviceAccountToken: null }] } }, 'x', null)).to.equal(false);
    expect(hasTokenVolume({}, 'builder')).to.equal(false);
  });
});
