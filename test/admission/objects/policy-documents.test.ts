import { expect } from 'chai';
import type { SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { decider, objectsOf } from '../admission-fixture.ts';

const denying: SecurityPolicySpec = { controls: [{ name: 'host-pid' }] };
const hostPid = (metadata: object = {}, spec: object = {}): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec: { hostPID: true, containers: [], ...spec },
});

describe('the documents of enforcement', () => {
  it('have every field that the API server would set by default, so that they are equal to what it returns', () => {
    const { policies, bindings } = objectsOf(denying);
    const [policy, binding] = [policies[0], bindings[0]];
    expect(policy?.metadata.labels?.['app.kubernetes.io/managed-by']).to.equal('vigil');
    expect(policy?.metadata.labels?.['vigil.dev/enforces']).to.match(/^[0-9a-f]{20}$/);
    expect(binding?.metadata).to.deep.equal(policy?.metadata);
    expect(policy?.spec.failurePolicy).to.equal('Ignore');
    expect(policy?.spec.paramKind).to.equal(undefined);
    expect(policy?.spec.validations).to.deep.equal([
      {
        expression: 'variables.new.size() == 0',
        message: 'the object breaks SecurityPolicy/baseline',
        messageExpression: policy?.spec.validations[0]?.messageExpression,
        reason: 'Forbidden',
      },
    ]);
    const { resourceRules = [], ...selectors } = policy?.spec.matchConstraints ?? {};
    expect(selectors).to.deep.equal({ matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} });
    const base = { apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], scope: '*' };
    expect(resourceRules.toSorted((a, b) => (String(a.apiGroups) < String(b.apiGroups) ? -1 : 1))).to.deep.equal([
      {
        ...{ ...base, apiGroups: [''] },
        resources: ['pods', 'pods/ephemeralcontainers', 'podtemplates', 'replicationcontrollers'],
      },
      { ...base, apiGroups: ['apps'], resources: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'] },
      { ...base, apiGroups: ['batch'], resources: ['cronjobs', 'jobs'] },
    ]);
    expect(binding?.spec).to.deep.equal({
      policyName: policy?.metadata.name,
      validationActions: ['Deny'],
      matchResources: {
        matchPolicy: 'Equivalent',
        namespaceSelector: {
          matchExpressions: [
            {
              key: 'kubernetes.io/metadata.name',
              operator: 'NotIn',
              values: ['kube-system', 'kube-public', 'kube-node-lease', 'vigil-system'],
            },
          ],
        },
        objectSelector: {},
      },
    });
  });

  it('have the object selector of the scope, for controls and for approvals', () => {
    const objectSelector = { matchLabels: { tier: 'prod' } };
    const { policies } = objectsOf({ ...denying, scope: { objectSelector }, images: { approval: { required: true } } });
    expect(policies.map(({ spec }) => spec.matchConstraints.objectSelector)).to.deep.equal([objectSelector, objectSelector]);
    expect(policies[1]?.metadata.name).to.match(/^vigil-baseline-1-images-/);
    expect(policies[1]?.spec.failurePolicy).to.equal('Ignore');
  });

  it('read the parameters of exceptions and approvals', () => {
    const paramKind = { apiVersion: 'vigil.dev/v1alpha1', kind: 'AdmissionParameters' };
    const { policies } = objectsOf({ ...denying, exceptions: { allow: 'All' } });
    expect(policies[0]?.spec.paramKind).to.deep.equal(paramKind);
  });

  it('have one policy for each entry and shape, in the order of the entries', () => {
    const entry = { actions: ['Deny' as const] };
    const { policies, bindings } = objectsOf({
      controls: [{ name: 'host-pid' }, { name: 'default-namespace' }],
      enforcement: [entry, entry],
    });
    const shapes = policies.map(({ metadata }) => metadata.name.replace(/^vigil-baseline-(.*)-\w+$/, '$1'));
    expect(shapes).to.deep.equal(['1-pods', '1-objects', '2-pods', '2-objects']);
    expect(bindings.map(({ spec }) => spec.policyName)).to.deep.equal(policies.map(({ metadata }) => metadata.name));
  });

  it('have a variable with the parameters of each control that reads some, and of no other', () => {
    const variables = (name: string): readonly string[] =>
      (objectsOf({ controls: [{ name }] }).policies[0]?.spec.variables ?? []).flatMap((one) =>
        one.name.startsWith('parameters_') ? one.name : [],
      );
    expect([variables('host-pid'), variables('run-as-high-uid')]).to.deep.equal([[], ['parameters_run_as_high_uid']]);
  });

  it('split many controls into variables of fifteen', () => {
    const { policies } = objectsOf({ frameworks: [{ name: 'pss-baseline' }, { name: 'pss-restricted' }, { name: 'vigil' }] });
    const pods = policies.find(({ metadata }) => metadata.name.includes('-pods-'));
    const checks = (pods?.spec.variables ?? []).filter(({ name }) => /^checks\d+$/.test(name)).map(({ name }) => name);
    expect(checks.slice(0, 3)).to.deep.equal(['checks1', 'checks2', 'checks3']);
    const found = pods?.spec.variables.find(({ name }) => name === 'failing')?.expression;
    expect(found).to.contain(`variables.${checks.at(-1)}[0]`);
    const decide = decider(objectsOf({ frameworks: [{ name: 'pss-baseline' }, { name: 'pss-restricted' }, { name: 'vigil' }] }));
    expect(decide({ object: hostPid(), oldObject: hostPid() }), 'an update that changes nothing').to.deep.equal([]);
  });
});

