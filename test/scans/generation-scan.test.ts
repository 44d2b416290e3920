import { expect } from 'chai';
import type { Scan, ScanStatus } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { ReconcileResult } from '../../operator/controller/controller.ts';
import { changesSince } from '../../operator/changes/watched-scope.ts';
import { scanGenerations, type GenerationScanDependencies, type MadeScans } from '../../operator/scans/generation-scan.ts';
import { failedScanOf, MOST_TRIES, triesOf, triesText } from '../../operator/policies/attempts/generation-tries.ts';

const begin = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number): string => new Date(begin + seconds * 1000).toISOString();

const policyOf = (name = 'p', more: Partial<SecurityPolicy['status']> = {}): SecurityPolicy => ({
  metadata: { name, uid: `u-${name}`, generation: 2 },
  spec: {},
  status: {
    conditions: [{ type: 'Stalled', status: 'False', reason: 'Accepted', message: '', lastTransitionTime: '', observedGeneration: 2 }],
    ...more,
  },
});

/** Policies, and the Scans that were created for them. */
class GenerationsBench implements GenerationScanDependencies {
  readonly made: Scan[] = [];
  now = begin;
  readonly revisionOf = (): string => '2-a';
  readonly clock = (): number => this.now;
  readonly log = { info: () => undefined } as unknown as GenerationScanDependencies['log'];
  readonly recorded: string[] = [];
  readonly events = {
    record: (_resource: unknown, _policy: unknown, { reason, message }: { reason: string; message: string }): void =>
      void this.recorded.push(`${reason}: ${message}`),
  };
  readonly policies: GenerationScanDependencies['policies'];
  readonly scans = {
    get: (name: string): Scan | undefined => this.made.find(({ metadata }) => metadata.name === name),
    list: (): readonly Scan[] => this.made,
  };
  readonly client = {
    create: (_resource: unknown, scan: Scan): Promise<Scan> => {
      this.made.push({ ...scan, metadata: { ...scan.metadata, creationTimestamp: new Date(this.now).toISOString() } });
      return Promise.resolve(scan);
    },
  } as unknown as GenerationScanDependencies['client'];

  constructor(...policies: readonly SecurityPolicy[]) {
    this.policies = { list: () => policies };
  }

  /** Reconciles as a new operator without memory. */
  run(): Promise<ReconcileResult> {
    return scanGenerations(this, new Map());
  }

  end(phase: ScanStatus['phase'] & string): void {
    const last = this.made.pop();
    if (last) this.made.push({ ...last, status: { phase, completionTime: new Date(this.now).toISOString() } });
  }
}

describe('the Scans of new generations', () => {
  it('are created again after a failure, with increasing pauses and a limit, also by another operator', async () => {
    const bench = new GenerationsBench(policyOf());
    const pauses: number[] = [];
    for (;;) {
      const result = await bench.run();
      if (bench.made.at(-1)?.status === undefined) {
        bench.end('Failed');
        continue;
      }
      if (result.requeueAfter === undefined) break;
      pauses.push(result.requeueAfter / 1000);
      bench.now += result.requeueAfter;
    }
    expect(pauses).to.deep.equal([30, 60, 120, 240, 480, 960, 1800, 1800, 1800]);
    expect(bench.made).to.have.length(MOST_TRIES);
    expect(bench.recorded[0]).to.equal('NotEvaluated: failed 1 of 10 attempts; next attempt at 2026-01-01T00:00:30Z');
    expect(bench.recorded.at(-1)).to.match(/^NotEvaluated: failed 10 times: its ScanSchedule scans it next/);
    expect(new Set(bench.made.map(({ metadata }) => metadata.name)).size).to.equal(MOST_TRIES);
  });

  it('are not created while one runs, for evaluated policies, or for invalid policies', async () => {
    const stalled = policyOf('q', { conditions: [] });
    const bench = new GenerationsBench(policyOf(), policyOf('e', { evaluatedRevision: '2-a' }), stalled);
    await bench.run();
    expect(await bench.run()).to.deep.equal({});
    expect(bench.made.map(({ spec }) => spec.policies)).to.deep.equal([['p']]);
  });

  it('are created again when one completed but the policy is not evaluated', async () => {
    const bench = new GenerationsBench(policyOf());
    await bench.run();
    bench.end('Complete');
    expect(await bench.run()).to.deep.equal({ requeueAfter: 30_000 });
    bench.now += 30_000;
    await bench.run();
    expect(bench.made).to.have.length(2);
  });

  it('are owned by all of their policies', async () => {
    const bench = new GenerationsBench(policyOf('a'), policyOf('b'));
    await bench.run();
    expect(bench.made[0]?.metadata.ownerReferences?.map(({ kind, name, uid }) => `${kind} ${name} ${uid}`)).to.deep.equal([
      'SecurityPolicy a u-a',
      'SecurityPolicy b u-b',
    ]);
  });

  it('have a message with the failed attempts and the next one', async () => {
    const key = { name: 'p', uid: 'u-p', generation: 2, revision: '2-a' };
    const bench = new GenerationsBench(policyOf());
    await bench.run();
    expect(triesText(triesOf(key, bench.made, 0))).to.equal(undefined);
    bench.end('Failed');
    expect(triesText(triesOf(key, bench.made, 0))).to.equal('failed 1 of 10 attempts; next attempt at 2026-01-01T00:00:30Z');
    const all = Array.from({ length: MOST_TRIES }, () => bench.made[0]!);
    expect(triesText(triesOf(key, all, 0))).to.match(/^failed 10 times: its ScanSchedule scans it next/);
  });
});

