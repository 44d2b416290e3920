import { expect } from 'chai';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { ScanSchedule } from '../../operator/api/kinds/scan-schedule.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { renewWatchedScope, type WatchedScope } from '../../operator/changes/watched-scope.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';

const policyOf = (name: string, revision = '1-a', more: Partial<SecurityPolicy['metadata']> = {}): SecurityPolicy => ({
  metadata: { name, uid: `u-${name}`, generation: 1, labels: { team: name }, ...more },
  spec: { controls: [{ name: 'host-network' }] },
  status: { evaluatedGeneration: 1, evaluatedRevision: revision, lastScanTime: '2026-01-01T00:00:00Z' },
});
const unscanned = (name: string): SecurityPolicy => {
  const { status: _, ...rest } = policyOf(name);
  return rest;
};
const scheduleOf = (onChange: ScanSchedule['spec']['onChange'], more: Partial<ScanSchedule['spec']> = {}): ScanSchedule => ({
  metadata: { name: 'n' },
  spec: { ...(onChange ? { onChange } : {}), ...more },
});

/** A watch that records what it is asked to do. */
class ScopeBench {
  readonly calls: string[] = [];
  followed: readonly ApiResource[] = [];
  resources: readonly ApiResource[] = builtinResources;
  unavailable: readonly string[] | undefined;
  schedules: readonly ScanSchedule[] = [scheduleOf({})];
  policies: readonly SecurityPolicy[] = [policyOf('p')];

  renew(known?: WatchedScope): Promise<WatchedScope | undefined> {
    const watch = {
      indexes: new Map(),
      stop: () => Promise.resolve(void this.calls.push('stop')),
      pause: () => Promise.resolve(void this.calls.push('pause')),
      follow: (kinds: readonly ApiResource[]) => {
        this.calls.push('follow');
        this.followed = kinds;
        return Promise.resolve(kinds);
      },
    };
    const deps = {
      schedules: { list: () => this.schedules },
      policies: { list: () => this.policies },
      scans: { list: () => [] },
      revisionOf: () => '1-a',
      systemNamespaces: ['kube-system'],
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: this.resources, unavailable: this.unavailable }),
    };
    const generations = { firstObserved: () => 0 };
    return renewWatchedScope(deps as never, watch as never, { known, generations: generations as never });
  }
}

describe('the watched scope', () => {
  let bench: ScopeBench;
  beforeEach(() => void (bench = new ScopeBench()));
  const kinds = (): string[] => bench.followed.map(({ kind }) => kind);

  it('has the kinds that the policies check, and Namespaces, each once', async () => {
    const scope = await bench.renew();
    expect(kinds()).to.include.members(['Pod', 'Deployment', 'Namespace']).and.not.to.include('NetworkPolicy');
    expect(new Set(kinds()).size).to.equal(kinds().length);
    expect(scope?.debounce).to.equal(2000);
    expect(scope?.evaluator.policies.map(({ name }) => name)).to.deep.equal(['p']);
    expect(scope?.evaluator.input).to.deep.include({ kubernetesVersion: '1.36', systemNamespaces: ['kube-system'] });
    expect(scope?.evaluator).not.to.have.property('unavailable');
  });

  it('is the known one while nothing changes', async () => {
    const known = await bench.renew();
    expect(await bench.renew(known)).to.equal(known);
    expect(bench.calls).to.deep.equal(['follow']);
  });

  for (const [what, change] of [
    ['another policy is scanned', (): unknown => (bench.policies = [policyOf('p'), policyOf('q')])],
    ['the debounce changes', (): unknown => (bench.schedules = [scheduleOf({ debounce: '5s' })])],
    ['a kind is served or not any more', (): unknown => (bench.resources = builtinResources.slice(0, -1))],
  ] as const)
    it(`is renewed when ${what}`, async () => {
      const known = await bench.renew();
      change();
      expect(await bench.renew(known)).not.to.equal(known);
      expect(bench.calls).to.deep.equal(['follow', 'follow']);
    });

  it('waits for the shortest debounce of the schedules', async () => {
    bench.schedules = [scheduleOf({ debounce: '5s' }), scheduleOf({})];
    expect((await bench.renew())?.debounce).to.equal(2000);
    bench.schedules = [scheduleOf({ debounce: '5s' }), scheduleOf({ debounce: '3s' })];
    expect((await bench.renew())?.debounce).to.equal(3000);
  });

  it('names API groups whose server does not respond', async () => {
    bench.unavailable = ['metrics.k8s.io/v1beta1'];
    expect((await bench.renew())?.evaluator).to.deep.include({ unavailable: ['metrics.k8s.io/v1beta1'] });
  });

  for (const [what, schedules] of [
    ['no schedule has onChange', [scheduleOf(undefined)]],
    ['the schedule is suspended', [scheduleOf({}, { suspend: true })]],
    ['the schedule is being deleted', [{ ...scheduleOf({}), metadata: { name: 'n', deletionTimestamp: '2026-01-01T00:00:00Z' } }]],
    ['the schedule selects no policy', [scheduleOf({}, { policySelector: { matchLabels: { team: 'x' } } })]],
  ] as const)
    it(`is none if ${what}`, async () => {
      bench.schedules = schedules;
      expect([await bench.renew(), bench.calls]).to.deep.equal([undefined, ['stop']]);
    });

  it('is none before the first scan, and while a policy is being deleted', async () => {
    bench.policies = [unscanned('p'), policyOf('q', '1-a', { deletionTimestamp: '2026-01-01T00:00:00Z' })];
    expect([await bench.renew(), bench.calls]).to.deep.equal([undefined, ['stop']]);
  });

  it('pauses, and keeps what was watched, while the only policy is scanned in a new revision', async () => {
    bench.policies = [policyOf('p', '0-old')];
    expect([await bench.renew(), bench.calls]).to.deep.equal([undefined, ['pause']]);
  });

  it('has only the policies that were scanned, sorted by name', async () => {
    bench.policies = [policyOf('z'), unscanned('new'), policyOf('old', '0-old'), policyOf('a')];
    expect((await bench.renew())?.evaluator.policies.map(({ name }) => name)).to.deep.equal(['a', 'z']);
  });
});
