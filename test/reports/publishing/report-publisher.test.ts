import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import type { KubeRequest } from '../../../operator/kube/client/kube-request.ts';
import { desired, PublishingBench, theirs } from '../published-reports.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const none = { critical: 0, high: 0, medium: 0, low: 0 };

/** Fails the first calls of a method with an error. */
function failing(times: number, method: string, error: KubeApiError): (call: KubeRequest) => void {
  let left = times;
  return (call) => {
    if (call.method === method && left-- > 0) throw error;
  };
}
const conflict = new KubeApiError('changed', { status: 409, reason: 'Conflict' });
const terminating = new KubeApiError('terminating', {
  status: 403,
  reason: 'Forbidden',
  body: { details: { causes: [{ reason: 'NamespaceTerminating' }] } },
});
const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('ReportPublisher', () => {
  let bench: PublishingBench;
  beforeEach(() => void (bench = new PublishingBench()));

  it('writes one report for each object, and nothing the second time', async () => {
    const all = [...numbers(6).map((index) => desired(`a-${index}`, ['one', 'two'])), desired('b', ['one'], 'web', 'back')];
    const first = await bench.publisher.publish(all);
    expect(first).to.deep.include({ written: 7, unchanged: 0, refused: [], new: none, fixed: none });
    expect(bench.names).to.deep.equal(['back/vigil-configmap-b', ...numbers(6).map((index) => `shop/vigil-configmap-a-${index}`)]);
    expect(first.versions.get('shop/vigil-configmap-a-3')).to.equal(
      bench.reports.get('shop/vigil-configmap-a-3')?.metadata.resourceVersion,
    );
    bench.api.calls.splice(0);
    const again = await bench.publisher.publish(all);
    expect(again).to.deep.include({ written: 0, unchanged: 7 });
    expect([bench.api.writes, bench.operations]).to.deep.equal([[], Array(7).fill('write')]);
    expect([...again.versions]).to.have.deep.members([...first.versions]);
  });

  it('counts new and fixed failures of a changed report, and reports the new ones', async () => {
    await bench.publisher.publish([desired('a', ['one', 'two']), desired('b', ['one'])]);
    bench.failures.splice(0);
    const result = await bench.publisher.publish([desired('a', ['two', 'three']), desired('b', ['one'])]);
    expect(result).to.deep.include({ written: 1, unchanged: 1, new: { ...none, high: 1 }, fixed: { ...none, high: 1 } });
    expect(bench.failures).to.deep.equal(['three']);
  });

  it('reads a few reports one by one, and many from a list', async () => {
    const gets = async (count: number): Promise<{ readonly singles: number; readonly lists: number }> => {
      bench.api.calls.splice(0);
      await bench.publisher.publish(numbers(count).map((index) => desired(`a-${index}`, ['one'])));
      const reads = bench.api.calls.filter((call) => call.startsWith('GET '));
      return {
        singles: reads.filter((call) => !call.endsWith('/policyreports')).length,
        lists: reads.filter((call) => call.endsWith('/policyreports')).length,
      };
    };
    expect(await gets(4)).to.deep.equal({ singles: 0, lists: 1 });
    expect(await gets(3)).to.deep.equal({ singles: 3, lists: 0 });
    expect(await gets(4)).to.deep.equal({ singles: 0, lists: 1 });
  });

  it('stops reading a long list in which few reports are wanted', async () => {
    for (const index of numbers(200)) await bench.publisher.publish([desired(`a-${String(index).padStart(3, '0')}`, ['one'])]);
    bench.api.calls.splice(0);
    const result = await bench.publisher.publish(numbers(4).map((index) => desired(`a-${196 + index}`, ['one', 'two'])));
    expect(result).to.deep.include({ written: 4, unchanged: 0 });
    const lists = bench.api.calls.filter((call) => call.endsWith('/policyreports'));
    expect([lists.length, bench.api.calls.filter((call) => call.startsWith('GET ')).length]).to.deep.equal([3, 7]);
  });

  it('reads the report again after a conflict, and writes what both writers found', async () => {
    await bench.publisher.publish([desired('a', ['one'])]);
    let isFirst = true;
    bench.api.onCall = async ({ method }) => {
      if (method !== 'PUT' || !isFirst) return;
      isFirst = false;
      await bench.publisher.publish([desired('a', ['x'], 'other')]);
    };
    expect((await bench.publisher.publish([desired('a', ['two'])])).written).to.equal(1);
    const { results = [] } = bench.reports.get('shop/vigil-configmap-a') ?? {};
    expect(results.map(({ policy, rule }) => `${policy} ${rule ?? ''}`)).to.have.members(['web two', 'other x']);
  });

  it('throws a conflict that remains after four attempts, and any other error', async () => {
    bench.api.onCall = failing(3, 'POST', conflict);
    expect((await bench.publisher.publish([desired('a', ['one'])])).written).to.equal(1);
    bench.api.onCall = failing(4, 'POST', conflict);
    expect(await errorOf(bench.publisher.publish([desired('b', ['one'])]))).to.equal(conflict);
    const broken = new KubeApiError('etcd', { status: 500 });
    bench.api.onCall = failing(1, 'POST', broken);
    expect(await errorOf(bench.publisher.publish([desired('b', ['one'])]))).to.equal(broken);
  });

  it('returns the reports that the API server refuses as invalid, and writes the others', async () => {
    bench.api.onCall = ({ method, body }) => {
      if (method === 'POST' && JSON.stringify(body).includes('configmap-b')) throw new KubeApiError('too long', { status: 422 });
    };
    const { written, refused, versions } = await bench.publisher.publish(['a', 'b', 'c'].map((name) => desired(name, ['one'])));
    expect(refused.map(({ desired: { target }, message }) => [target.name, message])).to.deep.equal([['b', 'too long']]);
    expect([written, [...versions.keys()]]).to.deep.equal([2, ['shop/vigil-configmap-a', 'shop/vigil-configmap-c']]);
  });

  it('ignores reports in a terminating namespace', async () => {
    bench.api.onCall = failing(1, 'POST', terminating);
    expect(await bench.publisher.publish([desired('a', ['one'])])).to.deep.include({ written: 0, unchanged: 0, refused: [] });
  });

  it('writes about an object without a namespace into a ClusterPolicyReport', async () => {
    const { target, ...rest } = desired('n', ['one']);
    const { namespace: _, ...node } = { ...target, kind: 'Node' };
    await bench.publisher.publish([{ ...rest, target: node }]);
    expect(bench.names).to.deep.equal(['/vigil-node-n']);
    expect(await bench.publisher.withdrawFrom({ source: 'vigil', target: node }, ['web'])).to.equal(true);
    expect(bench.names).to.deep.equal([]);
  });
});

