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
  'deployment-replicas': objects(
    passes(
      'two',
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}, spec: {replicas: 2, template: {spec: {}}}}',
    ),
    passes(
      'scaled',
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}, spec: {template: {spec: {}}}}\n---\n{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: shop}, spec: {scaleTargetRef: {kind: Deployment, name: a}}}',
    ),
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
};
