import { labelMatch, type LabelMatch, type Labels } from '../../api/label-match.ts';
import { patternMatch } from '../../api/name-pattern.ts';
import type { NamespaceScope } from '../../api/kinds/namespace-scope.ts';
import type { ClusterSecurityExceptionSpec, ExceptionCheck, ExceptionTarget } from '../../api/kinds/security-exception.ts';
import { controlsOfFramework } from '../../catalogue/frameworks/framework.ts';
import type { Severity } from '../finding.ts';

/** A SecurityException or a ClusterSecurityException. The latter has no namespace. */
export interface ExceptionObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly creationTimestamp?: string;
  };
  readonly spec: ClusterSecurityExceptionSpec;
}

/** The object that findings are about. */
export interface WaiverTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly labels?: Labels;
  /** What inline exceptions are read from; see `inlineOf`. */
  readonly inline?: string;
}

/** The properties of a failure that exceptions select it by. */
export interface WaiverSubject {
  readonly policy: string;
  readonly check: string;
  readonly severity: Severity;
  /** The containers with a violation. Undefined if the violation is not in containers only. */
  readonly containers: readonly string[] | undefined;
  /** The package of a vulnerability. */
  readonly package: string | undefined;
  /** Whether a fixed version of the package is known. */
  readonly isFixed: boolean;
}

/** Returns the labels of a namespace, or undefined if they are not known. */
export type NamespaceLabels = (namespace: string) => Labels | undefined;

/** The containers that an exception covers at an object: all violations of the object, or only those in the named containers. */
export type CoveredContainers = 'all' | ReadonlySet<string>;

/** A compiled exception. */
export interface Waiver {
  /** `namespace/name`, or the name of a ClusterSecurityException. */
  readonly id: string;
  /** Undefined for a ClusterSecurityException. */
  readonly namespace: string | undefined;
  readonly labels: Labels;
  readonly reason: string;
  /** Milliseconds since the epoch. Undefined for an exception in a file. */
  readonly created: number | undefined;
  /** Milliseconds since the epoch. Undefined if the exception names no end. */
  readonly expiresAt: number | undefined;
  /** The policies that it names. Undefined: all. */
  readonly policies: ReadonlySet<string> | undefined;
  /** The ids of all checks that it can cover. */
  readonly checks: ReadonlySet<string>;
  readonly selectsByLabels: boolean;
  /** Whether it selects this failure's check. */
  readonly coversCheck: (subject: WaiverSubject) => boolean;
  /** Returns the containers that it covers at an object, or undefined if it does not select the object. */
  readonly coversTarget: (target: WaiverTarget, namespaceLabels: NamespaceLabels) => CoveredContainers | undefined;
}

/** Returns `namespace/name` of a SecurityException, or the name of a ClusterSecurityException. */
export const waiverId = ({ metadata: { namespace, name } }: Pick<ExceptionObject, 'metadata'>): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** Returns the milliseconds of a time. Undefined without a valid time. */
function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isFinite(time) ? time : undefined;
}

/** Compiles an exception without problems, see `exceptionProblems`. Pure. */
export function compileWaiver(exception: ExceptionObject): Waiver {
  const { metadata, spec } = exception;
  const checks = checkMatches(spec.checks);
  const targets = spec.targets?.map(targetMatch);
  const inPlace = placeMatch(metadata.namespace, spec.namespaces);
  return {
    id: waiverId(exception),
    namespace: metadata.namespace,
    labels: metadata.labels ?? {},
    reason: spec.reason,
    created: timeOf(metadata.creationTimestamp),
    expiresAt: timeOf(spec.expiresAt),
    policies: spec.policies && new Set(spec.policies),
    checks: new Set(checks.keys()),
    selectsByLabels: spec.targets?.some(({ selector }) => selector !== undefined) ?? false,
    coversCheck: (subject) => checks.get(subject.check)?.some((covers) => covers(subject)) ?? false,
    coversTarget: (target, namespaceLabels) => {
      if (!inPlace(target, namespaceLabels)) return undefined;
      if (targets === undefined) return 'all';
      const covered = targets.flatMap((match) => match(target) ?? []);
      if (covered.length === 0) return undefined;
      const named = covered.filter((each) => each !== 'all');
      return named.length < covered.length ? 'all' : new Set(named.flatMap((each) => [...each]));
    },
  };
}

type CheckMatch = (subject: WaiverSubject) => boolean;

function checkMatches(checks: readonly ExceptionCheck[]): ReadonlyMap<string, readonly CheckMatch[]> {
  const matches = new Map<string, CheckMatch[]>();
  for (const { name, framework, vulnerability, package: inPackage, untilFixed } of checks) {
    const ids = [name, vulnerability].filter((id) => id !== undefined);
    if (framework !== undefined) ids.push(...controlsOfFramework(framework));
    const match: CheckMatch = (subject) =>
      (inPackage === undefined || subject.package === inPackage) && !(untilFixed === true && subject.isFixed);
    for (const id of ids) matches.getOrInsertComputed(id, () => []).push(match);
  }
  return matches;
}

const groupOf = (apiVersion: string): string => apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));

/** Returns a function that returns the covered containers, or undefined if the entry does not select the object. */
function targetMatch({
  apiGroup,
  kind,
  names,
  selector,
  containers,
}: ExceptionTarget): (target: WaiverTarget) => CoveredContainers | undefined {
  const patterns = names?.map(patternMatch);
  const selected: LabelMatch = labelMatch(selector);
  const covered = containers ? new Set(containers) : 'all';
  return (target) => {
    const isSelected =
      (apiGroup === undefined || groupOf(target.apiVersion) === apiGroup) &&
      (kind === undefined || target.kind === kind) &&
      (patterns === undefined || patterns.some((match) => match(target.name))) &&
      (selector === undefined || (target.labels !== undefined && selected(target.labels)));
    return isSelected ? covered : undefined;
  };
}

/**
 * A SecurityException covers the objects in its namespace, but not the Namespace. A ClusterSecurityException with namespaces also covers the
 * Namespaces themselves, but no other cluster-scoped objects.
 */
function placeMatch(
  own: string | undefined,
  scope: NamespaceScope | undefined,
): (target: WaiverTarget, namespaceLabels: NamespaceLabels) => boolean {
  if (own !== undefined) return (target) => target.namespace === own;
  if (scope === undefined) return () => true;
  const { include = ['*'], exclude = [], selector } = scope;
  const [included, excluded] = [include.map(patternMatch), exclude.map(patternMatch)];
  const selected: LabelMatch = labelMatch(selector);
  return (target, namespaceLabels) => {
    const namespace = target.kind === 'Namespace' && target.apiVersion === 'v1' ? target.name : target.namespace;
    if (namespace === undefined) return false;
    if (!included.some((match) => match(namespace)) || excluded.some((match) => match(namespace))) return false;
    const labels = selector === undefined ? {} : namespaceLabels(namespace);
    return labels !== undefined && selected(labels);
  };
}
