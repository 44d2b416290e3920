import type { ApiResource } from '../api/api-resource.ts';
import { newestMinor } from '../catalogue/frameworks/framework.ts';
import { atLeast } from '../catalogue/controls/severity.ts';
import { type CompileOptions, compilePolicies, type PolicyProblem, type PolicySource } from '../engine/policy-set.ts';
import type { ManifestError } from '../manifests/manifest.ts';
import type { Output, ScanResult } from '../output/scan-result.ts';
import { type ExceptionFiles, hasInlineException, isException, readExceptions } from './input/exception-files.ts';
import { inspectApprovals } from './input/approval-files.ts';
import { cliCommand } from './input/cli-command.ts';
import type { Io } from './input/io.ts';
import { readManifestFiles } from './input/manifest-files.ts';
import { RuleCounts, ruleWarnings } from './input/rule-counts.ts';
import { ManifestState } from './input/manifest-scan.ts';
import { type PolicyFiles, readPolicyFiles } from './input/policy-files.ts';
import { type OutputName, type ScanArguments, scanArguments, scanUsage } from './input/scan-arguments.ts';
import { flagsPolicy } from './files/file-coverage.ts';
import { onCluster } from './on-cluster.ts';
import { patchWarnings } from './files/folder-roles.ts';
import { onePerFact } from '../output/same-facts.ts';
import { systemNamespaces } from './input/system-namespaces.ts';
import { exitCodes, UsageError } from './input/usage-error.ts';

const outputs: Readonly<Record<OutputName, () => Promise<Output>>> = {
  table: async () => (await import('../output/table-output.ts')).tableOutput,
  json: async () => (await import('../output/json-output.ts')).jsonOutput,
  yaml: async () => (await import('../output/policy-report-output.ts')).policyReportOutput,
  sarif: async () => (await import('../output/sarif-output.ts')).sarifOutput,
  junit: async () => (await import('../output/junit-output.ts')).junitOutput,
  github: async () => (await import('../output/github-output.ts')).githubOutput,
};

function problemError({ policy, path, message, line, column }: PolicyProblem, files: PolicyFiles): ManifestError {
  const place = line === undefined ? '' : `${line}:${column ?? 1}: `;
  if (policy === flagsPolicy) return { source: { file: 'command line' }, message };
  return {
    source: files.placeOf(policy, path),
    message: `${policy.includes('/') ? policy : `SecurityPolicy/${policy}`}: ${path}: ${place}${message}`,
  };
}

/** The resources, and the Kubernetes version if it is known, that policies are compiled for. */
interface PolicyTarget {
  readonly resources: readonly ApiResource[];
  readonly kubernetesVersion?: string;
  readonly converts?: boolean;
}

function compileOptions(target: PolicyTarget, { passing, output, kubernetesVersion }: ScanArguments): CompileOptions {
  return {
    kubernetesVersion: kubernetesVersion ?? target.kubernetesVersion ?? `1.${newestMinor}`,
    resources: target.resources,
    converts: target.converts === true,
    systemNamespaces,
    passing: passing || output === 'junit' || output === 'yaml' ? 'List' : 'Count',
  };
}

const flagsPolicies = ({ spec }: ScanArguments): readonly PolicySource[] =>
  spec === undefined ? [] : [{ name: flagsPolicy, spec, anonymous: true }];

