import { expect } from 'chai';
import { ANNOTATIONS, LABELS } from '../../../operator/api/group.ts';
import type { ManagedFields } from '../../../operator/api/metadata.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { hasIntactContent, hasIntactMetadata, reportDigest } from '../../../operator/reports/identity/report-digest.ts';
import { isNotice, notice } from '../../../operator/reports/identity/report-notice.ts';
import { reportScope } from '../../../operator/reports/identity/report-scope.ts';
import { hasIdentity, withIdentities } from '../../../operator/reports/identity/result-identity.ts';
import { NamespaceReportDigests } from '../../../operator/reports/identity/namespace-report-digests.ts';
import { countResults, priorReport } from '../../../operator/reports/identity/prior-report.ts';
import type { PolicyEntry } from '../../../operator/reports/identity/policy-ledger.ts';
import { foreignEntries, ownedKeys } from '../../../operator/reports/identity/field-owners.ts';

type Result = NonNullable<PolicyReport['results']>[number];
const result: Result = {
  ...{ source: 'vigil', policy: 'p', rule: 'r', category: 'c', severity: 'high', result: 'fail', scored: true, message: 'm' },
  timestamp: { seconds: 5, nanos: 6 },
  properties: { b: '1', a: '2' },
};
const report: PolicyReport = {
  metadata: {
    ...{ name: 'n', namespace: 'shop', labels: { [LABELS.source]: 'vigil' } },
    annotations: { [ANNOTATIONS.policies]: '{"p":["1-a",0,1,0,0,0,0,1,0,0]}' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'u' }],
  },
  scope: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web', uid: 'u', resourceVersion: '1', fieldPath: 'f' },
  summary: { pass: 1, fail: 2, warn: 3, error: 4, skip: 5 },
  results: [result],
};
const inMetadata = (change: Partial<PolicyReport['metadata']>): PolicyReport => ({
  ...report,
  metadata: { ...report.metadata, ...change },
});
const inResult = (change: Partial<Result>): PolicyReport => ({ ...report, results: [{ ...result, ...change }] });
const annotated = (annotations: Readonly<Record<string, string>>): PolicyReport =>
  inMetadata({ annotations: { ...report.metadata.annotations, ...annotations } });
const partsOf = (of: PolicyReport): string[] => reportDigest(of).split(' ');

// The digests are in clusters: with another one, every report would count as changed by another writer.
describe('the digest of a report', () => {
  it('is the same in all versions of Vigil', () => {
    expect(reportDigest(report)).to.equal('a8e50b722b5a95d1 d1511c4a56ef7836');
    expect(reportDigest({ metadata: { name: 'n' } })).to.equal('cb5988b7907a32e8 0af7e24a05a09c94');
  });

  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'v' };
  for (const [what, changed] of Object.entries({
    'the name': inMetadata({ name: 'other' }),
    'the namespace': inMetadata({ namespace: 'other' }),
    'the source': inMetadata({ labels: { [LABELS.source]: 'other' } }),
    'the owner': inMetadata({ ownerReferences: [owner] }),
    'the counts': annotated({ [ANNOTATIONS.policies]: '{"p":["1-a",0,2,0,0,0,0,1,0,0]}' }),
    'the policy of the counts': annotated({ [ANNOTATIONS.policies]: '{"q":["1-a",0,1,0,0,0,0,1,0,0]}' }),
    'the entries of default roles': annotated({ [ANNOTATIONS.bootstrap]: '{}' }),
  }))
    it(`covers ${what} in its first part`, () => {
      expect(partsOf(changed)[0]).to.not.equal(partsOf(report)[0]);
      expect(partsOf(changed)[1]).to.equal(partsOf(report)[1]);
    });

  const scope = report.scope ?? {};
  const content: Record<string, PolicyReport> = {};
  for (const field of ['apiVersion', 'kind', 'namespace', 'name', 'uid', 'resourceVersion', 'fieldPath'] as const)
    content[`the ${field} of the scope`] = { ...report, scope: { ...scope, [field]: 'x' } };
  for (const verdict of ['pass', 'fail', 'warn', 'error', 'skip'] as const)
    content[`the count of ${verdict}`] = { ...report, summary: { pass: 1, fail: 2, warn: 3, error: 4, skip: 5, [verdict]: 9 } };
  for (const field of ['source', 'policy', 'rule', 'category', 'message'] as const)
    content[`the ${field} of a result`] = inResult({ [field]: 'x' });
  Object.assign(content, {
    'the severity of a result': inResult({ severity: 'low' }),
    'the verdict of a result': inResult({ result: 'pass' }),
    'whether a result is scored': inResult({ scored: false }),
    'the seconds of a result': inResult({ timestamp: { seconds: 1, nanos: 6 } }),
    'the nanoseconds of a result': inResult({ timestamp: { seconds: 5, nanos: 1 } }),
    'a property of a result': inResult({ properties: { b: '1', a: '3' } }),
    'an unknown field of a result': inResult({ subjects: [] } as Partial<Result>),
    'the number of results': { ...report, results: [] },
  });
  for (const [what, changed] of Object.entries(content))
    it(`covers ${what} in its second part`, () => {
      expect(partsOf(changed)[1]).to.not.equal(partsOf(report)[1]);
      expect(partsOf(changed)[0]).to.equal(partsOf(report)[0]);
    });

  it('covers neither the revisions of policies, in any format, nor the order of fields, nor other labels', () => {
    const same = [
      ...['"7-zz"', '"12"', '3', '12'].map((revision) => annotated({ [ANNOTATIONS.policies]: `{"p":[${revision},0,1,0,0,0,0,1,0,0]}` })),
      inResult({ properties: { a: '2', b: '1' } }),
      inMetadata({ labels: { [LABELS.source]: 'vigil', app: 'x' }, resourceVersion: '9', uid: 'z' }),
    ];
    for (const each of same) expect(reportDigest(each)).to.equal(reportDigest(report));
  });

  it('shows a change of the metadata, or of the content', () => {
    const written = annotated({ [ANNOTATIONS.digest]: reportDigest(report) });
    const edited = { ...written, results: [] };
    const renamed = { ...written, metadata: { ...written.metadata, name: 'x' } };
    expect([written, edited, renamed, report].map(({ metadata }) => hasIntactMetadata(metadata))).to.deep.equal([
      true,
      true,
      false,
      undefined,
    ]);
    expect([written, edited, renamed, report].map(hasIntactContent)).to.deep.equal([true, false, false, undefined]);
  });
});

