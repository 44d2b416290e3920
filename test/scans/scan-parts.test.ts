import { expect } from 'chai';
import { RESOURCES, type ApiResource } from '../../operator/api/api-resource.ts';
import type { Scan, ScanStatus } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import type { PolicyTally } from '../../operator/findings/tally.ts';
import { scanImages, type ScanImagesDependencies } from '../../operator/scans/finish/scan-images.ts';
import { withExceptions } from '../../operator/scans/finish/scan-finish.ts';
import { InputLost } from '../../operator/scans/ledger/ledger-store.ts';
import { namespacesOf, TargetScope } from '../../operator/scans/plan/planner.ts';
import { kindsNotServed } from '../../operator/scans/plan/unserved-kinds.ts';
import { contentOf, countsAgree, indexOf, isUnchanged, RESCAN_INDEX, type RescanEntry } from '../../operator/scans/rescan/rescan-index.ts';
import { scanStatus, type ScanStage } from '../../operator/scans/status/scan-status.ts';
import { MemoryApi } from '../kube/memory-api.ts';
import { collect, giveUp, ledgerOf, scanOf } from './scan-bench.ts';

const none = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
const failing = { critical: 0, high: 0, medium: 0, low: 0 };
const tally = (targets: number, change: Partial<PolicyTally> = {}): PolicyTally => ({
  targets,
  summary: none,
  failing,
  checks: {},
  ...change,
});
const entry = (policies: Readonly<Record<string, PolicyTally>> = { p: tally(2) }, change: Partial<RescanEntry> = {}): RescanEntry => ({
  ...{ mark: 'm', reports: 'r', scanned: 2, policies },
  ...change,
});

describe('the entry of a namespace from an earlier scan', () => {
  const now = { mark: 'm', targets: 2, policies: { p: 2 } };
  for (const [what, found, state, reports, expected] of [
    ['holds if nothing has changed', entry(), now, 'r', true],
    ['does not hold without an entry', undefined, now, 'r', false],
    ['does not hold if its inputs cannot be determined', entry(), { ...now, mark: undefined }, 'r', false],
    ['does not hold if its reports cannot be determined', entry(), now, undefined, false],
    ['does not hold if an input has changed', entry(), { ...now, mark: 'other' }, 'r', false],
    ['does not hold if a report has changed', entry(), now, 'other', false],
    ['does not hold if there are more targets', entry(), { ...now, targets: 3 }, 'r', false],
    ['does not hold if a policy has other targets', entry(), { ...now, policies: { p: 1 } }, 'r', false],
    ['does not hold if another policy has targets', entry(), { ...now, policies: { p: 2, q: 1 } }, 'r', false],
    ['holds if a policy has no targets, named or not', entry({ p: tally(2), q: tally(0) }), now, 'r', true],
    ['holds if a policy is planned without targets', entry(), { ...now, policies: { p: 2, q: 0 } }, 'r', true],
  ] as const)
    it(what, () => expect(isUnchanged(found, state, reports)).to.equal(expected));

  it('agrees with what was planned if each policy has evaluated exactly that', () => {
    expect(countsAgree(entry({ p: tally(2), q: tally(1) }), { mark: undefined, targets: 2, policies: { q: 1, p: 2 } })).to.equal(true);
    expect(countsAgree(entry(), { mark: undefined, targets: 1, policies: { p: 2 } })).to.equal(false);
  });

  it('is the same after it was stored', () => {
    const full = tally(3, {
      summary: { pass: 1, fail: 2, warn: 3, error: 4, skip: 5 },
      failing: { critical: 6, high: 7, medium: 8, low: 9 },
      checks: { a: { pass: 1, fail: 0, warn: 2, error: 0, skip: 3 }, b: { ...none, fail: 4 } },
    });
    const index = new Map([
      ['', entry({ q: tally(1) }, { mark: 'x' })],
      ['shop', entry({ p: full, q: full }, { scanned: 9 })],
    ]);
    expect(indexOf(contentOf(index))).to.deep.equal(index);
    expect(contentOf(new Map([...index].toReversed()))).to.deep.equal(contentOf(index));
    expect(RESCAN_INDEX.read(contentOf(index), 1)).to.deep.equal(contentOf(index));
  });

  const whole = { policies: [], checks: [], namespaces: { a: ['m', 'r', 1, []] } };
  for (const [what, content] of Object.entries({
    null: null,
    'a text': 'x',
    'no policies': { ...whole, policies: undefined },
    'no checks': { ...whole, checks: {} },
    'no namespaces': { ...whole, namespaces: undefined },
    'namespaces that are a text': { ...whole, namespaces: 'a' },
    'a namespace that is no list': { ...whole, namespaces: { a: {} } },
    'a namespace with three parts': { ...whole, namespaces: { a: ['m', 'r', []] } },
    'a namespace with five parts': { ...whole, namespaces: { a: ['m', 'r', 1, [], 2] } },
    'a namespace without tallies': { ...whole, namespaces: { b: ['m', 'r', 1, []], a: ['m', 'r', 1, 2] } },
  }))
    it(`is not read from a document with ${what}`, () => expect(RESCAN_INDEX.read(content, 1)).to.equal(undefined));
});

