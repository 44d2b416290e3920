import { ownEntry } from '../../api/own-entry.ts';
import type { SecurityPolicySpec } from '../../api/kinds/security-policy.ts';
import { catalogue, controlById } from '../../catalogue/controls/catalogue.ts';
import type { Parameter } from '../../catalogue/controls/control.ts';
import { type Severity, severityOrder } from '../../catalogue/controls/severity.ts';
import { didYouMean } from '../../catalogue/suggestion.ts';
import { parseFlags, UsageError } from './usage-error.ts';

/** The output formats of a scan. */
export const outputNames = ['table', 'json', 'yaml', 'sarif', 'junit', 'github'] as const;
export type OutputName = (typeof outputNames)[number];

/** The parsed command line of `vigil scan`. */
export interface ScanArguments {
  readonly paths: readonly string[];
  readonly policyFiles: readonly string[];
  /** The policy from the flags. Undefined if only policy files are used. */
  readonly spec: SecurityPolicySpec | undefined;
  /** Whether the policy from the flags is the default one, because the user chose neither frameworks, controls nor policies. */
  readonly chosenNothing: boolean;
  readonly failOn: Severity;
  readonly passing: boolean;
  readonly output: OutputName;
  readonly cluster: boolean;
  readonly context: string | undefined;
  readonly namespace: string | undefined;
  readonly kubernetesVersion: string | undefined;
  /** Files with further exceptions. */
  readonly exceptionFiles: readonly string[];
  /** Whether exceptions apply. */
  readonly exceptions: boolean;
  /** The file with the known findings. */
  readonly baseline: string | undefined;
  /** The file to write the failures to. */
  readonly writeBaseline: string | undefined;
  readonly help: boolean;
}

