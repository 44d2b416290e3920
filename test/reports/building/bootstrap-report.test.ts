import { expect } from 'chai';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import {
  BOOTSTRAP_REPORT,
  bootstrapReport,
  entriesIn,
  entryOfReport,
  entryReportName,
  entryVersion,
  hasRoomFor,
  isBootstrap,
  isBootstrapReport,
  objectsOf,
  reportOfEntry,
  withoutPoliciesIn,
  type BootstrapEntry,
} from '../../../operator/reports/building/bootstrap-report.ts';
import { priorReport } from '../../../operator/reports/identity/prior-report.ts';
import { isAtExpectedLocation } from '../../../operator/reports/building/report-location.ts';
import { ownershipOf } from '../../../operator/reports/identity/report-ownership.ts';
import { stored } from './report-samples.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const role = (change: object = {}): Parameters<typeof isBootstrap>[0] => ({
  ...{ apiVersion: rbac, kind: 'ClusterRole', name: 'system:node', uid: 'u', resourceVersion: '5' },
  ...change,
});
const entry = (pass: number, ...policies: readonly string[]): BootstrapEntry => ({
  uid: 'u',
  resourceVersion: '5',
  change: '',
  ledger: Object.fromEntries(
    policies.map((policy) => [
      policy,
      { revision: '1-a', summary: { pass, fail: 0, warn: 0, error: 0, skip: 0 }, failing: { critical: 0, high: 0, medium: 0, low: 0 } },
    ]),
  ),
});
const entries = new Map([
  ['ClusterRole/system:node', entry(3, 'a', 'b')],
  ['ClusterRoleBinding/system:node', entry(2, 'a')],
]);
const report = (): PolicyReport => stored(bootstrapReport(entries, { namespace: undefined, existing: undefined }));

