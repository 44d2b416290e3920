/** The CEL variables of the lists of containers and volumes that the checks of a pod read, with their expressions over `object`, a Pod. */
const lists = {
  containers:
    '(has(object.spec.initContainers) ? object.spec.initContainers : []) + object.spec.containers + ' +
    '(has(object.spec.ephemeralContainers) ? object.spec.ephemeralContainers : [])',
  longContainers: '(has(object.spec.initContainers) ? object.spec.initContainers : []) + object.spec.containers',
  volumes: 'has(object.spec.volumes) ? object.spec.volumes : []',
} as const;

/** The name of a list of {@link podLists}, or the main containers. */
export type PodList = keyof typeof lists;

/** Binds the lists of a pod for an expression that reads `object`, a Pod, and these lists. */
export function withPodLists(expression: string): string {
  return Object.entries(lists).reduceRight((inner, [name, list]) => `[${list}].map(${name}, ${inner})[0]`, expression);
}

/** Returns the path of the pod template of a workload in the CEL variable `object`. */
const templateOf = (object: string): string =>
  `(${object}.kind == 'CronJob' ? ${object}.spec.jobTemplate.spec.template : ${object}.kind == 'PodTemplate' ? ${object}.template : ${object}.spec.template)`;

/**
 * Returns the Pod of a workload in the CEL variable `object`: the object itself if it is a Pod, else a Pod with the spec, labels and
 * annotations of the template, and the name and namespace of the workload.
 */
export function podOf(object: string): string {
  const template = templateOf(object);
  const metadata = [
    `'namespace': dyn(request.namespace)`,
    `?'name': ${object}.metadata.?name`,
    `?'labels': ${template}.?metadata.?labels`,
    `?'annotations': ${template}.?metadata.?annotations`,
  ].join(', ');
  const pod = `{'apiVersion': dyn('v1'), 'kind': dyn('Pod'), 'metadata': dyn({${metadata}}), 'spec': dyn(${template}.spec)}`;
  return `${object}.kind == 'Pod' ? dyn(${object}) : dyn(${pod})`;
}