/** `vigil scan --help`. */
export const scanUsage = `vigil scan PATH… scans Kubernetes manifests: files, folders, or - for standard input.
vigil scan --cluster scans the objects of a cluster.

  --policy FILE               use the SecurityPolicies in a file, and the ValidatingAdmissionPolicies with their bindings; can be
                              repeated
  --framework NAME[@VERSION]  use a framework, such as pss-restricted@1.34; can be repeated
  --control ID[,ID…]          use controls; can be repeated
  --param CONTROL.KEY=VALUE   set a parameter of a control; commas separate the items of a list
  --fail-on SEVERITY          exit with 1 only for failures of at least this severity (critical, high, medium, low, info)
  --passing                   also list passed checks
  -o, --output FORM           table, json, yaml (PolicyReports), sarif, junit, github
  --cluster                   scan a cluster instead of files
  --context NAME              the context of the kubeconfig; the default is the current context
  --namespace, -n NAME        for a cluster: scan only this namespace; for files: the namespace of objects without a namespace
  --exceptions PATH           also apply the exceptions in a file or folder; can be repeated
  --no-exceptions             ignore all exceptions
  --write-baseline FILE       write all failures to a file, as JSON, and exit with 0
  --baseline FILE             list the failures in this file as known; they do not change the exit code
  --kubernetes-version 1.X    the Kubernetes version for frameworks without a version

By default the frameworks pss-restricted and vigil are used, and controls that read the same field are one finding. The SecurityExceptions and ClusterSecurityExceptions among the files apply.
Exit code 0: no failures; 1: failures; 2: a file could not be read, or a check could not be evaluated.
`;

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  return parseFlags(args, {
    allowPositionals: true,
    options: {
      policy: { type: 'string', multiple: true },
      framework: { type: 'string', multiple: true },
      control: { type: 'string', multiple: true },
      param: { type: 'string', multiple: true },
      'fail-on': { type: 'string' },
      passing: { type: 'boolean' },
      output: { type: 'string', short: 'o' },
      cluster: { type: 'boolean' },
      context: { type: 'string' },
      namespace: { type: 'string', short: 'n' },
      'kubernetes-version': { type: 'string' },
      baseline: { type: 'string' },
      'write-baseline': { type: 'string' },
      exceptions: { type: 'string', multiple: true },
      'no-exceptions': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === value);
  if (found === undefined) throw new UsageError(`${flag}: '${value}' is not one of ${allowed.join(', ')}${didYouMean(value, allowed)}`);
  return found;
}

function frameworkOf(text: string): { name: string; version?: string } {
  const at = text.indexOf('@');
  return at < 0 ? { name: text } : { name: text.slice(0, at), version: text.slice(at + 1) };
}

const booleans: Readonly<Record<string, boolean>> = { true: true, false: false };
const readers: Readonly<Record<Parameter['type'], (text: string) => unknown>> = {
  string: (text) => text,
  int: (text) => (/^-?\d+$/.test(text) ? Number(text) : undefined),
  bool: (text) => ownEntry(booleans, text),
  strings: (text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
};

function parameterOf(text: string): readonly [control: string, key: string, value: unknown] {
  const match = /^([a-z0-9-]+)\.([A-Za-z0-9]+)=(.*)$/s.exec(text);
  if (match === null) throw new UsageError(`--param: '${text}' is not CONTROL.KEY=VALUE`);
  const [, id = '', key = '', value = ''] = match;
  const control = controlById(id);
  if (control === undefined)
    throw new UsageError(
      `--param: no control '${id}'${didYouMean(
        id,
        catalogue.map((entry) => entry.id),
      )}`,
    );
  const parameters = control.parameters ?? {};
  const parameter = Object.hasOwn(parameters, key) ? parameters[key] : undefined;
  if (parameter === undefined)
    throw new UsageError(`--param: control '${id}' has no parameter '${key}'${didYouMean(key, Object.keys(parameters))}`);
  const read = readers[parameter.type](value);
  if (read === undefined) throw new UsageError(`--param: ${id}.${key} must be of type ${parameter.type}, not '${value}'`);
  return [id, key, read];
}

function controlsOf(
  chosen: readonly string[],
  parameters: readonly (readonly [string, string, unknown])[],
): NonNullable<SecurityPolicySpec['controls']> {
  const controls = new Map<string, { name: string; parameters?: Record<string, unknown> }>(chosen.map((name) => [name, { name }]));
  for (const [name, key, value] of parameters) {
    controls.set(name, { name, parameters: { ...controls.get(name)?.parameters, [key]: value } });
  }
  return [...controls.values()];
}

/** The scope of the policy from the flags. System namespaces of a cluster are excluded by default. Files are always included. */
function scopeOf({ cluster, namespace }: Values): SecurityPolicySpec['scope'] {
  if (cluster !== true) return { systemNamespaces: 'Include' };
  return namespace === undefined ? {} : { namespaces: { include: [namespace] } };
}

function specOf(values: Values): SecurityPolicySpec | undefined {
  const { framework = [], control = [], param = [], policy = [] } = values;
  const frameworks = framework.map(frameworkOf);
  const chosen = control.flatMap((list) => list.split(',').map((id) => id.trim())).filter((id) => id !== '');
  const parameters = param.map(parameterOf);
  const nothing = frameworks.length === 0 && chosen.length === 0;
  if (nothing && policy.length > 0) {
    if (parameters.length > 0)
      throw new UsageError('--param with --policy needs --control or --framework; in a policy, set spec.controls[].parameters');
    return undefined;
  }
  return {
    scope: scopeOf(values),
    frameworks: nothing ? [{ name: 'pss-restricted' }, { name: 'vigil' }] : frameworks,
    controls: controlsOf(chosen, parameters),
  };
}

function versionOf(text: string | undefined): string | undefined {
  if (text === undefined || text === 'latest') return undefined;
  const match = /^v?(1\.\d+)(\.\d+)?/.exec(text);
  if (match === null) throw new UsageError(`--kubernetes-version: '${text}' is not a version such as 1.36`);
  return match[1];
}

function exceptionArguments(values: Values): Pick<ScanArguments, 'exceptionFiles' | 'exceptions'> {
  const { exceptions = [], 'no-exceptions': noExceptions = false, cluster = false } = values;
  if (exceptions.length > 0 && noExceptions) throw new UsageError('--exceptions and --no-exceptions exclude each other');
  if (exceptions.length > 0 && cluster) throw new UsageError('--exceptions is for scans of files, not for --cluster');
  return { exceptionFiles: exceptions, exceptions: !noExceptions };
}

/** Parses the command line of `vigil scan`. Throws {@link UsageError}. */
export function scanArguments(args: readonly string[]): ScanArguments {
  const { values, positionals } = parse(args);
  const cluster = values.cluster === true;
  if (values.help !== true && cluster === positionals.length > 0) {
    throw new UsageError(cluster ? '--cluster takes no paths' : 'name at least one file or folder, - for standard input, or use --cluster');
  }
  return {
    paths: positionals,
    policyFiles: values.policy ?? [],
    spec: specOf(values),
    chosenNothing: [values.framework, values.control, values.policy].every((chosen) => chosen === undefined),
    failOn: oneOf('--fail-on', values['fail-on'] ?? 'info', severityOrder),
    passing: values.passing === true,
    output: oneOf('--output', values.output ?? 'table', outputNames),
    cluster,
    context: values.context,
    namespace: values.namespace,
    kubernetesVersion: versionOf(values['kubernetes-version']),
    ...exceptionArguments(values),
    baseline: values.baseline,
    writeBaseline: values['write-baseline'],
    help: values.help === true,
  };
}
