import { expect } from 'chai';
import pino from 'pino';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
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