describe('the removal of policies from reports', () => {
  let bench: PublishingBench;
  beforeEach(async () => {
    bench = new PublishingBench();
    for (const policy of ['web', 'left', 'right']) await bench.publisher.publish([desired('shared', [policy], policy)]);
    await bench.publisher.publish([desired('other', ['left'], 'left')]);
    bench.operations.splice(0);
  });
  const policiesOf = (name: string): string[] =>
    (bench.reports.get(`shop/vigil-configmap-${name}`)?.results ?? []).map(({ policy }) => policy);

  it('takes one write for each report, and deletes reports without other policies', async () => {
    expect(await bench.remove('left', 'right', 'nobody')).to.equal(2);
    expect(bench.operations.toSorted()).to.deep.equal(['delete', 'write']);
    expect([bench.names, policiesOf('shared')]).to.deep.equal([['shop/vigil-configmap-shared'], ['web']]);
    expect(await bench.remove('left', 'right')).to.equal(0);
    expect([await bench.remove(), await bench.remove('web'), bench.names]).to.deep.equal([0, 1, []]);
  });

  it('keeps the results of a policy that exists again', async () => {
    await bench.publisher.publish([desired('shared', ['x'], 'back')]);
    expect(await bench.remove('left', 'back')).to.equal(2);
    expect(policiesOf('shared')).to.have.members(['web', 'right', 'back']);
    expect(await bench.remove('back')).to.equal(0);
  });

  it('also covers ClusterPolicyReports, and leaves reports of other tools alone', async () => {
    const { target, ...rest } = desired('n', ['one'], 'left');
    const { namespace: _, ...node } = { ...target, kind: 'Node' };
    await bench.publisher.publish([{ ...rest, target: node }]);
    await bench.create(theirs('theirs', { 'app.kubernetes.io/managed-by': 'vigil', 'policy.vigil.dev/left': 'true' }));
    expect(await bench.remove('left')).to.equal(3);
    expect(bench.names).to.deep.equal(['shop/theirs', 'shop/vigil-configmap-shared']);
  });

  it('from one report is repeated after a conflict, and ends with the fourth', async () => {
    const withdraw = (): Promise<boolean> => bench.publisher.withdrawFrom(desired('shared', []), ['left']);
    bench.api.onCall = failing(4, 'PUT', conflict);
    expect(await errorOf(withdraw())).to.equal(conflict);
    bench.api.onCall = failing(3, 'PUT', conflict);
    expect([await withdraw(), await withdraw()]).to.deep.equal([true, false]);
    expect(policiesOf('shared')).to.have.members(['web', 'right']);
  });

  it('does nothing in a terminating namespace, or about an object without a report', async () => {
    bench.api.onCall = failing(9, 'PUT', terminating);
    expect(await bench.publisher.withdrawFrom(desired('shared', []), ['left'])).to.equal(false);
    expect(await bench.publisher.withdrawFrom(desired('nothing', []), ['left'])).to.equal(false);
    const broken = new KubeApiError('no', { status: 403 });
    bench.api.onCall = failing(1, 'PUT', broken);
    expect(await errorOf(bench.publisher.withdrawFrom(desired('shared', []), ['left']))).to.equal(broken);
  });

  it('does not delete a report that changed since it was read', async () => {
    const before = bench.reports.get('shop/vigil-configmap-other');
    bench.api.onCall = async ({ method }) => {
      if (method !== 'DELETE' || bench.reports.get('shop/vigil-configmap-other') !== before) return;
      await bench.publisher.publish([desired('other', ['x'], 'web')]);
    };
    expect(await bench.publisher.withdraw(RESOURCES.reports, { namespace: 'shop', name: 'vigil-configmap-other' }, ['left'])).to.equal(
      true,
    );
    expect(policiesOf('other')).to.deep.equal(['web']);
  });
});
