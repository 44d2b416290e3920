import { expect } from 'chai';
import pino from 'pino';
import { Anomalies, type AnomaliesDependencies } from '../../operator/anomalies/anomalies.ts';
import { BASELINE_NAME } from '../../operator/anomalies/baseline-store.ts';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import type { DesiredReport } from '../../operator/reports/publishing/report-publisher.ts';
import { ControllerRunner } from '../controller/reconcile-once.ts';
import { ClusterApi } from '../kube/cluster-api.ts';
import { auditEvent, hour } from './world.ts';

const start = Date.UTC(2026, 10, 2);
const noon = start + 12 * hour;

/** The controller with an API server in memory. */
class Bench {
  readonly api = new ClusterApi();
  now = noon;
  problem: string | undefined;
  /** What each publication had, as `detection Kind/name policies`. */
  readonly published: string[][] = [];
  readonly withdrawn: string[] = [];
  readonly events: string[] = [];
  readonly counted: string[] = [];
  refused: string | undefined;
  readonly anomalies: Anomalies;
  readonly #runner: ControllerRunner;
  #isCalled = false;

  constructor() {
    const log = pino({ level: 'silent' });
    const describeReport = ({ target, policies, results }: DesiredReport): string =>
      `${results.map(({ check }) => check).join()} ${target.kind}/${target.name} ${policies.map(({ name }) => name).join()}`;
    const own: AnomaliesDependencies = {
      ...{ client: this.api, log, observe: undefined, namespace: 'audit', kubernetesVersion: 'v1.36.0', systemNamespaces: ['kube-system'] },
      metrics: { statusRefusals: { inc: () => undefined } },
      publisher: {
        publish: (desired) => {
          const all = [...desired];
          this.published.push(all.map(describeReport).toSorted());
          const [first] = all;
          return Promise.resolve({
            refused: this.refused === undefined || !first ? [] : [{ desired: first, message: this.refused }],
          } as never);
        },
        withdraw: (_resource, { name }, policies) => {
          this.withdrawn.push(`${name} ${policies.join()}`);
          return Promise.resolve() as never;
        },
      },
      events: {
        record: () => undefined,
        recordFor: ({ kind, name }, { reason, message }) =>
          void this.events.push(`${reason} ${kind}/${name}: ${message.split(':')[0] ?? ''}`),
      },
      policies: { list: () => this.policies, get: (name) => this.policies.find(({ metadata }) => metadata.name === name) },
      namespaceLabels: () => ({}),
      watchSilence: 60_000,
      audit: { dropped: () => 3, problem: () => this.problem },
      waivers: () => undefined,
      onFinding: ({ detection }) => void this.counted.push(detection),
      clock: () => this.now,
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: builtinResources }),
      crdProblems: () => [],
      revisionOf: () => 'r',
      schedules: { list: () => [] },
      scans: { list: () => [] },
    };
    this.anomalies = new Anomalies(own);
    const { queue } = this.anomalies.controller;
    // Only a test reconciles: neither the first key of the constructor nor the ticks of the detector.
    void queue.take();
    queue.done('cluster');
    const add = queue.add.bind(queue);
    queue.add = (key): void => {
      if (this.#isCalled) add(key);
    };
    this.#runner = new ControllerRunner(this.anomalies.controller);
  }

  get policies(): readonly SecurityPolicy[] {
    return [...this.api.objects].flatMap(([path, object]) => (path.includes('/securitypolicies/') ? [object as SecurityPolicy] : []));
  }

  put(spec: SecurityPolicySpec, name = 'p'): Promise<unknown> {
    const known = this.policies.find(({ metadata }) => metadata.name === name);
    const generation = (known?.metadata.generation ?? 0) + 1;
    const object = { metadata: { ...known?.metadata, name, generation }, spec };
    return known ? this.api.replace(RESOURCES.policies, { ...known, ...object }) : this.api.create(RESOURCES.policies, object);
  }

  reconcile(): Promise<unknown> {
    this.#isCalled = true;
    const reconciled = this.#runner.reconcile('cluster');
    this.#isCalled = false;
    return reconciled;
  }

  /** Somebody lists all Secrets. */
  attack(user: string): void {
    this.anomalies.consume([auditEvent(user, this.now, { verb: 'list', of: 'secrets' })]);
  }

  get stored(): readonly string[] {
    return [...this.api.objects.keys()].filter((path) => path.includes(BASELINE_NAME));
  }

  async stop(): Promise<void> {
    await this.#runner.stop();
    await this.anomalies.stop();
  }
}

