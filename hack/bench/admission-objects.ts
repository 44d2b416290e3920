import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { goodPod, type WorkloadKind, workloadKinds, workloadOf } from '../../test/integration/admission/parity-corpus.ts';

const [kind] = workloadKinds.filter(({ resource }) => resource.kind === 'Deployment') as [WorkloadKind];
export const deployments: ApiResource = kind.resource;

/** A Deployment with this pod spec. */
export const bareDeployment = (namespace: string, pod: Record<string, unknown>, name = 'web'): KubeObject =>
  workloadOf(kind, { spec: pod }, { name, namespace }) as unknown as KubeObject;

const [container] = goodPod['containers'] as readonly object[];

/** A Deployment with four containers that passes every check. `pod`: fields of its pod spec. */
export const fourContainers = (namespace: string, pod: Record<string, unknown> = {}): KubeObject =>
  bareDeployment(namespace, { ...goodPod, ...pod, containers: [1, 2, 3, 4].map((at) => ({ ...container, name: `app${at}` })) });
