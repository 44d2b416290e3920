import { expect } from 'chai';
import pino from 'pino';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import { PendingChanges } from '../../operator/changes/pending-changes.ts';
import { ChangeBacklog } from '../../operator/changes/change-backlog.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { ChangeBurst } from '../../operator/changes/change-burst.ts';

const set = compilePolicies([], { kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [] });

/** A ChangeBurst with the Scans and the monotonic clock of a test. */
function burstOf(): {
  readonly backlog: ChangeBacklog;
  readonly made: Scan[];
  readonly scans: Scan[];
  readonly reconcile: () => Promise<boolean>;
  readonly later: (milliseconds: number) => void;
  fails: Error | undefined;
} {
  const [made, scans]: Scan[][] = [[], []];
  let now = 1_000_000;
  const backlog = new ChangeBacklog(new PendingChanges({ set, indexes: new Map() }, 9), 9);
  const own = {
    client: {
      create: (_resource: unknown, scan: unknown) => {
        if (state.fails !== undefined) return Promise.reject(state.fails);
        made?.push(scan as Scan);
        return Promise.resolve(scan);
      },
    } as never,
    log: pino({ level: 'silent' }),
    clock: () => now,
    steadyClock: () => now,
    scans: { get: (name: string) => scans?.find(({ metadata }) => metadata.name === name), list: () => scans ?? [] },
  };
  const burst = new ChangeBurst(own);
  const state = {
    backlog,
    made: made ?? [],
    scans: scans ?? [],
    reconcile: () => burst.reconcile(backlog, ['p']),
    later: (milliseconds: number) => void (now += milliseconds),
    fails: undefined as Error | undefined,
  };
  return state;
}

const ended = (scan: Scan | undefined, phase: 'Complete' | 'Failed'): Scan => ({ ...scan, status: { phase } }) as Scan;

describe('the Scan for a burst of changes', () => {
  it('is created once, and no second one while it runs', async () => {
    const burst = burstOf();
    burst.backlog.pending.deferred.add('a');
    expect([await burst.reconcile(), await burst.reconcile(), await burst.reconcile()]).to.deep.equal([true, true, true]);
    burst.backlog.pending.deferred.add('b');
    expect(await burst.reconcile()).to.equal(true);
    expect(burst.made.map(({ spec }) => spec.namespaces?.include)).to.deep.equal([['a']]);
  });

  it('is followed by another one for later changes when it completes', async () => {
    const burst = burstOf();
    burst.backlog.pending.deferred.add('a');
    await burst.reconcile();
    burst.backlog.pending.deferred.add('b');
    burst.later(1);
    burst.scans.push(ended(burst.made[0], 'Complete'));
    await burst.reconcile();
    expect(burst.made.map(({ spec }) => spec.namespaces?.include)).to.deep.equal([['a'], ['b']]);
  });

  it('is created again with increasing pauses when it fails', async () => {
    const burst = burstOf();
    burst.backlog.pending.deferred.add('a');
    const pauses: number[] = [];
    for (let failures = 0; failures < 8; failures++) {
      await burst.reconcile();
      burst.scans.push(ended(burst.made.at(-1), 'Failed'));
      await burst.reconcile();
      const { length } = burst.made;
      let seconds = 0;
      for (; burst.made.length === length; seconds++) {
        burst.later(1000);
        await burst.reconcile();
      }
      pauses.push(seconds);
    }
    expect(pauses).to.deep.equal([15, 30, 60, 120, 240, 480, 600, 600]);
    expect(new Set(burst.made.map(({ spec }) => spec.namespaces?.include?.join()))).to.deep.equal(new Set(['a']));
  });

  it('is created again when it was deleted', async () => {
    const burst = burstOf();
    burst.backlog.pending.deferred.add('');
    await burst.reconcile();
    burst.later(29_000);
    await burst.reconcile();
    expect(burst.made.length).to.equal(1);
    burst.later(1000);
    await burst.reconcile();
    burst.later(15_000);
    await burst.reconcile();
    expect(burst.made.map(({ spec }) => spec.namespaces)).to.deep.equal([undefined, undefined]);
  });

  it('is not created while one of an earlier leader runs', async () => {
    const burst = burstOf();
    burst.backlog.pending.deferred.add('a');
    const earlier = { metadata: { name: 'change-x', labels: { 'vigil.dev/trigger': 'change' } }, spec: {} } as unknown as Scan;
    burst.scans.push(earlier);
    expect([await burst.reconcile(), burst.made.length]).to.deep.equal([true, 0]);
    burst.scans.splice(0, 1, ended(earlier, 'Complete'));
    await burst.reconcile();
    expect(burst.made.length).to.equal(1);
  });

  it('is created again for the same changes when the server refuses it', async () => {
    const burst = burstOf();
    burst.backlog.pending.deferred.add('a');
    burst.fails = new KubeApiError('quota', { status: 403 });
    let thrown: unknown;
    await burst.reconcile().catch((error: unknown) => (thrown = error));
    expect([thrown === burst.fails, burst.backlog.pending.deferred.namespaces]).to.deep.equal([true, ['a']]);
    burst.fails = undefined;
    await burst.reconcile();
    expect(burst.made.length).to.equal(1);
  });
});
