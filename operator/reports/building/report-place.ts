import type { KubeObject } from '../../api/metadata.ts';
import { wholeCluster } from '../../engine/controls/control-kinds.ts';
import { isBootstrapReport } from './bootstrap-report.ts';
import { alternativeReportName, reportName, type NamedObject } from '../identity/report-name.ts';

/**
 * Whether a report lies where Vigil puts the report about its owner: by namespace and by name. A report about the whole cluster has no
 * owner, and neither has the one about roles and bindings that Kubernetes brings. Whoever may write reports in one namespace can copy all that Vigil writes into a report, its digest too; but a report in another
 * place counts for nothing, and one in this place is overwritten by the next evaluation. Of the report, metadata is enough.
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
