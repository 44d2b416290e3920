import { expect } from 'chai';
import { ANNOTATIONS } from '../../../operator/api/group.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { buildReport } from '../../../operator/reports/building/report-builder.ts';
import { ownershipOf } from '../../../operator/reports/identity/report-ownership.ts';
import { ReportTotals, type ReportsSink } from '../../../operator/reports/sweeping/report-totals.ts';
import { finding, input, stored, target } from '../building/report-samples.ts';

/** A report about a Deployment of a name, with so many failures. */
const reportOf = (name: string, failures: number): KubeObject =>
  stored(
    buildReport(
      input({
        target: { ...target, name, uid: `${name}-uid` },
        results: Array.from({ length: failures }, (_, each) => finding(`check-${each}`)),
      }),
    ),
  );

describe('totals kept by a watch of reports', () => {
  let changes: number;
  let totals: ReportTotals;
  let namespaced: ReportsSink;
  let clusterWide: ReportsSink;
  const failing = (): number | undefined => totals.get()?.get('baseline')?.summary.fail;
  const list = (sink: ReportsSink, ...reports: readonly KubeObject[]): void => {
    sink.begin();
    for (const report of reports) sink.listed(report);
    sink.complete();
  };

  beforeEach(() => {
    changes = 0;
    totals = new ReportTotals('vigil', () => changes++);
    namespaced = totals.part();
    clusterWide = totals.part();
    list(clusterWide);
    list(namespaced, reportOf('cart', 2), reportOf('search', 3));
  });

  it('are unknown until both lists are complete', () => {
    const early = new ReportTotals('vigil');
    expect(early.get()).to.equal(undefined);
    const [first, second] = [early.part(), early.part()];
    list(first, reportOf('cart', 2));
    second.begin();
    expect(early.get()).to.equal(undefined);
    second.complete();
    expect(early.get()?.get('baseline')?.failing.high).to.equal(2);
  });

  it('are the sums over all reports', () => {
    list(clusterWide, stored(buildReport(input({ target: { apiVersion: 'vigil.dev/v1alpha1', kind: 'Cluster', name: 'cluster' } }))));
    expect(totals.get()?.get('baseline')).to.deep.equal({
      summary: { pass: 15, fail: 7, warn: 0, error: 0, skip: 0 },
      failing: { critical: 0, high: 7, medium: 0, low: 0 },
    });
  });

  it('follow reports that are made, changed and deleted', () => {
    namespaced.changed('ADDED', reportOf('pay', 1));
    expect(failing()).to.equal(6);
    namespaced.changed('MODIFIED', reportOf('pay', 4));
    expect(failing()).to.equal(9);
    namespaced.changed('DELETED', reportOf('search', 3));
    expect([failing(), changes]).to.deep.equal([6, 5]);
  });

  it('do not change with a report that counts the same', () => {
    namespaced.changed('MODIFIED', reportOf('cart', 2));
    expect([failing(), changes]).to.deep.equal([5, 2]);
  });

  it('lose what was deleted while nobody watched', () => {
    list(namespaced, reportOf('search', 3));
    expect([failing(), changes]).to.deep.equal([3, 3]);
  });

  it('stay while a list that began breaks off', () => {
    namespaced.begin();
    namespaced.listed(reportOf('pay', 1));
    expect(failing()).to.equal(5);
    list(namespaced, reportOf('cart', 2));
    expect(failing()).to.equal(2);
  });

  it('count no report in another place than that of its owner, with everything copied that Vigil writes', () => {
    const { uid: _, ...nobody } = target;
    for (const name of ['forged', 'none']) {
      const report = stored(buildReport(input({ target: { ...nobody, name } })));
      expect(ownershipOf(report)).to.equal('ours');
      namespaced.changed('ADDED', report);
    }
    expect([failing(), changes]).to.deep.equal([5, 2]);
  });

  it('are unknown while the counts of a report are edited, and known again when they are written anew', () => {
    const whole = reportOf('cart', 2);
    const annotations = { ...whole.metadata.annotations, [ANNOTATIONS.policies]: '{"baseline":["1-a",0,99,0,0,0,99,0,0,0]}' };
    namespaced.changed('MODIFIED', { metadata: { ...whole.metadata, annotations } });
    expect(totals.get()).to.equal(undefined);
    namespaced.changed('MODIFIED', whole);
    expect(failing()).to.equal(5);
  });

  it('are unknown once they are cleared', () => {
    totals.clear();
    expect(totals.get()).to.equal(undefined);
  });
});
