import type { Projection } from '../snapshot/snapshot.ts';
import { type Access, isClusterWide } from './access.ts';
import { allowsResource, hasGroup, hasResource, hasVerb, type PolicyRule } from './policy-rule.ts';
import type { Gathering, RoleNode } from './role-graph.ts';

/** The controls whose rights let a workload take over the cluster. */
export const takeoverControls: readonly string[] = [
  'rbac-read-secrets',
  'rbac-create-pods',
  'rbac-pod-exec',
  'rbac-bind-escalate',
  'rbac-impersonate',
  'rbac-nodes-proxy',
  'rbac-token-request',
  'rbac-manage-rbac',
  'rbac-admission-webhooks',
  'rbac-csr-approval',
];

/** The rights to act as a named service account, by the control that looks for them. */
export const accountRights: Readonly<Record<string, { readonly verb: string; readonly resource: string }>> = {
  'rbac-token-request': { verb: 'create', resource: 'serviceaccounts/token' },
  'rbac-impersonate': { verb: 'impersonate', resource: 'serviceaccounts' },
};

const rbac = 'rbac.authorization.k8s.io';
/** A role with more names than this in such rules may act as anybody, for all that matters here. */
const maxNames = 1_000;

const isAboutNames = (rule: PolicyRule): boolean =>
  rule.names.length > 0 && ['create', 'impersonate', 'bind', 'escalate'].some((verb) => hasVerb(rule, verb));

/** The rules of roles that are limited to names, with those of the roles that they gather. */
class NamedRules {
  readonly #access: Access;
  readonly #byGathering = new Map<Gathering, readonly PolicyRule[]>();

  constructor(access: Access) {
    this.#access = access;
  }

  of(binding: Projection): readonly PolicyRule[] {
    return this.#access
      .rolesOf(binding)
      .flatMap((role) => [...role.rules.filter(isAboutNames), ...role.gathers.flatMap((gathering) => this.#gathered(gathering))]);
  }

  #gathered(gathering: Gathering): readonly PolicyRule[] {
    const known = this.#byGathering.get(gathering);
    if (known !== undefined) return known;
    const rules: PolicyRule[] = [];
    let count = 0;
    for (const { rules: own } of this.#access.graph.withParts(gathering.members)) {
      for (const rule of own.filter(isAboutNames)) {
        count += rule.names.length;
        rules.push(rule);
      }
      if (count > maxNames) break;
    }
    this.#byGathering.set(gathering, rules);
    return rules;
  }
}

/** What bindings allow on named accounts, users, groups and roles. */
export class NamedRights {
  readonly #access: Access;
  readonly #rules: NamedRules;

  constructor(access: Access) {
    this.#access = access;
    this.#rules = new NamedRules(access);
  }

  /** Returns the names of the service accounts that a binding allows acting as by the rights of a control. */
  accountsOf(binding: Projection, control: string): readonly string[] {
    const right = accountRights[control];
    if (right === undefined) return [];
    const names = this.#rules
      .of(binding)
      .flatMap((rule) => rule.names.filter((name) => allowsResource(rule, { ...right, group: '', name })));
    return [...new Set(names)];
  }

  /** Whether the rights of a control on named users, groups or roles lead to a takeover. For service accounts see {@link accountsOf}. */
  leads(binding: Projection, control: string): boolean {
    if (control !== 'rbac-bind-escalate' && accountRights[control] === undefined) return false;
    const rules = this.#rules.of(binding);
    if (rules.reduce((sum, { names }) => sum + names.length, 0) > maxNames) return true;
    if (control === 'rbac-impersonate') return isClusterWide(binding) && rules.some(impersonatesOthers);
    return control === 'rbac-bind-escalate' && rules.some((rule) => this.#raises(rule, binding));
  }

  /** Whether a rule allows raising a role, or binding one that grants takeover rights or is not among the objects. */
  #raises(rule: PolicyRule, binding: Projection): boolean {
    const escalates = hasVerb(rule, 'escalate') && hasGroup(rule, rbac);
    if (escalates && (hasResource(rule, 'roles') || (isClusterWide(binding) && hasResource(rule, 'clusterroles')))) return true;
    return rule.names.some((name) =>
      [
        { resource: 'roles', kind: 'Role', namespace: binding.reference.namespace ?? '' },
        { resource: 'clusterroles', kind: 'ClusterRole', namespace: '' },
      ].some(({ resource, kind, namespace }) => {
        if (!allowsResource(rule, { verb: 'bind', group: rbac, resource, name })) return false;
        const roles = this.#access.graph.find(kind, namespace, name);
        return roles.length === 0 || roles.some((role) => this.#isPowerful(role));
      }),
    );
  }

  #isPowerful(role: RoleNode): boolean {
    return takeoverControls.some((control) => this.#access.bitsOf(role, control) !== 0);
  }
}

const impersonatesOthers = (rule: PolicyRule): boolean =>
  hasVerb(rule, 'impersonate') && hasGroup(rule, '') && (hasResource(rule, 'users') || hasResource(rule, 'groups'));