describe('the targets of a scan', () => {
  const set = compilePolicies(
    [
      {
        name: 'p',
        spec: {
          scope: { namespaces: { selector: { matchLabels: { team: 'a' } } } },
          controls: [{ name: 'host-pid' }, { name: 'namespace-psa-enforced' }],
        },
      },
    ],
    {
      ...{ kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [] },
    },
  );
  const resource = (kind: string): ApiResource => builtinResources.find((each) => each.kind === kind) as ApiResource;
  const object = (name: string, namespace?: string): KubeObject => ({
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  });

  it('are in namespaces that exist, with the labels of the API server', async () => {
    const api = new MemoryApi();
    await api.create(RESOURCES.namespaces, { metadata: { name: 'shop', labels: { team: 'a' } } });
    await api.create(RESOURCES.namespaces, { metadata: { name: 'bare' } });
    await api.create(RESOURCES.namespaces, { metadata: { name: 'gone', deletionTimestamp: '2026-01-01T00:00:00Z' } });
    const found = await namespacesOf(api, new AbortController().signal);
    expect([...found]).to.deep.equal([
      ['shop', { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop', team: 'a' } }],
      ['bare', { name: 'bare', labels: { 'kubernetes.io/metadata.name': 'bare' } }],
    ]);
  });

  const namespaces = new Map([
    ['shop', { name: 'shop', labels: { team: 'a' } }],
    ['bank', { name: 'bank', labels: { team: 'b' } }],
  ]);
  for (const [what, spec, kind, of, policies] of [
    ['an object in a selected namespace', {}, 'Pod', object('x', 'shop'), ['p']],
    ['no object in another namespace', {}, 'Pod', object('x', 'bank'), []],
    ['no object in a namespace that is not known', {}, 'Pod', object('x', 'new'), []],
    ['a selected Namespace', {}, 'Namespace', { metadata: { name: 'shop', labels: { team: 'a' } } }, ['p']],
    ['no other Namespace', {}, 'Namespace', object('bank'), []],
    ['no object outside of the namespaces of the Scan', { namespaces: { include: ['bank'] } }, 'Pod', object('x', 'shop'), []],
    ['an object in the namespaces of the Scan', { namespaces: { include: ['sh*'] } }, 'Pod', object('x', 'shop'), ['p']],
    ['no Namespace outside of the namespaces of the Scan', { namespaces: { include: ['bank'] } }, 'Namespace', object('shop'), []],
    ['no cluster-scoped object for a Scan of some namespaces', { namespaces: { include: ['shop'] } }, 'ClusterRole', object('x'), []],
  ] as const)
    it(`include ${what}`, () => {
      expect(new TargetScope(set, spec as Scan['spec'], namespaces).policiesOf(resource(kind), of)).to.deep.equal(policies);
    });

  it('include an object of another kind called Namespace by its own namespace', () => {
    const other = { group: 'example.com', version: 'v1', resource: 'namespaces', kind: 'Namespace', namespaced: true };
    const rule = {
      name: 'r',
      matchConstraints: {
        resourceRules: [{ apiGroups: ['example.com'], apiVersions: ['*'], operations: ['CREATE'], resources: ['namespaces'] }],
      },
      validations: [{ expression: 'false' }],
    };
    const custom = compilePolicies([{ name: 'p', spec: { rules: [rule] } as never }], {
      kubernetesVersion: '1.36',
      resources: [...builtinResources, other],
      systemNamespaces: [],
    });
    const scope = new TargetScope(custom, {}, namespaces);
    expect([scope.policiesOf(other, object('new', 'shop')), scope.policiesOf(other, object('shop', 'new'))]).to.deep.equal([['p'], []]);
  });

  it('are reported if their kind is not served any more', () => {
    const served = builtinResources.filter(({ kind }) => kind !== 'Pod');
    expect(kindsNotServed(set, served)).to.deep.equal([
      { message: 'pods in the core API group was served when the scan began and is not served now', policies: ['p'] },
    ]);
  });
});

describe('the conditions of a Scan', () => {
  const conditions = (stage: ScanStage): string[] =>
    (scanStatus(scanOf(), stage, Date.parse('2026-01-01T00:01:00Z')).conditions ?? []).map(
      ({ type, status, reason, message }) => `${type} ${status} ${reason}${message === '' ? '' : `: ${message}`}`,
    );
  const waiting = (reason: string, message: string): string[] => [
    `Ready False ${reason}: ${message}`,
    `Reconciling True ${reason}: ${message}`,
    ...['Stalled', 'Complete', 'Failed'].map((type) => `${type} False ${reason}`),
  ];
  const failed = (reason: string, message: string): string[] => [
    `Ready False ${reason}: ${message}`,
    `Reconciling False ${reason}`,
    `Stalled True ${reason}: ${message}`,
    `Complete False ${reason}`,
    `Failed True ${reason}: ${message}`,
  ];
  const done = collect(collect(ledgerOf(), 0), 1);
  const hold = { reason: 'Unschedulable', message: 'no node' };
  for (const [what, stage, expected] of [
    ['is queued', { stage: 'queued', hold: { reason: 'Queued', message: 'waits' } }, waiting('Queued', 'waits')],
    ['is planned', { stage: 'planning', startTime: '' }, waiting('Planning', 'counting the targets in scope')],
    ['cannot be planned now', { stage: 'planning', startTime: '', hold }, waiting('Unschedulable', 'no node')],
    [
      'runs',
      { stage: 'running', ledger: ledgerOf() },
      [...waiting('Running', 'the pods of the scan evaluate the targets'), 'Covered Unknown Running'],
    ],
    [
      'waits for a node',
      { stage: 'running', ledger: ledgerOf(), hold },
      [...waiting('Unschedulable', 'no node'), 'Covered Unknown Running'],
    ],
    ['is refused', { stage: 'refused', reason: 'PolicyNotFound', message: 'no p' }, failed('PolicyNotFound', 'no p')],
    [
      'is stopped',
      { stage: 'stopped', ledger: collect(ledgerOf(), 0), reason: 'DeadlineExceeded', message: 'late' },
      [...failed('DeadlineExceeded', 'late'), 'Covered False Incomplete: 10 of 20 targets were not scanned'],
    ],
    [
      'ended with a failed shard',
      { stage: 'ended', ledger: giveUp(collect(ledgerOf(), 0), 1), images: undefined },
      [
        ...failed('Permanent', '1 of 2 shards could not be scanned; first failure: Permanent: broken'),
        'Covered False Incomplete: 10 of 20 targets could not be scanned',
      ],
    ],
    [
      'is complete',
      { stage: 'ended', ledger: done, images: undefined },
      [
        'Ready True Complete: shards scanned: 2/2',
        'Reconciling False Complete',
        'Stalled False Complete',
        'Complete True Complete: shards scanned: 2/2',
        'Failed False Complete',
        'Covered True AllScanned: 20 of 20 targets',
      ],
    ],
    [
      'is complete, and a kind was not read',
      {
        stage: 'ended',
        ledger: {
          ...done,
          uncovered: [
            { message: 'no pods', policies: [] },
            { message: 'no roles', policies: [] },
          ],
        },
        images: undefined,
      },
      [
        'Ready True Complete: shards scanned: 2/2',
        'Reconciling False Complete',
        'Stalled False Complete',
        'Complete True Complete: shards scanned: 2/2',
        'Failed False Complete',
        'Covered False Incomplete: no pods; no roles',
      ],
    ],
  ] as readonly (readonly [string, ScanStage, readonly string[]])[])
    it(`say that it ${what}`, () => expect(conditions(stage)).to.deep.equal(expected));

  it('come with the counts of all policies', () => {
    const totals = {
      p: tally(1, { summary: { ...none, fail: 1 }, failing: { ...failing, high: 1 } }),
      q: tally(1, { summary: { ...none, fail: 2, pass: 3 } }),
    };
    const jobs = [...ledgerOf().jobs, { ...ledgerOf().jobs[0]!, name: 'a2' }];
    const status: ScanStatus = scanStatus(
      scanOf(),
      { stage: 'running', ledger: { ...ledgerOf(), totals, jobs, carriedOver: { targets: 7, namespaces: [] } } },
      0,
    );
    expect(status).to.deep.include({
      ...{
        phase: 'Running',
        progress: '0/2',
        startTime: '2026-01-01T00:00:00Z',
        jobs: ['a1', 'a2'],
        carriedOver: 7,
        observedGeneration: 1,
      },
      ...{ summary: { ...none, fail: 3, pass: 3 }, failing: { ...failing, high: 1 } },
    });
    expect(status).not.to.have.property('shards');
    const broken = scanStatus(scanOf(), { stage: 'running', ledger: giveUp(ledgerOf(), 0) }, 0);
    expect(broken.shards).to.have.length(1);
  });
});

describe('the images of a scan', () => {
  const minute = (count: number): string => new Date(Date.parse('2026-01-01T00:00:00Z') + count * 60_000).toISOString().replace('.000', '');
  const seconds = (count: number): number => Date.parse(minute(count)) / 1000;
  const policy = { name: 'p', uid: 'p', generation: 1, revision: '1-a', listPasses: false, ownerLabels: [], excludedNamespaces: 0 };
  interface Case {
    readonly spec?: SecurityPolicy['spec'];
    readonly lastScanTime?: string | null;
    readonly sync?: number;
    readonly namespaces?: (namespace: string | undefined) => boolean;
  }
  async function found({ spec = { images: { secrets: {} } }, lastScanTime = minute(10), sync, namespaces = () => true }: Case = {}) {
    const api = new MemoryApi();
    const row = (at: number, high: number): number[] => [seconds(at), 0, high, 0, 0, 0, 0, 0, 0];
    await api.create(RESOURCES.reports, {
      metadata: {
        ...{ namespace: 'shop', name: 'r', labels: { 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/source': 'vigil-images' } },
        annotations: { 'vigil.dev/changes': JSON.stringify({ p: [row(5, 1), row(10, 2), row(25, 4), row(30, 8)] }) },
      },
    });
    const deps = {
      client: api,
      policies: { get: () => ({ metadata: { name: 'p' }, spec, status: lastScanTime === null ? {} : { lastScanTime } }) as SecurityPolicy },
      scans: { list: () => [] },
      clock: () => Date.parse(minute(30)),
      imageSyncStart: () => sync,
    } as unknown as ScanImagesDependencies;
    return scanImages(deps, scanOf(), { policies: [policy], includesNamespace: namespaces, signal: new AbortController().signal });
  }

  it('are the new and fixed findings since the last scan', async () => {
    expect(await found()).to.deep.equal({ since: minute(10), until: minute(30), new: { ...failing, high: 6 }, fixed: failing });
  });

  it('end with the start of a sync that is running: the next scan counts its findings', async () => {
    expect(await found({ sync: Date.parse(minute(20)) })).to.deep.include({ until: minute(20), new: { ...failing, high: 2 } });
  });

  it('are not counted before the first scan, and have no start', async () => {
    expect(await found({ lastScanTime: null })).to.deep.equal({ until: minute(30), new: failing, fixed: failing });
  });

  it('are only those of the namespaces of the scan', async () => {
    expect((await found({ namespaces: (namespace) => namespace !== 'shop' }))?.new).to.deep.equal(failing);
  });

  it('are undefined if no policy asks for images', async () => {
    expect(await found({ spec: {} })).to.equal(undefined);
  });
});

describe('withExceptions', () => {
  const counts = { pass: 3, fail: 5, error: 1, skip: 2 };
  const inReports = (failures: number, covered: number, isIncomplete = false) => ({
    failing: new Map([['a', failures]]),
    excepted: new Map([['a', covered]]),
    isIncomplete,
  });
  const of = (...[reports, tallies = new Map([['a', counts]])]: [ReturnType<typeof inReports>, Map<string, typeof counts>?]): unknown =>
    withExceptions(tallies, reports).get('a');

  it('counts covered failures apart, and as failures only those that the reports list', () => {
    expect(of(inReports(2, 3))).to.deep.equal({ ...counts, fail: 2, excepted: 3 });
    expect(of(inReports(0, 1))).to.deep.equal({ ...counts, fail: 0, excepted: 1 });
    expect(withExceptions(new Map([['b', counts]]), inReports(2, 3)).get('b')).to.deep.equal(counts);
    expect(of(inReports(0, 2), new Map())).to.deep.equal({ pass: 0, fail: 0, error: 0, skip: 0, excepted: 2 });
    expect(
      withExceptions(new Map([['a', counts]]), { failing: new Map(), excepted: new Map([['a', 1]]), isIncomplete: false }).get('a'),
    ).to.deep.include({ fail: 0 });
  });

  it('keeps at least the failures that are not covered if a report does not list all', () => {
    expect(of(inReports(1, 2, true))).to.deep.equal({ ...counts, fail: 3, excepted: 2 });
    expect(of(inReports(4, 2, true))).to.deep.equal({ ...counts, fail: 4, excepted: 2 });
  });
});

describe('an input that is lost', () => {
  it('says so in its name', () => expect(new InputLost('x').name).to.equal('InputLost'));
});
