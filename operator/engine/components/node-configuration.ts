import type { ComponentName } from '../../catalogue/controls/components/argument-check.ts';
import { readPlainYaml } from '../../manifests/plain-yaml.ts';
import { type Fields, isFields } from '../objects/kubernetes-object.ts';
import type { ComponentView } from './component-view.ts';
import type { ProgramArgument } from './program-arguments.ts';

/** The values of a configuration by their paths, such as `authentication.anonymous.enabled`. Lists are values. */
function fieldPaths(fields: Fields, prefix = '', found = new Map<string, ProgramArgument>()): Map<string, ProgramArgument> {
  for (const [name, value] of Object.entries(fields)) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    // The gates are one setting, also if a configuration names only some of them.
    if (name === 'featureGates' && isFields(value)) found.set(path, { values: [value], path });
    else if (isFields(value)) fieldPaths(value, path, found);
    else found.set(path, { values: [value], path });
  }
  return found;
}

/** Returns the view of a KubeletConfiguration or a KubeProxyConfiguration. `at`: the path of the text in which it is, or empty. */
export function configurationView(component: ComponentName, configuration: Fields, at = ''): ComponentView {
  const found = fieldPaths(configuration);
  if (at === '') return { component, place: '', arguments: found, isTyped: true };
  const inText = new Map([...found].map(([name, { values }]) => [name, { values, path: at }]));
  return { component, place: at, arguments: inText, isTyped: true };
}

/** Returns the view of a KubeSchedulerConfiguration. Of the arguments it has only the switch of profiling. */
export function schedulerView(configuration: Fields): ComponentView {
  const value = configuration['enableProfiling'];
  const found = value === undefined ? [] : [['profiling', { values: [value], path: 'enableProfiling' }] as const];
  return { component: 'kube-scheduler', place: 'enableProfiling', arguments: new Map(found), shown: new Set(['profiling']), isTyped: true };
}

interface ConfigurationText {
  readonly component: ComponentName;
  readonly kind: string;
  readonly key: string;
}

/** The ConfigMaps of kube-system in which kubeadm keeps the configuration of nodes. */
function configurationText(name: string): ConfigurationText | undefined {
  if (/^kubelet-config(-1\.\d+)?$/.test(name)) return { component: 'kubelet', kind: 'KubeletConfiguration', key: 'kubelet' };
  return name === 'kube-proxy' ? { component: 'kube-proxy', kind: 'KubeProxyConfiguration', key: 'config.conf' } : undefined;
}

/** Whether a ConfigMap is known to have the configuration of nodes. */
export const isNodeConfigMap = (namespace: string, name: string): boolean =>
  namespace === 'kube-system' && configurationText(name) !== undefined;

function readText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return readPlainYaml(text.replace(/^---\s*\n/, '').split('\n'), 1)?.value;
  }
}

/** Returns the view of the configuration in a ConfigMap of kube-system, if it has one. */
export function configMapViews(namespace: string, name: string, data: unknown): readonly ComponentView[] {
  const expected = namespace === 'kube-system' ? configurationText(name) : undefined;
  const text = isFields(data) && expected !== undefined ? data[expected.key] : undefined;
  if (expected === undefined || text === undefined) return [];
  const at = `data['${expected.key}']`;
  const read = typeof text === 'string' ? readText(text) : undefined;
  if (isFields(read) && read['kind'] === expected.kind) return [configurationView(expected.component, read, at)];
  const problem = isFields(read) ? `expected a ${expected.kind}` : 'the YAML cannot be read';
  return [{ component: expected.component, place: at, arguments: new Map(), faults: [{ path: at, problem }] }];
}
