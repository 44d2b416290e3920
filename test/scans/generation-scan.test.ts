import { expect } from 'chai';
import type { Scan, ScanStatus } from '../../operator/api/scan.ts';
import type { SecurityPolicy } from '../../operator/api/security-policy.ts';
import type { ReconcileResult } from '../../operator/controller/controller.ts';
import { changesSince } from '../../operator/changes/watched-scope.ts';
import { scanGenerations, type GenerationScanDependencies } from '../../operator/scans/generation-scan.ts';
import { failedScanOf, MOST_TRIES, triesOf, triesText } from '../../operator/scans/generation-tries.ts';

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

/** Policies, and the Scans that were made of them. */
class CheckInput implements GenerationScanDependencies {
  readonly made: Scan[] = [];
  now = begin;
  readonly revisionOf = (): string => '2-a';
  readonly clock = (): number => this.now;
  readonly log = { info: () => undefined } as unknown as GenerationScanDependencies['log'];
  readonly told: string[] = [];
  readonly events = {
    record: (_resource: unknown, _policy: unknown, { reason, message }: { reason: string; message: string }): void =>
      void this.told.push(`${reason}: ${message}`),
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

  /** Each operator begins with nothing remembered. */
  run(): Promise<ReconcileResult> {
    return scanGenerations(this, new Map());
  }

  end(phase: ScanStatus['phase'] & string): void {
    const last = this.made.pop();
    if (last) this.made.push({ ...last, status: { phase, completionTime: new Date(this.now).toISOString() } });
  }
}

describe('the Scans of new generations', () => {
  it('are made again after a failure, with growing pauses, also by another operator, and not for ever', async () => {
    const ground = new CheckInput(policyOf());
    const pauses: number[] = [];
    for (;;) {
      const result = await ground.run();
      if (ground.made.at(-1)?.status === undefined) {
        ground.end('Failed');
        continue;
      }
      if (result.requeueAfter === undefined) break;
      pauses.push(result.requeueAfter / 1000);
      ground.now += result.requeueAfter;
    }
    expect(pauses).to.deep.equal([30, 60, 120, 240, 480, 960, 1800, 1800, 1800]);
    expect(ground.made).to.have.length(MOST_TRIES);
    expect(ground.told[0]).to.equal('NotEvaluated: failed 1 of 10 attempts; next attempt at 2026-01-01T00:00:30Z');
    expect(ground.told.at(-1)).to.match(/^NotEvaluated: failed 10 times: its ScanSchedule scans it next/);
    expect(new Set(ground.made.map(({ metadata }) => metadata.name)).size).to.equal(MOST_TRIES);
  });

  it('are not made while one runs, nor of what was evaluated, nor of what cannot be', async () => {
    const stalled = policyOf('q', { conditions: [] });
    const ground = new CheckInput(policyOf(), policyOf('e', { evaluatedRevision: '2-a' }), stalled);
    await ground.run();
    expect(await ground.run()).to.deep.equal({});
    expect(ground.made.map(({ spec }) => spec.policies)).to.deep.equal([['p']]);
  });

  it('are made again where one ended and yet the policy is not evaluated', async () => {
    const ground = new CheckInput(policyOf());
    await ground.run();
    ground.end('Complete');
    expect(await ground.run()).to.deep.equal({ requeueAfter: 30_000 });
    ground.now += 30_000;
    await ground.run();
    expect(ground.made).to.have.length(2);
  });

  it('go with the last of their policies', async () => {
    const ground = new CheckInput(policyOf('a'), policyOf('b'));
    await ground.run();
    expect(ground.made[0]?.metadata.ownerReferences?.map(({ kind, name, uid }) => `${kind} ${name} ${uid}`)).to.deep.equal([
      'SecurityPolicy a u-a',
      'SecurityPolicy b u-b',
    ]);
  });

  it('are told of: what was tried, and what follows', async () => {
    const key = { name: 'p', uid: 'u-p', generation: 2, revision: '2-a' };
    const ground = new CheckInput(policyOf());
    await ground.run();
    expect(triesText(triesOf(key, ground.made))).to.equal(undefined);
    ground.end('Failed');
    expect(triesText(triesOf(key, ground.made))).to.equal('failed 1 of 10 attempts; next attempt at 2026-01-01T00:00:30Z');
    const all = Array.from({ length: MOST_TRIES }, () => ground.made[0]!);
    expect(triesText(triesOf(key, all))).to.match(/^failed 10 times: its ScanSchedule scans it next/);
  });
});

describe('a policy that no scan could evaluate', () => {
  const failed = async (): Promise<readonly Scan[]> => {
    const ground = new CheckInput(policyOf());
    ground.now = begin + 60_000;
    await ground.run();
    ground.end('Failed');
    return ground.made;
  };

  it('is followed on change, from when the first Scan of it was made', async () => {
    expect(changesSince(policyOf(), await failed(), '2-a')).to.equal(Date.parse(at(59)));
  });

  it('is not, before one has failed, when it cannot be evaluated, or once it was', async () => {
    const scans = await failed();
    expect(failedScanOf(policyOf(), [], '2-a')).to.equal(undefined);
    expect(failedScanOf(policyOf('p', { conditions: [] }), scans, '2-a')).to.equal(undefined);
    expect(failedScanOf(policyOf('p', { evaluatedRevision: '2-a' }), scans, '2-a')).to.equal(undefined);
    expect(failedScanOf(policyOf(), scans, '2-a')?.metadata.name).to.match(/^p-g2-/);
  });
});
