import { errs, fails, objects, passes, pods, longRunning, type Table, type Tables } from '../control-table.ts';

const resource = (name: 'cpu' | 'memory', part: 'limits' | 'requests', value: string): Table => {
  const path = `resources.${part}.${name}`;
  return pods(
    passes('set', `containers: [{name: a, resources: {${part}: {${name}: ${value}}}}]`),
    passes('a number', `containers: [{name: a, resources: {${part}: {${name}: 1}}}]`),
    passes(
      'ephemeral containers have none',
      `containers: [{name: a, resources: {${part}: {${name}: ${value}}}}]\nephemeralContainers: [{name: e}]`,
    ),
    fails('no resources', 'containers: [{name: a}]', `spec.containers[0].${path}`),
    fails(
      'the other resource',
      `containers: [{name: a, resources: {${part}: {${name === 'cpu' ? 'memory' : 'cpu'}: 1}}}]`,
      `spec.containers[0].${path}`,
    ),
    fails(
      'an init container',
      `initContainers: [{name: i}]\ncontainers: [{name: a, resources: {${part}: {${name}: ${value}}}}]`,
      `spec.initContainers[0].${path}`,
    ),
    ...(part === 'requests'
      ? [passes('a limit alone makes the request', `containers: [{name: a, resources: {limits: {${name}: ${value}}}}]`)]
      : [
          fails(
            'a request makes no limit',
            `containers: [{name: a, resources: {requests: {${name}: ${value}}}}]`,
            `spec.containers[0].${path}`,
          ),
        ]),
    passes('of the pod', `resources: {${part}: {${name}: ${value}}}\ncontainers: [{name: a}]`),
    passes(
      '0 in the container, and one of the pod',
      `resources: {${part}: {${name}: ${value}}}\ncontainers: [{name: a, resources: {${part}: {${name}: 0}}}]`,
    ),
    fails('0 is none', `containers: [{name: a, resources: {${part}: {${name}: "0"}}}]`, `spec.containers[0].${path}`),
    fails('0 with a unit', `containers: [{name: a, resources: {${part}: {${name}: 0Ki}}}]`, `spec.containers[0].${path}`),
    fails('0 of the pod', `resources: {${part}: {${name}: 0}}\ncontainers: [{name: a}]`, `spec.containers[0].${path}`),
    errs('no quantity', `containers: [{name: a, resources: {${part}: {${name}: plenty}}}]`, `spec.containers[0].${path}`),
  );
};

const probe = (name: string): Table =>
  longRunning(
    passes('set', `containers: [{name: a, ${name}: {exec: {command: ["true"]}}}]`),
    passes('init containers need none', `initContainers: [{name: i}]\ncontainers: [{name: a, ${name}: {httpGet: {port: 80}}}]`),
    fails('unset', 'containers: [{name: a}]', `spec.containers[0].${name}`),
    fails('one of two', `containers: [{name: a, ${name}: {httpGet: {port: 80}}}, {name: b}]`, `spec.containers[1].${name}`),
    fails('empty', `containers: [{name: a, ${name}: {}}]`, `spec.containers[0].${name}`),
  );

const namespace = (name: string): string => `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}}}\n---\n`;
const held = (kind: string, inNamespace: string): string =>
  `{apiVersion: v1, kind: ${kind}, metadata: {name: it, namespace: ${inNamespace}}, spec: {}}`;

const deployment = (name: string, replicas: number): string =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: ${name}, namespace: shop}, spec: {replicas: ${replicas}, template: {metadata: {labels: {app: ${name}}}, spec: {}}}}\n`;
const replicated = (replicas: number, spec: string): string =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}, spec: {replicas: ${replicas}, template: {metadata: {labels: {app: a}}, spec: {${spec}}}}}`;
const requiredTerm = (labels: string): string =>
  `requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {${labels}}}}]`;
const spreading = (more: string): string =>
  `topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway${more === '' ? '' : `, ${more}`}}]`;
const budget = (spec: string): string =>
  `---\n{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b, namespace: shop}, spec: ${spec}}\n`;
const scaledObject = (spec: string): string =>
  `\n---\n{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: k, namespace: shop}, spec: ${spec}}`;
const scaler = (spec: string): string =>
  `---\n{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: shop}, spec: ${spec}}\n`;

