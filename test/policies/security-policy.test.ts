import { expect } from 'chai';
import { pino } from 'pino';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { AnomaliesStatus, ImagesStatus, SecurityPolicyStatus } from '../../operator/api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { EventText } from '../../operator/controller/event-recorder.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { untilStale } from '../../operator/policies/policy-compliance.ts';
import { updateAnomalies, updateConfiguration, updateImages } from '../../operator/policies/policy-parts.ts';
import { securityPolicyController, type SecurityPolicyDependencies } from '../../operator/policies/security-policy.ts';
import { reconcileOnce, type ReconcileOutcome } from '../controller/reconcile-once.ts';

const now = Date.parse('2026-01-02T00:00:00Z');
const hour = 3_600_000;
const counts = { summary: { pass: 1, fail: 0, warn: 0, error: 0, skip: 0 }, failing: { critical: 0, high: 0, medium: 0, low: 0 } };
const configuration = {
  ...{ ...counts, evaluatedGeneration: 1, evaluatedRevision: '1-a', lastScan: 's', lastScanTime: '2026-01-01T23:00:00Z' },
  coverage: { inScope: 1, scanned: 1, failed: 0, skipped: 0, excludedNamespaces: 0 },
};
const images: ImagesStatus = {
  ...{ ...counts, evaluatedGeneration: 1, lastScanTime: '2026-01-01T22:00:00Z' },
  coverage: { inScope: 1, scanned: 1, failed: 0, skipped: 0, waiting: 0 },
};
const policy = (
  spec: SecurityPolicy['spec'] = { controls: [{ name: 'host-network' }] },
  status?: SecurityPolicyStatus,
): SecurityPolicy => ({
  metadata: { name: 'web', uid: 'u', generation: 1, resourceVersion: '1' },
  spec,
  ...(status ? { status } : {}),
});

const anomalies = {
  ...{ ...counts, evaluatedGeneration: 1, lastObservedTime: '2026-01-01T22:00:00Z' },
  ...{ open: 0, baselineKeys: 0 },
} as unknown as AnomaliesStatus;
const { evaluatedRevision: _, ...totals } = configuration;
const checked: SecurityPolicy['spec'] = { controls: [{ name: 'host-network' }] };
/** A rule about a resource of the core group and further groups. The API server of these tests serves pods only. */
const ruleOf = (resource: string, ...groups: string[]): NonNullable<SecurityPolicy['spec']['rules']>[number] => ({
  name: 'r',
  matchConstraints: { resourceRules: [{ apiGroups: ['', ...groups], apiVersions: ['v1'], operations: ['*'], resources: [resource] }] },
  validations: [{ expression: 'true' }],
});

/** An API server with one policy, and the SecurityPolicy controller. */
class PolicyBench {
  readonly enqueued: string[] = [];
  readonly recorded: EventText[] = [];
  readonly written: [manager: string, status: SecurityPolicyStatus][] = [];
  live: SecurityPolicy | undefined;
  /** The name of the CRD that is outdated. */
  outdated: string | undefined;

  constructor(live: SecurityPolicy | undefined) {
    this.live = live;
  }

  reconcile(): Promise<ReconcileOutcome> {
    return reconcileOnce(securityPolicyController(this.dependencies()), 'web');
  }

  /** The condition of this type, as `status reason`. */
  condition(wanted: string): string {
    const found = this.live?.status?.conditions?.find(({ type }) => type === wanted);
    return `${found?.status ?? ''} ${found?.reason ?? ''}`;
  }

  dependencies(): SecurityPolicyDependencies {
    const client = {
      get: (): Promise<SecurityPolicy> =>
        this.live ? Promise.resolve(this.live) : Promise.reject(new KubeApiError('not found', { status: 404 })),
      apply: (_resource: unknown, { status }: SecurityPolicy, { manager }: { manager: string }): Promise<SecurityPolicy> => {
        if (!this.live) return Promise.reject(new KubeApiError('not found', { status: 404 }));
        this.written.push([manager, status ?? {}]);
        this.live = { ...this.live, status: { ...this.live.status, ...status } };
        return Promise.resolve(this.live);
      },
    };
    return {
      client,
      events: { record: (_resource: unknown, _object: unknown, text: EventText) => void this.recorded.push(text) },
      clock: () => now,
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: [RESOURCES.pods] }),
      crdProblems: () => (this.outdated === undefined ? [] : [{ crd: this.outdated, reason: 'OutdatedCRD', message: 'apply crds/' }]),
      systemNamespaces: [],
      revisionOf: () => '1-a',
      schedules: { list: () => [] },
      scans: { list: () => [] },
      policies: { get: () => this.live, list: () => [] },
      enqueueGenerations: () => void this.enqueued.push('generations'),
      enqueuePolicyCleanup: (name: string) => void this.enqueued.push(`cleanup of ${name}`),
      log: pino({ level: 'silent' }),
      metrics: { statusRefusals: { inc: () => undefined } },
    } as unknown as SecurityPolicyDependencies;
  }
}

