import { hostname } from 'node:os';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import { RESOURCES } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { placementOf, type Placement } from './placement.ts';
import { isForbidden, isNotFound } from '../../kube/client/kube-api-error.ts';

/** The image and account of the pods of scan Jobs, and where they run. */
export interface WorkerSettings {
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** The names of the pull secrets of the operator's own pod. */
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly serviceAccount: string;
  /** The default placement of the pods of Jobs. */
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

/** The settings of the pods of Jobs: from the configuration, else from the operator's own pod. Read once. */
export function workerSettings(
  client: Pick<KubeClient, 'get'>,
  { namespace, workerImage }: { readonly namespace: string; readonly workerImage?: string | undefined },
): () => Promise<WorkerSettings> {
  let known: WorkerSettings | undefined;
  return async () => {
    known ??= workerImage === undefined ? await ofOwnPod(client, namespace) : await configured(client, namespace, workerImage);
    return known;
  };
}

async function configured(client: Pick<KubeClient, 'get'>, namespace: string, image: string): Promise<WorkerSettings> {
  const placement = placementOf((await ownPodIfAny(client, namespace))?.spec);
  return { image, imagePullPolicy: 'IfNotPresent', imagePullSecrets: [], serviceAccount, placement };
}

const ownPod = (client: Pick<KubeClient, 'get'>, namespace: string): Promise<OwnPod> =>
  client.get<OwnPod>(RESOURCES.pods, { namespace, name: hostname() });

/** The operator's own pod; undefined outside of the cluster. */
async function ownPodIfAny(client: Pick<KubeClient, 'get'>, namespace: string): Promise<OwnPod | undefined> {
  try {
    return await ownPod(client, namespace);
  } catch (error) {
    if (isNotFound(error) || isForbidden(error)) return undefined;
    throw error;
  }
}

async function ofOwnPod(client: Pick<KubeClient, 'get'>, namespace: string): Promise<WorkerSettings> {
  const { spec } = await ownPod(client, namespace);
  const { containers = [], imagePullSecrets = [] } = spec ?? {};
  const { image, imagePullPolicy = 'IfNotPresent' } = containers.find((container) => container.name === 'operator') ?? {};
  if (image === undefined) throw new Error(`pod ${namespace}/${hostname()} has no container operator: give --worker-image`);
  return { image, imagePullPolicy, imagePullSecrets, serviceAccount, placement: placementOf(spec) };
}