describe('bootstrapReport', () => {
  it('includes objects with the reserved prefix or the bootstrapping label in the namespaces of Kubernetes', () => {
    const labelled = { name: 'admin', labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } };
    for (const [change, expected] of [
      [{}, true],
      [labelled, true],
      [{ name: 'admin' }, false],
      [{ kind: 'Role', namespace: 'kube-system' }, true],
      [{ kind: 'Role', namespace: 'shop' }, false],
      [{ ...labelled, kind: 'Role', namespace: 'shop' }, false],
      [{ apiVersion: 'v1', kind: 'ConfigMap' }, false],
    ] as const)
      expect(isBootstrap(role(change)), JSON.stringify(change)).to.equal(expected);
  });

  it('contains the sum of all entries, is owned by Vigil, and returns each entry as a report', () => {
    const whole = report();
    expect([whole.metadata.name, whole.results, whole.summary?.pass]).to.deep.equal([BOOTSTRAP_REPORT, [], 8]);
    expect([ownershipOf(whole), isAtExpectedLocation('vigil', whole), isBootstrapReport(whole)]).to.deep.equal(['ours', true, true]);
    expect(priorReport(whole).ledger['a']?.summary.pass).to.equal(5);
    expect(entriesIn(whole)).to.deep.equal(entries);
    const one = reportOfEntry('ClusterRole/system:node', entry(3, 'a', 'b'), undefined);
    expect(entryOfReport(one)).to.deep.equal(entry(3, 'a', 'b'));
    expect(one.metadata.name).to.equal(entryReportName('ClusterRole/system:node', undefined));
    expect(priorReport(one).ledger).to.deep.equal(entry(3, 'a', 'b').ledger);
  });

  it('ignores entries that another writer changed', () => {
    const whole = report();
    const text = whole.metadata.annotations?.['vigil.dev/bootstrap']?.replace('system:node', 'system:mine');
    const edited = {
      ...whole,
      metadata: { ...whole.metadata, annotations: { ...whole.metadata.annotations, 'vigil.dev/bootstrap': text ?? '' } },
    };
    expect([ownershipOf(edited), entriesIn(edited).size]).to.deep.equal(['damaged', 0]);
    expect(isAtExpectedLocation('vigil', { metadata: { ...whole.metadata, namespace: 'shop' } })).to.equal(false);
  });

  it('lists its objects, even if another writer changed the counts', () => {
    const whole = report();
    const names = (of: PolicyReport): (string | undefined)[] =>
      objectsOf(of).map((object) => object && `${object.kind} ${object.name} ${object.uid}`);
    const wanted = ['ClusterRole system:node u', 'ClusterRoleBinding system:node u'];
    expect(names(whole)).to.deep.equal(wanted);
    const withText = (annotation: string, text: string): PolicyReport => ({
      ...whole,
      metadata: { ...whole.metadata, annotations: { ...whole.metadata.annotations, [annotation]: text } },
    });
    expect(names(withText('vigil.dev/policies', '{}'))).to.deep.equal(wanted);
    for (const text of ['', '{', '[]', 'null', '7', '{"a":1}'])
      expect(names(withText('vigil.dev/bootstrap', text)), text).to.deep.equal([]);
    expect(names(reportOfEntry('ClusterRole/system:node', entry(1, 'a'), undefined))).to.deep.equal(['ClusterRole system:node u']);
  });

  it('is removed with its last policy', () => {
    const rest = withoutPoliciesIn(entries, ['a'], () => true);
    expect([...rest].map(([key, { ledger }]) => [key, Object.keys(ledger)])).to.deep.equal([['ClusterRole/system:node', ['b']]]);
    expect(
      bootstrapReport(
        withoutPoliciesIn(rest, ['b'], () => true),
        { namespace: undefined, existing: report() },
      ),
    ).to.equal(undefined);
    expect(withoutPoliciesIn(entries, ['a'], (key) => key === 'none')).to.deep.equal(entries);
  });

  it('has an entry version that changes with the counts, and not with the revision', () => {
    const changed = { ...entry(3, 'a'), ledger: { a: { ...entry(3, 'a').ledger['a']!, revision: '2-b' } } };
    expect(entryVersion(changed)).to.equal(entryVersion(entry(3, 'a')));
    expect(entryVersion(entry(4, 'a'))).not.to.equal(entryVersion(entry(3, 'a')));
    expect(entryVersion({ ...entry(3, 'a'), uid: 'v' })).not.to.equal(entryVersion(entry(3, 'a')));
  });

  it('has room for some hundred objects with many policies, up to a limit', () => {
    const of = (objects: number, policies: number): Map<string, BootstrapEntry> => {
      const names = Array.from({ length: policies }, (_, index) => `policy-number-${index}`);
      return new Map(Array.from({ length: objects }, (_, index) => [`ClusterRole/system:role-${index}`, entry(9, ...names)]));
    };
    expect([hasRoomFor(of(140, 20)), hasRoomFor(of(140, 60))]).to.deep.equal([true, false]);
  });

  it('includes only the four kinds of RBAC, in the four places of Kubernetes', () => {
    const kinds = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'];
    expect([...kinds, 'Widget'].map((kind) => isBootstrap(role({ kind })))).to.deep.equal([true, true, true, true, false]);
    const places = ['kube-system', 'kube-public', 'kube-node-lease', undefined, 'shop'];
    expect(places.map((namespace) => isBootstrap(role({ namespace })))).to.deep.equal([true, true, true, true, false]);
    const labelled = (value: string): boolean => isBootstrap(role({ name: 'admin', labels: { 'kubernetes.io/bootstrapping': value } }));
    expect([labelled('rbac-defaults'), labelled('x')]).to.deep.equal([true, false]);
    expect(isBootstrap(role({ apiVersion: 'rbac.authorization.k8s.io.example/v1' }))).to.equal(false);
  });

  it('is one for each namespace, and so are the reports of its entries', () => {
    const key = 'Role/system:node';
    const there = bootstrapReport(new Map([[key, entry(3, 'a')]]), { namespace: 'kube-system', existing: undefined });
    expect(there?.metadata).to.deep.include({ name: BOOTSTRAP_REPORT, namespace: 'kube-system' });
    expect(there?.metadata.labels).to.deep.equal({
      ...{ 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/source': 'vigil', 'policy.vigil.dev/a': 'true' },
    });
    expect(report().metadata).not.to.have.property('namespace');
    const one = reportOfEntry(key, { ...entry(3, 'a'), change: 'scan 1,0,0,0 0,0,0,0' }, 'kube-system');
    expect(one).to.deep.equal({
      metadata: {
        ...{ name: entryReportName(key, 'kube-system'), namespace: 'kube-system' },
        annotations: {
          'vigil.dev/policies': '{"a":["1-a",3,0,0,0,0,0,0,0,0]}',
          ...{ 'vigil.dev/resource-version': '5', 'vigil.dev/change': 'scan 1,0,0,0 0,0,0,0' },
        },
        ownerReferences: [{ apiVersion: rbac, kind: 'Role', name: 'system:node', uid: 'u' }],
      },
      scope: { apiVersion: rbac, kind: 'Role', name: 'system:node', namespace: 'kube-system', uid: 'u' },
      results: [],
    });
    expect(one.metadata.name).to.not.equal(entryReportName(key, undefined));
  });

  it('has entries without a version or a change if their reports have none', () => {
    const one = reportOfEntry('ClusterRole/x', { ...entry(1, 'a'), resourceVersion: '' }, undefined);
    expect(Object.keys(one.metadata.annotations ?? {})).to.deep.equal(['vigil.dev/policies']);
    expect(entryOfReport(one)).to.deep.equal({ ...entry(1, 'a'), resourceVersion: '' });
    expect(entryOfReport({ metadata: { name: 'x' } })).to.deep.equal({ uid: '', resourceVersion: '', ledger: {}, change: '' });
  });

  it('replaces the version that was read', () => {
    const next = bootstrapReport(entries, { namespace: undefined, existing: report() });
    expect(next?.metadata).to.deep.include({ uid: 'r1', resourceVersion: '7' });
    expect(bootstrapReport(entries, { namespace: undefined, existing: undefined })?.metadata).not.to.have.any.keys(
      'uid',
      'resourceVersion',
    );
  });

  it('has the same text in whatever order its entries and their policies are', () => {
    const textOf = (of: typeof entries): unknown =>
      bootstrapReport(of, { namespace: undefined, existing: undefined })?.metadata.annotations?.['vigil.dev/bootstrap'];
    const [first, second] = [...entries] as [[string, BootstrapEntry], [string, BootstrapEntry]];
    expect(textOf(new Map([second, first]))).to.equal(textOf(entries));
    expect(textOf(new Map([first, second, ['A/x', entry(1, 'a')]]))).to.equal(textOf(new Map([['A/x', entry(1, 'a')], second, first])));
    expect(entryVersion(entry(3, 'c', 'a', 'b'))).to.equal(entryVersion(entry(3, 'a', 'b', 'c')));
  });

  it('has no entry of a row that is not whole', () => {
    const good = ['u', '5', {}, ''];
    for (const bad of [
      ['u', '5', {}],
      ['u', '5', {}, '', ''],
      [1, '5', {}, ''],
      ['u', 5, {}, ''],
      ['u', '5', {}, null],
    ]) {
      const text = JSON.stringify({ 'ClusterRole/good': good, 'ClusterRole/bad': bad });
      const edited = { metadata: { name: BOOTSTRAP_REPORT, annotations: { 'vigil.dev/bootstrap': text } } };
      expect(
        objectsOf(edited).map((object) => object?.name),
        JSON.stringify(bad),
      ).to.deep.equal(['good']);
    }
    expect(objectsOf({ metadata: { name: BOOTSTRAP_REPORT } })).to.deep.equal([]);
    expect(objectsOf({ metadata: { name: 'other' } })).to.deep.equal([undefined]);
    expect(entriesIn(undefined).size).to.equal(0);
  });
});
