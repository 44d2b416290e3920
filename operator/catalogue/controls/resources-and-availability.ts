import type { Control, Section } from './control.ts';

const container = (line: string): string => `containers:\n- name: app\n  ${line}\n`;

/** A CEL expression: whether a quantity is more than zero. Kubernetes takes a limit or request of zero for none. */
const isPositive = (quantity: string): string => `sign(quantity(string(${quantity}))) > 0`;

type Resource = 'cpu' | 'memory';
const resourceControl = (resource: Resource, part: 'limits' | 'requests', text: Pick<Control, 'severity' | 'why'>): Control => {
  const value = resource === 'cpu' ? '500m' : '256Mi';
  return {
    id: `${resource}-${part}`,
    title: `Containers have a ${resource === 'cpu' ? 'CPU' : resource} ${part === 'limits' ? 'limit' : 'request'}`,
    severity: text.severity,
    essential: true,
    kinds: 'workloads',
    why: text.why,
    fix: `Set resources.${part}.${resource} on each container, or on the pod.`,
    example: { before: container('resources: {}'), after: container(`resources: {${part}: {${resource}: ${value}}}`) },
    message: `resources.${part}.${resource} is not set, or is 0`,
    placement: { nsa: ['NS.resources'], ...(part === 'limits' ? { mitre: ['T1496', 'T1499'] } : {}) },
    theme: 'availability',
    checks: [
      {
        at: `AM.resources.${part}.${resource}`,
        type: 'quantity',
        fallback: `spec.resources.${part}.${resource}`,
        missing: 'fail',
        require: `${isPositive('item')} || (has(object.spec.resources) && has(object.spec.resources.${part}) && '${resource}' in object.spec.resources.${part} && ${isPositive(`object.spec.resources.${part}['${resource}']`)})`,
      },
    ],
  };
};
const probeControl = (probe: 'liveness' | 'readiness', why: string): Control => ({
  id: `${probe}-probe`,
  title: `Containers have a ${probe} probe`,
  severity: 'low',
  essential: true,
  kinds: 'longRunning',
  why,
  fix: `Set ${probe}Probe on each container.`,
  example: { before: container('image: app'), after: container(`${probe}Probe: {httpGet: {path: /healthz, port: 8080}}`) },
  message: `${probe}Probe is not set`,
  placement: {},
  theme: 'availability',
  // The server sets defaults in a probe that does nothing, and then refuses it.
  checks: [
    {
      at: `M.${probe}Probe`,
      type: 'map',
      missing: 'fail',
      require: 'has(item.httpGet) || has(item.exec) || has(item.tcpSocket) || has(item.grpc)',
    },
  ],
  exemptions: [
    { when: "object.kind == 'Pod' && has(object.spec.restartPolicy) && object.spec.restartPolicy == 'Never'" },
    {
      when: "has(object.metadata.ownerReferences) && object.metadata.ownerReferences.exists(owner, owner.kind == 'Job' && owner.apiVersion.startsWith('batch/') && has(owner.controller) && owner.controller == true)",
    },
  ],
});

/** The kinds that set the number of pods of a workload. */
const autoscalers = ['HorizontalPodAutoscaler.autoscaling', 'ScaledObject.keda.sh'];

