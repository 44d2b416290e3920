import { fieldsOf, groupKindOf, isFields, nameOf, textOf } from '../../engine/objects/kubernetes-object.ts';
import { kindProblem } from '../../engine/schema/kind-problem.ts';

/** Why a document cannot be evaluated, and the path of the problem. */
export type ManifestProblem = readonly [message: string, path: string];

type Fields = Readonly<Record<string, unknown>>;

/** In YAML 1.1, which kubectl reads, `no`, `n` and `off` are false. */
const quoteIt = '. In YAML, unquoted numbers, yes, no, on and off are not strings: put the value in quotes';

function textProblem(fields: Fields, name: string, path: string): ManifestProblem | undefined {
  const value = fields[name];
  if (value === undefined || value === null || typeof value === 'string') return undefined;
  return [`${path} must be a string${typeof value === 'object' ? '' : `, found ${JSON.stringify(value)}${quoteIt}`}`, path];
}

function typeProblem(object: Fields): ManifestProblem | undefined {
  const missing = ['apiVersion', 'kind'].find((field) => (object[field] ?? '') === '');
  if (missing !== undefined) return [`the object has no ${missing}`, ''];
  return textProblem(object, 'apiVersion', 'apiVersion') ?? textProblem(object, 'kind', 'kind');
}

function metadataProblem({ metadata }: Fields): ManifestProblem | undefined {
  if (metadata !== undefined && metadata !== null && !isFields(metadata)) return ['metadata must be a map', 'metadata'];
  const fields = fieldsOf(metadata);
  return textProblem(fields, 'name', 'metadata.name') ?? textProblem(fields, 'namespace', 'metadata.namespace');
}

/** Returns the reason why a document cannot be evaluated, or undefined. */
export function problemOf(object: Fields): ManifestProblem | undefined {
  const problem = typeProblem(object) ?? metadataProblem(object);
  if (problem !== undefined) return problem;
  return (nameOf(object) ?? '') === '' ? ['the object has no metadata.name and no metadata.generateName', 'metadata'] : undefined;
}

/**
 * Whether the only problem of an object is a name that YAML reads as a number or a boolean. The object is not evaluated, but checks of other
 * objects see it: they would otherwise count too few pods.
 */
export function hasMisreadName(object: Fields, [, path]: ManifestProblem): boolean {
  const { name, namespace } = fieldsOf(object['metadata']);
  return path === 'metadata.name' && typeof name !== 'object' && ['string', 'undefined'].includes(typeof namespace);
}

/** Replaces the name of an object by its text. */
export function nameAsText(object: Fields): void {
  const metadata = object['metadata'] as Record<string, unknown>;
  metadata['name'] = String(metadata['name']);
}

/** API groups of configuration files of tools. They are not objects of a cluster, and are ignored. */
const toolGroups = /^(kustomize\.config\.k8s\.io|kind\.x-k8s\.io|skaffold)\//;

/** API groups of configuration files of the programs of Kubernetes. They are evaluated only if they have a name. */
const programGroups =
  /^(([a-z]+\.)*(config|kubeadm|audit)\.k8s\.io|client\.authentication\.k8s\.io|credentialprovider\.kubelet\.k8s\.io)\//;

/** The configurations of programs that controls are about. They have no name. */
const evaluatedConfigurations: ReadonlySet<string> = new Set([
  'ClusterConfiguration.kubeadm.k8s.io',
  'KubeletConfiguration.kubelet.config.k8s.io',
  'KubeProxyConfiguration.kubeproxy.config.k8s.io',
  'KubeSchedulerConfiguration.kubescheduler.config.k8s.io',
  'InitConfiguration.kubeadm.k8s.io',
  'JoinConfiguration.kubeadm.k8s.io',
  'EncryptionConfiguration.apiserver.config.k8s.io',
  'AuthenticationConfiguration.apiserver.config.k8s.io',
  'AdmissionConfiguration.apiserver.config.k8s.io',
  'PodSecurityConfiguration.pod-security.admission.config.k8s.io',
  'Policy.audit.k8s.io',
]);

/** Whether a document is the configuration of a program that controls are about. */
export const isEvaluatedConfiguration = (object: Fields): boolean => evaluatedConfigurations.has(groupKindOf(object));

/** Gives a configuration without a name that of its file, such as `kubelet` for `etc/kubelet.yaml`. */
export function nameAsFile(object: Fields, file: string): void {
  if (!isEvaluatedConfiguration(object) || (nameOf(object) ?? '') !== '' || !isFields(object['metadata'] ?? {})) return;
  const name = file.slice(file.lastIndexOf('/') + 1).replace(/\.[A-Za-z]+$/, '');
  (object as Record<string, unknown>)['metadata'] = { ...fieldsOf(object['metadata']), name: name === '' || name === '-' ? 'stdin' : name };
}

/** Whether a document is the configuration of a program that no control is about, and not an object of a cluster. */
export function isConfiguration(object: Fields): boolean {
  if (isEvaluatedConfiguration(object)) return false;
  const apiVersion = textOf(object['apiVersion']) ?? '';
  if (toolGroups.test(apiVersion) || (apiVersion === 'v1' && object['kind'] === 'Config')) return true;
  return isProgramConfiguration(object);
}

/** Whether a document is the configuration of a program of Kubernetes that no control is about, such as an AuthorizationConfiguration. */
export function isProgramConfiguration(object: Fields): boolean {
  const apiVersion = textOf(object['apiVersion']) ?? '';
  return (
    programGroups.test(apiVersion) && !toolGroups.test(apiVersion) && !isEvaluatedConfiguration(object) && (nameOf(object) ?? '') === ''
  );
}

/** A kind that the API server does not have. */
export interface UnservedKind {
  readonly problem: ManifestProblem;
  /** The kind was served once: the object is evaluated nevertheless. */
  readonly isFormer: boolean;
}

/** Returns why Kubernetes does not have the kind of an object in its version. `version`: of Kubernetes, such as 1.36. */
export function unservedKind(object: Fields, version: string): UnservedKind | undefined {
  const minor = Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? Infinity);
  const found = kindProblem(textOf(object['apiVersion']) ?? '', textOf(object['kind']) ?? '', minor);
  if (found === undefined || found.message === '') return undefined;
  return { problem: [found.message, 'apiVersion'], isFormer: found.isFormer };
}
