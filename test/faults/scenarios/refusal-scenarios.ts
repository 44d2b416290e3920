import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scan } from '../../../operator/api/kinds/scan.ts';
import { eventually, home } from '../../e2e/installation.ts';
import { kubectl } from '../../integration/cluster-access.ts';
import type { ScenarioRun } from '../fault-lab.ts';
import { freezeWorker } from '../worker-process.ts';
import { deleteRestorably } from './hand-scenarios.ts';
import { inHome, type Scenario } from './scenario.ts';
import { failsAs } from './worker-scenarios.ts';

const admissionPolicy = (resource: string, group: string, operation: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: 'flt-refuse' },
        spec: {
          matchConstraints: {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': home } },
            resourceRules: [{ apiGroups: [group], apiVersions: ['v1'], operations: [operation], resources: [resource] }],
          },
          validations: [{ expression: 'false', message: 'not on a Tuesday' }],
        },
      },
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name: 'flt-refuse' },
        spec: { policyName: 'flt-refuse', validationActions: ['Deny'] },
      },
    ],
  });

/** Creates a ValidatingAdmissionPolicy that refuses an operation in Vigil's namespace. */
export async function refusing(resource: string, group: string, operation: 'CREATE' | 'DELETE'): Promise<void> {
  kubectl(['apply', '-f', '-'], admissionPolicy(resource, group, operation));
  // It is in force within about a second.
  await sleep(2000);
}

/** Deletes it. */
export async function refusingNoMore(): Promise<void> {
  kubectl(['delete', '--ignore-not-found', 'validatingadmissionpolicybinding,validatingadmissionpolicy', 'flt-refuse']);
  await sleep(2000);
}

/** A ValidatingAdmissionPolicy refuses objects that Vigil creates. */
const refused = (resource: string, group: string): Pick<Scenario, 'prepare' | 'undo' | 'recovers'> => ({
  recovers: true,
  prepare: () => refusing(resource, group, 'CREATE'),
  undo: refusingNoMore,
});

/** The change of a service mesh or an agent to new pods: another container with a privilege that Pod Security does not allow. */
const injector = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicy',
      metadata: { name: 'flt-inject' },
      spec: {
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': home } },
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        },
        reinvocationPolicy: 'Never',
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: {
              expression:
                'Object{spec: Object.spec{initContainers: [Object.spec.initContainers{name: "mesh", image: "127.0.0.1:5000/pause:1", ' +
                'securityContext: Object.spec.initContainers.securityContext{privileged: true}}]}}',
            },
          },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name: 'flt-inject' },
      spec: { policyName: 'flt-inject' },
    },
  ],
});
const inject = async (): Promise<void> => {
  kubectl(['apply', '-f', '-'], injector);
  await sleep(2000);
};
const injectNoMore = (): void =>
  void kubectl(['delete', '--ignore-not-found', 'mutatingadmissionpolicybinding,mutatingadmissionpolicy', 'flt-inject']);

/** Creates a quota in Vigil's namespace and waits until it is in force. */
async function quota(hard: string): Promise<void> {
  inHome('create', 'quota', 'flt', `--hard=${hard}`);
  await eventually('the quota is enforced', () =>
    inHome('get', 'quota', 'flt', '-o', 'jsonpath={.status.hard}') === '' ? undefined : true,
  );
}
const noQuota = (): void => void inHome('delete', 'quota', 'flt', '--ignore-not-found');

/** A template with the shortest deadline. */
const soon = { activeDeadlineSeconds: 30 };

