import { RESOURCES, type ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { wholeCluster } from '../../engine/controls/control-kinds.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { isBootstrapReport } from './bootstrap-report.ts';
import { alternativeReportName, reportName, type NamedObject } from '../identity/report-name.ts';

/** The resource and the namespace of a report. */
export interface ReportLocation {
  readonly resource: ApiResource;
  /** Undefined for a ClusterPolicyReport. */
  readonly namespace: string | undefined;
}

/** The location of the report about an object: the namespace of the object, the Namespace itself if the object is one, or the cluster scope. */
export function reportLocation({ kind, apiVersion, namespace, name }: RecordTarget): ReportLocation {
  const location = kind === 'Namespace' && apiVersion === 'v1' ? name : namespace;
  return { resource: location === undefined ? RESOURCES.clusterReports : RESOURCES.reports, namespace: location };
}

/**
 * Whether a report has the namespace and the name that Vigil gives the report about its owner. Needs only the metadata of the report.
 * Two kinds of report have no owner: the one about the whole cluster, and the one about the roles and bindings that Kubernetes creates.
 *
 * A user who may write reports in one namespace can copy everything that Vigil writes into a report, the digest included. Such a copy in
 * another location does not count, and one in this location is overwritten by the next evaluation.
 */
export function isAtExpectedLocation(source: string, { metadata }: KubeObject): boolean {
  const { name, namespace, ownerReferences: [owner] = [] } = metadata;
  if (!owner) return isBootstrapReport({ metadata }) || (namespace === undefined && isNamedAfter(source, wholeCluster, name));
  const { apiVersion, kind } = owner;
  const isNamespace = kind === 'Namespace' && apiVersion === 'v1';
  if (isNamespace && owner.name !== namespace) return false;
  return isNamedAfter(source, { apiVersion, kind, name: owner.name, namespace: isNamespace ? undefined : namespace }, name);
}

const isNamedAfter = (source: string, object: NamedObject, name: string): boolean =>
  name === reportName(source, object) || name === alternativeReportName(source, object);
