import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { ChangeWatchObserver } from '../../operator/changes/watch/change-watch.ts';
import { indexEntry, ObjectIndex } from '../../operator/changes/watch/object-index.ts';
import type { ChangeBatch } from '../../operator/changes/changed-targets.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { PolicyTotals } from '../../operator/findings/policy-totals.ts';
import type { ChangeResult } from '../../operator/changes/change-evaluation.ts';
import type { OnChangeDependencies } from '../../operator/changes/on-change-dependencies.ts';
import { OnChange } from '../../operator/changes/on-change.ts';
import { Metrics } from '../../operator/telemetry/metrics.ts';

const pods = builtinResources.find(({ kind }) => kind === 'Pod') as ApiResource;
const policy = { metadata: { name: 'p', uid: 'u', generation: 1 }, spec: {} } as SecurityPolicy;

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let count = 0; count < 1500 && !holds(); count++) await sleep(10);
  expect(holds(), what).to.equal(true);
}

/** A cluster with pods in namespace `a`, watched by one OnChange. */
class Cluster {
  readonly scans: Scan[] = [];
  readonly batches: string[][] = [];
  readonly made: Scan[] = [];
  readonly index = new ObjectIndex();
  /** The totals of the report watch. The policies are updated with them. */
  readonly totals: ReadonlyMap<string, PolicyTotals> = new Map();
  readonly counted: (ReadonlyMap<string, PolicyTotals> | undefined)[] = [];
  /** Called when a batch is evaluated, and when a Scan is created. */
  evaluate: (batch: ChangeBatch) => Promise<void> = () => Promise.resolve();
  create: (scan: Scan) => Promise<void> = () => Promise.resolve();
  #observer: ChangeWatchObserver | undefined;
  readonly onChange: OnChange;

  constructor(changeBurst = 3) {
    const set = compilePolicies([{ name: 'p', spec: { controls: [{ name: 'host-pid' }] } }], {
      kubernetesVersion: '1.36',
      resources: builtinResources,
      systemNamespaces: [],
    });
    const indexes = new Map([[pods, this.index]]);
    const input = { kubernetesVersion: '1.36', systemNamespaces: [], policies: [], resources: builtinResources };
    const evaluated = { name: 'p', uid: 'u', generation: 1, revision: '1-a', listPasses: false, ownerLabels: [], excludedNamespaces: 0 };
    const scope = { fingerprint: '', evaluator: { set, input, policies: [evaluated] }, debounce: 1, revisions: new Set<string>() };
    const own: OnChangeDependencies = {
      client: { create: (_resource: unknown, scan: unknown) => this.#create(scan as Scan) } as unknown as OnChangeDependencies['client'],
      log: pino({ level: 'silent' }),
      observe: () => undefined,
      metrics: new Metrics(),
      clock: () => Date.now(),
      changeBurst,
      policies: { get: () => policy, list: () => [policy] },
      revisionOf: () => '1-a',
      schedules: { list: () => [] },
      scans: { get: (name) => this.scans.find(({ metadata }) => metadata.name === name), list: () => this.scans },
      enqueueSchedule: () => undefined,
      watch: (observer) => {
        this.#observer = observer;
        return {
          ...{ indexes, size: 0, problems: [], ready: true, totals: this.totals },
          release: () => undefined,
          renew: () => Promise.resolve(scope),
          stop: () => Promise.resolve(),
        };
      },
      evaluate: (_evaluator, { batch }) => this.#evaluate(batch),
      updateTotals: (_policies, { totals }) => Promise.resolve(void this.counted.push(totals)),
    };
    this.onChange = new OnChange(own);
  }

  async start(): Promise<void> {
    this.onChange.controller.start();
    await until('it watches', () => this.onChange.condition().status === 'True');
  }

  reportsChange(): void {
    this.#observer?.onTotals?.();
  }

  change(...names: readonly string[]): void {
    for (const name of names) {
      const after = indexEntry({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'a', name } });
      this.index.set('a', name, after);
      this.#observer?.onChange({ resource: pods, namespace: 'a', name, before: undefined, after });
    }
  }

  end(scan: Scan, phase: 'Complete' | 'Failed'): void {
    this.scans.splice(this.scans.indexOf(scan), 1, { ...scan, status: { phase } } as Scan);
  }

  async #evaluate(batch: ChangeBatch): Promise<ChangeResult> {
    await this.evaluate(batch);
    const names = [...(batch.targets.get(pods) ?? [])].toSorted();
    this.batches.push(names);
    return { evaluated: names.length, written: 0, unreadable: [] };
  }

  async #create(scan: Scan): Promise<Scan> {
    await this.create(scan);
    this.scans.push(scan);
    this.made.push(scan);
    return scan;
  }
}