describe('the requests that are not evaluated', () => {
  const decide = decider(objectsOf(denying));
  const refused = (metadata: object, username: string): boolean => decide({ object: hostPid(metadata), username }).length > 0;
  const owned = (kind: string, controller: { readonly controller?: boolean } = { controller: true }): object => ({
    ownerReferences: [
      { apiVersion: 'v1', kind: 'Other', name: 'o', uid: 'o' },
      { apiVersion: 'v1', kind, name: 'x', uid: 'x', ...controller },
    ],
  });
  const account = 'system:serviceaccount:kube-system:job-controller';
  const rows: readonly (readonly [title: string, metadata: object, username: string, refused: boolean])[] = [
    ...['ReplicaSet', 'ReplicationController', 'StatefulSet', 'DaemonSet', 'Deployment', 'Job', 'CronJob'].map(
      (kind) => [`a pod of a ${kind}`, owned(kind), account, false] as const,
    ),
    ['a pod by the controller manager', owned('Job'), 'system:kube-controller-manager', false],
    ['a pod by a controller with another name', owned('Job'), 'system:kube-controller-managers', true],
    ['a pod by a service account of another namespace', owned('Job'), 'system:serviceaccount:kube-systems:a', true],
    ['a pod of a kind that is no workload', owned('Machine'), account, true],
    ['a pod whose owner does not control it', owned('Job', { controller: false }), account, true],
    ['a pod whose owner may control it', owned('Job', {}), account, true],
    ['a pod without an owner', {}, account, true],
    ['a pod by the operator', {}, 'system:serviceaccount:vigil-system:vigil-operator', false],
    ['a pod by the API server', {}, 'system:apiserver', false],
    ['a pod by another account of Vigil', {}, 'system:serviceaccount:vigil-system:vigil-worker', true],
  ];
  for (const [title, metadata, username, expected] of rows)
    it(`${expected ? 'do not have' : 'have'} ${title}`, () => expect(refused(metadata, username)).to.equal(expected));
});

describe('the message of a refusal', () => {
  const decide = decider(objectsOf({ controls: [{ name: 'privileged-container' }], exceptions: { allow: 'All' } }));
  const pod = (count: number, metadata: object): Record<string, unknown> => ({
    ...hostPid(metadata),
    spec: {
      containers: Array.from({ length: count }, (_, index) => ({
        name: `container-${index}`,
        image: 'a',
        securityContext: { privileged: true },
      })),
    },
  });

  it('names an object without a name by the name that the API server generates', () => {
    const [message] = decide({ object: { ...pod(1, {}), metadata: { generateName: 'web-', namespace: 'shop' } } });
    expect(message).to.match(/^Pod web- breaks SecurityPolicy\/baseline: /);
    expect(decide({ object: { ...pod(1, {}), metadata: { namespace: 'shop' } } })[0]).to.match(/^Pod breaks/);
  });

  it('is shortened after 1,000 characters of checks', () => {
    const [message = ''] = decide({ object: pod(100, {}) });
    const [, list = ''] = /^Pod web breaks SecurityPolicy\/baseline: (.*)\. kubectl vigil explain CHECK$/.exec(message) ?? [];
    expect([list.length, list.at(-1)]).to.deep.equal([1001, '…']);
    expect(decide({ object: pod(40, {}) })[0]).not.to.contain('…');
  });
});
