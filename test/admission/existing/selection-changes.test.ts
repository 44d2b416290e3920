import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import type { ClusterInfo } from '../../../operator/kube/cluster-info.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { SelectionBench } from './selection-bench.ts';

const forbidden = (): KubeApiError => new KubeApiError('forbidden', { status: 403, reason: 'Forbidden' });
const configMaps = '/api/v1/configmaps';
const admissionPolicies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
const selecting = { paramRef: { selector: { matchLabels: { for: 'few' } }, namespace: 'shop', parameterNotFoundAction: 'Deny' } };
const configMapPath = '/api/v1/namespaces/shop/configmaps';

describe('selected admission policies that change', function () {
  this.timeout(40_000);
  let bench: SelectionBench;
  beforeEach(() => {
    bench = new SelectionBench();
  });
  afterEach(() => bench.stop());

  const names = (policy: SecurityPolicy): unknown => bench.selected.rulesOf(policy)?.rules.map(({ rule }) => rule.name);
  const problems = (policy: SecurityPolicy): readonly string[] => bench.selected.rulesOf(policy)?.problems ?? [];
  const configMap = (name: string, labels: object = { for: 'few' }): object => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { most: name } },
    metadata: { name, namespace: 'shop', uid: name, labels, resourceVersion: '2000' },
  });

  it('stay known for a policy that is being deleted', async () => {
    const policy = bench.securityPolicy('p');
    await bench.admissionPolicy('few');
    await bench.binding('few');
    await bench.start();
    const metadata = { ...policy.metadata, deletionTimestamp: '2026-11-29T12:00:00Z' };
    bench.policies.splice(0, 1, { ...policy, metadata });
    bench.selected.controller.changed(RESOURCES.policies, { ...policy, metadata }, 'MODIFIED');
    bench.selected.controller.queue.add('selection');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(names(policy)).to.deep.equal(['few']);
  });

  it('are not watched any more after the last policy that selects some is gone', async () => {
    const policy = bench.securityPolicy('p');
    await bench.admissionPolicy('few', { paramKind });
    await bench.binding('few', selecting);
    await bench.start();
    await bench.until(() => bench.api.watches.length === 3);
    bench.policies.pop();
    bench.selected.controller.changed(RESOURCES.policies, policy, 'DELETED');
    await bench.until(() => bench.api.watches.every(({ writableEnded }) => writableEnded));
    expect(bench.api.watches.map(({ writableEnded }) => writableEnded)).to.deep.equal([true, true, true]);
    expect(bench.selected.rulesOf(policy)).to.equal(undefined);
  });

  it('are read again after a policy starts to select them', async () => {
    await bench.admissionPolicy('few');
    await bench.binding('few');
    await bench.start();
    expect(bench.api.calls.filter((call) => call.startsWith('GET'))).to.deep.equal([]);
    const policy = bench.securityPolicy('p');
    bench.selected.controller.changed(RESOURCES.policies, policy, 'ADDED');
    await bench.until(() => bench.changes.length > 0);
    expect([bench.changes, names(policy)]).to.deep.equal([[['p']], ['few']]);
  });

  it('lose what is deleted, and get what is created', async () => {
    const policy = bench.securityPolicy('p');
    await bench.admissionPolicy('a');
    const { spec } = (await bench.admissionPolicy('b')) as unknown as { readonly spec: object };
    await bench.binding('a');
    await bench.binding('b');
    await bench.binding('c');
    await bench.start();
    expect(names(policy)).to.deep.equal(['a', 'b']);
    await bench.until(() => bench.api.watchOf(admissionPolicies) !== undefined);
    bench.send(admissionPolicies, 'DELETED', { metadata: { name: 'a', resourceVersion: '2001' } });
    bench.send(admissionPolicies, 'ADDED', { metadata: { name: 'c', resourceVersion: '2002' }, spec });
    await bench.until(() => String(names(policy)) === 'b,c');
    expect(names(policy)).to.deep.equal(['b', 'c']);
  });

  it('are evaluated as they were known after the rights are lost, and the reason is reported', async () => {
    const policy = bench.securityPolicy('p');
    await bench.admissionPolicy('few');
    await bench.binding('few');
    await bench.start();
    await bench.until(() => bench.api.watchOf(admissionPolicies) !== undefined);
    bench.api.onCall = () => {
      throw forbidden();
    };
    bench.send(admissionPolicies, 'ERROR', { code: 410, reason: 'Expired', message: 'too old' });
    await bench.until(() => problems(policy).length > 0);
    expect(names(policy)).to.deep.equal(['few']);
    expect(problems(policy).join()).to.match(/^validatingadmissionpolicies\.admissionregistration\.k8s\.io may not be listed/);
  });

  it('say that a kind is not served, if its list is not found', async () => {
    const policy = bench.securityPolicy('p');
    bench.api.onCall = ({ path }) => {
      if (path.endsWith('bindings')) throw new KubeApiError('no', { status: 404, reason: 'NotFound' });
    };
    await bench.admissionPolicy('few');
    await bench.start();
    expect(problems(policy)).to.deep.equal(['the cluster does not serve validatingadmissionpolicybindings.admissionregistration.k8s.io']);
  });

  it('follow the parameters in each namespace that a binding names, or in all of them', async () => {
    bench.securityPolicy('p');
    await bench.admissionPolicy('few', { paramKind });
    await bench.admissionPolicy('more', { paramKind });
    await bench.admissionPolicy('other', { paramKind: { apiVersion: 'v1', kind: 'Service' } });
    await bench.binding('few', selecting);
    await bench.binding('more', { paramRef: { name: 'x', namespace: 'web', parameterNotFoundAction: 'Deny' } });
    await bench.binding('other', { paramRef: { name: 'x', parameterNotFoundAction: 'Deny' } });
    await bench.start();
    const read = bench.paths.filter((path) => path.startsWith('/api/v1/'));
    expect(read.toSorted()).to.deep.equal([configMapPath, '/api/v1/namespaces/web/configmaps', '/api/v1/services']);
  });

  it('follow other parameters after a binding names them', async () => {
    bench.securityPolicy('p');
    await bench.admissionPolicy('few', { paramKind });
    await bench.binding('few', selecting);
    await bench.start();
    const bindings = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
    await bench.until(() => bench.api.watchOf(bindings) !== undefined && bench.api.watchOf(configMapPath) !== undefined);
    const spec = { policyName: 'few', validationActions: ['Deny'], paramRef: { ...selecting.paramRef, namespace: 'web' } };
    bench.send(bindings, 'MODIFIED', { metadata: { name: 'few', resourceVersion: '2001' }, spec });
    await bench.until(() => bench.changes.length === 2);
    expect(bench.paths).to.include('/api/v1/namespaces/web/configmaps');
    expect(bench.api.watchOf(configMapPath)?.writableEnded).to.equal(true);
  });

  it('are told by a constant text if there are more than 1,000 parameters, and evaluated again with fewer', async () => {
    const policy = bench.securityPolicy('p');
    await bench.admissionPolicy('few', { paramKind });
    await bench.binding('few', selecting);
    const labels = { for: 'few' };
    for (let index = 0; index <= 1000; index++)
      await bench.create(RESOURCES.configMaps, `c${index}`, { data: {} }, { namespace: 'shop', labels });
    await bench.create(RESOURCES.configMaps, 'other', { data: {} }, { namespace: 'shop' });
    await bench.start();
    const text =
      'ValidatingAdmissionPolicy few: binding few: its bindings refer to more than 1000 parameter objects of kind ConfigMap, the most that Vigil evaluates';
    expect(problems(policy)).to.deep.equal([text]);
    await bench.until(() => bench.api.watchOf(configMapPath) !== undefined);
    bench.send(configMapPath, 'ADDED', configMap('another'));
    bench.send(configMapPath, 'DELETED', configMap('another'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([problems(policy), bench.changes]).to.deep.equal([[text], [['p']]]);
    await bench.api.delete(RESOURCES.configMaps, { namespace: 'shop', name: 'c5' });
    bench.send(configMapPath, 'DELETED', configMap('c5'));
    await bench.until(() => bench.changes.length === 2);
    expect(problems(policy)).to.deep.equal([]);
    expect(names(policy)).to.have.length(1000);
  });

  describe('when they are stopped', () => {
    /** The watches that are open. */
    const open = (): number => bench.api.watches.filter(({ writableEnded }) => !writableEnded).length;

    it('open no watch after a read that the stop interrupts', async () => {
      bench.securityPolicy('p');
      await bench.admissionPolicy('few', { paramKind });
      await bench.binding('few', selecting);
      const asked = Promise.withResolvers<true>();
      const info = Promise.withResolvers<ClusterInfo>();
      const answer = await bench.clusterInfo();
      bench.clusterInfo = () => (asked.resolve(true), info.promise);
      const started = bench.start();
      await asked.promise;
      await bench.selected.stop();
      info.resolve(answer);
      await started;
      expect(bench.paths.filter((path) => path.startsWith('/api/v1/'))).to.deep.equal([]);
      expect([open(), bench.changes]).to.deep.equal([0, []]);
    });

    it('are not followed by a later change', async () => {
      const policy = bench.securityPolicy('p');
      await bench.admissionPolicy('few');
      await bench.binding('few');
      await bench.start();
      await bench.selected.stop();
      const calls = bench.api.calls.length;
      bench.selected.controller.queue.add('selection');
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect([bench.api.calls.length - calls, open(), bench.selected.rulesOf(policy)]).to.deep.equal([0, 0, undefined]);
    });
  });

  it('read discovery again while a kind of parameters cannot be read', async () => {
    bench.securityPolicy('p');
    await bench.admissionPolicy('few', { paramKind: { apiVersion: 'none.example.com/v1', kind: 'Limit' } });
    await bench.binding('few', { paramRef: { name: 'a', parameterNotFoundAction: 'Deny' } });
    await bench.start();
    await bench.until(() => bench.api.watchOf(configMaps) === undefined);
    const answer = await bench.clusterInfo();
    const limit = { group: 'none.example.com', version: 'v1', resource: 'limits', kind: 'Limit', namespaced: false };
    bench.clusterInfo = () => Promise.resolve({ ...answer, resources: [...answer.resources, limit] });
    bench.selected.controller.queue.add('selection');
    await bench.until(() => bench.changes.length === 2);
    expect(bench.paths).to.include('/apis/none.example.com/v1/limits');
    expect(bench.changes).to.have.length(2);
  });
});