/** CONTROLS.md §4. */
export const resourcesAndAvailability: Section = {
  title: 'Resources and availability',
  controls: [
    resourceControl('cpu', 'limits', { severity: 'low', why: 'Without a limit one container can use all CPU time of its node.' }),
    resourceControl('memory', 'limits', {
      severity: 'medium',
      why: 'Without a limit one container can use all memory of its node. The kernel then kills other containers.',
    }),
    resourceControl('cpu', 'requests', {
      severity: 'low',
      why: 'Without a request the scheduler can place the pod on a node without free CPU time.',
    }),
    resourceControl('memory', 'requests', {
      severity: 'low',
      why: 'Without a request the scheduler can place the pod on a node without free memory. The pod is also evicted first.',
    }),
    probeControl('liveness', 'Without a liveness probe a program that hangs is not restarted.'),
    probeControl('readiness', 'Without a readiness probe traffic reaches the pod before the program can answer.'),
    {
      id: 'emptydir-size-limit',
      title: 'emptyDir volumes have a size limit',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'Without a limit one pod can fill the disk or the memory of its node.',
      fix: 'Set emptyDir.sizeLimit.',
      example: { before: 'volumes:\n- name: tmp\n  emptyDir: {}\n', after: 'volumes:\n- name: tmp\n  emptyDir: {sizeLimit: 64Mi}\n' },
      message: 'emptyDir.sizeLimit is not set, or is 0',
      placement: { nsa: ['NS.resources'], mitre: ['T1499'] },
      theme: 'availability',
      parameters: { memoryOnly: { description: 'Only check volumes with medium: Memory.', type: 'bool', default: false } },
      checks: [
        {
          at: 'spec.volumes[]',
          type: 'map',
          require: `!has(item.emptyDir) || (has(item.emptyDir.sizeLimit) && ${isPositive('item.emptyDir.sizeLimit')}) || (params.memoryOnly && !(has(item.emptyDir.medium) && item.emptyDir.medium == 'Memory'))`,
        },
      ],
    },
    {
      id: 'deployment-replicas',
      title: 'Workloads have at least two replicas',
      severity: 'low',
      essential: false,
      kinds: ['Deployment.apps', 'StatefulSet.apps'],
      why: 'With one replica every drain, crash or update is an outage.',
      fix: 'Set replicas to 2 or more, or add a HorizontalPodAutoscaler or a ScaledObject with at least 2.',
      example: { before: 'spec: {replicas: 1}\n', after: 'spec: {replicas: 2}\n' },
      message: 'spec.replicas is less than 2',
      placement: {},
      theme: 'availability',
      crossObject: { check: 'replicas', reads: autoscalers },
    },
    {
      id: 'replicas-spread',
      title: 'The replicas of a workload are spread over nodes',
      severity: 'low',
      essential: false,
      kinds: ['Deployment.apps', 'StatefulSet.apps'],
      why: 'All replicas can run on one node. If it fails, the workload is down.',
      fix: 'Add topologySpreadConstraints, or a podAntiAffinity, whose labelSelector matches the pods of the workload.',
      example: {
        before: 'spec: {replicas: 3}\n',
        after:
          'spec:\n  replicas: 3\n  template:\n    metadata: {labels: {app: shop}}\n    spec:\n      topologySpreadConstraints:\n      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: shop}}}\n',
      },
      message: 'neither topologySpreadConstraints nor podAntiAffinity keep the replicas apart',
      placement: {},
      theme: 'availability',
      crossObject: { check: 'replicasSpread', reads: autoscalers, references: true },
    },
    {
      id: 'pod-disruption-budget',
      title: 'A PodDisruptionBudget selects the pods of the workload',
      severity: 'low',
      essential: false,
      kinds: ['Deployment.apps', 'StatefulSet.apps'],
      why: 'Without a PodDisruptionBudget a drain can stop all replicas at the same time.',
      fix: 'Add a PodDisruptionBudget whose selector matches the pods.',
      example: {
        before: 'kind: Deployment\n',
        after: 'kind: PodDisruptionBudget\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: shop}}}\n',
      },
      message: 'no PodDisruptionBudget selects the pods',
      placement: {},
      theme: 'availability',
      crossObject: { check: 'disruptionBudget', reads: ['PodDisruptionBudget.policy'] },
    },
    {
      id: 'pdb-zero-disruption',
      title: 'PodDisruptionBudgets allow at least one disruption',
      severity: 'low',
      essential: false,
      kinds: ['PodDisruptionBudget.policy'],
      why: 'A budget that allows no disruption blocks the drain of nodes, and so security updates of nodes.',
      fix: 'Allow at least one pod to be unavailable.',
      example: { before: 'spec: {maxUnavailable: 0}\n', after: 'spec: {maxUnavailable: 1}\n' },
      message: 'maxUnavailable or minAvailable allows no disruption',
      placement: {},
      theme: 'availability',
      crossObject: { check: 'zeroDisruption', reads: ['PodDisruptionBudget.policy', 'workloads', ...autoscalers] },
    },
    {
      id: 'namespace-resource-quota',
      title: 'Namespaces have a ResourceQuota',
      severity: 'low',
      essential: true,
      kinds: ['Namespace'],
      why: 'Without a ResourceQuota one namespace can use all resources of the cluster.',
      fix: 'Add a ResourceQuota to the namespace.',
      example: { before: 'kind: Namespace\n', after: 'kind: ResourceQuota\nspec: {hard: {limits.cpu: "8", limits.memory: 16Gi}}\n' },
      message: 'the namespace has no ResourceQuota',
      placement: { nsa: ['NS.resources'], mitre: ['T1496'] },
      theme: 'availability',
      crossObject: { check: 'namespaceHolds', reads: ['ResourceQuota'] },
    },
    {
      id: 'namespace-limit-range',
      title: 'Namespaces have a LimitRange',
      severity: 'low',
      essential: true,
      kinds: ['Namespace'],
      why: 'Without a LimitRange, a container without limits can use all resources of its node.',
      fix: 'Add a LimitRange with default limits to the namespace.',
      example: { before: 'kind: Namespace\n', after: 'kind: LimitRange\nspec: {limits: [{type: Container, default: {memory: 256Mi}}]}\n' },
      message: 'the namespace has no LimitRange',
      placement: { nsa: ['NS.resources'] },
      theme: 'availability',
      crossObject: { check: 'namespaceHolds', reads: ['LimitRange'] },
    },
  ],
};
