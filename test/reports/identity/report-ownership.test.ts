import { expect } from 'chai';
import { ANNOTATIONS } from '../../../operator/api/group.ts';
import type { KubeObject, ManagedFields, ObjectMeta } from '../../../operator/api/metadata.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { buildReport, withoutPolicies } from '../../../operator/reports/building/report-builder.ts';
import { policyLabel } from '../../../operator/reports/identity/report-name.ts';
import { priorReport } from '../../../operator/reports/identity/prior-report.ts';
import { countedIn, ownershipOf } from '../../../operator/reports/identity/report-ownership.ts';
import { isTakenOver, returnedReport } from '../../../operator/reports/publishing/returned-report.ts';
import { built, evaluated, finding, input, stored } from '../building/report-samples.ts';

const changed = (report: PolicyReport, change: Partial<ObjectMeta>): PolicyReport => ({
  ...report,
  metadata: { ...report.metadata, ...change },
});
const annotated = (report: PolicyReport, name: string, text: string | undefined): PolicyReport => {
  const { [name]: _, ...rest } = report.metadata.annotations ?? {};
  return changed(report, { annotations: text === undefined ? rest : { ...rest, [name]: text } });
};
const somebody: ManagedFields[] = [
  {
    manager: 'kubectl',
    operation: 'Update',
    fieldsV1: { 'f:metadata': { 'f:labels': { 'f:app.kubernetes.io/managed-by': {} } }, 'f:results': {} },
  },
];
const foreignResult = { source: 'Other', policy: 'their-policy', rule: 'their-rule', result: 'fail' as const, message: 'theirs' };

describe('ownershipOf', () => {
  const ours = built();
  const { labels = {} } = ours.metadata;
  const { 'app.kubernetes.io/managed-by': _, ...unlabelled } = labels;
  const legacy = annotated(ours, ANNOTATIONS.digest, undefined);
  const table: readonly (readonly [string, KubeObject, ReturnType<typeof ownershipOf>])[] = [
    ['a report that Vigil wrote', ours, 'ours'],
    ['a report that was restored from a backup by another field manager', changed(ours, { managedFields: somebody }), 'ours'],
    ['a report whose label another writer removed', changed(ours, { labels: unlabelled }), 'damaged'],
    ['a report with invalid counts', annotated(ours, ANNOTATIONS.policies, 'broken'), 'damaged'],
    ['a report with changed counts', annotated(ours, ANNOTATIONS.policies, '{"baseline":[1,5,99,0,0,0,99,0,0,0]}'), 'damaged'],
    ['a report with a changed digest', annotated(ours, ANNOTATIONS.digest, 'x y'), 'damaged'],
    ['a report of an older version without a digest', legacy, 'ours'],
    ['a report of an older version with invalid counts', annotated(legacy, ANNOTATIONS.policies, '{'), 'damaged'],
    ['a copy of a report under another name', changed(ours, { name: 'mine', managedFields: somebody }), 'foreign'],
    [
      'a report of another writer with the label of Vigil',
      { metadata: { name: 'x', labels: { ...labels }, managedFields: somebody } },
      'foreign',
    ],
    [
      'a report of another writer with the name of a report of Vigil',
      { metadata: { name: ours.metadata.name, namespace: 'shop' } },
      'foreign',
    ],
    [
      'a forged report with counts for a policy',
      {
        metadata: {
          name: 'forged',
          labels: { ...labels },
          annotations: { [ANNOTATIONS.policies]: '{"baseline":[1,0,99,0,0,0,99,0,0,0]}' },
          managedFields: somebody,
        },
      },
      'foreign',
    ],
  ];
  for (const [what, report, expected] of table) it(`returns ${expected} for ${what}`, () => expect(ownershipOf(report)).to.equal(expected));

  it('returns the counts of trusted metadata, undefined for changed metadata, and none for a foreign report', () => {
    expect(countedIn(ours)?.['baseline']?.summary.fail).to.equal(2);
    expect(countedIn(annotated(ours, ANNOTATIONS.policies, 'broken'))).to.equal(undefined);
    expect(
      countedIn({ metadata: { name: 'x', labels, annotations: { ...ours.metadata.annotations }, managedFields: somebody } }),
    ).to.deep.equal({});
  });
});

