import type { ApiResource } from '../../api/api-resource.ts';
import type { CatalogueEntry, ControlKinds } from '../../catalogue/controls/control.ts';
import { builtinResources } from '../objects/builtin-resources.ts';
import type { ResourceReference } from '../../findings/finding.ts';
import { roleOfKind, workloadKinds } from '../objects/workload-kind.ts';

/** The target of findings about the cluster as a whole. */
export const wholeCluster: ResourceReference = { apiVersion: 'vigil.dev/v1alpha1', kind: 'Cluster', name: 'cluster' };
export const clusterKind = 'Cluster.vigil.dev';

/** Returns `Kind` for the core group and `Kind.group` for others. */
export const nameOfKind = ({ group, kind }: ApiResource): string => (group === '' ? kind : `${kind}.${group}`);

/** Kinds that users do not write, or that Vigil must not read. Checks of all namespaced kinds leave them out. */
const unlisted: ReadonlySet<string> = new Set([
  'Secret',
  'Event',
  'Event.events.k8s.io',
  'Endpoints',
  'EndpointSlice.discovery.k8s.io',
  'Lease.coordination.k8s.io',
  'ControllerRevision.apps',
  'Binding',
  'PodMetrics.metrics.k8s.io',
  'PolicyReport.wgpolicyk8s.io',
  'Report.openreports.io',
  'LocalSubjectAccessReview.authorization.k8s.io',
]);

/** Whether a control applies to a kind, in files and on clusters alike. `role`: that of an object as a workload. Default: that of its kind. */
export function kindsInclude(kinds: ControlKinds, groupKind: string, namespaced: boolean, role = roleOfKind(groupKind)): boolean {
  if (kinds === 'workloads') return role !== undefined;
  if (kinds === 'longRunning') return role === 'longRunning';
  if (kinds === 'namespaced') return namespaced;
  if (kinds === 'manifests') return false;
  return kinds.some((kind) => kind === groupKind || (kind === 'workloads' && role !== undefined));
}

/** The built-in kinds. Vigil can list custom resources only with a ClusterRole labelled `vigil.dev/aggregate-to-scan`. */
const builtinKinds: ReadonlySet<string> = new Set(builtinResources.map(nameOfKind));

/** Returns the kinds that a cross-object control reads. Empty for other controls. */
export function kindsReadBy({ crossObject, kinds }: CatalogueEntry): readonly string[] {
  if (crossObject === undefined) return [];
  const read = ['Namespace', ...crossObject.reads, ...(typeof kinds === 'string' ? ['workloads'] : kinds)];
  return read.includes('workloads') ? [...read, ...workloadKinds] : read;
}

/** Whether checks of all namespaced kinds leave a kind out. */
export const isLeftOut = (name: string): boolean => unlisted.has(name) || !builtinKinds.has(name);
