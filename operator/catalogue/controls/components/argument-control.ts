import type { Control, ControlKinds } from '../control.ts';
import type { ArgumentCheck, ComponentName } from './argument-check.ts';

const kubeadm = 'ClusterConfiguration.kubeadm.k8s.io';

/** The kinds that show a program: the workloads that run it, and configurations of kubeadm and of the programs. */
const kindsOf: Readonly<Record<ComponentName, ControlKinds>> = {
  'kube-apiserver': ['workloads', kubeadm],
  'kube-controller-manager': ['workloads', kubeadm],
  'kube-scheduler': ['workloads', kubeadm, 'KubeSchedulerConfiguration.kubescheduler.config.k8s.io'],
  etcd: ['workloads', kubeadm],
  kubelet: [
    'ConfigMap',
    'KubeletConfiguration.kubelet.config.k8s.io',
    'InitConfiguration.kubeadm.k8s.io',
    'JoinConfiguration.kubeadm.k8s.io',
  ],
  'kube-proxy': ['workloads', 'ConfigMap', 'KubeProxyConfiguration.kubeproxy.config.k8s.io'],
};

/** The fields of a control about arguments. */
export interface ArgumentControl extends Pick<Control, 'id' | 'title' | 'severity' | 'why' | 'fix' | 'message' | 'sameFactAs' | 'theme'> {
  readonly cis: readonly string[];
  readonly nsa?: readonly string[];
  readonly argument: ArgumentCheck;
  /** The arguments, or the lines of a configuration, before and after the fix. */
  readonly before: string;
  readonly after: string;
}

const fileOf = (component: ComponentName, lines: string): string =>
  component === 'kubelet' || component === 'kube-proxy'
    ? `kind: Kube${component === 'kubelet' ? 'let' : 'Proxy'}Configuration\n${lines}\n`
    : `containers:\n- name: ${component}\n  command: [${[component, ...(lines === '' ? [] : [lines])].join(', ')}]\n`;

/** Makes a control about arguments of a program. Its kinds are those that show the program. */
export function argumentControl({ cis, nsa, before, after, argument, ...control }: ArgumentControl): Control {
  return {
    ...control,
    essential: false,
    kinds: kindsOf[argument.component],
    example: { before: fileOf(argument.component, before), after: fileOf(argument.component, after) },
    placement: { cis, ...(nsa === undefined ? {} : { nsa }) },
    argument,
  };
}