describe('a policy that no Scan could evaluate', () => {
  const failed = async (): Promise<readonly Scan[]> => {
    const bench = new GenerationsBench(policyOf());
    bench.now = begin + 60_000;
    await bench.run();
    bench.end('Failed');
    return bench.made;
  };

  it('is watched for changes since the creation of its first Scan', async () => {
    expect(changesSince(policyOf(), await failed(), '2-a')).to.equal(Date.parse(at(59)));
  });

  it('is not watched before a Scan has failed, when it is invalid, or after it was evaluated', async () => {
    const scans = await failed();
    expect(failedScanOf(policyOf(), [], '2-a')).to.equal(undefined);
    expect(failedScanOf(policyOf('p', { conditions: [] }), scans, '2-a')).to.equal(undefined);
    expect(failedScanOf(policyOf('p', { evaluatedRevision: '2-a' }), scans, '2-a')).to.equal(undefined);
    expect(failedScanOf(policyOf(), scans, '2-a')?.metadata.name).to.match(/^p-g2-/);
  });
});

describe('the limit of Scans of new generations', () => {
  const running = (name: string, phase: ScanStatus['phase'] = 'Running'): Scan => ({
    metadata: { name, annotations: { 'vigil.dev/generations': `mark-of-${name}` } },
    spec: {},
    status: { phase },
  });

  it('is four at a time: more wait', async () => {
    const bench = new GenerationsBench(policyOf());
    bench.made.push(...['a', 'b', 'c', 'd'].map((name) => running(name)));
    expect([await bench.run(), bench.made.length]).to.deep.equal([{ requeueAfter: 1000 }, 4]);
  });

  it('does not count Scans that have ended, or of other triggers', async () => {
    const bench = new GenerationsBench(policyOf());
    bench.made.push(...['a', 'b', 'c'].map((name) => running(name)), running('d', 'Complete'), { metadata: { name: 'e' }, spec: {} });
    await bench.run();
    expect(bench.made).to.have.length(6);
  });

  it('creates no second Scan while the watch has not delivered the first', async () => {
    const bench = new GenerationsBench(policyOf());
    const made: MadeScans = new Map();
    await scanGenerations(bench, made);
    const [first] = bench.made.splice(0);
    await scanGenerations(bench, made);
    expect([bench.made, [...made.keys()]]).to.deep.equal([[], [first?.metadata.name]]);
    bench.made.push(first as Scan);
    await scanGenerations(bench, made);
    expect([bench.made.length, made.size]).to.deep.equal([1, 0]);
  });

  it('owns the Scan by its policies, names them in order, and keeps it for a day', async () => {
    const bench = new GenerationsBench(policyOf('web'), policyOf('data'));
    await bench.run();
    const [scan] = bench.made;
    expect(scan?.spec).to.deep.equal({ policies: ['data', 'web'], ttlSecondsAfterFinished: 86_400 });
    expect(scan?.metadata.name).to.match(/^policies-2-\w{10}$/);
    expect(scan?.metadata.labels).to.deep.equal({ 'app.kubernetes.io/managed-by': 'vigil' });
    expect(scan?.metadata.ownerReferences).to.deep.equal(
      ['data', 'web'].map((name) => ({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name, uid: `u-${name}` })),
    );
  });
});