describe('the notice of omitted results', () => {
  const entry = (omitted?: number): PolicyEntry => ({
    ...{ revision: '1', summary: { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 }, failing: { critical: 0, high: 0, medium: 0, low: 0 } },
    ...(omitted === undefined ? {} : { omitted }),
  });

  it('is one result of the first policy with the sum of all', () => {
    const [only, ...more] = notice('vigil', { c: entry(2), b: entry(5), a: entry(), z: entry(0) });
    expect(more).to.deep.equal([]);
    expect(only).to.deep.equal({
      ...{ source: 'vigil', policy: 'b', rule: 'truncated', category: 'Report', severity: 'info', result: 'skip', scored: false },
      message:
        'the least severe results are not listed, because the report would exceed the size limit of the API server; the summary counts them',
      properties: { truncated: '7' },
    });
    expect(notice(undefined, { a: entry(1) })[0]).not.to.have.property('source');
  });

  it('does not exist if no result is omitted', () => {
    expect([notice('vigil', {}), notice('vigil', { a: entry(), b: entry(0) })]).to.deep.equal([[], []]);
  });

  it('is recognized by its rule and its category', () => {
    const of = (rule: string, category: string): boolean => isNotice({ policy: 'p', rule, category });
    expect([of('truncated', 'Report'), of('truncated', 'x'), of('x', 'Report')]).to.deep.equal([true, false, false]);
  });
});

describe('the scope of a report', () => {
  const about = (apiVersion: string, kind: string): string =>
    reportScope({ metadata: { name: 'r', namespace: 'shop', ownerReferences: [{ apiVersion, kind, name: 'shop', uid: 'u' }] } });
  it('is the namespace of its object: none for a Namespace', () => {
    expect([about('v1', 'Pod'), about('v1', 'Namespace'), about('example.com/v1', 'Namespace')]).to.deep.equal(['shop', '', 'shop']);
    expect([reportScope({ metadata: { name: 'r', namespace: 'shop' } }), reportScope({ metadata: { name: 'r' } })]).to.deep.equal([
      'shop',
      '',
    ]);
  });

  it('is what the digests of namespaces are by', () => {
    const digests = new NamespaceReportDigests();
    digests.add({ metadata: { name: 'a', namespace: 'shop', uid: 'u', resourceVersion: '1' } });
    digests.add({ metadata: { name: 'b', uid: 'v', resourceVersion: '2' } });
    expect([...digests.namespaces]).to.deep.equal(['shop', '']);
    const other = new NamespaceReportDigests();
    other.add({ metadata: { name: 'a', namespace: 'shop', uid: 'u', resourceVersion: '3' } });
    expect(digests.digestOf('shop')).to.not.equal(undefined);
    expect(digests.digestOf('shop')).to.not.equal(other.digestOf('shop'));
  });
});

describe('the identity of a result in a report', () => {
  const object = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web' };
  const identified = withIdentities({ ...object, uid: 'u' }, [result])[0]!;
  const id = identified.properties?.['resultID'] ?? '';

  it('is the same in all versions of Vigil', () => {
    expect(id).to.equal('934c658615f63ea608b1');
    expect(withIdentities(object, [result])[0]?.properties?.['resultID']).to.equal('6792613095d17a30906f');
  });

  for (const [text, expected] of [
    [id, true],
    [`${id}-2`, true],
    [`${id}-10`, true],
    [`${id}-0`, false],
    [`${id}-`, false],
    [`${id}-2x`, false],
    [`${id}-x2`, false],
    ['x', false],
  ] as const)
    it(`${expected ? 'is' : 'is not'} ${text.replace(id, '<id>')}`, () => {
      const of = { ...identified, properties: { ...identified.properties, resultID: text } };
      expect(hasIdentity({ ...object, uid: 'u' }, of)).to.equal(expected);
    });

  it('belongs to one object and one time', () => {
    expect(hasIdentity({ ...object, uid: 'v' }, identified)).to.equal(false);
    expect(hasIdentity({ ...object, uid: 'u' }, { ...identified, timestamp: { seconds: 6, nanos: 0 } })).to.equal(false);
    expect(hasIdentity({ ...object, uid: 'u' }, result)).to.equal(false);
  });
});

