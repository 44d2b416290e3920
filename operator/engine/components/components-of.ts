import { type Fields, fieldsOf, type KubernetesObject, nameOf, namespaceOf, textMapOf, textOf } from '../objects/kubernetes-object.ts';
import type { ComponentView } from './component-view.ts';
import { containerProgram, seemsProgram } from './container-command.ts';
import { kubeadmFaults, kubeadmViews } from './kubeadm-configuration.ts';
import type { ProgramArguments } from './program-arguments.ts';
import { configMapViews, configurationView, isNodeConfigMap, schedulerView } from './node-configuration.ts';
import { nodeRegistrationView } from './node-registration.ts';

/** An object, and for a workload its pod with the lists of containers. */
export interface ComponentSource {
  readonly object: KubernetesObject;
  readonly groupKind: string;
  readonly isWorkload: boolean;
  readonly input: {
    readonly object: unknown;
    readonly containers: readonly { readonly path: string; readonly containers: readonly unknown[] }[];
  };
}

const none: readonly ComponentView[] = [];

/** Whether an etcd is the one of the cluster: applications have their own. */
function isClusterEtcd({ metadata }: KubernetesObject, pod: unknown): boolean {
  const labels = { ...textMapOf(fieldsOf(metadata)['labels']), ...textMapOf(fieldsOf(fieldsOf(pod)['metadata'])['labels']) };
  return textOf(fieldsOf(metadata)['namespace']) === 'kube-system' || labels['tier'] === 'control-plane';
}

/** --metrics-bind-address of kube-proxy is the field metricsBindAddress of its configuration. */
function asConfigured(component: string, known: ProgramArguments): ProgramArguments {
  const metrics = component === 'kube-proxy' ? known.get('metrics-bind-address') : undefined;
  return metrics === undefined ? known : new Map([...known, ['metricsBindAddress', metrics]]);
}

function containerView(container: Fields, at: string): ComponentView | undefined {
  const program = seemsProgram(container) ? containerProgram(container, at) : undefined;
  if (program === undefined) return undefined;
  const { fault, component, ...view } = program;
  const name = textOf(container['name']);
  const hasOnlyArgs = Array.isArray(container['args']) && !Array.isArray(container['command']);
  return {
    ...view,
    component,
    arguments: asConfigured(component, view.arguments),
    place: `${at}.${hasOnlyArgs ? 'args' : 'command'}`,
    ...(name === undefined ? {} : { container: name }),
    ...(fault === undefined ? {} : { faults: [fault] }),
  };
}

function podViews(source: ComponentSource): readonly ComponentView[] {
  const views: ComponentView[] = [];
  for (const { path, containers } of source.input.containers) {
    if (path !== 'spec.containers') continue;
    for (const [index, item] of containers.entries()) {
      const view = containerView(fieldsOf(item), `${path}[${index}]`);
      if (view === undefined || (view.component === 'etcd' && !isClusterEtcd(source.object, source.input.object))) continue;
      views.push(view);
    }
  }
  return views.length === 0 ? none : views;
}

/**
 * Returns what an object shows of the programs of the control plane and of nodes: a workload that runs one, a configuration of kubeadm, of the
 * kubelet or of kube-proxy, or a ConfigMap of kubeadm with one of these. Empty for all other objects. Paths are those of the source's input.
 */
export function componentsOf(source: ComponentSource): readonly ComponentView[] {
  if (source.isWorkload) return podViews(source);
  const { object } = source;
  switch (source.groupKind) {
    case 'ConfigMap':
      return isNodeConfigMap(namespaceOf(object), nameOf(object) ?? '')
        ? configMapViews(namespaceOf(object), nameOf(object) ?? '', object['data'])
        : none;
    case 'ClusterConfiguration.kubeadm.k8s.io': {
      const faults = kubeadmFaults(object);
      return kubeadmViews(object).map((view) => (faults.length === 0 ? view : { ...view, faults }));
    }
    case 'KubeletConfiguration.kubelet.config.k8s.io':
      return [configurationView('kubelet', object)];
    case 'InitConfiguration.kubeadm.k8s.io':
    case 'JoinConfiguration.kubeadm.k8s.io':
      return [nodeRegistrationView(object)];
    case 'KubeSchedulerConfiguration.kubescheduler.config.k8s.io':
      return [schedulerView(object)];
    case 'KubeProxyConfiguration.kubeproxy.config.k8s.io':
      return [configurationView('kube-proxy', object)];
    default:
      return none;
  }
}

const programNames = /^(kube-apiserver|kube-controller-manager|kube-scheduler|etcd|kube-proxy)(-|$)/;

/** Whether the metadata of an object in kube-system shows that it can be one that {@link componentsOf} reads. */
export function mayShowComponents(groupKind: string, object: KubernetesObject): boolean {
  const metadata = fieldsOf(object.metadata);
  if (textOf(metadata['namespace']) !== 'kube-system') return false;
  const name = textOf(metadata['name']) ?? '';
  if (groupKind === 'ConfigMap') return isNodeConfigMap('kube-system', name);
  return programNames.test(textMapOf(metadata['labels'])['component'] ?? '') || programNames.test(name);
}
