import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, home } from '../../e2e/installation.ts';
import { kubectl } from '../../integration/cluster-access.ts';
import { inHome, type Scenario } from './scenario.ts';
import { failsAs } from './worker-scenarios.ts';

const admissionPolicy = (resource: string, group: string): string =>
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
            resourceRules: [{ apiGroups: [group], apiVersions: ['v1'], operations: ['CREATE'], resources: [resource] }],
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

/** A ValidatingAdmissionPolicy refuses what Vigil makes. */
function refused(resource: string, group: string): Pick<Scenario, 'prepare' | 'undo' | 'recovers'> {
  return {
    recovers: true,
    prepare: async () => {
      kubectl(['apply', '-f', '-'], admissionPolicy(resource, group));
      // In force within about a second.
      await sleep(2000);
    },
    undo: async () => {
      kubectl(['delete', '--ignore-not-found', 'validatingadmissionpolicybinding,validatingadmissionpolicy', 'flt-refuse']);
      await sleep(2000);
    },
  };
}

/** Jobs and pods that the cluster does not take. */
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
    prepare: () => void inHome('create', 'quota', 'flt', '--hard=pods=0'),
    undo: () => void inHome('delete', 'quota', 'flt', '--ignore-not-found'),
    expect: failsAs('Rejected', /exceeded quota/),
  },
  {
    name: 'a quota refuses the Job',
    kind: 'refused',
    recovers: true,
    prepare: async () => {
      inHome('create', 'quota', 'flt', '--hard=count/jobs.batch=0');
      await eventually('the quota is in force', () =>
        inHome('get', 'quota', 'flt', '-o', 'jsonpath={.status.hard}') === '' ? undefined : true,
      );
    },
    undo: () => void inHome('delete', 'quota', 'flt', '--ignore-not-found'),
    expect: failsAs('Rejected', /exceeded quota/),
  },
];
