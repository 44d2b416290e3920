import type { KubeObject } from '../../api/metadata.ts';
import { CLUSTER_SCOPE } from '../../findings/namespace-marks.ts';

/**
 * The namespace whose targets a report is about, by its metadata; empty outside of all. A report about a Namespace lies inside it, and is about
 * an object outside of all namespaces.
 */
export function reportScope({ metadata: { namespace = CLUSTER_SCOPE, ownerReferences = [] } }: KubeObject): string {
  const isAboutNamespace = ownerReferences.some(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Namespace');
  return isAboutNamespace ? CLUSTER_SCOPE : namespace;
}
