import { expect } from 'chai';
import fc from 'fast-check';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import { indexEntry, ObjectIndex } from '../../operator/changes/watch/object-index.ts';
import { PendingChanges } from '../../operator/changes/pending-changes.ts';
import { ChangeBacklog, type ActiveBatch } from '../../operator/changes/change-backlog.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';

const kind = (name: string): ApiResource => {
  const found = builtinResources.find((resource) => resource.kind === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
};
const pods = kind('Pod');
const namespaces = ['a', 'b'];
const names = ['v', 'w', 'x', 'y', 'z'];
const everyTarget = namespaces.flatMap((namespace) => names.map((name) => `${namespace}/${name}`));

/** A Scan: the version of each object that it read, and the reports that it has written. */
interface ModelScan {
  readonly uid: string;
  readonly reads: Map<string, number>;
  readonly covers: (target: string) => boolean;
  ended?: 'complete' | 'failed' | 'gone';
}

/** Objects, their reports and all writers of reports: the operator with its backlog, and Scans. */
class Model {
  readonly objects = new Map(everyTarget.map((target) => [target, 0]));
  readonly reports = new Map(everyTarget.map((target) => [target, 0]));
  readonly scans: ModelScan[] = [];
  readonly #atWork = new Map<string, { readonly work: ActiveBatch; readonly read: Map<string, number> }>();
  readonly backlog: ChangeBacklog;
  readonly #most: number;
  #count = 0;

  /** `most`: the number of waiting targets past which a Scan evaluates them. */
  constructor(most = 3) {
    this.#most = most;
    const spec = { controls: [{ name: 'host-pid' }] };
    const set = compilePolicies([{ name: 'p', spec }], { kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [] });
    const indexes = new Map([[pods, new ObjectIndex()]]);
    for (const target of everyTarget) {
      const [namespace = '', name = ''] = target.split('/');
      indexes.get(pods)?.set(namespace, name, indexEntry({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name } }));
    }
    this.backlog = new ChangeBacklog(new PendingChanges({ set, indexes }, most), most);
  }

  get running(): ReadonlySet<string> {
    return new Set(this.scans.filter(({ ended }) => ended === undefined).map(({ uid }) => uid));
  }

  change(target: string): void {
    const [namespace = '', name = ''] = target.split('/');
    this.objects.set(target, (this.objects.get(target) ?? 0) + 1);
    const after = indexEntry({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name } });
    this.backlog.pending.add({ resource: pods, namespace, name, before: undefined, after });
  }

  /** Takes the waiting targets of a namespace and reads them. */
  begin(namespace: string): void {
    if (this.#atWork.has(namespace)) return;
    if (this.backlog.pending.exceeds(this.#most)) this.backlog.pending.collapse();
    const work = this.backlog.take(namespace, this.running);
    if (work === undefined) return;
    const targets = [...(work.batch.targets.get(pods) ?? [])].map((name) => `${namespace}/${name}`);
    this.#atWork.set(namespace, { work, read: new Map(targets.map((target) => [target, this.objects.get(target) ?? 0])) });
  }

  /** Writes one report of a batch before the others. */
  writes(target: string): void {
    const read = this.#atWork.get(target.split('/')[0] ?? '')?.read;
    const version = read?.get(target);
    if (version !== undefined) this.reports.set(target, version);
    read?.delete(target);
  }

  /** Writes the other reports of a batch, or fails. */
  end(namespace: string, succeeds: boolean): void {
    const at = this.#atWork.get(namespace);
    this.#atWork.delete(namespace);
    if (at === undefined) return;
    if (!succeeds) {
      this.backlog.failed(at.work);
      return;
    }
    for (const [target, version] of at.read) this.reports.set(target, version);
    this.backlog.evaluated(at.work, this.running);
  }

  startScan(covers: ModelScan['covers'] = () => true, uid = `s${String(this.#count++)}`): void {
    this.scans.push({ uid, covers, reads: new Map() });
  }

  /** Reads what the oldest running Scan has not read yet, one object at a time. */
  scanReads(index: number, target: string): void {
    const scan = this.#scan(index);
    if (scan?.covers(target) === true && !scan.reads.has(target)) scan.reads.set(target, this.objects.get(target) ?? 0);
  }

  scanWrites(index: number, target: string): void {
    const read = this.#scan(index)?.reads.get(target);
    if (read !== undefined) this.reports.set(target, read);
  }

  endScan(index: number, how: NonNullable<ModelScan['ended']>): void {
    const scan = this.#scan(index);
    if (scan === undefined) return;
    if (how === 'complete')
      for (const target of everyTarget.filter(scan.covers))
        this.reports.set(target, scan.reads.get(target) ?? this.objects.get(target) ?? 0);
    scan.ended = how;
    this.readScans();
  }

  /** Reads the state of the Scans, as the operator does every second. */
  readScans(): void {
    const { handedOverTo: handedTo } = this.backlog;
    const scan = this.scans.find(({ uid }) => uid === handedTo);
    if (handedTo !== undefined) this.backlog.settle(scan === undefined ? 'gone' : (scan.ended ?? 'running'));
    this.backlog.setRunningScans(this.running);
  }

  /** Hands deferred targets over to a Scan. `during` runs while the create request is in flight. */
  burst(succeeds: boolean, during: () => void): void {
    const uid = `c${String(this.#count++)}`;
    const debt = this.backlog.handOver(uid, this.running);
    if (debt === undefined) return;
    const { namespaces: some } = debt;
    during();
    if (succeeds) this.startScan((target) => some?.includes(target.split('/')[0] ?? '') ?? true, uid);
    else this.backlog.settle('failed');
  }

  /** Lets everything finish, without further failures. */
  settle(): void {
    for (let round = 0; round < 20; round++) {
      for (const namespace of namespaces) {
        this.end(namespace, true);
        this.begin(namespace);
        this.end(namespace, true);
      }
      this.burst(true, () => undefined);
      for (let index = 0; index < this.scans.length; index++) this.endScan(index, 'complete');
      this.readScans();
    }
  }

  #scan(index: number): ModelScan | undefined {
    const running = this.scans.filter(({ ended }) => ended === undefined);
    return running[index % Math.max(running.length, 1)];
  }
}

type Step = (model: Model) => void;
/** Only two targets, so that the writers of reports collide. */
const target = fc.constantFrom('a/v', 'b/v');
const namespace = fc.constantFrom(...namespaces);
const scan = fc.nat(1);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: target.map(
      (one): Step =>
        (model) =>
          model.change(one),
    ),
  },
  {
    weight: 4,
    arbitrary: namespace.map(
      (one): Step =>
        (model) =>
          model.begin(one),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(namespace, fc.boolean()).map(
      ([one, succeeds]): Step =>
        (model) =>
          model.end(one, succeeds),
    ),
  },
  {
    weight: 2,
    arbitrary: target.map(
      (one): Step =>
        (model) =>
          model.writes(one),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>((model) => model.startScan()) },
  {
    weight: 4,
    arbitrary: fc.tuple(scan, target).map(
      ([index, one]): Step =>
        (model) =>
          model.scanReads(index, one),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(scan, target).map(
      ([index, one]): Step =>
        (model) =>
          model.scanWrites(index, one),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(scan, fc.constantFrom('complete' as const, 'failed' as const, 'gone' as const)).map(
      ([index, how]): Step =>
        (model) =>
          model.endScan(index, how),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.boolean(), fc.array(target, { maxLength: 3 })).map(
      ([succeeds, meanwhile]): Step =>
        (model) =>
          model.burst(succeeds, () => meanwhile.forEach((one) => model.change(one))),
    ),
  },
);

describe('the change backlog', () => {
  it('evaluates every change after it happened, with any failures and any concurrent Scans', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 120, size: 'max' }), fc.integer({ min: 1, max: 3 }), (all, most) => {
        const model = new Model(most);
        for (const step of all) step(model);
        model.settle();
        expect(Object.fromEntries(model.reports)).to.deep.equal(Object.fromEntries(model.objects));
        expect([model.backlog.pending.size, model.backlog.waitsForScans, model.backlog.handedOverTo]).to.deep.equal([0, false, undefined]);
      }),
      { numRuns: 2000 },
    );
  });

  it('evaluates a change again when a Scan wrote an older verdict and ended before the batch', () => {
    const model = new Model();
    model.startScan();
    model.scanReads(0, 'a/v');
    model.change('a/v');
    model.begin('a');
    model.writes('a/v');
    model.scanWrites(0, 'a/v');
    model.endScan(0, 'failed');
    model.end('a', true);
    expect(model.reports.get('a/v')).to.equal(0);
    model.settle();
    expect(model.reports.get('a/v')).to.equal(1);
  });

  it('evaluates a change again when an earlier Scan ends after the Scan that evaluated it', () => {
    const model = new Model();
    model.startScan();
    model.scanReads(0, 'a/v');
    for (const one of everyTarget.slice(0, 4)) model.change(one);
    model.burst(true, () => undefined);
    model.endScan(1, 'complete');
    expect(model.backlog.pending.deferred.isEmpty).to.equal(true);
    model.endScan(0, 'complete');
    expect([model.reports.get('a/v'), model.backlog.pending.deferred.namespaces]).to.deep.equal([0, ['a']]);
  });

  it('evaluates a change again when a later change was handed over to a Scan that ended before the batch', () => {
    const model = new Model(1);
    model.change('a/v');
    model.begin('a');
    model.change('a/v');
    model.change('a/w');
    model.burst(true, () => undefined);
    model.endScan(0, 'complete');
    model.end('a', true);
    expect([model.reports.get('a/v'), model.backlog.pending.namespaces]).to.deep.equal([1, ['a']]);
  });

  it('keeps changes that arrive while the Scan is created out of its handover', () => {
    const model = new Model();
    for (const one of everyTarget.slice(0, 4)) model.change(one);
    model.begin('a');
    model.burst(true, () => model.change('b/z'));
    expect([model.backlog.handedOverTo, model.backlog.pending.namespaces]).to.deep.equal(['c0', ['b']]);
  });

  for (const how of ['failed', 'gone'] as const) {
    it(`hands the changes of a Scan that is ${how} over to another Scan`, () => {
      const model = new Model();
      for (const one of everyTarget.slice(0, 4)) model.change(one);
      model.burst(true, () => undefined);
      model.endScan(0, how);
      expect(model.backlog.handedOverTo).to.equal(undefined);
      expect(model.backlog.pending.deferred.namespaces).to.deep.equal(['a']);
    });
  }

  it('keeps each target once while a Scan runs for hours', () => {
    const model = new Model();
    model.startScan();
    for (let round = 0; round < 5000; round++) {
      model.change('a/v');
      model.begin('a');
      model.end('a', true);
    }
    model.endScan(0, 'complete');
    expect(model.backlog.pending.size).to.equal(1);
    expect(model.backlog.pending.deferred.isEmpty).to.equal(true);
  });

  it('defers whole namespaces when there are too many targets while a Scan runs', () => {
    const model = new Model();
    model.startScan();
    for (const one of everyTarget) {
      model.change(one);
      model.begin(one.slice(0, 1));
      model.end(one.slice(0, 1), true);
    }
    model.endScan(0, 'complete');
    expect(model.backlog.pending.deferred.namespaces).to.deep.equal(['a', 'b']);
  });
});
