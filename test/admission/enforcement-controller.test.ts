import { expect } from 'chai';
import { mostBytes } from '../../operator/admission/objects/parameters.ts';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import { createdAt, EnforcementBench } from './enforcement-bench.ts';

const denying: SecurityPolicySpec = { controls: [{ name: 'host-pid' }], enforcement: [{ actions: ['Deny'] }] };
const waiving: SecurityPolicySpec = { ...denying, exceptions: { allow: 'All' } };
const approving: SecurityPolicySpec = { images: { approval: { required: true } }, enforcement: [{ actions: ['Deny'] }] };
const policies = 'validatingadmissionpolicies';
const bindings = 'validatingadmissionpolicybindings';
const digest = (index: number): string => `sha256:${index.toString(16).padStart(64, '0')}`;

describe('the enforcement of a policy', () => {
  let bench: EnforcementBench;
  beforeEach(() => {
    bench = new EnforcementBench();
  });
  afterEach(() => bench.stop());

  /** Creates the policy and enforces it. */
  const enforced = async (spec: SecurityPolicySpec): Promise<void> => {
    await bench.put(spec);
    await bench.reconcile();
    bench.writes();
  };

  it('writes the parameters first and the bindings last, and deletes them in the reverse order', async () => {
    await bench.put(waiving);
    bench.writes();
    expect(await bench.reconcile()).to.deep.equal({ requeueAfter: 60_000, failed: false });
    expect(bench.writes()).to.deep.equal(['POST admissionparameters', `POST ${policies}`, `POST ${bindings}`]);
    const [name] = bench.all(RESOURCES.admissionPolicies).map(({ metadata }) => metadata.name);
    expect(bench.counted.splice(0)).to.deep.equal([
      'create AdmissionParameters p',
      `create ValidatingAdmissionPolicy ${name}`,
      `create ValidatingAdmissionPolicyBinding ${name}`,
    ]);
    expect(bench.status).to.deep.include({ observedGeneration: 1, policies: 1, inForce: 1, enforcedChecks: 1 });
    await bench.put({ controls: [{ name: 'host-pid' }] }, 2);
    bench.writes();
    expect((await bench.reconcile()).requeueAfter).to.equal(undefined);
    expect(bench.writes()).to.deep.equal([`DELETE ${bindings}`, `DELETE ${policies}`, 'DELETE admissionparameters']);
    expect(bench.counted).to.have.length(3);
    expect(bench.status).to.equal(undefined);
    await bench.reconcile();
    expect(bench.api.calls, 'once for each process').to.deep.equal([]);
  });

  it('looks again after a second until the API server has accepted all admission policies', async () => {
    await enforced(denying);
    const [made] = bench.all(RESOURCES.admissionPolicies);
    const body = { metadata: { generation: 1 } };
    await bench.api.call({ method: 'PATCH', path: `/apis/admissionregistration.k8s.io/v1/${policies}/${made?.metadata.name ?? ''}`, body });
    expect([(await bench.reconcile()).requeueAfter, bench.status?.inForce]).to.deep.equal([1000, 0]);
    bench.now = createdAt + 10_001;
    expect([(await bench.reconcile()).requeueAfter, bench.status?.inForce]).to.deep.equal([60_000, 1]);
  });

  it('looks again after ten seconds while the namespaces of an entry do not exist', async () => {
    bench.namespaces = [{ name: 'web', labels: {} }];
    const spec = (name: string): SecurityPolicySpec => ({
      ...denying,
      enforcement: [{ actions: ['Deny'], namespaces: { include: [name] } }],
    });
    await bench.put(spec('shop'));
    expect((await bench.reconcile()).requeueAfter).to.equal(10_000);
    expect(bench.status?.unmatchedEntries).to.deep.equal(['spec.enforcement[0].namespaces']);
    await bench.put(spec('web'), 2);
    expect((await bench.reconcile()).requeueAfter).to.equal(60_000);
    expect(bench.status?.unmatchedEntries).to.equal(undefined);
  });

  it('does not look at a policy that is gone or is being deleted', async () => {
    expect(await bench.reconcile('none')).to.deep.equal({ requeueAfter: undefined, failed: false });
    await bench.put(denying);
    const path = '/apis/vigil.dev/v1alpha1/securitypolicies/p';
    await bench.api.call({ method: 'PATCH', path, body: { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } } });
    bench.api.calls.length = 0;
    await bench.reconcile();
    expect(bench.api.calls).to.deep.equal([]);
  });

  describe('of which someone changes objects', () => {
    it('restores them, counts the writes, and says so in an Event', async () => {
      await enforced(denying);
      const [policy] = bench.all(RESOURCES.admissionPolicies);
      const name = policy?.metadata.name ?? '';
      await bench.api.replace(RESOURCES.admissionPolicies, { ...policy, spec: {} } as never);
      await bench.api.delete(RESOURCES.admissionBindings, { name });
      bench.writes();
      await bench.reconcile();
      expect(bench.writes()).to.deep.equal([`PUT ${policies}`, `POST ${bindings}`]);
      expect(bench.events).to.deep.equal([
        `EnforcementRestored: admission policies were not as SecurityPolicy p wants them, and Vigil restored them: ValidatingAdmissionPolicy ${name} (changed), ValidatingAdmissionPolicyBinding ${name} (deleted)`,
      ]);
      expect(bench.all(RESOURCES.admissionPolicies)[0]?.['spec']).to.deep.equal(policy?.['spec']);
      await bench.reconcile();
      expect([bench.writes(), bench.events.length]).to.deep.equal([[], 1]);
    });

    it('records no Event for what a new generation changes, nor for the exceptions', async () => {
      await enforced(waiving);
      bench.waivers = { waivers: [{ exception: 'shop/a', checks: ['host-pid'] }] };
      await bench.reconcile();
      expect(bench.writes()).to.deep.equal(['PUT admissionparameters']);
      await bench.put({ ...waiving, controls: [{ name: 'host-ipc' }] }, 2);
      await bench.reconcile();
      expect(bench.writes()).to.deep.equal(['PUT securitypolicies', `PUT ${policies}`]);
      expect(bench.events).to.deep.equal([]);
    });

    it('names at most five of them', async () => {
      const enforcement = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ actions: ['Deny' as const], namespaces: { include: [name] } }));
      await enforced({ controls: [{ name: 'host-pid' }], enforcement });
      for (const { metadata } of bench.all(RESOURCES.admissionBindings)) await bench.api.delete(RESOURCES.admissionBindings, metadata);
      await bench.reconcile();
      expect(bench.events.join().match(/\(deleted\)/g)).to.have.length(5);
    });

    it('enqueues the policy that owns the object', async () => {
      await bench.stop();
      bench = new EnforcementBench({ watches: true });
      await enforced(denying);
      const path = `/apis/admissionregistration.k8s.io/v1/${bindings}`;
      for (let tries = 0; tries < 500 && bench.api.watchOf(path) === undefined; tries++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      const queued: string[] = [];
      bench.enforcement.controller.queue.add = (key): void => void queued.push(key);
      const send = (ownerReferences?: object): boolean | undefined => {
        const object = { metadata: { name: 'x', resourceVersion: '999', ...(ownerReferences ? { ownerReferences } : {}) } };
        return bench.api.watchOf(path)?.write(`${JSON.stringify({ type: 'DELETED', object })}\n`);
      };
      send();
      send([{ kind: 'Other', name: 'o' }]);
      send([
        { kind: 'Other', name: 'o' },
        { kind: 'SecurityPolicy', name: 'p' },
      ]);
      for (let tries = 0; tries < 500 && queued.length === 0; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(queued).to.deep.equal(['p']);
    });
  });

  describe('with exceptions and approvals', () => {
    it('has those in force in its parameters, with the severities of its checks, and looks again when they change', async () => {
      bench.waivers = { waivers: [{ exception: 'shop/a', checks: ['host-pid'] }], until: createdAt + 5000 };
      const rule = {
        name: 'own',
        matchConstraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE' as const], resources: ['pods'] }],
        },
        validations: [{ expression: 'true' }],
      };
      await bench.put({
        ...waiving,
        controls: [{ name: 'host-pid', severity: 'low' }, { name: 'host-ipc' }, { name: 'host-network' }],
        rules: [rule, { ...rule, name: 'severe', severity: 'critical' }, { ...rule, name: 'left', severity: 'low' }],
        enforcement: [{ actions: ['Deny'], controls: ['host-pid', 'host-ipc', 'own', 'severe'] }],
      });
      expect((await bench.reconcile()).requeueAfter).to.equal(5000);
      const [parameters] = bench.all(RESOURCES.admissionParameters);
      expect([parameters?.metadata.name, parameters?.['waivers'], parameters?.['approvedImages']]).to.deep.equal([
        'p',
        bench.waivers.waivers,
        undefined,
      ]);
      expect(parameters?.metadata.ownerReferences?.map(({ kind, name }) => [kind, name])).to.deep.equal([['SecurityPolicy', 'p']]);
      expect(Object.fromEntries(bench.checks ?? [])).to.deep.equal({
        'host-pid': 'low',
        'host-ipc': 'high',
        own: 'medium',
        severe: 'critical',
      });
      bench.now = createdAt + 6000;
      expect((await bench.reconcile()).requeueAfter, 'has passed').to.equal(0);
    });

    it('has the approved digests if it requires approvals, and the earlier of both times', async () => {
      bench.waivers = { waivers: [], until: createdAt + 9000 };
      bench.approvals = { images: new Map([['nginx', [digest(1)]]]), until: createdAt + 7000 };
      await bench.put(approving);
      expect((await bench.reconcile()).requeueAfter).to.equal(7000);
      const [parameters] = bench.all(RESOURCES.admissionParameters);
      expect(parameters?.['approvedImages']).to.deep.equal({ nginx: { [digest(1).slice(7)]: true } });
      expect([parameters?.['waivers'], bench.checks, bench.status?.approvedDigests]).to.deep.equal([undefined, undefined, 1]);
      await bench.put({ ...approving, exceptions: { allow: 'All' } }, 2);
      bench.waivers = { waivers: [], until: createdAt + 3000 };
      expect((await bench.reconcile()).requeueAfter).to.equal(3000);
      expect(bench.all(RESOURCES.admissionParameters)[0]?.['waivers']).to.deep.equal([]);
    });

    it('has no parameters if it reads none', async () => {
      await bench.put(denying);
      await bench.reconcile();
      expect([bench.all(RESOURCES.admissionParameters), bench.checks, bench.status?.parametersBytes]).to.deep.equal([
        [],
        undefined,
        undefined,
      ]);
    });

    it('warns once when the parameters come near the limit of an object', async () => {
      const images = (count: number): Map<string, string[]> =>
        new Map([['nginx', Array.from({ length: count }, (_, index) => digest(index))]]);
      const near = Math.ceil((0.8 * mostBytes - 11) / 72);
      bench.approvals = { images: images(near - 1), until: Infinity };
      await bench.put(approving);
      await bench.reconcile();
      expect(bench.events).to.deep.equal([]);
      bench.approvals = { images: images(near), until: Infinity };
      await bench.reconcile();
      const bytes = near * 72 + 11;
      expect(bench.events).to.deep.equal([
        `ParametersNearLimit: AdmissionParameters p has ${bytes} of at most ${mostBytes} bytes, with ${near} approved digests: delete ImageApprovals and exceptions that are not used any more`,
      ]);
      await bench.reconcile();
      expect(bench.events).to.have.length(1);
    });

    it('is reconciled when what it reads changes, and only then', async () => {
      await bench.put(denying, 1, 'plain');
      await bench.put(waiving, 1, 'waiving');
      await bench.put(approving, 1, 'approving');
      await bench.put({ exceptions: { allow: 'All' }, images: { approval: { required: true } } }, 1, 'reports');
      await bench.put({ ...denying, exceptions: { allow: 'ReportOnly' }, images: { approval: { required: false } } }, 1, 'neither');
      const { controller } = bench.enforcement;
      const queued: string[] = [];
      controller.queue.add = (key): void => void queued.push(key);
      const object = { metadata: { name: 'x' } };
      const after = (resource: (typeof RESOURCES)[keyof typeof RESOURCES]): readonly string[] => {
        controller.changed(resource, object, 'MODIFIED');
        return queued.splice(0);
      };
      expect(after(RESOURCES.exceptions)).to.deep.equal(['waiving']);
      expect(after(RESOURCES.clusterExceptions)).to.deep.equal(['waiving']);
      expect(after(RESOURCES.imageApprovals)).to.deep.equal(['approving']);
    });
  });

  describe('that fails', () => {
    it('names what the API server refuses, in the status and in an Event', async () => {
      await bench.put(denying);
      bench.refuse('POST', RESOURCES.admissionPolicies, 422, 'spec.variables[0].expression: no such field');
      await bench.reconcile();
      expect(bench.status).to.deep.include({ reason: 'Refused', policies: 0 });
      expect(bench.events.join()).to.match(
        /^Refused: ValidatingAdmissionPolicy vigil-p-1-pods-\w+: spec\.variables\[0\]\.expression: no such/,
      );
    });

    it('is tried again soon after a conflict, and with back-off after another error', async () => {
      await bench.put(denying);
      bench.refuse('POST', RESOURCES.admissionPolicies, 500);
      expect((await bench.reconcile()).failed).to.equal(true);
      bench.refuse('POST', RESOURCES.admissionBindings, 404);
      expect(await bench.reconcile(), 'deleted while it is written').to.deep.equal({ requeueAfter: 1000, failed: false });
      const [policy] = bench.all(RESOURCES.admissionPolicies);
      await bench.api.replace(RESOURCES.admissionPolicies, { ...policy, spec: {} } as never);
      bench.refuse('PUT', RESOURCES.admissionPolicies, 409);
      expect(await bench.reconcile()).to.deep.equal({ requeueAfter: 1000, failed: false });
      expect(bench.status).to.equal(undefined);
    });

    for (const [status, reason, mend] of [
      [404, 'MissingKind', 'apply the CRD admissionparameters.vigil.dev of this version (no)'],
      [403, 'MissingRights', 'the operator may not write admission policies: apply config/components/enforcement (no)'],
    ] as const)
      it(`says how to mend the status ${status}, keeps the counts, and looks again after ten seconds`, async () => {
        await enforced(denying);
        bench.refuse('GET', RESOURCES.admissionParameters, status);
        expect(await bench.reconcile()).to.deep.equal({ requeueAfter: 10_000, failed: false });
        expect(bench.status).to.deep.include({ reason, policies: 1, inForce: 1, enforcedChecks: 1 });
        expect(bench.events.join()).to.contain(`${reason}: `).and.to.contain(mend);
      });

    it('is not requeued while the policy is invalid', async () => {
      await bench.put({ ...denying, controls: [{ name: 'none' }] });
      expect(await bench.reconcile()).to.deep.equal({ requeueAfter: undefined, failed: false });
      expect(bench.status).to.deep.include({ reason: 'InvalidPolicy', policies: 0 });
      expect(bench.status?.problems?.[0]).to.match(/^spec\.controls\[0\]\.name: /);
    });

    it('throws a missing right only if there may be objects to delete', async () => {
      await bench.put({ controls: [{ name: 'host-pid' }] });
      for (const status of [403, 404]) {
        bench.refuse('GET', RESOURCES.admissionPolicies, status);
        expect((await bench.reconcile()).failed).to.equal(false);
        await bench.stop();
        bench = new EnforcementBench();
        await bench.put({ controls: [{ name: 'host-pid' }] });
      }
      bench.refuse('GET', RESOURCES.admissionPolicies, 500);
      expect((await bench.reconcile()).failed).to.equal(true);
      bench.api.onCall = () => undefined;
      await enforced(denying);
      await bench.put({ controls: [{ name: 'host-pid' }] }, 2);
      bench.refuse('GET', RESOURCES.admissionPolicies, 403);
      expect((await bench.reconcile()).failed).to.equal(true);
      expect(bench.status).to.deep.include({ policies: 1 });
    });
  });
});
