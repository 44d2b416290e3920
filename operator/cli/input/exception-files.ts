import { ANNOTATIONS } from '../../api/group.ts';
import type { ExceptionBounds } from '../../api/kinds/policy-exceptions.ts';
import type { PolicySource } from '../../engine/policy-set.ts';
import { fieldsOf, listOf, nameOf, namespaceOf, textMapOf, textOf } from '../../engine/objects/kubernetes-object.ts';
import type { ExceptionObject, NamespaceLabels } from '../../findings/waivers/waiver.ts';
import type { WaiverSet } from '../../findings/waivers/waiver-set.ts';
import { errorAt, type Manifest, type ManifestError } from '../../manifests/manifest.ts';
import { dottedPath, pathAndMessage } from './dotted-path.ts';

/** Exceptions in force at a time, in milliseconds since the epoch. */
export interface AppliedExceptions {
  readonly waivers: WaiverSet;
  readonly now: number;
}

/** What exceptions are read with. */
export interface ExceptionInputs {
  /** Any manifests. Those of other kinds are ignored. */
  readonly manifests: readonly Manifest[];
  /** The policies of the scan. An exception may name their rules, and their bounds apply. */
  readonly policies: readonly PolicySource[];
  readonly namespaceLabels: NamespaceLabels;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The exceptions of files. */
export interface ExceptionFiles {
  readonly applied: AppliedExceptions;
  /** What is wrong with exceptions. An entry with a problem covers nothing. */
  readonly errors: readonly ManifestError[];
  /** Exceptions that cover nothing: they have expired, or name only policies that the scan does not use. */
  readonly warnings: readonly string[];
}

const isOurs = ({ object }: Manifest): boolean => textOf(object['apiVersion'])?.startsWith('vigil.dev/') === true;

/** Whether a manifest is a SecurityException or a ClusterSecurityException. */
export const isException = (manifest: Manifest): boolean =>
  isOurs(manifest) && ['SecurityException', 'ClusterSecurityException'].includes(textOf(manifest.object['kind']) ?? '');

/** Whether the object of a manifest has the annotation `vigil.dev/except`. */
export const hasInlineException = ({ object }: Manifest): boolean =>
  textOf(fieldsOf(fieldsOf(object['metadata'])['annotations'])[ANNOTATIONS.except]) !== undefined;

/** The name under which the results of a policy name it. Results of an anonymous policy name none. */
export const nameInResults = ({ name, anonymous }: PolicySource): string => (anonymous === true ? '' : name);

/**
 * Returns the names of the rules that exceptions can name: those of the policies of the scan and of the policies among the files. If one of them
 * selects ValidatingAdmissionPolicies of a cluster, these are not known, and exceptions may have any names.
 */
function rulesOf({ manifests, policies }: ExceptionInputs): ReadonlySet<string> {
  const among = manifests.filter((manifest) => isOurs(manifest) && manifest.object['kind'] === 'SecurityPolicy');
  const specs = [...policies.map(({ spec }) => spec), ...among.map(({ object }) => fieldsOf(object['spec']))];
  const own = specs.flatMap((spec) => listOf(fieldsOf(spec)['rules']).map(nameOfEntry));
  const bound = policies.flatMap(({ boundRules = [] }) => boundRules.map(({ rule }) => rule.name));
  const isOpen = specs.some((spec) => spec['admissionPolicies'] !== undefined);
  return new Set([...own, ...bound, ...(isOpen ? manifests.filter(isException).flatMap(checksOf) : [])]);
}

const nameOfEntry = (entry: unknown): string => textOf(fieldsOf(entry)['name']) ?? '';

/** The names of the checks of an exception. */
const checksOf = ({ object }: Manifest): readonly string[] => listOf(fieldsOf(object['spec'])['checks']).map(nameOfEntry);

/** Returns the exception of a manifest, or the problems of its schema, each with its path. */
async function exceptionOf({ object }: Manifest): Promise<ExceptionObject | readonly [path: string, message: string][]> {
  const { securityExceptionSpec, clusterSecurityExceptionSpec } = await import('../../api/kinds/security-exception.ts');
  const isNamespaced = object['kind'] === 'SecurityException';
  const parsed = (isNamespaced ? securityExceptionSpec : clusterSecurityExceptionSpec).safeParse(fieldsOf(object['spec']));
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => [dottedPath(['spec', ...path]), message]);
  const { labels, creationTimestamp } = fieldsOf(object['metadata']);
  const created = textOf(creationTimestamp);
  return {
    metadata: {
      name: nameOf(object) ?? '',
      labels: textMapOf(labels),
      ...(isNamespaced ? { namespace: namespaceOf(object) } : {}),
      ...(created === undefined ? {} : { creationTimestamp: created }),
    },
    spec: parsed.data,
  };
}

/** Returns why an exception without problems covers nothing, or undefined. */
function reasonUnused({ spec }: ExceptionObject, used: ReadonlySet<string>, now: number): string | undefined {
  const { expiresAt, policies } = spec;
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now) return `it expired at ${expiresAt}`;
  if (policies?.some((name) => used.has(name)) !== false) return undefined;
  return `it is for ${policies.map((name) => `SecurityPolicy/${name}`).join(', ')}, which this scan does not use (--policy FILE)`;
}

/** Reads the exceptions among manifests. */
export async function readExceptions(inputs: ExceptionInputs): Promise<ExceptionFiles> {
  const [{ exceptionProblems, validPart }, { compileWaiver }, { WaiverSet }] = await Promise.all([
    import('../../findings/waivers/exception-problems.ts'),
    import('../../findings/waivers/waiver.ts'),
    import('../../findings/waivers/waiver-set.ts'),
  ]);
  const { manifests, policies, namespaceLabels, now } = inputs;
  const rules = rulesOf(inputs);
  const used = new Set(policies.map(nameInResults));
  const [valid, errors, warnings]: [ExceptionObject[], ManifestError[], string[]] = [[], [], []];
  for (const manifest of manifests.filter(isException)) {
    const id = `${String(manifest.object['kind'])}/${nameOf(manifest.object) ?? ''}`;
    const exception = await exceptionOf(manifest);
    const problems = 'spec' in exception ? exceptionProblems(exception, rulesFor(exception, rules, used)).map(pathAndMessage) : exception;
    for (const [path, message] of problems) errors.push(errorAt(manifest, path, `${id}: ${path}: ${message}`));
    const part = 'spec' in exception ? validPart(exception, rulesFor(exception, rules, used)) : undefined;
    if (part === undefined) continue;
    const unused = reasonUnused(part, used, now);
    if (unused !== undefined) warnings.push(`${manifest.file}:${manifest.lineOf()}: ${id} covers nothing: ${unused}`);
    valid.push(part);
  }
  const bounds = new Map<string, ExceptionBounds | undefined>(policies.map((policy) => [nameInResults(policy), policy.spec.exceptions]));
  return {
    applied: { waivers: new WaiverSet({ waivers: valid.map(compileWaiver), bounds, namespaceLabels, rules }), now },
    errors,
    warnings,
  };
}

/** The rules of a policy that is not among the files are not known: an exception for it may have any names of checks. */
function rulesFor({ spec }: ExceptionObject, rules: ReadonlySet<string>, used: ReadonlySet<string>): ReadonlySet<string> {
  if (spec.policies?.every((name) => used.has(name)) !== false) return rules;
  return new Set([...rules, ...spec.checks.flatMap(({ name }) => name ?? [])]);
}