/** CONTROLS.md §4. */
export const table: Tables = {
  'cpu-limits': resource('cpu', 'limits', '500m'),
  'memory-limits': resource('memory', 'limits', '256Mi'),
  'cpu-requests': resource('cpu', 'requests', '"0.5"'),
  'memory-requests': resource('memory', 'requests', '1e9'),
  'liveness-probe': probe('livenessProbe'),
  'readiness-probe': probe('readinessProbe'),
  'namespace-resource-quota': objects(
    passes('a quota in it', namespace('shop') + held('ResourceQuota', 'shop')),
    passes('system namespaces', namespace('kube-system') + held('ResourceQuota', 'shop')),
    fails('none', namespace('shop') + held('LimitRange', 'shop'), 'metadata.name'),
    fails('one in another namespace', namespace('shop') + held('ResourceQuota', 'web'), 'metadata.name'),
  ),
  'namespace-limit-range': objects(
    passes('a limit range in it', namespace('shop') + held('LimitRange', 'shop')),
    passes(
      'two of them',
      `${namespace('shop')}${held('LimitRange', 'shop')}\n---\n${held('LimitRange', 'shop').replace('name: it', 'name: other')}`,
    ),
    fails('none', namespace('shop') + held('ResourceQuota', 'shop'), 'metadata.name'),
    fails('one in another namespace', namespace('shop') + held('LimitRange', 'web'), 'metadata.name'),
  ),
  'emptydir-size-limit': pods(
    passes('a limit', 'volumes: [{name: v, emptyDir: {sizeLimit: 1Gi}}]'),
    passes('another type', 'volumes: [{name: v, secret: {secretName: s}}]'),
    passes('on disk, when only memory counts', 'volumes: [{name: v, emptyDir: {}}]', { parameters: { memoryOnly: true } }),
    fails('no limit', 'volumes: [{name: v, emptyDir: {}}]', 'spec.volumes[0]'),
    fails('in memory', 'volumes: [{name: v, emptyDir: {medium: Memory}}]', 'spec.volumes[0]', { parameters: { memoryOnly: true } }),
  ),
  'replicas-spread': objects(
    fails('nothing', replicated(2, ''), 'spec.template.spec'),
    fails('an affinity to each other', replicated(2, `affinity: {podAffinity: {${requiredTerm('app: a')}}}`), 'spec.template.spec'),
    fails('apart from others', replicated(2, `affinity: {podAntiAffinity: {${requiredTerm('app: b')}}}`), 'spec.template.spec'),
    fails('constraints for others', replicated(3, spreading('labelSelector: {matchLabels: {app: b}}')), 'spec.template.spec'),
    fails('constraints for no pods', replicated(3, spreading('')), 'spec.template.spec'),
    fails(
      'an autoscaler keeps two',
      `${replicated(1, '')}\n${scaler('{scaleTargetRef: {kind: Deployment, name: a}, minReplicas: 2, maxReplicas: 5}')}`,
      'spec.template.spec',
    ),
    passes('one replica', replicated(1, '')),
    passes('constraints', replicated(2, spreading('labelSelector: {matchLabels: {app: a}}'))),
    passes('constraints for all pods', replicated(2, spreading('labelSelector: {}'))),
    passes('apart from each other', replicated(2, `affinity: {podAntiAffinity: {${requiredTerm('app: a')}}}`)),
    passes(
      'apart if possible',
      replicated(
        2,
        'affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchExpressions: [{key: app, operator: In, values: [a]}]}}}]}}',
      ),
    ),
  ),
  'deployment-replicas': objects(
    passes(
      'two',
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}, spec: {replicas: 2, template: {spec: {}}}}',
    ),
    passes(
      'scaled',
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}, spec: {template: {spec: {}}}}\n---\n{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: shop}, spec: {minReplicas: 2, scaleTargetRef: {kind: Deployment, name: a}}}',
    ),
    ...[
      ['to one by default', '{scaleTargetRef: {kind: Deployment, name: a}, maxReplicas: 5}'],
      [
        'by the range, not by replicas',
        '{scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}, minReplicas: 1, maxReplicas: 1}',
      ],
    ].map(([title = '', autoscaler = '']) => fails(`scaled ${title}`, `${deployment('a', 2)}${scaler(autoscaler)}`, 'spec.replicas')),
    passes('an autoscaler of another', `${deployment('a', 2)}${scaler('{scaleTargetRef: {kind: Deployment, name: b}}')}`),
    passes(
      'an autoscaler of a kind of another group',
      `${deployment('a', 2)}${scaler('{scaleTargetRef: {apiVersion: example.com/v1, kind: Deployment, name: a}}')}`,
    ),
    passes('scaled by KEDA', `${deployment('a', 1)}${scaledObject('{scaleTargetRef: {name: a}, minReplicaCount: 2}')}`),
    passes('scaled up from zero by KEDA', `${deployment('a', 0)}${scaledObject('{scaleTargetRef: {name: a}, minReplicaCount: 3}')}`),
    passes('scaled by KEDA, another workload', `${deployment('a', 2)}${scaledObject('{scaleTargetRef: {name: b}}')}`),
    passes('scaled by KEDA, another kind', `${deployment('a', 2)}${scaledObject('{scaleTargetRef: {kind: StatefulSet, name: a}}')}`),
    fails('scaled by KEDA to zero', `${deployment('a', 2)}${scaledObject('{scaleTargetRef: {name: a}}')}`, 'spec.replicas'),
    fails(
      'unset is one',
      '{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a, namespace: shop}, spec: {template: {spec: {}}}}',
      'spec.replicas',
    ),
    fails(
      'scaled to zero',
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}, spec: {replicas: 0, template: {spec: {}}}}',
      'spec.replicas',
    ),
  ),
  'pod-disruption-budget': objects(
    passes('its labels', `${deployment('a', 2)}${budget('{maxUnavailable: 1, selector: {matchLabels: {app: a}}}')}`),
    passes('all pods', `${deployment('a', 2)}${budget('{maxUnavailable: 1, selector: {}}')}`),
    fails('no pods without a selector', `${deployment('a', 2)}${budget('{maxUnavailable: 1}')}`, 'spec.template.metadata.labels'),
    passes(
      'a label that the controller adds',
      `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a, namespace: shop}, spec: {template: {spec: {}}}}\n${budget('{maxUnavailable: 1, selector: {matchLabels: {statefulset.kubernetes.io/pod-name: a-0}}}')}`,
    ),
    fails(
      'an empty selector in v1beta1',
      `${deployment('a', 2)}${budget('{maxUnavailable: 1, selector: {}}').replace('policy/v1', 'policy/v1beta1')}`,
      'spec.template.metadata.labels',
    ),
    fails(
      'other labels',
      `${deployment('a', 2)}${budget('{maxUnavailable: 1, selector: {matchLabels: {app: b}}}')}`,
      'spec.template.metadata.labels',
    ),
  ),
  'pdb-zero-disruption': objects(
    ...(
      [
        ['no pod of three by a percentage', '{minAvailable: 80%, selector: {}}', [3], 'spec.minAvailable'],
        ['no pod of one by a half', '{minAvailable: 50%, selector: {}}', [1], 'spec.minAvailable'],
        ['all by number', '{minAvailable: 4, selector: {}}', [2, 2], 'spec.minAvailable'],
        ['all', '{minAvailable: 100%, selector: {}}', [], 'spec.minAvailable'],
        ['none unavailable', '{maxUnavailable: 0, selector: {}}', [3], 'spec.maxUnavailable'],
        ['none of a hundred', '{maxUnavailable: 0%, selector: {}}', [3], 'spec.maxUnavailable'],
      ] as const
    ).map(([title, spec, sizes, path]) =>
      fails(title, `${budget(spec)}${sizes.map((size, index) => `---\n${deployment(`d${index}`, size)}`).join('')}`, path),
    ),
    ...(
      [
        ['one of two by a half', '{minAvailable: 50%, selector: {}}', [2]],
        ['two of two controllers', '{minAvailable: 2, selector: {}}', [2, 2]],
        ['one of three by 10 %', '{maxUnavailable: 10%, selector: {}}', [3]],
        ['nothing selected', '{minAvailable: 1, selector: {matchLabels: {app: other}}}', [1]],
        ['nothing runs', '{minAvailable: 1, selector: {}}', [0]],
      ] as const
    ).map(([title, spec, sizes]) =>
      passes(title, `${budget(spec)}${sizes.map((size, index) => `---\n${deployment(`d${index}`, size)}`).join('')}`),
    ),
    passes(
      'a DaemonSet, whose number of pods is not known',
      `${budget('{minAvailable: 1, selector: {}}')}---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a, namespace: shop}, spec: {template: {metadata: {labels: {app: a}}, spec: {}}}}`,
    ),
    passes(
      'an autoscaler with room',
      `${budget('{minAvailable: 1, selector: {}}')}---\n${deployment('a', 1)}${scaler('{scaleTargetRef: {kind: Deployment, name: a}, minReplicas: 3}')}`,
    ),
  ),
};