/** Jobs and pods that the cluster refuses. */
export const refusalScenarios: readonly Scenario[] = [
  {
    name: 'an admission policy refuses the Job',
    kind: 'refused',
    quick: true,
    ...refused('jobs', 'batch'),
    expect: failsAs('Rejected', /not on a Tuesday/),
  },
  {
    name: 'an admission policy refuses the pods',
    kind: 'refused',
    seconds: 150,
    ...refused('pods', ''),
    expect: failsAs('Rejected', /not on a Tuesday/),
  },
  {
    name: 'a quota refuses the pods',
    kind: 'refused',
    seconds: 150,
    recovers: true,
    template: soon,
    prepare: () => quota('pods=0'),
    undo: noQuota,
    expect: failsAs('Rejected', /exceeded quota/),
  },
  {
    name: 'a quota refuses the Job',
    kind: 'refused',
    recovers: true,
    template: soon,
    prepare: () => quota('count/jobs.batch=0'),
    undo: noQuota,
    expect: failsAs('Rejected', /exceeded quota/),
  },
  {
    name: 'a quota requires a limit that the pods do not have',
    kind: 'refused',
    seconds: 150,
    recovers: true,
    prepare: () => quota('limits.cpu=10'),
    undo: noQuota,
    expect: failsAs('Rejected', /must specify limits.cpu/),
  },
  {
    name: 'a quota refuses the pods for longer than a minute, and then has room',
    kind: 'refused for now',
    seconds: 180,
    prepare: () => quota('pods=0'),
    act: async ({ lab, scan }) => {
      await lab.conditionMatches(scan, /^QuotaExceeded: .*exceeded quota/);
      // Other refusals fail after a minute.
      await sleep(75_000);
      noQuota();
    },
    undo: noQuota,
  },
  {
    name: 'a quota refuses the Job, and then has room',
    kind: 'refused for now',
    prepare: () => quota('count/jobs.batch=0'),
    act: async ({ lab, scan }) => {
      await lab.conditionMatches(scan, /^QuotaExceeded: .*exceeded quota/);
      noQuota();
    },
    undo: noQuota,
  },
  { name: 'a quota has room for one pod at a time', kind: 'refused', seconds: 150, prepare: () => quota('pods=1'), undo: noQuota },
  {
    name: 'a quota is full when a pod has to be replaced, and then has room',
    kind: 'refused',
    seconds: 150,
    act: async ({ lab, scan }) => {
      const { pod } = await freezeWorker();
      await quota('pods=0');
      inHome('delete', 'pod', pod);
      await lab.conditionMatches(scan, /exceeded quota/);
      noQuota();
    },
    undo: noQuota,
  },
  {
    name: 'a quota is full when a pod has to be replaced, and stays full',
    kind: 'refused',
    seconds: 200,
    template: soon,
    recovers: true,
    act: async () => {
      const { pod } = await freezeWorker();
      await quota('pods=0');
      inHome('delete', 'pod', pod);
    },
    undo: noQuota,
    // The results of the other pods are written.
    expect: ({ scan }, _run, wanted) => {
      const { phase, coverage, shards } = scan as NonNullable<Scan['status']>;
      const { inScope } = (wanted.scan as NonNullable<Scan['status']>).coverage ?? {};
      expect(phase).to.equal('Failed');
      expect(coverage?.inScope).to.equal(inScope);
      expect((coverage?.scanned ?? 0) + (coverage?.failed ?? 0)).to.equal(inScope);
      expect(shards?.map(({ reason }) => reason)).to.deep.equal(['Rejected']);
      expect(shards?.[0]?.message).to.match(/exceeded quota/);
    },
  },
  {
    name: 'Pod Security refuses the pods because of an injected container',
    kind: 'refused',
    seconds: 150,
    recovers: true,
    prepare: inject,
    undo: injectNoMore,
    expect: failsAs('Rejected', /violates PodSecurity/),
  },
  {
    name: 'Pod Security refuses the pods because of an injected container, until the injection ends',
    kind: 'refused for now',
    quick: true,
    prepare: inject,
    act: async ({ lab, scan }) => {
      await lab.conditionMatches(scan, /violates PodSecurity/);
      injectNoMore();
    },
    undo: injectNoMore,
  },
  {
    name: 'the workers’ ServiceAccount is deleted and restored',
    kind: 'refused for now',
    prepare: (run) => {
      const giveBack = deleteRestorably('-n', home, 'serviceaccount', 'vigil-scanner');
      givers.set(run, giveBack);
    },
    act: async (run) => {
      await run.lab.conditionMatches(run.scan, /serviceaccount "vigil-scanner" not found/);
      givers.get(run)?.();
    },
    undo: (run) => givers.get(run)?.(),
  },
];

/** Functions that restore what a scenario deleted. */
const givers = new WeakMap<ScenarioRun, () => void>();
