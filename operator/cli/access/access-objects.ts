import { type ApiResource, apiVersionOf } from '../../api/api-resource.ts';
import { builtinResources } from '../../engine/objects/builtin-resources.ts';
import type { KubernetesObject } from '../../engine/objects/kubernetes-object.ts';
import type { Fault } from '../../engine/outcomes/outcome.ts';
import { projectionsOf, Snapshot } from '../../engine/snapshot/snapshot.ts';
import { KubeApiError } from '../../kube/client/kube-api-error.ts';
import { listPages } from '../../kube/list.ts';
import { errorAt, type ManifestError } from '../../manifests/manifest.ts';
import type { Cluster } from '../cluster-scan.ts';
import type { Io } from '../input/io.ts';
import { readManifestFiles } from '../input/manifest-files.ts';
import { resourcesOf } from '../files/defined-resources.ts';
import { ManifestState } from '../input/manifest-scan.ts';

/** The roles and bindings of files or of a cluster, the resources that a question may name, and what could not be read. */
export interface AccessObjects {
  readonly snapshot: Snapshot;
  readonly resources: readonly ApiResource[];
  readonly errors: readonly ManifestError[];
}

const accessKinds = builtinResources.filter(({ group }) => group === 'rbac.authorization.k8s.io');

/** Adds an object to the snapshot. Returns the fields of a role or binding that cannot be evaluated. */
function add(snapshot: Snapshot, object: KubernetesObject): readonly Fault[] {
  snapshot.add(object);
  return projectionsOf(object).flatMap(({ faults = [] }) => faults);
}

/** Reads the roles and bindings among the objects of files. */
export async function accessOfFiles(paths: readonly string[], io: Io): Promise<AccessObjects> {
  const files = await readManifestFiles(paths, io);
  const state = new ManifestState(files.manifests);
  const snapshot = new Snapshot();
  const errors = [...files.errors, ...state.errors];
  for (const manifest of state.manifests) {
    const { object } = manifest;
    if (!String(object['apiVersion']).startsWith('rbac.authorization.k8s.io/')) continue;
    for (const { path, problem } of add(snapshot, object)) errors.push(errorAt(manifest, path, `${path}: ${problem}`));
  }
  return { snapshot, resources: resourcesOf(state.manifests), errors };
}

/** Lists the roles and bindings of a cluster. With a namespace, only those that apply in it. */
export async function accessOfCluster({ client, resources, name }: Cluster, namespace: string | undefined): Promise<AccessObjects> {
  const snapshot = new Snapshot();
  const errors: ManifestError[] = [];
  const readAll = async (resource: ApiResource): Promise<void> => {
    for await (const { items } of listPages(client, resource, { namespace: resource.namespaced ? namespace : undefined }))
      for (const item of items) add(snapshot, { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind });
  };
  for (const resource of accessKinds) {
    try {
      await readAll(resource);
    } catch (failure) {
      if (!(failure instanceof KubeApiError)) throw failure;
      errors.push({ source: { file: `cluster ${name}` }, message: `cannot list ${resource.resource}: ${failure.message}` });
    }
  }
  return { snapshot, resources, errors };
}
