import { expect } from 'chai';
import type { SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { decider, objectsOf } from '../admission-fixture.ts';

const container = (name: string, privileged = false): object => ({ name, image: 'a:1', securityContext: { privileged } });
const deployment = (spec: object, metadata: object = {}): Record<string, unknown> => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec: { replicas: 1, template: { metadata: { labels: { app: 'web' } }, spec } },
});
const controls = [{ name: 'privileged-container' }, { name: 'host-pid' }, { name: 'host-path-volume' }];
const violator = deployment({ containers: [container('app', true)] });

describe('the admission policies of a SecurityPolicy', () => {
  const decide = decider(objectsOf({ controls }));

  it('list all violations of a request in one message', () => {
    const object = deployment({ hostPID: true, containers: [container('app', true), container('sidecar', true)] });
    expect(decide({ object })).to.deep.equal([
      'Deployment web breaks SecurityPolicy/baseline: privileged-container (container app, container sidecar), host-pid. kubectl vigil explain CHECK',
    ]);
  });

  const updates: readonly (readonly [string, Record<string, unknown>, RegExp | undefined])[] = [
    ['is labelled', deployment({ containers: [container('app', true)] }, { labels: { team: 'a' } }), undefined],
    ['is scaled', { ...violator, spec: { ...(violator['spec'] as object), replicas: 3 } }, undefined],
    ['is mended', deployment({ containers: [container('app')] }), undefined],
    ['gets a harmless container', deployment({ containers: [container('app', true), container('log')] }), undefined],
    [
      'gets another privileged container',
      deployment({ containers: [container('app', true), container('log', true)] }),
      /: privileged-container \(container log\)[.]/,
    ],
    ['gets another violation', deployment({ hostPID: true, containers: [container('app', true)] }), /: host-pid[.]/],
    [
      'gets a hostPath volume',
      deployment({ containers: [container('app', true)], volumes: [{ name: 'data', hostPath: { path: '/data' } }] }),
      /: host-path-volume \(volume data\)[.]/,
    ],
  ];
  for (const [title, object, refused] of updates)
    it(`${refused ? 'refuse' : 'admit'} an update of a violator that ${title}`, () => {
      const messages = decide({ object, oldObject: violator });
      if (refused === undefined) expect(messages).to.deep.equal([]);
      else expect(messages.join()).to.match(refused);
    });

  it('admit the update of an object that is being deleted', () => {
    const object = deployment({ hostPID: true, containers: [container('app', true)] }, { deletionTimestamp: '2026-11-29T00:00:00Z' });
    expect(decide({ object, oldObject: violator })).to.deep.equal([]);
  });

  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'x', controller: true };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'shop', ownerReferences: [owner] },
    spec: { hostPID: true, containers: [] },
  };

  it('leave a pod that a controller of Kubernetes creates to its template', () => {
    expect(decide({ object: pod, username: 'system:serviceaccount:kube-system:replicaset-controller' })).to.deep.equal([]);
  });

  it('evaluate a pod whose owner reference a user wrote', () => {
    expect(decide({ object: pod })).to.have.length(1);
  });

  it('have names that begin with vigil-, and the owner reference of the policy', () => {
    const { policies, bindings } = objectsOf({ controls });
    for (const { metadata } of [...policies, ...bindings]) {
      expect(metadata.name).to.match(/^vigil-baseline-1-pods-[0-9a-f]{6}$/);
      expect(metadata.ownerReferences).to.deep.equal([
        { apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name: 'baseline', uid: 'u', controller: true },
      ]);
    }
    expect(bindings[0]?.spec.policyName).to.equal(policies[0]?.metadata.name);
  });

  it('keep the severity and the parameters that the policy sets, and leave excluded controls out', () => {
    const made = objectsOf({
      controls: [
        { name: 'host-pid', severity: 'low' },
        { name: 'host-ipc', exclude: true },
        { name: 'run-as-high-uid', severity: 'critical', parameters: { minimum: 5 } },
      ],
      frameworks: [{ name: 'pss-baseline' }],
      enforcement: [{ actions: ['Deny'], minSeverity: 'high' }],
    });
    expect(made.enforced).to.include('host-network').and.not.include('host-pid').and.not.include('host-ipc');
    const object = deployment({ containers: [container('app')], securityContext: { runAsUser: 5 } });
    expect(decider(made)({ object })).to.deep.equal([]);
    expect(decider(made)({ object: deployment({ containers: [container('app')] }) }).join()).to.match(/run-as-high-uid/);
  });

  it('do not warn where another entry denies the same check', () => {
    const selector = { matchLabels: { tier: 'prod' }, matchExpressions: [{ key: 'frozen', operator: 'DoesNotExist' as const }] };
    const made = objectsOf({
      controls: [{ name: 'host-pid' }, { name: 'cpu-limits' }],
      images: { approval: { required: true } },
      enforcement: [{ actions: ['Deny'], minSeverity: 'high', namespaces: { exclude: ['test-*'], selector } }, { actions: ['Warn'] }],
    });
    const decideAll = decider(made);
    const checks = (namespaceLabels: Readonly<Record<string, string>>, namespace = 'shop'): readonly string[] => {
      const object = { ...deployment({ containers: [container('app')], hostPID: true }), metadata: { name: 'web', namespace } };
      return decideAll({ object, namespaceLabels, params: {} }).map((message) => message.replace(/^.*?: (.*)\. kubectl.*$/, '$1'));
    };
    const [denied, approval, warned, approvalWarned] = ['host-pid', /^image-approved/, 'cpu-limits (container app)', /^image-approved/];
    const inProduction = checks({ tier: 'prod' });
    expect(inProduction).to.have.length(3);
    expect([inProduction[0], inProduction[2]]).to.deep.equal([denied, warned]);
    expect(inProduction[1]).to.match(approval);
    for (const elsewhere of [checks({}), checks({ tier: 'prod', frozen: '' }), checks({ tier: 'prod' }, 'test-1')]) {
      expect(elsewhere).to.have.length(2);
      expect(elsewhere[0]).to.equal('host-pid, cpu-limits (container app)');
      expect(elsewhere[1]).to.match(approvalWarned);
    }
  });

  for (const operator of ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const)
    it(`warn exactly where an entry with a selector of ${operator} does not deny`, () => {
      const values = operator.endsWith('In') ? { values: ['prod', 'live'] } : {};
      const namespaces = { selector: { matchExpressions: [{ key: 'tier', operator, ...values }] } };
      const enforcement = [{ actions: ['Deny' as const], namespaces }, { actions: ['Warn' as const] }];
      const decideAll = decider(objectsOf({ controls: [{ name: 'host-pid' }], enforcement }));
      const object = deployment({ containers: [container('app')], hostPID: true });
      for (const namespaceLabels of [{ tier: 'prod' }, { tier: 'live' }, { tier: 'test' }, { other: 'prod' }] as readonly Record<
        string,
        string
      >[])
        expect(decideAll({ object, namespaceLabels }), JSON.stringify(namespaceLabels)).to.have.length(1);
    });

  it('evaluate a control about all namespaced objects once for a workload, in the message of the others', () => {
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'default' } };
    const workload = deployment({ hostPID: true, containers: [] }, { namespace: 'default' });
    const both = objectsOf({ controls: [{ name: 'host-pid' }, { name: 'default-namespace' }] });
    expect(decider(both)({ object: workload })).to.deep.equal([
      'Deployment web breaks SecurityPolicy/baseline: host-pid, default-namespace. kubectl vigil explain CHECK',
    ]);
    expect(decider(both)({ object: configMap }).join()).to.contain('ConfigMap settings breaks SecurityPolicy/baseline: default-namespace.');
    const alone = decider(objectsOf({ controls: [{ name: 'default-namespace' }] }));
    for (const object of [workload, configMap]) expect(alone({ object })).to.have.length(1);
    expect(alone({ object: deployment({ containers: [] }) })).to.deep.equal([]);
  });

  it('select checks by framework and by name', () => {
    const rest = { frameworks: [{ name: 'pss-baseline' }], controls: [{ name: 'image-tag-latest' }, { name: 'cpu-limits' }] };
    const made = objectsOf({ ...rest, enforcement: [{ actions: ['Warn'], frameworks: ['pss-baseline'], controls: ['cpu-limits'] }] });
    expect(made.enforced).to.include.members(['host-pid', 'cpu-limits']).and.not.include('image-tag-latest');
  });

  it('name the checks that the API server cannot evaluate, with the reason', () => {
    const names = ['credential-in-env-var', 'automount-service-account-token', 'trusted-registries', 'host-pid'];
    const { notEnforced, enforced } = objectsOf({ controls: names.map((name) => ({ name })) });
    expect(enforced).to.deep.equal(['host-pid']);
    expect(Object.fromEntries(notEnforced.map(({ check, reason }) => [check, reason]))).to.deep.equal({
      'credential-in-env-var': 'it is not an expression',
      'automount-service-account-token': 'it compares the object with other objects',
      'trusted-registries': "parameter 'registries' is not set",
    });
  });

  it('say where a check about system namespaces is not enforced', () => {
    const about = (parameters: object | undefined, spec: SecurityPolicySpec = {}) => {
      const named = { name: 'kube-system-workload', ...(parameters ? { parameters: { ...parameters } } : {}) };
      const { enforced, notEnforced } = objectsOf({ controls: [named, { name: 'host-pid' }], ...spec });
      return [enforced.includes('kube-system-workload'), ...notEnforced.map(({ reason }) => reason)];
    };
    const warns = { enforcement: [{ actions: ['Warn' as const] }] };
    const includes = { scope: { systemNamespaces: 'Include' as const } };
    expect(about(undefined)).to.deep.equal([false, 'it is about system namespaces, in which Deny does not apply']);
    expect(about({ namespaces: ['shop'] })).to.deep.equal([true]);
    expect(about({ namespaces: ['shop', 'kube-system'] })).to.deep.equal([
      true,
      'it is also about the system namespaces kube-system, in which Deny does not apply',
    ]);
    expect(about(undefined, warns)).to.deep.equal([
      false,
      'it is about system namespaces, which are not in the scope of the policy: set spec.scope.systemNamespaces to Include',
    ]);
    expect(about(undefined, { ...warns, ...includes })).to.deep.equal([true]);
    expect(about(undefined, includes)).to.deep.equal([false, 'it is about system namespaces, in which Deny does not apply']);
  });

  it('refuse a workload in a namespace of the parameter that is no system namespace', () => {
    const parameters = { namespaces: ['shop'] };
    const decide = decider(objectsOf({ controls: [{ name: 'kube-system-workload', parameters }] }));
    const pod = (namespace: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace }, spec: { containers: [] } });
    expect(decide({ object: pod('shop') }).join()).to.contain('kube-system-workload');
    expect(decide({ object: pod('other') })).to.deep.equal([]);
  });

  it('report an entry with an unknown name, without a check, or without a namespace', () => {
    const entries = [
      { actions: ['Deny' as const], controls: ['host-pdi'] },
      { actions: ['Warn' as const], namespaces: { include: [] } },
      { actions: ['Deny' as const], namespaces: { include: ['kube-system'] } },
    ];
    const { problems, policies } = objectsOf({ controls, enforcement: entries });
    expect(policies).to.deep.equal([]);
    expect(problems).to.deep.equal([
      "spec.enforcement[0].controls[0]: the policy has no control or rule 'host-pdi' (did you mean 'host-pid'?)",
      'spec.enforcement[0]: it selects no check that the API server can evaluate',
      'spec.enforcement[1].namespaces: it names no namespace in which this entry applies',
      'spec.enforcement[2].namespaces: Deny never applies in the system namespace kube-system',
      'spec.enforcement[2].namespaces: it names no namespace in which this entry applies',
    ]);
  });
});

