import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { ObjectMeta } from '../../../operator/api/metadata.ts';
import { isAtExpectedLocation, reportLocation } from '../../../operator/reports/building/report-location.ts';
import { buildReport } from '../../../operator/reports/building/report-builder.ts';
import { alternativeReportName } from '../../../operator/reports/identity/report-name.ts';
import { input, stored, target } from './report-samples.ts';

const { metadata } = stored(buildReport(input()));
const about = (object: { apiVersion: string; kind: string; name: string; namespace?: string; uid?: string }): ObjectMeta =>
  stored(buildReport(input({ target: object }))).metadata;
const namespace = about({ apiVersion: 'v1', kind: 'Namespace', name: 'shop', uid: 'n1' });
const role = about({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'system:admin', uid: 'c1' });
const cluster = about({ apiVersion: 'vigil.dev/v1alpha1', kind: 'Cluster', name: 'cluster' });
const { ownerReferences: _, ...ownerless } = metadata;

describe('isAtExpectedLocation', () => {
  const table: readonly (readonly [what: string, metadata: ObjectMeta, expected: boolean])[] = [
    ['about a workload', metadata, true],
    ['under its alternative name', { ...metadata, name: alternativeReportName('vigil', target) }, true],
    ['about a Namespace, in that namespace', namespace, true],
    ['about a cluster-scoped object whose name was made valid', role, true],
    ['about the whole cluster', cluster, true],
    ['without an owner', ownerless, false],
    ['under another name', { ...metadata, name: 'vigil-deployment-other' }, false],
    ['about a Namespace, in another namespace', { ...namespace, namespace: 'bank' }, false],
    ['about the whole cluster, in a namespace', { ...cluster, namespace: 'shop' }, false],
    ['about the whole cluster, under a name with the same prefix', { ...cluster, name: `${cluster.name}-2` }, false],
    ['about the same name in another group', { ...role, name: 'vigil-clusterrole-system-admin' }, false],
  ];
  for (const [what, report, expected] of table)
    it(`is ${expected} for a report ${what}`, () => expect(isAtExpectedLocation('vigil', { metadata: report })).to.equal(expected));

  it('is false for another source', () => expect(isAtExpectedLocation('vigil-images', { metadata })).to.equal(false));
});

describe('reportLocation', () => {
  it('is the namespace of the object, the Namespace itself, or the cluster scope', () => {
    const { reports, clusterReports } = RESOURCES;
    const of = (apiVersion: string, kind: string, namespace?: string): unknown =>
      reportLocation({ apiVersion, kind, name: 'n', ...(namespace === undefined ? {} : { namespace }) });
    expect(of('v1', 'Pod', 'shop')).to.deep.equal({ resource: reports, namespace: 'shop' });
    expect(of('v1', 'Namespace')).to.deep.equal({ resource: reports, namespace: 'n' });
    expect(of('v1', 'Node')).to.deep.equal({ resource: clusterReports, namespace: undefined });
    expect(of('other.io/v1', 'Namespace')).to.deep.equal({ resource: clusterReports, namespace: undefined });
  });
});