describe('OnChange', function () {
  this.timeout(20_000);
  let cluster: Cluster;
  const running = (uid: string): Scan => ({ metadata: { name: uid, uid }, spec: {} });

  beforeEach(async () => {
    cluster = new Cluster();
    await cluster.start();
  });
  afterEach(() => cluster.onChange.controller.stop());

  it('evaluates changes of the same moment in one batch', async () => {
    cluster.change('x', 'y', 'x');
    await until('they are evaluated', () => cluster.batches.length > 0);
    expect(cluster.batches).to.deep.equal([['x', 'y']]);
  });

  it('evaluates changes again when the evaluation failed', async () => {
    let tries = 0;
    cluster.evaluate = () => (++tries < 3 ? Promise.reject(new Error('no answer')) : Promise.resolve());
    cluster.change('x');
    await until('it is evaluated', () => cluster.batches.length > 0);
    expect([cluster.batches, tries]).to.deep.equal([[['x']], 3]);
  });

  it('updates the totals after the first lists, since reports may have been deleted while no operator ran', () =>
    until('they are counted', () => cluster.counted.length === 1 && cluster.counted[0] === cluster.totals));

  it('updates the totals when a report changes, but not while a Scan writes reports', async () => {
    await until('the first lists are counted', () => cluster.counted.length === 1);
    cluster.scans.push(running('s1'));
    cluster.reportsChange();
    await sleep(2500);
    expect(cluster.counted).to.have.length(1);
    cluster.scans.length = 0;
    await until('they are counted', () => cluster.counted.length === 2);
  });

  it('evaluates changes when the wall clock is set back an hour', async () => {
    const { now } = Date;
    cluster.change('x');
    await until('it is evaluated', () => cluster.batches.length === 1);
    Date.now = () => now() - 3_600_000;
    try {
      cluster.change('y');
      await until('it is evaluated', () => cluster.batches.length === 2);
    } finally {
      Date.now = now;
    }
  });

  it('evaluates changes that happen during an evaluation after it', async () => {
    const evaluating = Promise.withResolvers<undefined>();
    cluster.evaluate = () => evaluating.promise.then(() => undefined);
    cluster.change('x');
    await sleep(50);
    cluster.change('x');
    evaluating.resolve(undefined);
    await until('it is evaluated twice', () => cluster.batches.length === 2);
  });

  it('evaluates changes again after each Scan that ran meanwhile has ended', async () => {
    const [one, other] = [running('one'), running('other')];
    cluster.scans.push(one);
    cluster.change('x');
    await until('it is evaluated', () => cluster.batches.length === 1);
    cluster.scans.push(other);
    cluster.end(one, 'Complete');
    await until('it is evaluated again', () => cluster.batches.length === 2);
    cluster.end(other, 'Complete');
    await until('and again', () => cluster.batches.length === 3);
    expect(cluster.batches).to.deep.equal([['x'], ['x'], ['x']]);
  });

  it('evaluates changes again when a Scan ended during the evaluation', async () => {
    const scan = running('one');
    cluster.scans.push(scan);
    const evaluating = Promise.withResolvers<undefined>();
    cluster.evaluate = () => evaluating.promise.then(() => undefined);
    cluster.change('x');
    await sleep(50);
    cluster.end(scan, 'Complete');
    evaluating.resolve(undefined);
    await until('it is evaluated again', () => cluster.batches.length === 2);
  });

  describe('when there are too many changes', () => {
    const many = ['u', 'v', 'w', 'x', 'y'];

    it('creates one Scan of their namespace', async () => {
      cluster.change(...many);
      await until('the Scan is created', () => cluster.made.length === 1);
      expect(cluster.made[0]?.spec).to.deep.include({ policies: ['p'], namespaces: { include: ['a'] } });
      // The fifth change came after four were too many: it is evaluated by itself.
      expect(new Set(cluster.batches.flat())).to.deep.equal(new Set(['y']));
    });

    it('evaluates changes that arrive while the Scan is created', async () => {
      cluster.create = () => {
        cluster.change('z');
        return Promise.resolve();
      };
      cluster.change(...many);
      await until('the change is evaluated', () => cluster.batches.flat().includes('z'));
      expect([new Set(cluster.batches.flat()), cluster.made.length]).to.deep.equal([new Set(['y', 'z']), 1]);
    });

    it('creates the Scan again when it was refused', async () => {
      let tries = 0;
      cluster.create = () => (++tries < 2 ? Promise.reject(new KubeApiError('quota', { status: 403 })) : Promise.resolve());
      cluster.change(...many);
      await until('the Scan is created', () => cluster.made.length === 1);
      expect(cluster.made[0]?.spec.namespaces).to.deep.equal({ include: ['a'] });
    });

    it('sets Watching to False when the Scan fails, until another Scan succeeds', async () => {
      cluster.change(...many);
      await until('the Scan is created', () => cluster.made.length === 1);
      cluster.end(cluster.made[0] as Scan, 'Failed');
      await until('the condition reports it', () => cluster.onChange.condition().status === 'False');
      expect(cluster.onChange.condition().message).to.equal(
        'the last Scan of a burst of changes failed or was deleted; another one is created',
      );
    });
  });
});