describe('the SecurityPolicy controller', () => {
  it('writes the status of a new policy, requests a Scan of its generation, and looks again after ten minutes', async () => {
    const bench = new PolicyBench(policy());
    expect(await bench.reconcile()).to.deep.equal({ requeueAfter: 600_000, failed: false });
    expect([bench.enqueued, bench.recorded, bench.condition('Ready')]).to.deep.equal([['generations'], [], 'Unknown NotEvaluated']);
  });

  it('requests no Scan of a policy that was evaluated', async () => {
    const bench = new PolicyBench(policy(undefined, { configuration }));
    await bench.reconcile();
    expect([bench.enqueued, bench.condition('Ready')]).to.deep.equal([[], 'True Evaluated']);
  });

  it('looks again when the verdicts become too old', async () => {
    const spec: SecurityPolicy['spec'] = { controls: [{ name: 'host-network' }], maxAge: '61m' };
    expect((await new PolicyBench(policy(spec, { configuration })).reconcile()).requeueAfter).to.equal(61_000);
  });

  it('requests the cleanup of the reports of a deleted policy', async () => {
    const bench = new PolicyBench(undefined);
    expect(await bench.reconcile()).to.deep.equal({ requeueAfter: undefined, failed: false });
    expect(bench.enqueued).to.deep.equal(['cleanup of web']);
  });

  it('does nothing for a policy that is being deleted', async () => {
    const going = policy();
    const bench = new PolicyBench({ ...going, metadata: { ...going.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } });
    await bench.reconcile();
    expect([bench.enqueued, bench.written]).to.deep.equal([[], []]);
  });

  it('records a Warning for a policy that cannot be evaluated, and requests no Scan', async () => {
    const bench = new PolicyBench(policy({ controls: [{ name: 'no-such-control' }] }));
    await bench.reconcile();
    expect([bench.enqueued, bench.condition('Stalled').split(' ')[0]]).to.deep.equal([[], 'True']);
    expect(bench.recorded.map(({ type }) => type)).to.deep.equal(['Warning']);
    expect(bench.recorded[0]?.message).to.contain('no-such-control');
  });

  it('records one Warning for a reason that evaluates nothing, not again for the same generation', async () => {
    const bench = new PolicyBench(policy({}));
    await bench.reconcile();
    await bench.reconcile();
    expect(bench.recorded).to.deep.equal([]);
    bench.live = policy({}, { configuration });
    await bench.reconcile();
    await bench.reconcile();
    expect(bench.recorded.map(({ type, reason }) => `${type} ${reason}`)).to.deep.equal(['Warning NoChecks']);
    const { live } = bench;
    bench.live = { ...live, metadata: { ...live.metadata, generation: 2 } };
    await bench.reconcile();
    expect(bench.recorded).to.have.length(2);
  });

  it('adds the configuration part to a status of an older version, and removes the images part without spec.images', async () => {
    const bench = new PolicyBench(policy(undefined, { ...totals, images }));
    await bench.reconcile();
    const [scans] = bench.written;
    expect([scans?.[0], scans?.[1].configuration?.lastScan]).to.deep.equal(['vigil-scans', 's']);
    expect(bench.written.find(([manager]) => manager === 'vigil-images')?.[1]).to.deep.equal({});
  });

  it('writes only the totals if every part of the status is wanted', async () => {
    const bench = new PolicyBench(policy({ images: { secrets: {} }, anomalies: {} }, { ...totals, configuration, images, anomalies }));
    await bench.reconcile();
    expect(bench.written.map(([manager]) => manager)).to.deep.equal(['vigil-policies']);
  });

  it('removes the anomalies part without spec.anomalies, and keeps the images part', async () => {
    const bench = new PolicyBench(policy({ images: { secrets: {} } }, { configuration, images, anomalies }));
    await bench.reconcile();
    expect(bench.written.map(([manager]) => manager)).to.deep.equal(['vigil-anomalies', 'vigil-policies']);
    expect(bench.written[0]?.[1]).to.deep.equal({});
  });

  const silent: readonly (readonly [reason: string, spec: SecurityPolicy['spec'], part: object])[] = [
    ['NothingInScope', checked, { coverage: { ...configuration.coverage, inScope: 0, scanned: 0 } }],
    ['NothingEvaluated', checked, { summary: { ...counts.summary, pass: 0, skip: 1 } }],
    ['RulesNotEvaluated', checked, { unevaluatedRules: ['rule r matches nothing'] }],
    ['UnmatchedNamespaces', checked, { unmatchedNamespaces: ['shpo'] }],
    ['NotServed', { rules: [ruleOf('widgets')] }, {}],
    ['UnmatchedEntries', { rules: [ruleOf('pods', 'appz')] }, {}],
  ];
  for (const [reason, spec, part] of silent)
    it(`records one Warning for ${reason}`, async () => {
      const bench = new PolicyBench(policy(spec, { configuration: { ...configuration, ...part } }));
      await bench.reconcile();
      expect(bench.recorded.map((event) => `${event.type} ${event.reason}`)).to.deep.equal([`Warning ${reason}`]);
      expect(bench.recorded[0]?.message).to.have.length.greaterThan(20);
    });

  it('records no Warning for failures, and for verdicts that are too old', async () => {
    const failing = { ...configuration, failing: { ...counts.failing, high: 1 } };
    for (const part of [failing, { ...configuration, lastScanTime: '2025-01-01T00:00:00Z' }]) {
      const bench = new PolicyBench(policy(undefined, { configuration: part }));
      await bench.reconcile();
      expect(bench.recorded).to.deep.equal([]);
    }
  });

  it('is stalled by an outdated CRD, but not by that of the ScanSchedules', async () => {
    for (const [crd, stalled] of [
      ['securitypolicies.vigil.dev', 'True OutdatedCRD'],
      ['scanschedules.vigil.dev', 'False Accepted'],
    ] as const) {
      const bench = new PolicyBench(policy());
      bench.outdated = crd;
      await bench.reconcile();
      expect(bench.condition('Stalled'), crd).to.equal(stalled);
    }
  });
});

