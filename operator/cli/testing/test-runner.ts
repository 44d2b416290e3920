import { dirname, resolve } from 'node:path';
import type { ApiResource } from '../../api/api-resource.ts';
import { newestMinor } from '../../catalogue/frameworks/framework.ts';
import { compilePolicies, type PolicySet, type PolicySource } from '../../engine/policy-set.ts';
import { fieldsOf, groupOf, isFields, nameOf } from '../../engine/objects/kubernetes-object.ts';
import type { ObjectFinding } from '../../findings/finding.ts';
import { isList, itemsOf, withListType, type Manifest, type ManifestError } from '../../manifests/manifest.ts';
import type { LocatedResult } from '../../output/scan-result.ts';
import { type ExceptionFiles, hasInlineException, isException, readExceptions } from '../input/exception-files.ts';
import type { Io } from '../input/io.ts';
import { readManifestFiles } from '../input/manifest-files.ts';
import { ManifestState } from '../input/manifest-scan.ts';
import { readAdmissionPolicies } from '../input/admission-policy-files.ts';
import { dottedPath } from '../input/dotted-path.ts';
import { type ExpectedResult, securityPolicySpec, type TestCase } from './policy-test.ts';
import { systemNamespaces } from '../input/system-namespaces.ts';

/** The verdict of a case. */
export type CaseVerdict = 'pass' | 'fail' | 'skip' | 'error';

/** The outcome of a case. */
export interface CaseOutcome {
  readonly name: string;
  readonly expect: CaseVerdict | null;
  readonly actual: CaseVerdict;
  readonly ok: boolean;
  readonly results: readonly LocatedResult[];
  /** The reasons why the case failed, read errors, and a note if no check applied. */
  readonly notes: readonly string[];
}

interface CaseEvaluation {
  readonly results: readonly LocatedResult[];
  readonly problems: readonly string[];
  /** What does not change the outcome. */
  readonly remarks: readonly string[];
}

/** Returns the names of the object of a result that a test can use: `Kind/namespace/name`, `Kind/name` or `Kind.group/…`. */
export function resourceNames({ resource: { apiVersion, kind, namespace, name } }: Pick<ObjectFinding, 'resource'>): readonly string[] {
  const group = groupOf(apiVersion);
  const kinds = group === '' ? [kind] : [kind, `${kind}.${group}`];
  return kinds.map((text) => (namespace === undefined ? `${text}/${name}` : `${text}/${namespace}/${name}`));
}

function matches(expected: ExpectedResult, result: LocatedResult): boolean {
  const { resource, ...fields } = expected;
  if (resource !== undefined && !resourceNames(result).includes(resource)) return false;
  return Object.entries(fields).every(([field, value]) => result[field as keyof LocatedResult] === value);
}

function actualOf(results: readonly LocatedResult[], problems: readonly string[]): CaseVerdict {
  if (results.some(({ verdict }) => verdict === 'fail')) return 'fail';
  if (problems.length > 0 || results.some(({ verdict }) => verdict === 'error')) return 'error';
  return results.length > 0 && results.every(({ verdict }) => verdict === 'skip') ? 'skip' : 'pass';
}

/** Returns whether a verdict is as expected. If `pass` is expected, `skip` is accepted too. */
function isExpected(expect: CaseVerdict | null, actual: CaseVerdict): boolean {
  return expect === null || expect === actual || (expect === 'pass' && actual === 'skip');
}

function inlineManifest(object: unknown, index: number): Manifest | string {
  if (!isFields(object)) return `objects[${index}] is not an object`;
  return { object: object, file: 'objects', document: index, lineOf: () => 1 };
}

/** Replaces `List` objects by their items, as in files. */
function withoutLists(objects: readonly unknown[]): readonly unknown[] {
  return objects.flatMap((object) => {
    if (!isFields(object) || !isList(object)) return [object];
    return withoutLists(itemsOf(object).map((item) => (isFields(item) ? withListType({ ...item }, object) : item)));
  });
}

/** The policy of a case. It has a name if it is in a file. */
interface TestPolicy {
  readonly spec: unknown;
  /** The ValidatingAdmissionPolicies of its file, in place of a spec. */
  readonly sources?: readonly PolicySource[];
  readonly name?: string | undefined;
}

const placed = ({ source, message }: ManifestError): string =>
  `${source.file}${source.document === undefined ? '' : `[${source.document}]`}: ${message}`;

/** The number of compiled policies that are kept for other cases with the same policy. */
const cacheSize = 500;

/** Runs cases. Each case has only its own objects. */
export class TestRunner {
  readonly #io: Io;
  readonly #sets = new Map<string, PolicySet | readonly string[]>();

  constructor(io: Io) {
    this.#io = io;
  }

  /** Runs one case. Paths in the case are relative to the folder of the test file. */
  async run(test: TestCase, file: string): Promise<CaseOutcome> {
    const folder = file === '-' ? '.' : dirname(file);
    const { results, problems, remarks } = await this.#evaluate(test, folder);
    const actual = actualOf(results, problems);
    const missing = (test.results ?? []).filter((expected) => !results.some((result) => matches(expected, result)));
    const expect = test.expect ?? null;
    const notes = [
      ...problems,
      ...remarks,
      ...(isExpected(expect, actual) ? [] : [`expected ${String(expect)}, got ${actual}`]),
      ...(expect === 'pass' && actual === 'skip' ? ['every check was skipped'] : []),
      ...missing.map((expected) => `no such result: ${JSON.stringify(expected)}`),
      ...(results.length === 0 && problems.length === 0 ? ['no check applied'] : []),
    ];
    return { name: test.name, expect, actual, ok: isExpected(expect, actual) && missing.length === 0, results, notes };
  }

