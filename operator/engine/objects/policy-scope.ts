import type { SecurityPolicyScope } from '../../api/kinds/security-policy.ts';
import { type LabelMatch, labelMatch, selectsEverything, type Labels } from '../../api/label-match.ts';
import { patternMatch } from '../../api/name-pattern.ts';

/** The properties of a namespace that scopes and rules read. */
export interface NamespaceFacts {
  readonly name: string;
  readonly labels: Labels;
  readonly annotations?: Labels;
}

/** The location of an object, and its labels. */
export interface Place {
  /** The namespace of the object, or the Namespace itself. Undefined for other cluster-scoped objects. */
  readonly namespace: NamespaceFacts | undefined;
  readonly labels: Labels;
}

/** A policy's scope, compiled. */
export interface PolicyScope {
  /** Whether the namespace is in scope. */
  includesNamespace(namespace: NamespaceFacts): boolean;
  /** Whether the object is in scope. `withSystem`: also if it is in a system namespace that the scope leaves out. */
  includes(place: Place, withSystem?: boolean): boolean;
  /** Whether the cluster as a whole is in scope. */
  readonly wholeCluster: boolean;
}

/** Returns the patterns that match none of the names. Pure. */
export function unmatchedPatterns(patterns: readonly string[], names: readonly string[]): string[] {
  return patterns.filter((pattern) => {
    const matches = patternMatch(pattern);
    return !names.some((name) => matches(name));
  });
}

/** Returns the system namespaces that a scope neither includes nor names. */
function excludedSystemNamespaces(scope: SecurityPolicyScope | undefined, systemNamespaces: readonly string[]): ReadonlySet<string> {
  if (scope?.systemNamespaces === 'Include') return new Set();
  return new Set(systemNamespaces.filter((name) => scope?.namespaces?.include?.includes(name) !== true));
}

/**
 * Compiles a scope: include and selector, minus exclude. System namespaces are in scope only if the scope includes them or names them
 * without a wildcard. A Namespace counts as inside itself. Other cluster-scoped objects are in scope only if include matches everything and
 * there is no selector.
 */
export function policyScope(scope: SecurityPolicyScope | undefined, systemNamespaces: readonly string[]): PolicyScope {
  const { include = ['*'], exclude = [], selector } = scope?.namespaces ?? {};
  const included = include.map(patternMatch);
  const excluded = exclude.map(patternMatch);
  const selected: LabelMatch = labelMatch(selector);
  const objects: LabelMatch = labelMatch(scope?.objectSelector);
  const system = excludedSystemNamespaces(scope, systemNamespaces);
  const everywhere = include.includes('*') && selectsEverything(selector);
  const includesNamespace = ({ name, labels }: NamespaceFacts, withSystem = false): boolean =>
    included.some((match) => match(name)) &&
    !excluded.some((match) => match(name)) &&
    (withSystem || !system.has(name)) &&
    selected(labels);
  return {
    includesNamespace: (namespace) => includesNamespace(namespace),
    includes: ({ namespace, labels }, withSystem) =>
      (namespace === undefined ? everywhere : includesNamespace(namespace, withSystem)) && objects(labels),
    wholeCluster: everywhere && selectsEverything(scope?.objectSelector),
  };
}

/** Returns a namespace of which only the name is known, with the label that every namespace has. */
export function bareNamespace(name: string): NamespaceFacts {
  return { name, labels: { 'kubernetes.io/metadata.name': name } };
}
