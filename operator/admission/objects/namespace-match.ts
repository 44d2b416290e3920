import type { LabelSelector } from '../../api/field.ts';
import type { NamespaceScope } from '../../api/kinds/namespace-scope.ts';
import type { SecurityPolicyScope } from '../../api/kinds/security-policy.ts';
import { labelMatch, type Labels, selectsEverything } from '../../api/label-match.ts';
import { patternExpression, patternMatch } from '../../api/name-pattern.ts';
import { stringLiteral } from '../translator/cel-literal.ts';
import type { NamedExpression } from './admission-policy.ts';

/** The namespaces of an enforcement entry, as the API server matches them. */
export interface NamespaceMatch {
  readonly selector: LabelSelector;
  readonly conditions: readonly NamedExpression[];
  /** Why the entry matches no namespace. Undefined if it may match some. */
  readonly empty?: string;
  /** The system namespaces in which it does not apply. */
  readonly leftOut: readonly string[];
  /** The system namespaces that the entry names, although its action is Deny. */
  readonly refused: readonly string[];
  /** Whether it applies in some namespaces only. */
  readonly isLimited: boolean;
  /** Whether it applies in a namespace. */
  readonly includes: (namespace: NamespaceLabels) => boolean;
}

/** A namespace with its labels. */
export interface NamespaceLabels {
  readonly name: string;
  readonly labels: Labels;
}

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

const nameLabel = 'kubernetes.io/metadata.name';
const isPattern = (name: string): boolean => name.includes('*');
/** The name of the namespace of the request, or of the Namespace itself. */
const isNamespace = `request.kind.kind == 'Namespace' && request.kind.group == ''`;
const namespaceName = `(${isNamespace} ? request.name : request.namespace)`;

function matchesAny(patterns: readonly string[]): string {
  return patterns.map((pattern) => `${namespaceName}.matches(${stringLiteral(patternExpression(pattern))})`).join(' || ');
}

function requirementsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): readonly Requirement[] {
  return [
    ...Object.entries(matchLabels).map(([key, value]): Requirement => ({ key, operator: 'In', values: [value] })),
    ...matchExpressions,
  ];
}

/** One scope as requirements on labels and as conditions. Names without a pattern are requirements, all other names are conditions. */
function scopeMatch({ include = ['*'], exclude = [], selector = {} }: NamespaceScope): {
  readonly requirements: readonly Requirement[];
  readonly conditions: readonly string[];
} {
  const everywhere = include.includes('*');
  const patterns = exclude.filter(isPattern);
  const named = exclude.filter((name) => !isPattern(name));
  const onlyNames = !everywhere && !include.some(isPattern);
  return {
    requirements: [
      ...requirementsOf(selector),
      ...(onlyNames ? [{ key: nameLabel, operator: 'In' as const, values: [...include] }] : []),
      ...(named.length > 0 ? [{ key: nameLabel, operator: 'NotIn' as const, values: named }] : []),
    ],
    conditions: [...(everywhere || onlyNames ? [] : [matchesAny(include)]), ...(patterns.length > 0 ? [`!(${matchesAny(patterns)})`] : [])],
  };
}

/** Whether a scope includes cluster-scoped objects. */
const everywhere = ({ include = ['*'], selector }: NamespaceScope): boolean => include.includes('*') && selectsEverything(selector);

/** Returns whether a scope includes a namespace, as the API server decides it. */
function scopeIncludes({ include = ['*'], exclude = [], selector }: NamespaceScope): NamespaceMatch['includes'] {
  const [included, excluded] = [include.map(patternMatch), exclude.map(patternMatch)];
  const selected = labelMatch(selector);
  return ({ name, labels }) =>
    included.some((match) => match(name)) && !excluded.some((match) => match(name)) && selected({ ...labels, [nameLabel]: name });
}

/** The namespaces that both scopes name without a pattern. Undefined if a scope does not name its namespaces. */
function namedBy(scopes: readonly NamespaceScope[]): readonly string[] | undefined {
  const lists = scopes.map(({ include }) => include).filter((include) => include?.every((name) => !isPattern(name)) === true);
  const [first, ...others] = lists as readonly (readonly string[])[];
  if (first === undefined) return undefined;
  const excluded = new Set(scopes.flatMap(({ exclude = [] }) => exclude));
  return first.filter((name) => others.every((list) => list.includes(name)) && !excluded.has(name));
}

/**
 * Returns the namespaces of an enforcement entry: those in the scopes of the policy and of the entry. System namespaces are left out as in the
 * scope of the policy. Deny never applies in them.
 */
export function namespaceMatch(
  scope: SecurityPolicyScope | undefined,
  entry: {
    readonly namespaces?: NamespaceScope | undefined;
    readonly denies: boolean;
    /** A further scope, in which the check of the entry is evaluated. */
    readonly within?: NamespaceScope | undefined;
  },
  systemNamespaces: readonly string[],
): NamespaceMatch {
  const scopes = [scope?.namespaces, entry.namespaces, entry.within].filter((one) => one !== undefined);
  const isNamed = (name: string): boolean =>
    scope?.namespaces?.include?.includes(name) === true || entry.namespaces?.include?.includes(name) === true;
  const kept = (name: string): boolean => !entry.denies && (scope?.systemNamespaces === 'Include' || isNamed(name));
  const system = systemNamespaces.filter((name) => !kept(name));
  const matches = scopes.map(scopeMatch);
  const requirements = [
    ...matches.flatMap((match) => match.requirements),
    ...(system.length > 0 ? [{ key: nameLabel, operator: 'NotIn' as const, values: system }] : []),
  ];
  const conditions = [
    ...matches.flatMap((match) => match.conditions),
    ...(scopes.every(everywhere) ? [] : [`request.namespace != '' || (${isNamespace})`]),
  ];
  const named = namedBy(scopes);
  const empty = named?.every((name) => system.includes(name)) === true;
  const inScopes = scopes.map(scopeIncludes);
  return {
    isLimited: !scopes.every(everywhere),
    includes: (namespace) => !system.includes(namespace.name) && inScopes.every((includes) => includes(namespace)),
    selector: requirements.length > 0 ? { matchExpressions: [...requirements] } : {},
    conditions: conditions.map((expression, index) => ({ name: `namespace-${index + 1}`, expression })),
    leftOut: system,
    refused: entry.denies ? systemNamespaces.filter(isNamed) : [],
    ...(empty ? { empty: 'it names no namespace' } : {}),
  };
}