describe('exceptions at admission', () => {
  const waiver = { exception: 'shop/legacy', checks: ['privileged-container'] };
  const object = deployment({ hostPID: true, containers: [container('app', true), container('log', true)] }, { labels: { tier: 'old' } });
  const all = /: privileged-container \(container app, container log\), host-pid[.]/;
  const without = /: host-pid[.]/;
  const decide = decider(objectsOf({ controls, exceptions: { allow: 'All' } }));
  const cases: readonly (readonly [string, object, RegExp])[] = [
    ['without a bound', {}, without],
    ['of the namespace', { namespaces: ['^shop$'] }, without],
    ['of a pattern of namespaces', { namespaces: ['^sh.*$'] }, without],
    ['of another namespace', { namespaces: ['^other$'] }, all],
    ['that excludes the namespace', { namespaces: ['^.*$'], excludedNamespaces: ['^shop$'] }, all],
    ['of the kind', { apiGroup: 'apps', kind: 'Deployment' }, without],
    ['of another kind', { kind: 'Job' }, all],
    ['of the name', { names: ['^we.*$'] }, without],
    ['of another name', { names: ['^api$'] }, all],
    ['of a label', { labels: [{ key: 'tier', operator: 'In', values: ['old'] }] }, without],
    ['of another value of a label', { labels: [{ key: 'tier', operator: 'NotIn', values: ['old'] }] }, all],
    ['of objects without the label', { labels: [{ key: 'tier', operator: 'DoesNotExist', values: [] }] }, all],
    ['of a label of the namespace', { namespaceLabels: [{ key: 'env', operator: 'Exists', values: [] }] }, without],
    ['of namespaces without the label', { namespaceLabels: [{ key: 'env', operator: 'DoesNotExist', values: [] }] }, all],
    ['of a container', { containers: ['app'] }, /: privileged-container \(container log\), host-pid[.]/],
  ];
  for (const [title, bounds, message] of cases)
    it(`an exception ${title}`, () => {
      const messages = decide({ object, namespaceLabels: { env: 'test' }, params: { waivers: [{ ...waiver, ...bounds }] } });
      expect(messages.join()).to.match(message);
    });

  it('do not apply if more match an object than the API server can evaluate, and the message says so', () => {
    const many = (count: number, more: object = {}) => Array.from({ length: count }, () => ({ ...waiver, ...more }));
    const messages = (waivers: readonly object[]): string => decide({ object, params: { waivers } as never }).join();
    expect(messages(many(100))).to.match(without);
    const names = Array.from({ length: 51 }, (_, index) => (index === 0 ? 'app' : `c${index}`));
    for (const waivers of [many(101), many(2, { containers: names })])
      expect(messages(waivers)).to.contain(
        'privileged-container (container app, container log), host-pid; no exception applies, because more than 100 match the object.',
      );
    expect(messages([...many(100), ...many(100, { kind: 'Job' })])).to.match(without);
  });

  it('are not read if the policy allows them in reports only', () => {
    const made = objectsOf({ controls });
    expect(made.policies[0]?.spec.paramKind).to.equal(undefined);
    expect(made.bindings[0]?.spec.paramRef).to.equal(undefined);
  });

  it('are read from the parameters of the policy, whose absence refuses nothing', () => {
    const { bindings } = objectsOf({ controls, exceptions: { allow: 'All' } });
    expect(bindings[0]?.spec.paramRef).to.deep.equal({ name: 'baseline', parameterNotFoundAction: 'Allow' });
  });
});