describe('a report of a version without digests', () => {
  const old = (results: readonly Result[], ledger: string, source?: string): PolicyReport => ({
    metadata: {
      ...{
        name: 'r',
        namespace: 'shop',
        labels: { 'app.kubernetes.io/managed-by': 'vigil', ...(source ? { [LABELS.source]: source } : {}) },
      },
      annotations: { [ANNOTATIONS.policies]: ledger },
    },
    results: [...results],
  });
  const counts = '{"p":["1",0,1,0,0,0,0,1,0,0]}';
  const foreign = (of: PolicyReport): string[] => priorReport(of).foreign.map(({ message }) => message ?? '');

  it('has results of other writers: of another source, or of a policy without counts', () => {
    const results = [
      { ...result, message: 'own' },
      { ...result, message: 'source', source: 'trivy' },
      { ...result, message: 'policy', policy: 'other' },
    ];
    expect(foreign(old(results, counts, 'vigil'))).to.deep.equal(['source', 'policy']);
    expect(foreign(old(results, counts))).to.deep.equal(['policy']);
    expect(foreign(old(results, 'broken', 'vigil'))).to.deep.equal(['source']);
  });

  it('is counted again from its results if its counts are broken, with the policies of its labels', () => {
    const broken = old([result, { ...result, result: 'pass' }, { ...result, result: 'warn', severity: 'low' }], 'broken', 'vigil');
    const { ledger, intact } = priorReport({
      ...broken,
      metadata: { ...broken.metadata, labels: { ...broken.metadata.labels, 'policy.vigil.dev/quiet': 'true' } },
    });
    const none = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
    expect([intact, ledger['p']?.summary, ledger['p']?.failing]).to.deep.equal([
      false,
      { ...none, pass: 1, fail: 1, warn: 1 },
      { critical: 0, high: 1, medium: 0, low: 0 },
    ]);
    expect(ledger['quiet']?.summary).to.deep.equal(none);
  });

  it('is empty if there is no report', () => {
    expect(priorReport(undefined)).to.deep.equal({ ledger: {}, results: [], foreign: [], intact: false });
  });
});

describe('countResults', () => {
  it('counts verdicts, and failures by severity; informational failures have no severity', () => {
    const of = (verdict: Result['result'], severity?: Result['severity']): Result => ({ policy: 'p', result: verdict, severity });
    const results = [
      of('fail', 'critical'),
      of('fail', 'low'),
      of('fail', 'info'),
      of('fail'),
      of('error', 'high'),
      of('skip', 'high'),
      of('pass'),
    ];
    expect(countResults(results, { revision: '1', passes: 7 })).to.deep.equal({
      ...{ revision: '1', summary: { pass: 7, fail: 4, warn: 0, error: 1, skip: 1 } },
      failing: { critical: 1, high: 0, medium: 0, low: 1 },
    });
  });
});

describe('the labels and annotations of other writers', () => {
  const fields = (labels: readonly string[]): NonNullable<ManagedFields['fieldsV1']> => ({
    'f:metadata': { 'f:labels': Object.fromEntries([['.', {}] as const, ...labels.map((label) => [`f:${label}`, {}] as const)]) },
  });
  const managed = (manager: string, labels: readonly string[]): ManagedFields => ({
    manager,
    operation: 'Update',
    fieldsV1: fields(labels),
  });

  it('are those that another field manager owns, except those that only Vigil sets', () => {
    const labels = {
      team: 'a',
      mine: 'b',
      'vigil.dev/source': 'c',
      'policy.vigil.dev/p': 'd',
      'app.kubernetes.io/managed-by': 'e',
      'vigil.dev.example': 'f',
    };
    const managedFields = [
      managed('kubectl', ['team', 'vigil.dev/source', 'policy.vigil.dev/p', 'app.kubernetes.io/managed-by', 'vigil.dev.example', 'gone']),
      managed('vigil-reports', ['mine']),
    ];
    const object = { metadata: { name: 'r', labels, managedFields } };
    expect(foreignEntries(object, 'labels')).to.deep.equal({ team: 'a', 'vigil.dev.example': 'f' });
    expect([foreignEntries(object, 'annotations'), foreignEntries(undefined, 'labels')]).to.deep.equal([{}, {}]);
    expect(ownedKeys(managed('x', ['a', 'b']), 'labels')).to.deep.equal(['a', 'b']);
    expect([ownedKeys({ manager: 'x' }, 'labels'), ownedKeys(managed('x', ['a']), 'annotations')]).to.deep.equal([[], []]);
  });
});
