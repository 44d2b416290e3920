import { fieldsOf, listOf, textOf } from '../objects/kubernetes-object.ts';
import type { Projection, Snapshot } from '../snapshot/snapshot.ts';
import { type Access, accessOf, isClusterWide } from './access.ts';
import { allowsUrl, hasGroup, hasResource, hasVerb, type PolicyRule } from './policy-rule.ts';
import { reachesNamed } from './right.ts';
import type { RoleNode } from './role-graph.ts';

/** What is asked for: a verb on a resource, or on a URL that is no resource. */
export interface AccessQuestion {
  readonly verb: string;
  /** `resource` has its subresource, such as `pods/exec`. */
  readonly target: { readonly group: string; readonly resource: string; readonly namespaced: boolean } | { readonly url: string };
  /** Omitted: in any namespace. */
  readonly namespace?: string;
  /** Omitted: any object. Rules with `resourceNames` then allow it for their names. */
  readonly name?: string;
}

/** A subject that may do what is asked for, and why. */
export interface Holder {
  readonly subject: { readonly kind: string; readonly name: string; readonly namespace?: string };
  readonly binding: { readonly kind: string; readonly name: string; readonly namespace?: string };
  readonly role: { readonly kind: string; readonly name: string };
  /** The namespace in which the subject may do it. Omitted: everywhere. */
  readonly namespace?: string;
  /** The names of the objects that the right is limited to. Omitted: all objects. */
  readonly names?: readonly string[];
}

/** A binding that could not be evaluated. */
export interface UnresolvedBinding {
  readonly binding: Holder['binding'];
  readonly role: Holder['role'];
}

/** The subjects that may do what is asked for, and the bindings whose role is not known. Both are sorted. */
export interface AccessAnswer {
  /** The number of bindings in the snapshot. With 0, the answer says nothing. */
  readonly bindings: number;
  readonly holders: readonly Holder[];
  readonly unresolved: readonly UnresolvedBinding[];
}

const all = 1;
const named = 2;

/** Whether a rule allows what is asked for: for all objects, for those that it names, or not at all. */
function allowed(rule: PolicyRule, { verb, target, name }: AccessQuestion): number {
  if ('url' in target) return allowsUrl(rule, verb, target.url) ? all : 0;
  if (!hasVerb(rule, verb) || !hasGroup(rule, target.group) || !hasResource(rule, target.resource)) return 0;
  if (rule.names.length === 0) return all;
  if (name !== undefined) return rule.names.includes(name) ? all : 0;
  return reachesNamed(rule, verb, target.resource) ? named : 0;
}

/** Whether a binding can grant what is asked for, by its kind and its namespace. */
function applies(binding: Projection, { target, namespace }: AccessQuestion): boolean {
  if (isClusterWide(binding)) return true;
  if ('url' in target || !target.namespaced) return false;
  return namespace === undefined || namespace === binding.reference.namespace;
}

const place = (namespace: string | undefined): { readonly namespace?: string } => (namespace === undefined ? {} : { namespace });

function subjectsOf({ body, reference }: Projection): readonly Holder['subject'][] {
  return listOf(body['subjects']).map((entry) => {
    const { kind, name, namespace } = fieldsOf(entry);
    const own = textOf(namespace) ?? '';
    const home = kind === 'ServiceAccount' ? (own === '' ? reference.namespace : own) : undefined;
    return { kind: textOf(kind) ?? '', name: textOf(name) ?? '', ...place(home) };
  });
}

function roleOf({ body }: Projection): Holder['role'] {
  const { kind, name } = fieldsOf(body['roleRef']);
  return { kind: textOf(kind) ?? '', name: textOf(name) ?? '' };
}

const bindingOf = ({ reference: { kind, namespace, name } }: Projection): Holder['binding'] => ({ kind, name, ...place(namespace) });

function namesIn(access: Access, roles: readonly RoleNode[], question: AccessQuestion): readonly string[] {
  const rules = [...access.graph.withParts(roles)].flatMap((role) => role.rules).filter((rule) => allowed(rule, question) === named);
  return [...new Set(rules.flatMap(({ names }) => names))].sort();
}

/** Returns the items in the order of their JSON, each once. */
function sorted<T>(items: readonly T[]): readonly T[] {
  const byText = new Map(items.map((item) => [JSON.stringify(item), item]));
  return [...byText.keys()].sort().map((text) => byText.get(text) as T);
}

/**
 * Returns who may do what is asked for, by the roles and bindings of a snapshot. A role that the snapshot does not have is the default role
 * of that name, if there is one. Other authorizers of the API server are not known.
 */
export function whoCan(snapshot: Snapshot, question: AccessQuestion): AccessAnswer {
  const access = accessOf(snapshot);
  const granted = access.graph.combined(({ rules }) => rules.reduce((sum, rule) => sum | allowed(rule, question), 0));
  const holders: Holder[] = [];
  const unresolved: UnresolvedBinding[] = [];
  for (const binding of access.bindings.filter((one) => applies(one, question))) {
    const roles = access.rolesOf(binding);
    const found = { binding: bindingOf(binding), role: roleOf(binding) };
    if (roles.length === 0) unresolved.push(found);
    const bits = roles.reduce((sum, role) => sum | granted(role), 0);
    if (bits === 0) continue;
    const limits = (bits & all) === 0 ? { names: namesIn(access, roles, question) } : {};
    for (const subject of subjectsOf(binding)) holders.push({ subject, ...found, ...place(binding.reference.namespace), ...limits });
  }
  return { bindings: access.bindings.length, holders: sorted(holders), unresolved: sorted(unresolved) };
}
