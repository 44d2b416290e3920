import { expect } from 'chai';
import { pino } from 'pino';
import { SelectedAdmissionPolicies } from '../../../operator/admission/existing/selected-admission-policies.ts';
import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import { evaluateChanges } from '../../../operator/changes/change-evaluation.ts';
import { compilePolicies } from '../../../operator/engine/policy-set.ts';
import { isNotFound } from '../../../operator/kube/client/kube-api-error.ts';
import { clusterInfoReader } from '../../../operator/kube/cluster-info.ts';
import { ReportPublisher } from '../../../operator/reports/publishing/report-publisher.ts';
import { reportingPolicy, snapshotOf } from '../../../operator/worker/policy-snapshot.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

describe('ValidatingAdmissionPolicies of others, on a real API server', function () {
  this.timeout(120_000);
  const client = testClient();
  const clusterInfo = clusterInfoReader(client, () => undefined);
  const name = uniqueName('background');
  const publisher = new ReportPublisher(client, {});
  const policies: SecurityPolicy[] = [];
  let changes = 0;
  const selected = new SelectedAdmissionPolicies({
    client,
    log: pino({ level: 'silent' }),
    observe: () => undefined,
    policies: { list: () => policies },
    clusterInfo,
    watchSilence: 150_000,
    changeInterval: 50,
    onSelectionChange: () => void (changes += 1),
  });
  const apply = (...objects: readonly object[]): string =>
    kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const admissionPolicy = (suffix: string, spec: object): object => ({
    ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name: `${name}-${suffix}`, labels: { test: name } } },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] }],
      },
      ...spec,
    },
  });
  const binding = (suffix: string, action: string, spec: object): object => ({
    ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: `${name}-${suffix}-${action.toLowerCase()}` } },
    spec: {
      policyName: `${name}-${suffix}`,
      validationActions: [action],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } },
      ...spec,
    },
  });
  // A kind of its own: the API server reads a built-in kind of parameters no more after all policies with it were deleted.
  const limits = { group: `${name}.example.com`, version: 'v1', resource: 'limits', kind: 'Limit', namespaced: true };
  const definition = {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `limits.${limits.group}` } },
    spec: {
      ...{ group: limits.group, scope: 'Namespaced', names: { kind: 'Limit', plural: 'limits' } },
      versions: [
        {
          ...{ name: 'v1', served: true, storage: true },
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
  const limit = (most: number): object => ({
    ...{ apiVersion: `${limits.group}/v1`, kind: 'Limit', metadata: { name: 'limit', namespace: name }, most },
  });
  const deployment = (replicas: number): object => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'a:1' }] } },
    },
  });
  const until = async (wanted: number): Promise<void> => {
    for (let tries = 0; tries < 3000 && changes < wanted; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  /** Evaluates the Deployment and returns what its report has. */
  async function reported(): Promise<readonly string[]> {
    const { kubernetesVersion, resources } = await clusterInfo(true);
    const snapshots = policies.map((policy) => snapshotOf(policy, kubernetesVersion, selected.rulesOf(policy)));
    const input = { kubernetesVersion, resources, systemNamespaces: [], policies: snapshots };
    const set = compilePolicies(snapshots, { ...input, converts: true });
    expect(set.problems).to.deep.equal([]);
    const deployments = resources.find(({ group, resource }) => group === 'apps' && resource === 'deployments') as ApiResource;
    const evaluator = { set, input, policies: snapshots.map(reportingPolicy) };
    const batch = { namespace: name, targets: new Map([[deployments, new Set(['web'])]]), wholeCluster: false };
    const known = { get: (wanted: string) => policies.find(({ metadata }) => metadata.name === wanted) };
    await evaluateChanges({ client, publisher, policies: known }, evaluator, {
      batch,
      now: Date.now(),
      signal: AbortSignal.timeout(60_000),
    });
    try {
      const { results = [] } = await client.get<PolicyReport>(RESOURCES.reports, { namespace: name, name: 'vigil-deployment-web' });
      return results.map(({ rule, result, message, properties = {} }) =>
        [
          rule?.slice(name.length + 1),
          result,
          properties['binding']?.slice(name.length + 1),
          properties['actions'],
          properties['params'],
          message,
        ].join(' | '),
      );
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }

  before(async () => {
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/']);
    await client.create(RESOURCES.namespaces, { metadata: { name } });
    apply(definition);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', `crd/limits.${limits.group}`]);
    apply(limit(3), deployment(5));
    const paramRef = { name: 'limit', parameterNotFoundAction: 'Deny' };
    apply(
      admissionPolicy('replicas', {
        paramKind: { apiVersion: `${limits.group}/v1`, kind: 'Limit' },
        matchConditions: [{ name: 'named', expression: "object.metadata.name != 'other'" }],
        variables: [{ name: 'most', expression: 'params.most' }],
        validations: [
          {
            expression: 'object.spec.replicas <= variables.most',
            messageExpression: "'more than ' + string(variables.most) + ' replicas'",
          },
        ],
        auditAnnotations: [{ key: 'replicas', valueExpression: 'string(object.spec.replicas)' }],
      }),
      binding('replicas', 'Deny', { paramRef }),
      binding('replicas', 'Audit', { paramRef }),
      admissionPolicy('growth', { validations: [{ expression: 'oldObject == null || object.spec.replicas <= oldObject.spec.replicas' }] }),
      binding('growth', 'Warn', {}),
      admissionPolicy('user', { validations: [{ expression: "request.userInfo.username != 'nobody'" }] }),
      binding('user', 'Deny', {}),
    );
    const spec = { admissionPolicies: { selector: { matchLabels: { test: name } } } };
    policies.push(await client.create<SecurityPolicy>(RESOURCES.policies, { metadata: { name }, spec } as unknown as SecurityPolicy));
    await selected.start(new AbortController().signal);
    selected.controller.start();
  });

  after(async () => {
    await selected.controller.stop();
    await selected.stop();
    kubectl([
      'delete',
      '--ignore-not-found',
      'validatingadmissionpolicybindings',
      ...['replicas-deny', 'replicas-audit', 'growth-warn', 'user-deny'].map((suffix) => `${name}-${suffix}`),
    ]);
    kubectl(['delete', 'validatingadmissionpolicies', '-l', `test=${name}`]);
    await client.delete(RESOURCES.policies, { name });
    await client.delete(RESOURCES.namespaces, { name });
    kubectl(['delete', '--wait=false', 'crd', `limits.${limits.group}`]);
  });

  const refusal = (): string => {
    try {
      return kubectl(['-n', name, 'annotate', 'deployment', 'web', 'a=b']);
    } catch (error) {
      return String(error);
    }
  };
  const params = `${name}/limit`;
  const skipped = [
    'growth | skip | growth-warn | Warn |  | the rule reads oldObject: it can be evaluated only when an object is updated',
    'user | skip | user-deny | Deny |  | the rule reads the user of the request: it can be evaluated only at admission',
  ];

  it('report an object that was there before them, once for each binding, as the API server would refuse it', async () => {
    expect(await reported()).to.deep.equal([
      `replicas | fail | replicas-audit | Audit | ${params} | more than 3 replicas`,
      `replicas | fail | replicas-deny | Deny | ${params} | more than 3 replicas`,
      ...skipped,
    ]);
    // The API server evaluates new policies, and reads new kinds of parameters, after a moment.
    const wanted = /denied request: more than 3 replicas/;
    for (let tries = 0; tries < 100 && !wanted.test(refusal()); tries++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(refusal()).to.match(wanted);
  });

  it('are evaluated with a changed parameter, with a deleted one, and no more after a binding was deleted', async () => {
    const before = policies.map(selected.rulesOf);
    apply(limit(9));
    await until(2);
    expect(policies.map(selected.rulesOf)).to.not.deep.equal(before);
    expect(await reported()).to.deep.equal(skipped);
    apply(limit(4));
    await until(3);
    expect((await reported())[0]).to.contain('more than 4 replicas');
    kubectl(['-n', name, 'delete', `limits.${limits.group}`, 'limit']);
    await until(4);
    expect((await reported())[0]).to.equal(
      'replicas | fail | replicas-audit | Audit |  | the binding finds no parameter object, and parameterNotFoundAction is Deny',
    );
    kubectl(['delete', 'validatingadmissionpolicybinding', `${name}-replicas-audit`]);
    await until(5);
    expect((await reported()).filter((line) => line.startsWith('replicas'))).to.have.length(1);
  });
});
