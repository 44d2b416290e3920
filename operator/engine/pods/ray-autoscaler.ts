import { valueAt } from '../objects/custom-workloads.ts';
import { type Fields, fieldsOf, isUnset, type KubernetesObject, listOf } from '../objects/kubernetes-object.ts';

/** What a cluster of Ray can set in the container of its autoscaler. */
const options = ['image', 'imagePullPolicy', 'env', 'envFrom', 'resources', 'securityContext', 'volumeMounts'] as const;
const resources: Fields = { limits: { cpu: '500m', memory: '512Mi' }, requests: { cpu: '500m', memory: '512Mi' } };

/** The container that KubeRay adds to the head of a cluster, and the path of its settings. */
export interface AutoscalerContainer {
  readonly container: Fields;
  readonly path: string;
}

/**
 * Returns the autoscaler's container of a pod template of Ray: KubeRay adds it to the head if `enableInTreeAutoscaling` is true, with the
 * image of the head if none is set. Undefined for other pod templates.
 */
export function rayAutoscaler(object: KubernetesObject, templatePath: string): AutoscalerContainer | undefined {
  const cluster = /^(spec(?:\.rayClusterConfig|\.rayClusterSpec)?)\.headGroupSpec\.template$/.exec(templatePath)?.[1];
  if (cluster === undefined) return undefined;
  const { enableInTreeAutoscaling, autoscalerOptions } = fieldsOf(valueAt(object, cluster));
  if (enableInTreeAutoscaling !== true) return undefined;
  const [head] = listOf(valueAt(object, `${templatePath}.spec.containers`));
  const { image } = fieldsOf(head);
  const set = Object.entries(fieldsOf(autoscalerOptions)).filter(
    ([name, value]) => !isUnset(value) && options.some((known) => known === name),
  );
  return { container: { name: 'autoscaler', image, resources, ...Object.fromEntries(set) }, path: `${cluster}.autoscalerOptions` };
}