describe('the namespaces of an entry', () => {
  const object = (namespace: string): Record<string, unknown> => deployment({ hostPID: true, containers: [] }, { namespace });
  const refusedIn = (spec: object): readonly string[] => {
    const decide = decider(objectsOf({ controls, ...spec }));
    return ['shop', 'team-a', 'team-b', 'kube-system', 'vigil-system'].filter(
      (namespace) => decide({ object: object(namespace), namespaceLabels: { team: namespace.slice(5) } }).length > 0,
    );
  };
  const denyIn = (namespaces: object): object => ({ enforcement: [{ actions: ['Deny'], namespaces }] });
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ['are all but system namespaces', {}, ['shop', 'team-a', 'team-b']],
    ['never have a system namespace under Deny', { scope: { systemNamespaces: 'Include' } }, ['shop', 'team-a', 'team-b']],
    [
      'may have one under Warn',
      { scope: { systemNamespaces: 'Include' }, enforcement: [{ actions: ['Warn'] }] },
      ['shop', 'team-a', 'team-b', 'kube-system', 'vigil-system'],
    ],
    ['by name', denyIn({ include: ['shop'] }), ['shop']],
    ['by pattern', denyIn({ include: ['team-*'], exclude: ['team-b'] }), ['team-a']],
    ['without a pattern', denyIn({ exclude: ['team-*'] }), ['shop']],
    ['by label', denyIn({ selector: { matchLabels: { team: 'b' } } }), ['team-b']],
    ['in the scope of the policy', { scope: { namespaces: { include: ['team-*'] } }, ...denyIn({ exclude: ['team-a'] }) }, ['team-b']],
  ];
  for (const [title, spec, expected] of cases) it(title, () => expect(refusedIn(spec)).to.deep.equal(expected));

  it('are compared with those that exist: an entry that matches none is named', () => {
    const all = ['shop', 'kube-system'].map((name) => ({ name, labels: { tier: 'prod' } }));
    const entry = (namespaces?: object) => ({ actions: ['Deny' as const], ...(namespaces ? { namespaces } : {}) });
    const unmatched = (entries: readonly object[], more: object = {}): readonly string[] =>
      objectsOf({ controls, enforcement: entries as never, ...more }, undefined, all).unmatched;
    expect(
      unmatched([
        entry({ include: ['shopp'] }),
        entry({ include: ['sho*'] }),
        entry({ selector: { matchLabels: { tier: 'test' } } }),
        entry({ selector: { matchLabels: { tier: 'prod' } }, exclude: ['shop'] }),
        entry(),
      ]),
    ).to.deep.equal([0, 2, 3].map((index) => `spec.enforcement[${index}].namespaces`));
    expect(unmatched([entry()], { scope: { namespaces: { include: ['web'] } } })).to.have.length(1);
    const approval = { required: true, namespaces: { selector: { matchLabels: { tier: 'test' } } } };
    expect(unmatched([entry(), entry()], { images: { approval } })).to.deep.equal(['spec.images.approval.namespaces']);
    expect(objectsOf({ controls, enforcement: [entry({ include: ['shopp'] })] }).unmatched, 'not known').to.deep.equal([]);
  });

  it('leave cluster-scoped objects out if they are limited', () => {
    const rule = {
      name: 'owner',
      matchConstraints: { resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*' as const], resources: ['*'] }] },
      validations: [{ expression: 'has(object.metadata.labels)' }],
    };
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'r' } };
    expect(decider(objectsOf({ rules: [rule] }))({ object: role })).to.have.length(1);
    expect(decider(objectsOf({ rules: [rule], ...denyIn({ exclude: ['shop'] }) }))({ object: role })).to.have.length(1);
    expect(decider(objectsOf({ rules: [rule], ...denyIn({ include: ['shop'] }) }))({ object: role })).to.have.length(0);
  });
});
