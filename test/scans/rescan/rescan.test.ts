import { expect } from 'chai';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { CLUSTER_SCOPE } from '../../../operator/findings/namespace-marks.ts';
import { contentOf, indexOf, RESCAN_INDEX, type RescanIndex } from '../../../operator/scans/rescan/rescan-index.ts';
import { packDocument } from '../../../operator/kube/documents/document-format.ts';
import { KINDS, RescanBench, type Scanned } from './rescan-bench.ts';

const report = { namespace: 'blue', name: 'vigil-deployment-web' };
const outside = CLUSTER_SCOPE;
const everything = [outside, 'blue', 'green'];
const edited = (object: KubeObject | undefined): KubeObject => {
  if (!object) throw new Error('not found');
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, edited: 'yes' } } };
};
const binding = (subjects: unknown[] = []): KubeObject =>
  ({ metadata: { name: 'admin', namespace: 'green' }, roleRef: { kind: 'ClusterRole', name: 'system:discovery' }, subjects }) as KubeObject;

/** A cluster that was scanned once. */
async function scanned(): Promise<RescanBench> {
  const bench = new RescanBench();
  expect((await bench.scan()).evaluated).to.deep.equal(everything);
  return bench;
}

const again = async (change: (bench: RescanBench) => unknown): Promise<readonly string[]> => {
  const bench = await scanned();
  change(bench);
  return (await bench.scan()).evaluated;
};

describe('a rescan without changes', () => {
  it('has no shards, writes no report, and has the same totals', async () => {
    const bench = new RescanBench();
    const first = await bench.scan();
    expect(first.written).to.include('create vigil-deployment-web');
    expect(first.totals['p']?.failing).to.deep.equal({ critical: 0, high: 2, medium: 2, low: 0 });
    const second = await bench.scan();
    expect(second.plan.shards).to.deep.equal([]);
    expect(second.written).to.deep.equal([]);
    expect(second.totals).to.deep.equal(first.totals);
  });

  it('reads reports once, when it is planned', async () => {
    const bench = await scanned();
    expect((await bench.scan()).swept).to.deep.equal([]);
  });

  it('deletes reports in namespaces without targets in scope', async () => {
    const bench = await scanned();
    for (const [kind, name] of [
      [KINDS.deployments, 'web'],
      [KINDS.services, 'web'],
    ] as const)
      bench.objects.remove(kind, { namespace: 'blue', name });
    const { evaluated, written } = await bench.scan();
    expect([evaluated, written]).to.deep.equal([[], ['delete vigil-deployment-web', 'delete vigil-service-web']]);
  });

  it('reads no object of a carried-over namespace, since its reports are current', async () => {
    const bench = await scanned();
    bench.deployment('blue', 'web', false);
    const { swept } = await bench.scan();
    expect(swept.map((path) => path.split('/').at(-1))).to.deep.equal(['policyreports', 'clusterpolicyreports']);
  });

  it('carries namespaces over again', async () => {
    const bench = await scanned();
    await bench.scan();
    bench.objects.writes.length = 0;
    expect((await bench.scan()).evaluated).to.deep.equal([]);
    // The index is unchanged, too.
    expect(bench.objects.writes).to.deep.equal([]);
  });

  it('adds up carried-over and evaluated namespaces', async () => {
    const bench = await scanned();
    bench.deployment('blue', 'more');
    const { evaluated, totals, plan } = await bench.scan();
    expect(evaluated).to.deep.equal(['blue']);
    expect(totals['p']?.targets).to.equal(((await bench.scan({ full: true })).totals['p'] ?? { targets: 0 }).targets);
    expect(plan.shards.flatMap(({ slices }) => slices).reduce((sum, { targets }) => sum + targets, 0)).to.equal(3);
  });
});