  async #evaluate(test: TestCase, folder: string): Promise<CaseEvaluation> {
    const spec =
      test.policyFile === undefined
        ? { spec: test.policy, name: undefined, problems: [] }
        : await this.#policyFile(resolve(folder, test.policyFile));
    const inline = withoutLists(test.objects ?? []).map(inlineManifest);
    const files =
      test.files === undefined
        ? { manifests: [], errors: [] }
        : await readManifestFiles(
            test.files.map((path) => resolve(folder, path)),
            this.#io,
          );
    const objects = inline.filter((manifest) => typeof manifest !== 'string');
    const state = new ManifestState([...objects, ...files.manifests]);
    const unread = [...files.errors, ...state.errors].map(placed);
    const problems = [...spec.problems, ...inline.filter((manifest) => typeof manifest === 'string'), ...unread];
    if (spec.problems.length > 0) return { results: [], problems, remarks: [] };
    const set = spec.sources ? compiledSources(spec.sources, state.resources) : this.#compiled(spec.spec, state.resources);
    if (!('evaluate' in set)) return { results: [], problems: [...problems, ...set], remarks: [] };
    const exceptions = await exceptionsOf(state, spec);
    const scan = state.scan(set, { exceptions: exceptions?.applied });
    const failed = [...(exceptions?.errors ?? []), ...scan.errors].map(({ message }) => message);
    return { results: scan.results, problems: [...problems, ...failed], remarks: state.outdated.map(placed) };
  }

  async #policyFile(path: string): Promise<TestPolicy & { readonly problems: readonly string[] }> {
    const { manifests, errors } = await readManifestFiles([path], this.#io);
    const [policy] = manifests;
    const { policies: sources, errors: mistakes } = await readAdmissionPolicies(manifests);
    if (sources.length + mistakes.length > 0) return { spec: {}, sources, problems: mistakes.map(placed) };
    if (policy === undefined) return { spec: undefined, problems: errors.map(({ message }) => `${path}: ${message}`) };
    if (policy.object['kind'] !== 'SecurityPolicy') return { spec: policy.object, problems: [] };
    return { spec: policy.object['spec'] ?? {}, name: nameOf(policy.object), problems: [] };
  }

  #compiled(spec: unknown, resources: readonly ApiResource[]): PolicySet | readonly string[] {
    const key = JSON.stringify([spec, resources.length === this.#plainResources ? null : resources]);
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    if (this.#sets.size >= cacheSize) this.#sets.clear();
    const made = compileSpec(spec, resources);
    this.#sets.set(key, made);
    return made;
  }

  /** The number of resources if the objects of a case have no CRDs. */
  readonly #plainResources = new ManifestState([]).resources.length;
}

/** Returns the exceptions among the objects of a case, under the bounds of its policy. Undefined if there are none. */
async function exceptionsOf(state: ManifestState, { spec, name }: TestPolicy): Promise<ExceptionFiles | undefined> {
  if (!state.manifests.some((manifest) => isException(manifest) || hasInlineException(manifest))) return undefined;
  const manifests = state.manifests.map((manifest) => (isException(manifest) ? forAnonymous(manifest, name) : manifest));
  const policies = [{ name: 'policy', spec: securityPolicySpec.parse(spec), anonymous: true }];
  return readExceptions({ manifests, policies, namespaceLabels: state.namespaceLabels, now: Date.now() });
}

/** Results of a case name no policy. An exception for the policy of the case applies to them, and so does any if the policy has no name. */
function forAnonymous(manifest: Manifest, policy: string | undefined): Manifest {
  const { policies, ...spec } = fieldsOf(manifest.object['spec']);
  const applies = policy === undefined || (Array.isArray(policies) && policies.includes(policy));
  return applies ? { ...manifest, object: { ...manifest.object, spec } } : manifest;
}

function compiledSources(sources: readonly PolicySource[], resources: readonly ApiResource[]): PolicySet | readonly string[] {
  const set = compilePolicies(sources, { kubernetesVersion: `1.${newestMinor}`, resources, systemNamespaces, passing: 'List' });
  if (set.problems.length === 0) return set;
  return set.problems.map(
    ({ policy, path, message, line, column }) => `${policy}: ${path}: ${line === undefined ? '' : `${line}:${column ?? 1}: `}${message}`,
  );
}

function compileSpec(spec: unknown, resources: readonly ApiResource[]): PolicySet | readonly string[] {
  const parsed = securityPolicySpec.safeParse(spec);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) =>
      `policy${path.length === 0 ? '' : `.${dottedPath(path)}`}: ${message}`.replace('.[', '['),
    );
  }
  const source = { name: 'policy', spec: parsed.data, anonymous: true };
  const set = compilePolicies([source], { kubernetesVersion: `1.${newestMinor}`, resources, systemNamespaces, passing: 'List' });
  if (set.problems.length === 0) return set;
  return set.problems.map(
    ({ path, message, line, column }) =>
      `${path.replace(/^spec/, 'policy')}: ${line === undefined ? '' : `${line}:${column ?? 1}: `}${message}`,
  );
}
