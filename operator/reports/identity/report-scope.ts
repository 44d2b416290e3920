import type { KubeObject } from '../../api/metadata.ts';
import { CLUSTER_SCOPE } from '../../findings/namespace-marks.ts';

/**
 * Returns the namespace of the object that a report is about, from the metadata of the report. Empty for a cluster-scoped object. The report
 * about a Namespace is located in that Namespace, but is about a cluster-scoped object.
 */
export function reportScope({ metadata: { namespace = CLUSTER_SCOPE, ownerReferences = [] } }: KubeObject): string {
  const isAboutNamespace = ownerReferences.some(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Namespace');
  return isAboutNamespace ? CLUSTER_SCOPE : namespace;
}
