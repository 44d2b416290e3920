import table from './default-objects.json' with { type: 'json' };
import { fieldsOf, listOf, textOf } from '../objects/kubernetes-object.ts';
import { selectorMatch } from '../objects/label-selector.ts';
import type { Labels } from '../../api/label-match.ts';
import type { Projection } from '../snapshot/snapshot.ts';
import { hasGroup, hasResource, hasVerb, type PolicyRule, policyRules } from './policy-rule.ts';

/**
 * The roles and bindings that the API server creates when it starts, and those that kubeadm creates. The table is the union over the
 * supported versions; hack/rbac-defaults writes it.
 */
export interface DefaultObject {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly labels?: Labels;
  /** The selectors of an aggregated ClusterRole. */
  readonly selectors?: readonly unknown[];
  readonly rules?: readonly unknown[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

const objects = table.objects as readonly DefaultObject[];
const keyOf = (kind: string, namespace: string | undefined, name: string): string => `${kind}/${namespace ?? ''}/${name}`;
const byKey: ReadonlyMap<string, DefaultObject> = new Map(
  objects.map((object) => [keyOf(object.kind, object.namespace, object.name), object]),
);

/** The default ClusterRoles. */
export const defaultClusterRoles: readonly DefaultObject[] = objects.filter(({ kind }) => kind === 'ClusterRole');

/** The default bindings. */
export const defaultBindings: readonly DefaultObject[] = objects.filter(({ roleRef }) => roleRef !== undefined);

/** The roles that are meant to be bound by users. `cluster-admin` is left out. */
export const userFacingRoles: readonly string[] = ['admin', 'edit', 'view'];

/** Returns the default object of a kind with a name. */
export function defaultObject(kind: string, namespace: string | undefined, name: string): DefaultObject | undefined {
  return byKey.get(keyOf(kind, namespace, name));
}

const known = new Map<DefaultObject, readonly PolicyRule[]>();

/** Returns the rules of a default role, with those that its selectors gather from the other default roles. */
export function defaultRules(role: DefaultObject): readonly PolicyRule[] {
  const cached = known.get(role);
  if (cached !== undefined) return cached;
  known.set(role, []);
  const matches = (role.selectors ?? []).map(selectorMatch);
  const parts = defaultClusterRoles.filter((part) => part !== role && matches.some((match) => match(part.labels ?? {})));
  const rules = [...policyRules(role.rules), ...parts.flatMap(defaultRules)];
  known.set(role, rules);
  return rules;
}

/** A rule with more combinations of its entries than this is not compared. It is then no default rule. */
const maxCombinations = 10_000;

const within = (names: readonly string[], name: string | undefined): boolean =>
  names.length === 0 || (name !== undefined && names.includes(name));

/** Whether a list of rules grants all that a rule grants. An entry `*` is only within another entry `*`. */
export function covers(rules: readonly PolicyRule[], rule: PolicyRule): boolean {
  const { groups, resources, verbs, names, urls } = rule;
  if (verbs.length * (urls.length + groups.length * resources.length * Math.max(1, names.length)) > maxCombinations) return false;
  const forNames = names.length === 0 ? [undefined] : names;
  const coversResource = (verb: string, group: string, resource: string): boolean =>
    forNames.every((name) =>
      rules.some((other) => hasVerb(other, verb) && hasGroup(other, group) && hasResource(other, resource) && within(other.names, name)),
    );
  return verbs.every(
    (verb) =>
      groups.every((group) => resources.every((resource) => coversResource(verb, group, resource))) &&
      urls.every((url) => rules.some((other) => hasVerb(other, verb) && other.urls.some((entry) => entry === '*' || entry === url))),
  );
}

/** The selectors of an aggregated ClusterRole. */
export function selectorsOf({ body }: Pick<Projection, 'body'>): readonly unknown[] {
  return listOf(fieldsOf(body['aggregationRule'])['clusterRoleSelectors']);
}

const sameSelectors = (given: readonly unknown[], wanted: readonly unknown[] = []): boolean => {
  const texts = new Set(wanted.map((selector) => JSON.stringify(selector)));
  return given.every((selector) => texts.has(JSON.stringify(selector)));
};

/** Whether a role is a default one and grants no more than it. A rule that was added makes it a role like any other. */
export function isDefaultRole(role: Pick<Projection, 'reference' | 'body'>): boolean {
  const { kind, namespace, name } = role.reference;
  const wanted = defaultObject(kind, namespace, name);
  if (wanted === undefined || !sameSelectors(selectorsOf(role), wanted.selectors)) return false;
  // The API server overwrites the rules of an aggregated role by those that its selectors gather.
  if (selectorsOf(role).length > 0) return true;
  const rules = defaultRules(wanted);
  return policyRules(role.body['rules']).every((rule) => covers(rules, rule));
}

/** Whether a binding is a default one: its role is the same and it has no other subjects. The role's rules are not compared. */
export function isDefaultBinding({ reference: { kind, namespace, name }, body }: Projection): boolean {
  const wanted = defaultObject(kind, namespace, name);
  const { kind: roleKind, name: role } = fieldsOf(body['roleRef']);
  if (wanted?.roleRef?.kind !== roleKind || wanted?.roleRef?.name !== role) return false;
  return listOf(body['subjects']).every((entry) => {
    const subject = fieldsOf(entry);
    return wanted?.subjects?.some(
      (other) =>
        other.kind === subject['kind'] &&
        other.name === subject['name'] &&
        (other.namespace ?? '') === (textOf(subject['namespace']) ?? ''),
    );
  });
}