describe('the controller of anomalies', function () {
  this.timeout(30_000);
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.stop());
  const spec: SecurityPolicySpec = { anomalies: { learningPeriod: '0s' } };
  const kinds = (found: readonly string[]): readonly string[] => [...new Set(found)].toSorted();

  it('watches and stores nothing while no policy asks for it, and removes old results once', async () => {
    await bench.put({ controls: [{ name: 'host-pid' }] });
    bench.attack('mallory');
    await bench.reconcile();
    await bench.reconcile();
    expect([bench.published, bench.events, bench.api.watches.length, bench.stored]).to.deep.equal([[[]], [], 0, []]);
  });

  it('judges the events that came before it started, announces each finding once, and writes the status', async () => {
    await bench.put(spec);
    await bench.put({ anomalies: { detections: [] } }, 'q');
    bench.attack('mallory');
    await bench.reconcile();
    expect(bench.published.at(-1)?.join()).to.match(/ User\/mallory p,q/);
    expect(bench.events.length).to.be.greaterThan(0);
    expect(bench.events.every((event) => event.startsWith('Anomaly '))).to.equal(true);
    expect(bench.counted).to.have.length(bench.events.length);
    const { events, counted } = { events: bench.events.length, counted: kinds(bench.counted) };
    await bench.reconcile();
    expect([bench.events.length, kinds(bench.counted)]).to.deep.equal([events, counted]);
    for (const { status } of bench.policies) expect(status?.anomalies).to.include({ evaluatedGeneration: 1, dropped: 3 });
  });

  it('publishes again when findings or policies change, and after a minute for the counts', async () => {
    await bench.put(spec);
    bench.attack('mallory');
    await bench.reconcile();
    const publications = async (): Promise<number> => {
      const before = bench.published.length;
      await bench.reconcile();
      return bench.published.length - before;
    };
    expect(await publications(), 'nothing has changed').to.equal(0);
    bench.now += 59_000;
    expect(await publications()).to.equal(0);
    bench.now += 2000;
    expect(await publications(), 'a minute').to.equal(1);
    bench.attack('eve');
    expect(await publications(), 'a finding').to.equal(1);
    await bench.put({ anomalies: { learningPeriod: '0s', keepFor: '48h' } });
    expect(await publications(), 'a generation').to.equal(1);
    bench.now -= 1000;
    expect(await publications(), 'the clock was set back').to.equal(1);
  });

  it('stops and withdraws its results when the last policy does not ask any more, and keeps what it learned', async () => {
    await bench.put(spec);
    bench.attack('mallory');
    await bench.reconcile();
    expect(bench.api.watches.length).to.be.greaterThan(0);
    const metadata = {
      name: 'old',
      namespace: 'shop',
      labels: { 'vigil.dev/source': 'anomalies', 'app.kubernetes.io/managed-by': 'vigil' },
    };
    await bench.api.create(RESOURCES.reports, { metadata });
    await bench.put({ controls: [{ name: 'host-pid' }] });
    await bench.reconcile();
    expect(bench.published.at(-1)).to.deep.equal([]);
    expect(bench.api.watches.every(({ writableEnded }) => writableEnded)).to.equal(true);
    expect(bench.stored.length).to.be.greaterThan(0);
    const { length } = bench.published;
    await bench.reconcile();
    expect(bench.published).to.have.length(length);
    bench.attack('eve');
    await bench.put(spec);
    await bench.reconcile();
    expect(bench.published.at(-1)?.join(), 'what came while nobody asked is not kept').to.not.contain('eve');
    expect(bench.published.at(-1)?.join(), 'what was open is open again').to.contain('mallory');
  });

  it('does not announce again what an earlier process found', async () => {
    await bench.put(spec);
    bench.attack('mallory');
    await bench.reconcile();
    await bench.stop();
    const next = new Bench();
    for (const [path, object] of bench.api.objects)
      await next.api.call({ method: 'POST', path: path.slice(0, path.lastIndexOf('/')), body: object });
    await next.reconcile();
    expect(next.published.at(-1)?.join()).to.contain('mallory');
    expect([next.events, next.counted]).to.deep.equal([[], []]);
    next.attack('eve');
    await next.reconcile();
    expect(next.events.length).to.be.greaterThan(0);
    await next.stop();
  });

  it('says in the status what is refused and why no audit events come', async () => {
    await bench.put(spec);
    bench.problem = 'no audit events: enable them';
    bench.refused = 'too large';
    bench.attack('mallory');
    await bench.reconcile();
    const problems = bench.policies[0]?.status?.anomalies?.problems ?? [];
    expect(problems).to.include('no audit events: enable them');
    expect(problems.join()).to.match(/the report about \w+ \S+ was refused: too large/);
  });

  it('stores what it learned once a minute, and when it stops', async () => {
    await bench.put(spec);
    bench.attack('mallory');
    await bench.reconcile();
    expect(bench.stored).to.deep.equal([]);
    bench.now += 60_000;
    await bench.reconcile();
    expect(bench.stored.length).to.be.greaterThan(0);
    const writes = bench.api.writes.length;
    bench.attack('eve');
    await bench.anomalies.stop();
    expect(bench.api.writes.length).to.be.greaterThan(writes);
  });

  it('keeps at most 10,000 events until it starts', async () => {
    // Nothing is judged at this stage: judging so many events takes long.
    const event = auditEvent('alice', noon, { of: 'pods', stage: 'RequestReceived' });
    bench.anomalies.consume(Array.from({ length: 10_001 }, () => event));
    bench.attack('mallory');
    await bench.put(spec);
    await bench.reconcile();
    expect(bench.published.at(-1)?.join()).to.not.contain('mallory');
  });

  it('is reconciled for a new spec of a policy only', () => {
    const queued: string[] = [];
    const { controller } = bench.anomalies;
    controller.queue.add = (key): void => void queued.push(key);
    const policy = (generation: number): object => ({ metadata: { name: 'p', uid: 'u', generation } });
    for (const generation of [1, 1, 2]) controller.changed(RESOURCES.policies, policy(generation) as never, 'MODIFIED');
    expect(queued).to.deep.equal(['cluster', 'cluster']);
  });
});
