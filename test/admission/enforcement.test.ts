import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { SecurityPolicyStatus } from '../../operator/api/kinds/policy-status.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { Enforcement, type EnforcementDependencies } from '../../operator/admission/enforcement.ts';

describe('the enforcement controller', () => {
  const policy = (generation: number, inForce?: number): KubeObject => {
    const status = inForce === undefined ? {} : { enforcement: { inForce } };
    return { metadata: { name: 'p', uid: 'u', generation }, spec: {}, status } as KubeObject;
  };

  /** Whether each change of a policy enqueues it. */
  function enqueued(...changes: readonly KubeObject[]): readonly boolean[] {
    return changes.map((_, at) => {
      const { controller } = new Enforcement({
        client: {},
        log: pino({ level: 'silent' }),
        observe: undefined,
        policies: { list: () => [] },
      } as unknown as EnforcementDependencies);
      for (const before of changes.slice(0, at)) controller.changed(RESOURCES.policies, before, 'MODIFIED');
      if (controller.queue.depth > 0) void controller.queue.take().then(() => undefined);
      controller.queue.done('p');
      const { depth } = controller.queue;
      controller.changed(RESOURCES.policies, changes[at] as KubeObject, 'MODIFIED');
      const isQueued = controller.queue.depth > depth;
      controller.queue.close();
      return isQueued;
    });
  }

  it('reconciles a policy if its spec changes, and if its status arrives in the cache after a write', () => {
    expect(enqueued(policy(1), policy(1), policy(2), policy(2, 0), policy(2, 0), policy(2, 1))).to.deep.equal([
      true,
      false,
      true,
      true,
      false,
      true,
    ]);
  });
});

describe('the status of enforcement that cannot be written', () => {
  /** Reconciles a policy once. Returns what the status says. */
  async function statusAfter(status: number, spec: object, before?: object): Promise<SecurityPolicyStatus['enforcement']> {
    const policy = {
      metadata: { name: 'p', uid: 'u', generation: 1, resourceVersion: '1' },
      spec,
      status: before === undefined ? {} : { enforcement: before },
    };
    let written: SecurityPolicyStatus['enforcement'];
    const { controller } = new Enforcement({
      client: {
        call: () => Promise.reject(new KubeApiError('the server could not find the requested resource', { status })),
        apply: (_: unknown, object: { status: SecurityPolicyStatus }) => {
          written = object.status.enforcement;
          return Promise.resolve({ ...policy, status: object.status });
        },
      },
      log: pino({ level: 'silent' }),
      observe: undefined,
      metrics: { statusRefusals: { inc: () => undefined } },
      events: { record: () => undefined },
      policies: { list: () => [policy], get: () => policy },
      existingNamespaces: () => undefined,
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: builtinResources }),
      systemNamespaces: [],
      namespace: 'vigil-system',
      clock: () => 0,
    } as unknown as EnforcementDependencies);
    controller.start();
    controller.queue.add('p');
    await sleep(100);
    await controller.stop();
    return written;
  }
  const enforced = { controls: [{ name: 'host-pid' }], enforcement: [{ actions: ['Deny'] }] };

  it('tells a kind that is not served from rights that are missing', async () => {
    const missing = await statusAfter(404, enforced);
    expect(missing?.reason).to.equal('MissingKind');
    expect(missing?.problems?.join()).to.contain('apply the CRD admissionparameters.vigil.dev');
    expect((await statusAfter(403, enforced))?.reason).to.equal('MissingRights');
  });

  it('says that the admission policies of an earlier generation stay as they were', async () => {
    const invalid = { ...enforced, controls: [{ name: 'host-pidd' }] };
    const earlier = { policies: 2, inForce: 2, enforcedChecks: 5 };
    const status = await statusAfter(404, invalid, earlier);
    expect(status).to.deep.include({ ...earlier, reason: 'InvalidPolicy' });
    expect(status?.problems?.[0]).to.contain("no control 'host-pidd'");
    expect(status?.problems?.[1]).to.contain(
      '2 admission policies of an earlier generation stay in force, with the exceptions and approvals that were in force then',
    );
    expect((await statusAfter(404, invalid))?.problems).to.have.length(1);
  });
});
