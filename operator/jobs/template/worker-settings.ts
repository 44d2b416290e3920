import { hostname } from 'node:os';
import { RESOURCES } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { placementOf, type Placement } from './placement.ts';
import { isForbidden, isNotFound } from '../../kube/kube-api-error.ts';
import type { KubeClient } from '../../kube/kube-client.ts';

/** What the pods of scanning Jobs run, and as whom. */
export interface WorkerSettings {
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Pull secrets by name, as the operator's own pod has them. */
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly serviceAccount: string;
  /** Where the pods of Jobs go as far as nothing else says so. */
  readonly placement: Placement;
}

interface OwnPod extends KubeObject {
  readonly spec?: Placement & {
    readonly containers?: readonly {
      readonly name: string;
      readonly image?: string;
      readonly imagePullPolicy?: WorkerSettings['imagePullPolicy'];
    }[];
    readonly imagePullSecrets?: readonly { readonly name: string }[];
  };
}

const serviceAccount = 'vigil-scanner';

/** How the pods of Jobs run: as the configuration says, else by the image of the operator's own pod; placed as that is. Read once. */
export function workerSettings(
  client: KubeClient,
  { namespace, workerImage }: { readonly namespace: string; readonly workerImage?: string | undefined },
): () => Promise<WorkerSettings> {
  let known: WorkerSettings | undefined;
  return async () => {
    known ??= workerImage === undefined ? await ofOwnPod(client, namespace) : await configured(client, namespace, workerImage);
    return known;
  };
}

async function configured(client: KubeClient, namespace: string, image: string): Promise<WorkerSettings> {
  const placement = placementOf((await ownPodIfAny(client, namespace))?.spec);
  return { image, imagePullPolicy: 'IfNotPresent', imagePullSecrets: [], serviceAccount, placement };
}

const ownPod = (client: KubeClient, namespace: string): Promise<OwnPod> =>
  client.get<OwnPod>(RESOURCES.pods, { namespace, name: hostname() });

/** Outside of the cluster there is none. */
async function ownPodIfAny(client: KubeClient, namespace: string): Promise<OwnPod | undefined> {
  try {
    return await ownPod(client, namespace);
  } catch (error) {
    if (isNotFound(error) || isForbidden(error)) return undefined;
    throw error;
  }
}

async function ofOwnPod(client: KubeClient, namespace: string): Promise<WorkerSettings> {
  const { spec } = await ownPod(client, namespace);
  const { containers = [], imagePullSecrets = [] } = spec ?? {};
  const { image, imagePullPolicy = 'IfNotPresent' } = containers.find((container) => container.name === 'operator') ?? {};
  if (image === undefined) throw new Error(`pod ${namespace}/${hostname()} has no container operator: give --worker-image`);
  return { image, imagePullPolicy, imagePullSecrets, serviceAccount, placement: placementOf(spec) };
}