describe('changes of other writers to a report of Vigil', () => {
  const both = built({ policies: [evaluated(), evaluated('other')], results: [finding('host-pid'), finding('team', { policy: 'other' })] });

  it('removes results of other writers with the next write', () => {
    const forged = { ...both.results![0]!, rule: 'forged', severity: 'critical' as const };
    const edited = { ...both, results: [...both.results!, foreignResult, forged] };
    expect(priorReport(edited).foreign.map(({ rule }) => rule)).to.deep.equal(['their-rule', 'forged']);
    const next = buildReport(input({ existing: edited, results: [finding('host-pid')] }));
    expect(next?.results?.map(({ policy, rule }) => [policy, rule])).to.deep.equal([
      ['baseline', 'host-pid'],
      ['other', 'team'],
    ]);
    expect(next?.summary?.fail).to.equal(2);
  });

  it('keeps the results of other policies when the counts are invalid and one policy is withdrawn', () => {
    for (const text of ['broken', '{}', '[]', '{"baseline":[1]}', undefined]) {
      const rest = withoutPolicies(annotated(both, ANNOTATIONS.policies, text), ['baseline']);
      expect(rest?.results?.map(({ policy, rule }) => [policy, rule])).to.deep.equal([['other', 'team']]);
      expect(rest?.summary?.fail).to.equal(1);
      expect(ownershipOf(stored(rest))).to.equal('ours');
    }
  });

  it('keeps a policy that only the labels name, because all its checks passed', () => {
    const passed = built({ policies: [evaluated(), evaluated('other')], results: [finding('host-pid')] });
    const rest = withoutPolicies(annotated(passed, ANNOTATIONS.policies, 'broken'), ['baseline']);
    expect(rest?.metadata.labels).to.have.property(policyLabel('other'));
    expect(withoutPolicies(stored(rest), ['other'])).to.equal(undefined);
  });

  it('keeps the counts when another writer removed only results', () => {
    const edited = { ...both, results: [] };
    expect(priorReport(edited).ledger['other']?.summary.fail).to.equal(1);
    expect(buildReport(input({ existing: edited, results: [finding('host-pid')] }))?.summary?.fail).to.equal(2);
  });

  it('keeps labels and annotations of other writers, and does not write because of them', () => {
    const theirs: ManagedFields = {
      manager: 'argocd',
      operation: 'Update',
      fieldsV1: { 'f:metadata': { 'f:labels': { 'f:their/label': {} }, 'f:annotations': { 'f:their/note': {} } } },
    };
    const report = built();
    const edited = changed(report, {
      labels: { ...report.metadata.labels, 'their/label': 'x', 'dropped/label': 'ours' },
      annotations: { ...report.metadata.annotations, 'their/note': 'y' },
      managedFields: [...(report.metadata.managedFields ?? []), theirs],
    });
    const next = buildReport(input({ existing: edited }));
    expect(next?.metadata.labels).to.deep.equal({ ...report.metadata.labels, 'their/label': 'x' });
    expect(next?.metadata.annotations).to.include({ 'their/note': 'y' });
    expect(buildReport(input({ existing: stored(next, edited.metadata.managedFields) }))).to.equal(undefined);
  });
});

describe('returnedReport', () => {
  const own = built();
  const mixed = annotated({ ...own, results: [foreignResult, ...own.results!] }, ANNOTATIONS.digest, undefined);

  it('applies only to reports without a digest that have results of another writer', () => {
    expect(isTakenOver(mixed)).to.equal(true);
    expect(isTakenOver({ ...own, results: [foreignResult, ...own.results!] })).to.equal(false);
    expect(isTakenOver(annotated(own, ANNOTATIONS.digest, undefined))).to.equal(false);
  });

  it('keeps the results of the other writer and removes the metadata of Vigil', () => {
    const back = returnedReport(changed(mixed, { labels: { ...mixed.metadata.labels, app: 'theirs' } }));
    expect(back.results).to.deep.equal([foreignResult]);
    expect(back.summary).to.deep.equal({ pass: 0, fail: 1, warn: 0, error: 0, skip: 0 });
    expect([back.metadata.labels, back.metadata.annotations, back.metadata.ownerReferences]).to.deep.equal([{ app: 'theirs' }, {}, []]);
  });
});
