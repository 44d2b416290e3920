import { expect } from 'chai';
import { ANNOTATIONS } from '../../../operator/api/group.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { buildReport } from '../../../operator/reports/building/report-builder.ts';
import { ownershipOf } from '../../../operator/reports/identity/report-ownership.ts';
import { ReportTotals, type ReportsSink } from '../../../operator/reports/sweeping/report-totals.ts';
import { finding, input, stored, target } from '../building/report-samples.ts';

/** A report about a Deployment with this name and this number of failures. */
const reportOf = (name: string, failures: number): KubeObject =>
  stored(
    buildReport(
      input({
        target: { ...target, name, uid: `${name}-uid` },
        results: Array.from({ length: failures }, (_, each) => finding(`check-${each}`)),
      }),
    ),
  );

describe('ReportTotals', () => {
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

  it('is undefined until both lists are complete', () => {
    const early = new ReportTotals('vigil');
    expect(early.get()).to.equal(undefined);
    const [first, second] = [early.part(), early.part()];
    list(first, reportOf('cart', 2));
    second.begin();
    expect(early.get()).to.equal(undefined);
    second.complete();
    expect(early.get()?.get('baseline')?.failing.high).to.equal(2);
  });

  it('returns the sums of all reports', () => {
    list(clusterWide, stored(buildReport(input({ target: { apiVersion: 'vigil.dev/v1alpha1', kind: 'Cluster', name: 'cluster' } }))));
    expect(totals.get()?.get('baseline')).to.deep.equal({
      summary: { pass: 15, fail: 7, warn: 0, error: 0, skip: 0 },
      failing: { critical: 0, high: 7, medium: 0, low: 0 },
    });
  });

  it('follows created, changed and deleted reports', () => {
    namespaced.changed('ADDED', reportOf('pay', 1));
    expect(failing()).to.equal(6);
    namespaced.changed('MODIFIED', reportOf('pay', 4));
    expect(failing()).to.equal(9);
    namespaced.changed('DELETED', reportOf('search', 3));
    expect([failing(), changes]).to.deep.equal([6, 5]);
  });

  it('does not call onChange for a report with the same counts', () => {
    namespaced.changed('MODIFIED', reportOf('cart', 2));
    expect([failing(), changes]).to.deep.equal([5, 2]);
  });

  it('removes reports that were deleted between two watches', () => {
    list(namespaced, reportOf('search', 3));
    expect([failing(), changes]).to.deep.equal([3, 3]);
  });

  it('keeps the totals when a list is interrupted', () => {
    namespaced.begin();
    namespaced.listed(reportOf('pay', 1));
    expect(failing()).to.equal(5);
    list(namespaced, reportOf('cart', 2));
    expect(failing()).to.equal(2);
  });

  it('ignores a full copy of a report in another location', () => {
    const { uid: _, ...nobody } = target;
    for (const name of ['forged', 'none']) {
      const report = stored(buildReport(input({ target: { ...nobody, name } })));
      expect(ownershipOf(report)).to.equal('ours');
      namespaced.changed('ADDED', report);
    }
    expect([failing(), changes]).to.deep.equal([5, 2]);
  });

  it('is undefined while the counts of a report are invalid, until they are written again', () => {
    const whole = reportOf('cart', 2);
    const annotations = { ...whole.metadata.annotations, [ANNOTATIONS.policies]: '{"baseline":["1-a",0,99,0,0,0,99,0,0,0]}' };
    namespaced.changed('MODIFIED', { metadata: { ...whole.metadata, annotations } });
    expect(totals.get()).to.equal(undefined);
    namespaced.changed('MODIFIED', whole);
    expect(failing()).to.equal(5);
  });

  it('is undefined after clear', () => {
    totals.clear();
    expect(totals.get()).to.equal(undefined);
  });
});
