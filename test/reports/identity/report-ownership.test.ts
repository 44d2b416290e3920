import { expect } from 'chai';
import { ANNOTATIONS } from '../../../operator/api/group.ts';
import type { KubeObject, ManagedFields, ObjectMeta } from '../../../operator/api/metadata.ts';
import type { PolicyReport } from '../../../operator/api/policy-report.ts';
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

describe('whose a report is', () => {
  const ours = built();
  const { labels = {} } = ours.metadata;
  const { 'app.kubernetes.io/managed-by': _, ...unlabelled } = labels;
  const legacy = annotated(ours, ANNOTATIONS.digest, undefined);
  const table: readonly (readonly [string, KubeObject, ReturnType<typeof ownershipOf>])[] = [
    ['one that Vigil wrote', ours, 'ours'],
    ['one restored from a backup, whose writer is another', changed(ours, { managedFields: somebody }), 'ours'],
    ['one that somebody took the label from', changed(ours, { labels: unlabelled }), 'damaged'],
    ['one whose counts somebody broke', annotated(ours, ANNOTATIONS.policies, 'broken'), 'damaged'],
    ['one whose counts somebody raised', annotated(ours, ANNOTATIONS.policies, '{"baseline":[1,5,99,0,0,0,99,0,0,0]}'), 'damaged'],
    ['one whose digest somebody edited', annotated(ours, ANNOTATIONS.digest, 'x y'), 'damaged'],
    ['one from before there were digests', legacy, 'ours'],
    ['such a one with broken counts', annotated(legacy, ANNOTATIONS.policies, '{'), 'damaged'],
    ['a copy under another name', changed(ours, { name: 'mine', managedFields: somebody }), 'foreign'],
    ['a stranger with our label', { metadata: { name: 'x', labels: { ...labels }, managedFields: somebody } }, 'foreign'],
    ['a stranger with our name', { metadata: { name: ours.metadata.name, namespace: 'shop' } }, 'foreign'],
    [
      'a forged one that counts for a policy',
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
  for (const [what, report, expected] of table) it(`is ${expected}: ${what}`, () => expect(ownershipOf(report)).to.equal(expected));

  it('says what may be counted by metadata alone', () => {
    expect(countedIn(ours)?.['baseline']?.summary.fail).to.equal(2);
    expect(countedIn(annotated(ours, ANNOTATIONS.policies, 'broken'))).to.equal(undefined);
    expect(
      countedIn({ metadata: { name: 'x', labels, annotations: { ...ours.metadata.annotations }, managedFields: somebody } }),
    ).to.deep.equal({});
  });
});

describe('what somebody has edited in a report of Vigil', () => {
  const both = built({ policies: [evaluated(), evaluated('other')], results: [finding('host-pid'), finding('team', { policy: 'other' })] });

  it('is left out where it is a result that Vigil did not write, and goes with the next write', () => {
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

  it('takes nothing from other policies where it is the counts and one policy is withdrawn', () => {
    for (const text of ['broken', '{}', '[]', '{"baseline":[1]}', undefined]) {
      const rest = withoutPolicies(annotated(both, ANNOTATIONS.policies, text), ['baseline']);
      expect(rest?.results?.map(({ policy, rule }) => [policy, rule])).to.deep.equal([['other', 'team']]);
      expect(rest?.summary?.fail).to.equal(1);
      expect(ownershipOf(stored(rest))).to.equal('ours');
    }
  });

  it('keeps a policy that only the labels name: it passed all', () => {
    const passed = built({ policies: [evaluated(), evaluated('other')], results: [finding('host-pid')] });
    const rest = withoutPolicies(annotated(passed, ANNOTATIONS.policies, 'broken'), ['baseline']);
    expect(rest?.metadata.labels).to.have.property(policyLabel('other'));
    expect(withoutPolicies(stored(rest), ['other'])).to.equal(undefined);
  });

  it('keeps the counts where it is only results that were taken away', () => {
    const edited = { ...both, results: [] };
    expect(priorReport(edited).ledger['other']?.summary.fail).to.equal(1);
    expect(buildReport(input({ existing: edited, results: [finding('host-pid')] }))?.summary?.fail).to.equal(2);
  });

  it('stays where it is a label or an annotation of somebody else, and is no reason to write', () => {
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

describe('a report that an older Vigil took over', () => {
  const own = built();
  const mixed = annotated({ ...own, results: [foreignResult, ...own.results!] }, ANNOTATIONS.digest, undefined);

  it('is told from one whose results somebody edited since', () => {
    expect(isTakenOver(mixed)).to.equal(true);
    expect(isTakenOver({ ...own, results: [foreignResult, ...own.results!] })).to.equal(false);
    expect(isTakenOver(annotated(own, ANNOTATIONS.digest, undefined))).to.equal(false);
  });

  it('is given back with its own results and nothing of ours', () => {
    const back = returnedReport(changed(mixed, { labels: { ...mixed.metadata.labels, app: 'theirs' } }));
    expect(back.results).to.deep.equal([foreignResult]);
    expect(back.summary).to.deep.equal({ pass: 0, fail: 1, warn: 0, error: 0, skip: 0 });
    expect([back.metadata.labels, back.metadata.annotations, back.metadata.ownerReferences]).to.deep.equal([{ app: 'theirs' }, {}, []]);
  });
});
