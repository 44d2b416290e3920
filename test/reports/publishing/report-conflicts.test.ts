import { expect } from 'chai';
import { ANNOTATIONS, LABELS } from '../../../operator/api/group.ts';
import { conflictEvent } from '../../../operator/reports/publishing/conflict-event.ts';
import { readReports } from '../../../operator/reports/sweeping/report-sweeper.ts';
import { desired, PublishingBench, theirs } from '../published-reports.ts';

const usual = 'vigil-configmap-a';
const signal = new AbortController().signal;

describe('reports of other tools', () => {
  let bench: PublishingBench;
  beforeEach(() => void (bench = new PublishingBench()));
  const beside = (): string => bench.names.find((name) => /^shop\/vigil-configmap-a-[0-9a-f]{10}$/.test(name))?.slice(5) ?? '';
  const failing = async (policy = 'web'): Promise<number> => (await readReports(bench.api, signal)).totals.get(policy)?.summary.fail ?? 0;

  for (const [what, labels] of [
    ['without the label of Vigil', {}],
    ['with the label of Vigil', { [LABELS.managedBy]: 'vigil', [LABELS.source]: 'vigil', 'policy.vigil.dev/web': 'true' }],
  ] as const)
    it(`keep their name, ${what}: Vigil writes an alternative report`, async () => {
      const before = await bench.create(theirs(usual, labels));
      for (const checks of [['one'], ['one'], ['one', 'two']]) await bench.publisher.publish([desired('a', checks)]);
      expect(bench.conflicts.map(({ reason, report }) => [reason, report])).to.deep.equal(Array(3).fill(['NameTaken', beside()]));
      expect(bench.conflicts[0]?.message).to.equal(
        `another writer owns the report ${usual}; Vigil does not change it and writes its results to the report ${beside()}`,
      );
      expect([await failing(), await failing('their-policy')]).to.deep.equal([2, 0]);
      expect(await bench.publisher.withdrawFrom(desired('a', []), ['web'])).to.equal(true);
      expect(await bench.remove('web', 'their-policy')).to.equal(0);
      expect(bench.names).to.deep.equal([`shop/${usual}`]);
      expect(bench.reports.get(`shop/${usual}`)?.metadata.resourceVersion).to.equal(before.metadata.resourceVersion);
    });

  it('under both names leave no place: the report is refused', async () => {
    await bench.create(theirs(usual));
    await bench.publisher.publish([desired('a', ['one'])]);
    const other = beside();
    await bench.remove('web');
    await bench.create(theirs(other));
    const { refused } = await bench.publisher.publish([desired('a', ['one'])]);
    expect(refused.map(({ message }) => message)).to.deep.equal([
      `other writers own both possible reports, ${usual} and ${other}; delete one of them`,
    ]);
  });

  it('that are deleted leave the one report that Vigil has', async () => {
    await bench.create(theirs(usual));
    const many = ['a', 'b', 'c', 'd'].map((name) => desired(name, ['one']));
    await bench.publisher.publish(many);
    await bench.api.delete(
      { group: 'wgpolicyk8s.io', version: 'v1alpha2', resource: 'policyreports', kind: 'PolicyReport', namespaced: true },
      { namespace: 'shop', name: usual },
    );
    expect(await bench.publisher.publish(many)).to.deep.include({ written: 0, unchanged: 4 });
    expect(await bench.publisher.publish(many.slice(0, 1))).to.deep.include({ written: 0, unchanged: 1 });
    expect(bench.names).to.have.length(4);
  });

  it('cause an Event about the object', () => {
    expect(conflictEvent({ reason: 'NameTaken', message: 'm' })).to.deep.equal({
      type: 'Warning',
      reason: 'ReportNameTaken',
      message: 'm',
    });
    expect(conflictEvent({ reason: 'ForeignResults', message: 'm' })).to.deep.include({ reason: 'ForeignResultsRemoved' });
  });
});

