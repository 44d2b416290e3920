import { expect } from 'chai';
import pino from 'pino';
import { MOST_SCAN_POLICIES, type Scan } from '../../operator/api/kinds/scan.ts';
import { ChangeBacklog } from '../../operator/changes/change-backlog.ts';
import { ChangeBurst, runningScans } from '../../operator/changes/change-burst.ts';
import { PendingChanges } from '../../operator/changes/pending-changes.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';

const set = compilePolicies([], { kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [] });
const scan = (name: string, labels: object, phase?: string, uid?: string): Scan =>
  ({ metadata: { name, labels, ...(uid === undefined ? {} : { uid }) }, spec: {}, ...(phase && { status: { phase } }) }) as unknown as Scan;

/** The Scan that is created for changes in a namespace, beside other Scans. */
async function created(
  policies: readonly string[],
  { namespaces = ['a'], scans = [] as Scan[], fails = undefined as Error | undefined } = {},
) {
  const made: Scan[] = [];
  const backlog = new ChangeBacklog(new PendingChanges({ set, indexes: new Map() }, 9), 9);
  for (const namespace of namespaces) backlog.pending.deferred.add(namespace);
  const burst = new ChangeBurst({
    client: {
      create: (_resource: unknown, each: unknown) => {
        made.push(each as Scan);
        return fails ? Promise.reject(fails) : Promise.resolve(each);
      },
    } as never,
    log: pino({ level: 'silent' }),
    clock: () => 1_000_000,
    steadyClock: () => 1_000_000,
    scans: { get: (name) => scans.find(({ metadata }) => metadata.name === name), list: () => scans },
  });
  const isBusy = await burst.reconcile(backlog, policies);
  return { made, isBusy, waiting: backlog.pending.deferred.isEmpty };
}

describe('the Scan of changes', () => {
  it('names its policies and namespaces, and is kept for an hour', async () => {
    const { made } = await created(['p', 'q'], { namespaces: ['a', 'b'] });
    expect(made).to.deep.equal([
      {
        metadata: { name: 'change-lfls', labels: { 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/trigger': 'change' } },
        spec: { policies: ['p', 'q'], namespaces: { include: ['a', 'b'] }, ttlSecondsAfterFinished: 3600 },
      },
    ]);
  });

  it('evaluates all policies if there are more than it can name', async () => {
    const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `p${index}`);
    const of = async (count: number): Promise<number | undefined> => (await created(names(count))).made[0]?.spec.policies?.length;
    expect([await of(MOST_SCAN_POLICIES), await of(MOST_SCAN_POLICIES + 1)]).to.deep.equal([MOST_SCAN_POLICIES, undefined]);
  });

  const others: readonly [what: string, scan: Scan, waits: boolean][] = [
    ['one of changes that runs', scan('x', { 'vigil.dev/trigger': 'change' }), true],
    ['one of changes that has ended', scan('x', { 'vigil.dev/trigger': 'change' }, 'Failed'), false],
    ['one with another trigger', scan('x', { 'vigil.dev/trigger': 'generation' }), false],
    ['one of a person', scan('x', {}), false],
  ];
  for (const [what, other, waits] of others)
    it(`${waits ? 'waits for' : 'does not wait for'} ${what}`, async () =>
      expect((await created(['p'], { scans: [other] })).made).to.have.length(waits ? 0 : 1));

  it('is not created without changes', async () => {
    expect(await created(['p'], { namespaces: [] })).to.deep.include({ made: [], isBusy: false });
  });

  it('counts as created if it exists already', async () => {
    const { isBusy, waiting } = await created(['p'], { fails: new KubeApiError('exists', { status: 409, reason: 'AlreadyExists' }) });
    expect([isBusy, waiting]).to.deep.equal([true, true]);
  });
});

describe('the Scans that run', () => {
  it('are those without an end, by uid, or by name if they have none', () => {
    const scans = [scan('a', {}, 'Running', 'u-a'), scan('b', {}), scan('c', {}, 'Complete', 'u-c'), scan('d', {}, 'Failed', 'u-d')];
    expect([...runningScans({ scans: { get: () => undefined, list: () => scans } })]).to.deep.equal(['u-a', 'b']);
  });
});
