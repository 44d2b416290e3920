import { hostname } from 'node:os';
import { RESOURCES } from './api/api-resource.ts';
import type { KubeObject } from './api/metadata.ts';
import type { KubeClient } from './kube/kube-client.ts';
import type { OperatorConfig } from './operator-config.ts';
import type { WorkerSettings } from './reconcilers/world.ts';

interface OwnPod extends KubeObject {
  readonly spec?: {
    readonly containers?: readonly {
      readonly name: string;
      readonly image?: string;
      readonly imagePullPolicy?: WorkerSettings['imagePullPolicy'];
    }[];
    readonly imagePullSecrets?: readonly { readonly name: string }[];
  };
}

const serviceAccount = 'vigil-scanner';

/** How scanning pods run: as the configuration says, else by the image of the operator's own pod. Read once. */
export function workerSettings(client: KubeClient, { namespace, workerImage }: OperatorConfig): () => Promise<WorkerSettings> {
  let known: WorkerSettings | undefined;
  return async () => {
    known ??= workerImage === undefined ? await ofOwnPod(client, namespace) : configured(workerImage);
    return known;
  };
}

const configured = (image: string): WorkerSettings => ({ image, imagePullPolicy: 'IfNotPresent', imagePullSecrets: [], serviceAccount });

async function ofOwnPod(client: KubeClient, namespace: string): Promise<WorkerSettings> {
  const name = hostname();
  const { spec } = await client.get<OwnPod>(RESOURCES.pods, { namespace, name });
  const { containers = [], imagePullSecrets = [] } = spec ?? {};
  const { image, imagePullPolicy = 'IfNotPresent' } = containers.find((container) => container.name === 'operator') ?? {};
  if (image === undefined) throw new Error(`pod ${namespace}/${name} has no container operator: give --worker-image`);
  return { image, imagePullPolicy, imagePullSecrets, serviceAccount };
}