describe('changes of Vigil’s reports by other tools', () => {
  let bench: PublishingBench;
  beforeEach(async () => {
    bench = new PublishingBench();
    await bench.publisher.publish([desired('a', ['one'])]);
  });
  const report = () => bench.reports.get(`shop/${usual}`);

  it('of results are removed, and reported as a conflict', async () => {
    const { results = [] } = report() ?? {};
    await bench.edit(usual, { results: [...results, ...(theirs('').results ?? [])] });
    await bench.publisher.publish([desired('a', ['one'])]);
    expect(report()?.results).to.deep.equal(results);
    expect(bench.conflicts).to.deep.equal([
      {
        reason: 'ForeignResults',
        report: usual,
        message: `Vigil removed 1 results of another writer from its report ${usual}; other tools must write their own reports`,
      },
    ]);
  });

  it('of the label of Vigil are undone', async () => {
    for (const label of [null, 'helm']) {
      await bench.edit(usual, { metadata: { labels: { [LABELS.managedBy]: label } } });
      expect(await bench.publisher.publish([desired('a', ['one'])])).to.deep.include({ written: 1, refused: [] });
      expect([report()?.metadata.labels?.[LABELS.managedBy], bench.names.length]).to.deep.equal(['vigil', 1]);
    }
  });

  it('of the counts do not count: the results are read', async () => {
    await bench.publisher.publish([desired('a', ['two'], 'other')]);
    await bench.edit(usual, { metadata: { annotations: { [ANNOTATIONS.policies]: 'broken' } } });
    const failing = async (policy: string): Promise<number | undefined> =>
      (await readReports(bench.api, signal)).totals.get(policy)?.summary.fail;
    expect([await failing('web'), await failing('other')]).to.deep.equal([1, 1]);
    expect(await bench.remove('web')).to.equal(1);
    expect(report()?.results?.map(({ policy, rule }) => [policy, rule])).to.deep.equal([['other', 'two']]);
    expect(await bench.remove('other')).to.equal(1);
    expect(bench.names).to.deep.equal([]);
  });

  it('keep the labels that they added, and lose labels that Vigil copied before', async () => {
    const labelled = (ownerLabels: string[]): ReturnType<typeof desired> => {
      const { target, policies, ...rest } = desired('a', ['one']);
      return { ...rest, target: { ...target, labels: { team: 'a' } }, policies: policies.map((each) => ({ ...each, ownerLabels })) };
    };
    await bench.publisher.publish([labelled(['team', 'absent'])]);
    await bench.edit(usual, { metadata: { labels: { 'their/label': 'x' } } });
    expect(await bench.publisher.publish([labelled(['team', 'absent'])])).to.deep.include({ written: 0 });
    expect(report()?.metadata.labels).to.include({ team: 'a' }).and.not.to.have.property('absent');
    await bench.publisher.publish([labelled([])]);
    expect([report()?.metadata.labels?.['team'], report()?.metadata.labels?.['their/label']]).to.deep.equal([undefined, 'x']);
  });

  it('of an older version of Vigil: a report of another tool that it wrote into is given back', async () => {
    await bench.remove('web');
    await bench.create(theirs(usual, { app: 'theirs' }));
    await bench.api.patch(
      { group: 'wgpolicyk8s.io', version: 'v1alpha2', resource: 'policyreports' } as never,
      { namespace: 'shop', name: usual },
      {
        metadata: {
          labels: { [LABELS.managedBy]: 'vigil', [LABELS.source]: 'vigil' },
          annotations: { [ANNOTATIONS.policies]: JSON.stringify({ web: [1, 2, 1, 0, 0, 0, 1, 0, 0, 0] }) },
          ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'u-a' }],
        },
        scope: { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'shop', uid: 'u-a' },
        results: [
          ...(theirs('').results ?? []),
          { source: 'vigil', policy: 'web', rule: 'one', result: 'fail', severity: 'critical', message: 'one fails' },
        ],
      },
      { manager: 'vigil' },
    );
    await bench.publisher.publish([desired('a', ['one'])]);
    const back = report();
    expect(back?.results?.map(({ source }) => source)).to.deep.equal(['Other']);
    expect([back?.metadata.labels, back?.metadata.ownerReferences, back?.summary]).to.deep.equal([
      { app: 'theirs' },
      [],
      { pass: 0, fail: 1, warn: 0, error: 0, skip: 0 },
    ]);
    expect(bench.names).to.have.length(2);
  });
});