describe('the counts of a rule that evaluates nothing', () => {
  const none = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
  const selecting = (app: string): RescanBench => {
    const bench = new RescanBench();
    const [pods, deployments] = [['pods'], ['deployments']].map((resources) => ({
      ...{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE' as const], resources },
    }));
    const validations = [{ expression: 'true' }];
    const objectSelector = { matchLabels: { app } };
    bench.spec = {
      ...bench.spec,
      rules: [
        { name: 'selector', matchConstraints: { resourceRules: [deployments!], objectSelector }, validations },
        { name: 'no-object', matchConstraints: { resourceRules: [pods!] }, validations },
      ],
    };
    return bench;
  };
  const countsOf = ({ totals }: Scanned): unknown => [totals['p']?.checks['selector'], totals['p']?.checks['no-object']];

  it('are zero, unlike those of a rule whose kinds have no object', async () => {
    expect(countsOf(await selecting('shpo').scan())).to.deep.equal([none, undefined]);
  });

  it('are carried over', async () => {
    const bench = selecting('shpo');
    await bench.scan();
    const second = await bench.scan();
    expect([second.evaluated, countsOf(second)]).to.deep.equal([[], [none, undefined]]);
  });

  it('include a namespace that has changed since', async () => {
    const bench = selecting('shop');
    await bench.scan();
    const deployment = bench.objects.at(KINDS.deployments, { namespace: 'blue', name: 'web' })!;
    bench.objects.put(KINDS.deployments, { ...deployment, metadata: { ...deployment.metadata, labels: { app: 'shop' } } });
    const second = await bench.scan();
    expect([second.evaluated, countsOf(second)]).to.deep.equal([['blue'], [{ ...none, pass: 1 }, undefined]]);
    const third = await bench.scan();
    expect([third.evaluated, countsOf(third)]).to.deep.equal([[], [{ ...none, pass: 1 }, undefined]]);
  });
});

describe('a rescan evaluates again', () => {
  const reasons: readonly [reason: string, change: (bench: RescanBench) => unknown, evaluated: readonly string[]][] = [
    ['a namespace in which an object was changed', (bench) => bench.deployment('blue', 'web', false), ['blue']],
    [
      'a namespace in which an object was deleted',
      ({ objects }) => objects.remove(KINDS.deployments, { namespace: 'blue', name: 'web' }),
      ['blue'],
    ],
    ['a namespace with a new object', (bench) => bench.deployment('blue', 'new'), ['blue']],
    [
      'a namespace with another object of the same name',
      (bench) => {
        bench.objects.remove(KINDS.deployments, { namespace: 'blue', name: 'web' });
        bench.deployment('blue', 'web');
      },
      ['blue'],
    ],
    [
      'a namespace in which a pod of a target was created',
      ({ objects }) =>
        objects.put(KINDS.pods, {
          metadata: {
            name: 'web-1',
            namespace: 'blue',
            ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u', controller: true }],
          },
        }),
      ['blue'],
    ],
    [
      'a namespace with other labels, and the cluster-scoped objects',
      ({ objects }) => objects.put(KINDS.namespaces, { metadata: { name: 'blue', labels: { tier: 'prod' } } }),
      [outside, 'blue'],
    ],
    [
      'the workloads of all namespaces, if a RoleBinding was created in one, since it may grant them permissions',
      ({ objects }) => objects.put(KINDS.roleBindings, binding()),
      ['blue', 'green'],
    ],
    ['all, if the policy was edited', (bench) => (bench.generation = 2), everything],
    [
      'all, if the policy was edited and its generation is the same, as after a restore',
      (bench) => (bench.spec = { controls: [...(bench.spec.controls ?? []), { name: 'host-pid' }] }),
      everything,
    ],
    ['all, if another program evaluates', (bench) => (bench.program = 'vigil:2'), everything],
    ['all, if the server has another version', (bench) => (bench.kubernetesVersion = '1.35'), everything],
    [
      'all, if a listed kind is served in another version',
      (bench) => (bench.resources = [...bench.resources, { ...KINDS.deployments, version: 'v2' }]),
      everything,
    ],
    [
      'a namespace with a report that a user edited',
      ({ objects }) => objects.put(KINDS.reports, edited(objects.at(KINDS.reports, report))),
      ['blue'],
    ],
    ['a namespace with a report that a user deleted', ({ objects }) => objects.remove(KINDS.reports, report), ['blue']],
    [
      'a namespace with a report that a user created',
      ({ objects }) => {
        const { metadata, ...rest } = edited(objects.at(KINDS.reports, report));
        objects.put(KINDS.reports, { ...rest, metadata: { ...metadata, name: 'vigil-forged' } });
      },
      ['blue'],
    ],
    [
      'the cluster-scoped objects, if the report about a Namespace was deleted',
      ({ objects }) => objects.remove(KINDS.reports, { namespace: 'green', name: 'vigil-namespace-green' }),
      [outside],
    ],
  ];
  for (const [reason, change, evaluated] of reasons)
    it(reason, async () => {
      expect(await again(change)).to.deep.equal(evaluated);
    });

  it('everything, if spec.full is true, and stores the results for the next scan', async () => {
    const bench = await scanned();
    expect((await bench.scan({ full: true })).evaluated).to.deep.equal(everything);
    expect((await bench.scan()).evaluated).to.deep.equal([]);
  });

  it('a namespace with a verdict that is an error, each time', async () => {
    const bench = new RescanBench();
    bench.objects.put(KINDS.deployments, { metadata: { name: 'odd', namespace: 'blue' }, spec: { template: 'no template' } } as KubeObject);
    const { totals } = await bench.scan();
    expect(totals['p']?.summary.error).to.be.greaterThan(0);
    expect((await bench.scan()).evaluated).to.deep.equal(['blue']);
    expect((await bench.scan()).evaluated).to.deep.equal(['blue']);
  });

  it('everything, if a kind that verdicts depend on cannot be listed', async () => {
    const bench = await scanned();
    bench.objects.refused.add('/rolebindings');
    // No verdict on cluster-scoped objects depends on RoleBindings here.
    expect((await bench.scan()).evaluated).to.deep.equal(['blue', 'green']);
    bench.objects.refused.clear();
    expect((await bench.scan()).evaluated).to.deep.equal(['blue', 'green']);
    expect((await bench.scan()).evaluated).to.deep.equal([]);
  });

  it('a namespace in which an object was changed during the scan', async () => {
    const bench = new RescanBench();
    bench.meanwhile = () => bench.deployment('blue', 'web', false);
    await bench.scan();
    bench.meanwhile = () => undefined;
    expect((await bench.scan()).evaluated).to.deep.equal(['blue']);
  });

  it('all, if workers read an object that existed only during the scan', async () => {
    const bench = new RescanBench();
    const { objects } = bench;
    bench.meanwhile = () => objects.put(KINDS.roleBindings, binding());
    bench.afterwards = () => objects.remove(KINDS.roleBindings, binding().metadata);
    await bench.scan();
    bench.meanwhile = bench.afterwards = () => undefined;
    expect((await bench.scan()).evaluated).to.include.members(['blue', 'green']);
  });

  it('a namespace in which the sweep deleted a report, once', async () => {
    const bench = await scanned();
    bench.objects.remove(KINDS.deployments, { namespace: 'blue', name: 'web' });
    const { written } = await bench.scan();
    expect(written).to.include('delete vigil-deployment-web');
    expect((await bench.scan()).evaluated).to.deep.equal(['blue']);
    expect((await bench.scan()).evaluated).to.deep.equal([]);
  });

  it('all, if the document is of an unknown version or damaged, and writes a new one', async () => {
    const contents = [
      packDocument({ ...RESCAN_INDEX, formatVersion: 99 }, { policies: [], checks: [], namespaces: {} }),
      Buffer.from('no document'),
    ];
    for (const bytes of contents) {
      const bench = await scanned();
      const [head] = bench.objects.list(KINDS.configMaps);
      bench.objects.put(KINDS.configMaps, { ...head, binaryData: { document: bytes.toString('base64') } } as unknown as KubeObject);
      expect((await bench.scan()).evaluated).to.deep.equal(everything);
      expect((await bench.scan()).evaluated).to.deep.equal([]);
    }
  });
});

describe('a binding to a ServiceAccount of another namespace', () => {
  const toBlue = { kind: 'ServiceAccount', name: 'web', namespace: 'blue' };
  const dangling = ({ totals }: Scanned): unknown => totals['p']?.checks['rbac-dangling-binding'];

  it('is not dangling, in any combination of scanned namespaces', async () => {
    const bench = new RescanBench();
    bench.objects.put(KINDS.roleBindings, { ...binding([toBlue]), metadata: { name: 'b', namespace: 'green' } });
    expect(dangling(await bench.scan())).to.deep.include({ pass: 1, fail: 0 });
  });

  it('has only its own namespace evaluated again when ServiceAccounts of other namespaces change', async () => {
    const bench = new RescanBench();
    // Nothing here asks about the accounts of workloads.
    bench.spec = { controls: [{ name: 'rbac-dangling-binding' }] };
    bench.objects.put(KINDS.roleBindings, { ...binding([toBlue]), metadata: { name: 'b', namespace: 'green' } });
    await bench.scan();
    bench.objects.remove(KINDS.accounts, { name: 'web', namespace: 'blue' });
    const after = await bench.scan();
    expect(after.evaluated).to.deep.equal(['green']);
    expect(dangling(after)).to.deep.include({ pass: 0, fail: 1 });
  });
});

describe('a scan of some namespaces', () => {
  const some = { namespaces: { include: ['blue'] } };

  it('carries over their verdicts, and keeps the entries of other namespaces', async () => {
    const bench = await scanned();
    expect((await bench.scan(some)).evaluated).to.deep.equal([outside]);
    bench.deployment('blue', 'web', false);
    expect((await bench.scan(some)).evaluated).to.deep.equal([outside, 'blue']);
    expect((await bench.scan()).evaluated).to.deep.equal([]);
  });
});

describe('the index of a rescan', () => {
  it('is the same after a round trip through its document', async () => {
    const tally = (scan: Scanned): RescanIndex =>
      new Map([
        ['', { mark: 'm', reports: 'r', scanned: 3, policies: scan.totals }],
        ['blue', { mark: 'n', reports: 's', scanned: 0, policies: {} }],
      ]);
    const index = tally(await new RescanBench().scan());
    const content: unknown = JSON.parse(JSON.stringify(contentOf(index)));
    const read = RESCAN_INDEX.read(content, 1);
    expect(read && indexOf(read)).to.deep.equal(index);
  });
});
