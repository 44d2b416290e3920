import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { SelectionBench } from './selection-bench.ts';

const forbidden = (): KubeApiError => new KubeApiError('forbidden', { status: 403, reason: 'Forbidden' });

describe('the watch of selected admission policies', () => {
  let bench: SelectionBench;
  beforeEach(() => {
    bench = new SelectionBench();
  });
  afterEach(() => bench.stop());

  const params = (policy: SecurityPolicy): unknown =>
    bench.selected.rulesOf(policy)?.rules.map(({ rule, outcome }) => outcome?.message ?? rule.params?.['data']);

  it('reads nothing while no policy selects any', async () => {
    const policy = bench.securityPolicy('plain', { controls: [{ name: 'host-pid' }] });
    await bench.start();
    expect([bench.api.calls, bench.selected.rulesOf(policy)?.rules]).to.deep.equal([[], []]);
  });

  it('reads policies, bindings and only the parameters that these name, with their kind', async () => {
    const policy = bench.securityPolicy('p');
    await bench.admissionPolicy('few', { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } });
    await bench.binding('few', { paramRef: { name: 'strict', namespace: 'policies', parameterNotFoundAction: 'Deny' } });
    await bench.create(
      RESOURCES.configMaps,
      'strict',
      { data: { most: '3' } },
      { namespace: 'policies', managedFields: [{ manager: 'a' }] },
    );
    await bench.create(RESOURCES.configMaps, 'other', { data: { most: '4' } }, { namespace: 'policies' });
    await bench.start();
    const [bound, ...others] = bench.selected.rulesOf(policy)?.rules ?? [];
    expect(others).to.deep.equal([]);
    expect(bound?.properties).to.deep.equal({ binding: 'few', actions: 'Deny', params: 'policies/strict' });
    const { metadata, ...content } = bound?.rule.params as { metadata: object };
    expect(content).to.deep.equal({ apiVersion: 'v1', kind: 'ConfigMap', data: { most: '3' } });
    expect(metadata).to.not.have.any.keys('managedFields', 'resourceVersion');
    expect(bench.paths.filter((path) => path.includes('configmaps'))).to.deep.equal(['/api/v1/namespaces/policies/configmaps']);
    expect(bench.changes).to.deep.equal([['p']]);
  });

  it('does not know the rules of a policy before they were read', async () => {
    const first = bench.securityPolicy('first', { admissionPolicies: { selector: { matchLabels: { team: 'shop' } } } });
    expect(bench.selected.rulesOf(first)).to.equal(undefined);
    await bench.admissionPolicy('pay', {}, { labels: { team: 'pay' } });
    await bench.binding('pay');
    await bench.start();
    expect(bench.selected.rulesOf(first)?.rules).to.deep.equal([]);
    const later = bench.securityPolicy('later', { admissionPolicies: { selector: { matchLabels: { team: 'pay' } } } });
    expect(bench.selected.rulesOf(later)).to.equal(undefined);
  });

  it('never asks for Secrets, and says that a kind is not served', async () => {
    const policy = bench.securityPolicy('p');
    await bench.admissionPolicy('secret', { paramKind: { apiVersion: 'v1', kind: 'Secret' } });
    await bench.binding('secret', { paramRef: { name: 'a', parameterNotFoundAction: 'Deny' } });
    await bench.admissionPolicy('unknown', { paramKind: { apiVersion: 'none.example.com/v1', kind: 'Limit' } });
    await bench.binding('unknown', { paramRef: { name: 'a', parameterNotFoundAction: 'Deny' } });
    await bench.start();
    expect(params(policy)).to.deep.equal([
      'its parameters are Secrets, which Vigil never reads',
      'the cluster does not serve its parameters: Limit in none.example.com/v1',
    ]);
    expect(bench.paths.filter((path) => path.includes('secrets'))).to.deep.equal([]);
    expect(bench.selected.rulesOf(policy)?.problems).to.have.length(1);
  });

  it('evaluates to errors if the operator may not read the parameters', async () => {
    const policy = bench.securityPolicy('p');
    await bench.admissionPolicy('few', { paramKind: { apiVersion: 'example.com/v1', kind: 'Limit' } });
    await bench.binding('few', { paramRef: { name: 'a', parameterNotFoundAction: 'Allow' } });
    bench.api.onCall = ({ path }) => {
      if (path.includes('/limits')) throw forbidden();
    };
    await bench.start();
    const [text = ''] = params(policy) as string[];
    expect(text).to.match(
      /^limits.example.com may not be listed and watched: grant it by ClusterRoles labelled vigil.dev\/aggregate-to-scan/,
    );
    expect(bench.selected.rulesOf(policy)?.rules[0]?.outcome?.kind).to.equal('error');
    expect(bench.selected.rulesOf(policy)?.problems).to.deep.equal([`ValidatingAdmissionPolicy few: binding few: ${text}`]);
  });

  it('says that it may not read policies', async () => {
    const policy = bench.securityPolicy('p');
    bench.api.onCall = () => {
      throw forbidden();
    };
    await bench.start();
    const { rules, problems, idle } = bench.selected.rulesOf(policy) ?? {};
    expect([rules, idle]).to.deep.equal([[], []]);
    expect(problems?.[0]).to.match(/^validatingadmissionpolicies.admissionregistration.k8s.io may not be listed and watched/);
  });

  it("leaves out Vigil's own, and says so of a policy that only has such a name", async () => {
    const policy = bench.securityPolicy('p');
    const owner = { apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name: 'p', uid: 'u' };
    for (const [name, metadata] of [
      ['vigil-p-1', { labels: { 'app.kubernetes.io/managed-by': 'vigil' } }],
      ['vigil-p-2', { ownerReferences: [owner] }],
      ['vigil-guard', { labels: { 'app.kubernetes.io/part-of': 'vigil' } }],
      ['vigil-ant', {}],
      ['few', {}],
    ] as const) {
      await bench.admissionPolicy(name, {}, metadata);
      await bench.binding(name);
    }
    await bench.start();
    expect(bench.selected.rulesOf(policy)?.rules.map(({ rule }) => rule.name)).to.deep.equal(['few']);
    expect(bench.selected.rulesOf(policy)?.problems).to.deep.equal([
      "ValidatingAdmissionPolicy vigil-ant is not evaluated: names that begin with vigil- are reserved for Vigil's own",
    ]);
  });

  it('says which policy or binding has a field that it does not know', async () => {
    const policy = bench.securityPolicy('p');
    await bench.admissionPolicy('new', { newField: true });
    await bench.admissionPolicy('few');
    await bench.binding('few', { newField: true });
    await bench.start();
    const { rules, problems = [] } = bench.selected.rulesOf(policy) ?? {};
    expect(rules).to.deep.equal([]);
    expect(problems[0]).to.match(/^ValidatingAdmissionPolicy new: spec: .*newField.*: this version of Vigil cannot evaluate it$/);
    expect(problems[1]).to.match(/^ValidatingAdmissionPolicyBinding few: spec: .*newField/);
  });

  it('reports a changed parameter, and nothing for a change without a meaning', async () => {
    const policy = bench.securityPolicy('p');
    await bench.admissionPolicy('few', { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } });
    await bench.binding('few', { paramRef: { selector: { matchLabels: { for: 'few' } }, parameterNotFoundAction: 'Deny' } });
    const metadata = { namespace: 'shop', name: 'a', uid: 'u', labels: { for: 'few' } };
    await bench.create(RESOURCES.configMaps, 'a', { data: { most: '3' } }, metadata);
    await bench.start();
    expect(params(policy)).to.deep.include({ most: '3' });
    const known = bench.selected.rulesOf(policy);
    const send = (resourceVersion: string, most: string, labels: object = metadata.labels): void => {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, labels, resourceVersion }, data: { most } };
      bench.send('/api/v1/configmaps', 'MODIFIED', object);
    };
    await bench.until(() => bench.api.watchOf('/api/v1/configmaps') !== undefined);
    send('1001', '3');
    send('1002', '4');
    await bench.until(() => bench.changes.length === 2);
    expect(params(policy)).to.deep.include({ most: '4' });
    expect(bench.selected.rulesOf(policy)).to.not.equal(known);
    send('1003', '4', {});
    await bench.until(() => bench.changes.length === 3);
    expect(params(policy)).to.deep.equal([
      'the binding finds no parameter object, and parameterNotFoundAction is Deny',
      'the binding names no namespace of its parameters, which a cluster-scoped object needs',
    ]);
  }).timeout(60_000);
});
