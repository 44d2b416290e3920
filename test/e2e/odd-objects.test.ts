import { expect } from 'chai';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { listAll } from '../../operator/kube/list.ts';
import { kubectl, testClient } from '../integration/cluster-access.ts';
import { eventually, install, linesOf, makeScan, reportsIn, scanEnded } from './installation.ts';

const namespace = 'odd';
const longName = `${'n'.repeat(63)}.${'n'.repeat(63)}.${'n'.repeat(63)}.${'n'.repeat(61)}`;
const apply = (...items: readonly object[]): string =>
  kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
const rule = (name: string, apiGroup: string, resource: string, expression: string): object => ({
  name,
  matchConstraints: { resourceRules: [{ apiGroups: [apiGroup], apiVersions: ['*'], operations: ['CREATE'], resources: [resource] }] },
  validations: [{ expression, message: `${name} failed` }],
});
const container = (index: number): object => ({
  name: `c${index}`,
  image: '127.0.0.1:5000/pause:1',
  ...(index === 499 ? { securityContext: { privileged: true } } : {}),
});

describe('huge, odd and hostile objects, and custom resources', function () {
  this.timeout(180_000);
  const client = testClient();
  const policy = (): Promise<SecurityPolicy> => client.get<SecurityPolicy>(RESOURCES.policies, { name: 'odd' });
  const covered = async (): Promise<{ status: string; message: string } | undefined> =>
    (await policy()).status?.conditions?.find(({ type }) => type === 'Covered');

  before(async () => {
    await install();
    apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    apply(
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'many', namespace, annotations: { padding: 'é✓𝄞'.repeat(20_000) } },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'many' } },
          template: {
            metadata: { labels: { app: 'many' } },
            spec: { containers: Array.from({ length: 500 }, (_, index) => container(index)) },
          },
        },
      },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: longName, namespace }, data: { key: 'value' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'large', namespace }, data: { large: 'x'.repeat(1_000_000) } },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'hostile', namespace },
        data: { __proto__x: 'a', constructor: 'b', toString: '\u001b[31mred\u0007', unicode: '‮ ﷽ 👩‍👩‍👧' },
      },
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'odd:role:with:colons' }, rules: [] },
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'widgets.example.com' },
        spec: {
          group: 'example.com',
          scope: 'Namespaced',
          names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
            },
          ],
        },
      },
    );
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/widgets.example.com']);
    apply({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace }, spec: { size: 11 } });
  });

  after(() => {
    kubectl([
      'delete',
      '--ignore-not-found',
      '--wait=false',
      'securitypolicy/odd',
      'crd/widgets.example.com',
      'clusterrole/odd:role:with:colons',
      'clusterrole/scan-widgets',
    ]);
    kubectl(['delete', '--ignore-not-found', '--wait=false', `namespace/${namespace}`]);
  });

  it('get verdicts', async () => {
    await client.create(RESOURCES.policies, {
      metadata: { name: 'odd' },
      spec: {
        controls: [{ name: 'privileged-container' }],
        rules: [
          rule('small-map', '', 'configmaps', 'object.data.all(key, size(object.data[key]) < 1000)'),
          rule('plain-keys', '', 'configmaps', "!('constructor' in object.data)"),
          rule('no-colons', 'rbac.authorization.k8s.io', 'clusterroles', "!object.metadata.name.startsWith('odd:')"),
        ],
      },
    } as unknown as KubeObject);
    await eventually('the policy is evaluated', async () => ((await policy()).status?.evaluatedGeneration === 1 ? true : undefined));
    const said = linesOf(await reportsIn(namespace));
    expect(said).to.deep.equal([
      'odd vigil-configmap-hostile odd/plain-keys fail',
      'odd vigil-configmap-large odd/small-map fail',
      'odd vigil-deployment-many odd/privileged-container fail',
    ]);
    const names = (await reportsIn(namespace)).map(({ metadata, scope }) => [scope?.name, metadata.name] as const);
    const cut = names.find(([name]) => name === longName)?.[1] ?? '';
    expect(cut).to.match(/^vigil-configmap-nnn.*-[0-9a-f]{10}$/);
    expect(cut.length).to.be.at.most(253);
    const cluster = await listAll<PolicyReport>(client, RESOURCES.clusterReports);
    const role = cluster.find(({ scope }) => scope?.name === 'odd:role:with:colons');
    expect(role?.metadata.name).to.match(/^vigil-clusterrole-odd-role-with-colons-[0-9a-f]{10}$/);
    expect(role?.results?.map(({ rule: check, result }) => [check, result])).to.deep.equal([['no-colons', 'fail']]);
    expect(await covered()).to.include({ status: 'True' });
    const many = (await reportsIn(namespace)).find(({ scope }) => scope?.name === 'many');
    expect(many?.results?.[0]?.properties?.['path']).to.equal('spec.template.spec.containers[499].securityContext.privileged');
  });

  it('include a custom resource without list permission: the scan reports verb, resource and fix, and evaluates the rest', async () => {
    const { spec } = await policy();
    await client.patch(
      RESOURCES.policies,
      { name: 'odd' },
      { spec: { rules: [...(spec.rules ?? []), rule('small-widget', 'example.com', 'widgets', 'object.spec.size < 10')] } },
    );
    await eventually('the new generation is evaluated', async () =>
      (await policy()).status?.evaluatedGeneration === 2 ? true : undefined,
    );
    const condition = await covered();
    expect(condition?.status).to.equal('False');
    expect(condition?.message).to.match(
      /cannot list widgets in API group example\.com: grant it by a ClusterRole labelled vigil\.dev\/aggregate-to-scan: "true"/,
    );
    expect(linesOf(await reportsIn(namespace))).to.have.length(3);
  });

  it('include it in the next scan after a labelled ClusterRole allows it', async () => {
    apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'scan-widgets', labels: { 'vigil.dev/aggregate-to-scan': 'true' } },
      rules: [{ apiGroups: ['example.com'], resources: ['widgets'], verbs: ['list'] }],
    });
    await eventually('the role is aggregated', async () => {
      await scanEnded(await makeScan({ policies: ['odd'] }));
      return (await covered())?.status === 'True' ? true : undefined;
    });
    const widget = (await reportsIn(namespace)).find(({ scope }) => scope?.kind === 'Widget');
    expect(widget?.results?.map(({ rule: check, result, message }) => [check, result, message])).to.deep.equal([
      ['small-widget', 'fail', 'small-widget failed'],
    ]);
  });

  it('do not include Secrets: a rule about them is reported as not covered', async () => {
    const { spec } = await policy();
    await client.patch(
      RESOURCES.policies,
      { name: 'odd' },
      { spec: { rules: [...(spec.rules ?? []), rule('a-secret', '', 'secrets', 'false')] } },
    );
    await eventually('the new generation is evaluated', async () =>
      (await policy()).status?.evaluatedGeneration === 3 ? true : undefined,
    );
    expect((await covered())?.message).to.match(/secrets in the core API group are not scanned: Vigil never reads Secrets/);
    expect((await reportsIn(namespace)).some(({ scope }) => scope?.kind === 'Secret')).to.equal(false);
  });
});