/** Returns the names of the checks from the flags, such as `pss-restricted and vigil`. */
function flagsChecks({ spec }: ScanArguments): string {
  const names = [...(spec?.frameworks ?? []), ...(spec?.controls ?? [])].map(({ name }) => name);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** Prints warnings to the standard error. They change neither the output nor the exit code. */
function warn(warnings: readonly string[], io: Io): void {
  for (const warning of warnings) io.error(`vigil scan: warning: ${warning}\n`);
}

async function scanLiveCluster(args: ScanArguments, io: Io): Promise<ScanResult> {
  const { scanCluster } = await import('./cluster-scan.ts');
  const { readClusterExceptions } = await import('./cluster-exceptions.ts');
  const policyFiles = await readPolicyFiles(args.policyFiles, io);
  return onCluster(args.context, async (cluster) => {
    const options = compileOptions(cluster, args);
    const counts = new RuleCounts();
    const policies = [...policyFiles.policies, ...flagsPolicies(args)];
    const set = compilePolicies(policies, options);
    const exceptions = args.exceptions ? await readClusterExceptions(cluster, policies) : undefined;
    const scan = await scanCluster(cluster, set, { namespace: args.namespace, counts, exceptions: exceptions?.inputs });
    const problems = set.problems.map((problem) => problemError(problem, policyFiles));
    const secrets = set.secretControls.map(
      (id) => `control ${id} evaluates Secrets, which Vigil does not read from a cluster; scan their manifests`,
    );
    warn([...ruleWarnings(policyFiles.policies, options, counts), ...secrets, ...(exceptions?.warnings ?? [])], io);
    return { ...scan, errors: [...policyFiles.errors, ...problems, ...scan.errors] };
  });
}

/** Returns the exceptions among the scanned files and in those of --exceptions. Undefined if there are none. */
async function exceptionsOf(
  { exceptions, exceptionFiles, namespace }: ScanArguments,
  { state, policies }: { readonly state: ManifestState; readonly policies: readonly PolicySource[] },
  io: Io,
): Promise<ExceptionFiles | undefined> {
  if (!exceptions) return undefined;
  const { manifests, errors } = await readManifestFiles(exceptionFiles, io);
  const others = new ManifestState(manifests, { namespace });
  const all = [...state.manifests, ...others.manifests];
  const missing = exceptionFiles.length > 0 && errors.length === 0 && !others.manifests.some(isException);
  if (missing)
    throw new UsageError(`--exceptions: ${exceptionFiles.join(', ')}: no SecurityException and no ClusterSecurityException found`);
  if (exceptionFiles.length === 0 && !all.some((manifest) => isException(manifest) || hasInlineException(manifest))) return undefined;
  const read = await readExceptions({ manifests: all, policies, namespaceLabels: state.namespaceLabels, now: Date.now() });
  return { ...read, errors: [...errors, ...others.errors, ...read.errors] };
}

/** Returns a message about the files of folders that hold no manifest. */
function otherWarnings(others: readonly string[]): readonly string[] {
  const [first] = others;
  if (first === undefined) return [];
  const rest = others.length === 1 ? '' : ` and ${others.length - 1} more`;
  return [`passed over, because they hold no Kubernetes object: ${first}${rest}`];
}

async function scanFiles(args: ScanArguments, io: Io): Promise<ScanResult> {
  const files = await readManifestFiles(args.paths, io);
  const policyFiles = await readPolicyFiles(args.policyFiles, io);
  const state = new ManifestState(files.manifests, { namespace: args.namespace, kubernetesVersion: args.kubernetesVersion });
  const options = compileOptions(state, args);
  const counts = new RuleCounts();
  const set = compilePolicies([...policyFiles.policies, ...flagsPolicies(args)], options);
  const exceptions = await exceptionsOf(args, { state, policies: [...policyFiles.policies, ...flagsPolicies(args)] }, io);
  const { warnings, ...scan } = state.scan(set, { counts, exceptions: exceptions?.applied, flagsChecks: flagsChecks(args) });
  const approvals = await inspectApprovals(state.manifests, Date.now());
  const problems = set.problems.map((problem) => problemError(problem, policyFiles));
  warn(ruleWarnings(policyFiles.policies, options, counts), io);
  warn(
    [...(exceptions?.warnings ?? []), ...approvals.warnings, ...warnings, ...patchWarnings(files.patches), ...otherWarnings(files.others)],
    io,
  );
  const unread = [...files.errors, ...state.errors, ...state.outdated, ...(exceptions?.errors ?? []), ...approvals.errors];
  const counted = files.patches.length === 0 ? scan : { ...scan, patches: files.patches.map(({ file }) => file) };
  return { ...counted, errors: [...policyFiles.errors, ...problems, ...unread, ...scan.errors] };
}

function exitCodeOf({ results, errors, summary }: ScanResult, { failOn }: ScanArguments): number {
  if (errors.length > 0 || summary.error > 0) return exitCodes.failed;
  return results.some(({ verdict, severity }) => verdict === 'fail' && atLeast(severity, failOn)) ? exitCodes.findings : exitCodes.clean;
}

/** Applies --baseline. A cluster scan with --namespace covers only the objects of that namespace. */
async function withBaseline(scan: ScanResult, { baseline, cluster, namespace }: ScanArguments, io: Io): Promise<ScanResult> {
  if (baseline === undefined) return scan;
  const { applyBaseline } = await import('./input/baseline.ts');
  const isInScope = (home: string | undefined): boolean => !cluster || namespace === undefined || home === namespace;
  const { scan: result, warnings } = await applyBaseline(scan, baseline, isInScope);
  warn(warnings, io);
  return result;
}

async function scan(args: ScanArguments, io: Io): Promise<number> {
  const scanned = args.cluster ? await scanLiveCluster(args, io) : await scanFiles(args, io);
  const compared = await withBaseline(scanned, args, io);
  const result = args.chosenNothing ? onePerFact(compared) : compared;
  const output = await outputs[args.output]();
  output(result, io.out, { colour: io.terminal && (io.environment['NO_COLOR'] ?? '') === '', passing: args.passing });
  if (args.writeBaseline === undefined) return exitCodeOf(result, args);
  const { writeBaseline } = await import('./input/baseline.ts');
  writeBaseline(scanned, args.writeBaseline);
  return exitCodes.clean;
}

/** Runs `vigil scan`. Resolves to the exit code. */
export const run = cliCommand({ name: 'scan', usage: scanUsage, parse: scanArguments, run: scan });