describe('updateConfiguration and updateImages', () => {
  const whole = {
    ...{ scan: 't', generation: 1, revision: '1-a', time: now, coverage: configuration.coverage, frameworks: [], uncovered: [] },
  };

  it('write their part, and then the totals', async () => {
    const bench = new PolicyBench(policy({ images: { secrets: {} } }, { configuration }));
    await updateImages(bench.dependencies(), { name: 'web', uid: 'u' }, images);
    expect(bench.written.map(([manager]) => manager)).to.deep.equal(['vigil-images', 'vigil-policies']);
    await updateConfiguration(bench.dependencies(), { name: 'web', uid: 'u' }, { ...counts, whole });
    expect(bench.written.map(([manager]) => manager).slice(2)).to.deep.equal(['vigil-scans', 'vigil-policies']);
    expect([bench.live?.status?.lastScan, bench.live?.status?.summary?.pass]).to.deep.equal(['t', 2]);
  });

  it('write what the detections see only if the policy asks for it', async () => {
    const bench = new PolicyBench(policy({ anomalies: {} }, { configuration }));
    await updateAnomalies(bench.dependencies(), { name: 'web', uid: 'u' }, anomalies);
    expect(bench.written.map(([manager]) => manager)).to.deep.equal(['vigil-anomalies', 'vigil-policies']);
    expect(bench.written[0]?.[1]).to.deep.equal({ anomalies });
    const silent = new PolicyBench(policy({ controls: [] }, { configuration }));
    await updateAnomalies(silent.dependencies(), { name: 'web', uid: 'u' }, anomalies);
    expect(silent.live?.status).not.to.have.property('anomalies');
  });

  it('write nothing for a policy that was deleted, or deleted and created again', async () => {
    const bench = new PolicyBench(policy());
    await updateConfiguration(bench.dependencies(), { name: 'web', uid: 'another' }, { ...counts, whole });
    bench.live = undefined;
    await updateImages(bench.dependencies(), { name: 'web', uid: 'u' }, images);
    expect(bench.written).to.deep.equal([]);
  });
});

describe('untilStale', () => {
  const of = (status: SecurityPolicyStatus, maxAge?: string): number =>
    untilStale(policy(maxAge === undefined ? {} : { maxAge }), status, now);

  it('is a second after the first of the two parts becomes too old', () => {
    expect(of({ lastScanTime: '2026-01-01T23:00:00Z' })).to.equal(25 * hour + 1000);
    expect(of({ lastScanTime: '2026-01-01T23:00:00Z', images })).to.equal(24 * hour + 1000);
    expect(of({ lastScanTime: '2026-01-01T20:00:00Z', images }, '3h')).to.equal(hour + 1000);
  });

  it('is never for verdicts that do not exist or are too old', () => {
    expect([of({}), of({ lastScanTime: '2026-01-01T23:00:00Z' }, '1h')]).to.deep.equal([Infinity, Infinity]);
  });
});
