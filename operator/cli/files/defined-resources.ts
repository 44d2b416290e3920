import type { ApiResource } from '../../api/api-resource.ts';
import { builtinResources } from '../../engine/objects/builtin-resources.ts';
import { fieldsOf, groupKindOf, type KubernetesObject, listOf, textOf } from '../../engine/objects/kubernetes-object.ts';
import { customSchemas, schemaKey } from '../../engine/validation/custom-schema.ts';
import type { Manifest } from '../../manifests/manifest.ts';

/** Returns the resources for a scan of files: those of Kubernetes and of Vigil, and those of the CRDs among the files. */
export function resourcesOf(manifests: readonly Manifest[]): readonly ApiResource[] {
  return [...builtinResources, ...wellKnown, ...definedBy(manifests)];
}

/** The CustomResourceDefinitions among the files. */
export const definitionsIn = (manifests: readonly Manifest[]): readonly Manifest[] =>
  manifests.filter(({ object }) => groupKindOf(object) === 'CustomResourceDefinition.apiextensions.k8s.io');

/** The resources of the CustomResourceDefinitions among the files. */
export function definedBy(manifests: readonly Manifest[]): readonly ApiResource[] {
  return definitionsIn(manifests).flatMap(({ object }) => served(object));
}

const wellKnown: readonly ApiResource[] = (
  [
    ['SecurityPolicy', 'securitypolicies', false],
    ['ScanSchedule', 'scanschedules', false],
    ['Scan', 'scans', false],
    ['SecurityException', 'securityexceptions', true],
    ['ClusterSecurityException', 'clustersecurityexceptions', false],
    ['ImageApproval', 'imageapprovals', false],
  ] as const
).map(([kind, resource, namespaced]) => ({ group: 'vigil.dev', version: 'v1alpha1', resource, kind, namespaced }));

function served(definition: KubernetesObject): readonly ApiResource[] {
  const spec = fieldsOf(definition['spec']);
  const names = fieldsOf(spec['names']);
  const [group, kind, resource] = [textOf(spec['group']), textOf(names['kind']), textOf(names['plural'])];
  if (group === undefined || kind === undefined || resource === undefined) return [];
  const versions = listOf(spec['versions']).map((version) => textOf(fieldsOf(version)['name']));
  const namespaced = spec['scope'] !== 'Cluster';
  const schemas = customSchemas([definition]);
  return versions
    .filter((version) => version !== undefined)
    .map((version) => ({ group, version, resource, kind, namespaced }))
    .map((found) => (schemas.has(schemaKey(found)) ? { ...found, hasSchema: true } : found));
}
