import type { ApiResource } from '../../api/api-resource.ts';
import { didYouMean } from '../../catalogue/suggestion.ts';
import type { AccessQuestion } from '../../engine/rbac/who-can.ts';
import { parseFlags, UsageError } from '../input/usage-error.ts';

export const whoCanUsage = `vigil who-can VERB RESOURCE PATH… lists who may do something, by the roles and bindings in manifests: files, folders, or - for
standard input. vigil who-can VERB RESOURCE --cluster reads them from a cluster.

RESOURCE is a resource or a kind, such as secrets, pods/exec, deployments.apps or Deployment; a URL that is no resource, such as /metrics;
or * for all. VERB is a verb of the API server, such as get, list, create, patch, bind, impersonate or *.

  --namespace, -n NAME   only in this namespace; the default is every namespace, and the column SCOPE names it
  --name NAME            only for the object with this name
  --cluster              read a cluster instead of files
  --context NAME         the context of the kubeconfig; the default is the current context
  -o, --output FORM      table, json

A role that the files do not have is the default role of Kubernetes of that name. The group system:masters may do everything and is not listed.
Only roles and bindings are evaluated: other authorizers, such as Node, are not known.
Exit code 0: all roles and bindings were evaluated; 2: something could not be read.
`;

/** The parsed command line of `vigil who-can`. */
export interface QuestionArguments {
  readonly verb: string;
  readonly resource: string;
  readonly paths: readonly string[];
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly cluster: boolean;
  readonly context: string | undefined;
  readonly output: 'table' | 'json';
  readonly help: boolean;
}

/** Parses the command line. Throws {@link UsageError}. */
export function questionArguments(args: readonly string[]): QuestionArguments {
  const { values, positionals } = parseFlags(args, {
    allowPositionals: true,
    options: {
      namespace: { type: 'string', short: 'n' },
      name: { type: 'string' },
      cluster: { type: 'boolean', default: false },
      context: { type: 'string' },
      output: { type: 'string', short: 'o', default: 'table' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { namespace, name, cluster, context, output, help } = values;
  const [verb = '', resource = '', ...paths] = positionals;
  if (output !== 'table' && output !== 'json') throw new UsageError(`--output: '${output}' is not one of table, json`);
  const problem = help ? undefined : questionProblem(resource, paths, cluster);
  if (problem !== undefined) throw new UsageError(problem);
  return { verb, resource, paths, namespace, name, cluster, context, output, help };
}

function questionProblem(resource: string, paths: readonly string[], cluster: boolean): string | undefined {
  if (resource === '') return 'name a verb and a resource, such as vigil who-can get secrets manifests/';
  if (cluster !== paths.length > 0) return undefined;
  return cluster ? '--cluster takes no paths' : 'name at least one file or folder, - for standard input, or use --cluster';
}

const verbs = [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', '*'],
  ...['bind', 'escalate', 'impersonate', 'approve', 'sign', 'attest', 'use', 'proxy', 'head', 'post', 'put', 'options'],
];

/** Returns a warning about a verb that Kubernetes does not have. Other API servers may have further verbs. */
export function verbWarning(verb: string): string | undefined {
  if (verbs.includes(verb) || /^impersonate(-on)?:/.test(verb)) return undefined;
  return `'${verb}' is not a verb of Kubernetes${didYouMean(verb, verbs)}`;
}

const shortNames: ReadonlyMap<string, string> = new Map([
  ['cm', 'configmaps'],
  ['crd', 'customresourcedefinitions'],
  ['crds', 'customresourcedefinitions'],
  ['cj', 'cronjobs'],
  ['csr', 'certificatesigningrequests'],
  ['deploy', 'deployments'],
  ['ds', 'daemonsets'],
  ['ing', 'ingresses'],
  ['netpol', 'networkpolicies'],
  ['no', 'nodes'],
  ['ns', 'namespaces'],
  ['po', 'pods'],
  ['pv', 'persistentvolumes'],
  ['pvc', 'persistentvolumeclaims'],
  ['rc', 'replicationcontrollers'],
  ['rs', 'replicasets'],
  ['sa', 'serviceaccounts'],
  ['sts', 'statefulsets'],
  ['svc', 'services'],
]);

/** Resources that exist for the authorizer only, with their groups. */
const virtual: ReadonlyMap<string, string> = new Map([
  ['users', ''],
  ['groups', ''],
  ['userextras', 'authentication.k8s.io'],
  ['uids', 'authentication.k8s.io'],
  ['signers', 'certificates.k8s.io'],
]);

/** The parts of a text such as `deployments.apps/scale`. The subresource begins with a slash. */
interface ResourceText {
  readonly word: string;
  readonly group: string | undefined;
  readonly subresource: string;
}

function resourceText(text: string): ResourceText {
  const [, word = '', group, subresource = ''] = /^([^./]*)(?:\.([^/]*))?(\/.*)?$/s.exec(text) ?? [];
  return { word, group, subresource };
}

type ResourceTarget = Exclude<AccessQuestion['target'], { readonly url: string }>;

/** The resource that the API server serves under a name. A Namespace counts as an object in itself. */
function servedTarget(name: string, { group, subresource }: ResourceText, resources: readonly ApiResource[]): ResourceTarget | undefined {
  const isNamed = (one: ApiResource): boolean => one.resource === name || one.kind.toLowerCase() === name;
  const found = resources.find((one) => isNamed(one) && (group === undefined || one.group === group));
  if (found === undefined) return undefined;
  return { group: found.group, resource: found.resource + subresource, namespaced: found.namespaced || found.kind === 'Namespace' };
}

/** A resource that only the authorizer has, or one that is not known but has a group. */
function otherTarget(name: string, { group, subresource }: ResourceText): ResourceTarget | undefined {
  const own = virtual.get(name);
  const target = { resource: name + subresource, namespaced: own === undefined };
  return group === undefined && own === undefined ? undefined : { ...target, group: group ?? own ?? '' };
}

/**
 * Returns the target that a text such as `deployments.apps/scale`, `Secret`, `/metrics` or `*` names. Throws {@link UsageError} for a resource
 * that is not known and has no group.
 */
export function targetOf(text: string, resources: readonly ApiResource[]): AccessQuestion['target'] {
  if (text.startsWith('/')) return { url: text };
  const parts = resourceText(text);
  if (parts.word === '*') return { group: parts.group ?? '*', resource: `*${parts.subresource}`, namespaced: true };
  const word = parts.word.toLowerCase();
  const name = shortNames.get(word) ?? word;
  const target = servedTarget(name, parts, resources) ?? otherTarget(name, parts);
  if (target !== undefined) return target;
  const known = [...resources.map(({ resource }) => resource), ...virtual.keys()];
  throw new UsageError(`no resource '${parts.word}'${didYouMean(name, known)}; name the group of another one, as in ${name}.example.org`);
}
