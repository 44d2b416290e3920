import type { Projection, Snapshot } from '../snapshot/snapshot.ts';
import { type Access, accessOf, bits, isClusterWide } from './access.ts';
import { allowsResource, hasGroup, hasResource, hasVerb, type PolicyRule } from './policy-rule.ts';

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

/** The controls whose rights lead to a takeover even if they are limited to names: each object is about the whole cluster. */
const evenIfNamed: ReadonlySet<string> = new Set(['rbac-nodes-proxy', 'rbac-admission-webhooks', 'rbac-csr-approval']);
const rbac = 'rbac.authorization.k8s.io';

/** An account that the holder of a right limited to names can act as, and the control of that right. */
interface Reached {
  readonly control: string;
  readonly namespace: string;
  readonly account: string;
}

/** Which rights of bindings lead to a takeover of the cluster. */
export class Takeovers {
  readonly #access: Access;
  readonly #direct = new Map<Projection, readonly string[]>();
  readonly #all = new Map<Projection, readonly string[]>();

  constructor(access: Access) {
    this.#access = access;
  }

  /** Returns the controls whose rights a binding grants where it applies, and that lead to a takeover. */
  of(binding: Projection): readonly string[] {
    const known = this.#all.get(binding);
    if (known !== undefined) return known;
    const reached = this.#reachedFrom(binding).filter((target) => this.#leadsOn(target));
    const found = new Set([...this.#directly(binding), ...reached.map(({ control }) => control)]);
    const controls = takeoverControls.filter((control) => found.has(control));
    this.#all.set(binding, controls);
    return controls;
  }

  /** The controls that need no look at the rights of other accounts. */
  #directly(binding: Projection): readonly string[] {
    const known = this.#direct.get(binding);
    if (known !== undefined) return known;
    const controls = takeoverControls.filter((control) => {
      const granted = this.#access.bitsOfBinding(binding, control);
      if ((granted & (bits.inNamespaces | bits.clusterScoped)) !== 0) return true;
      return granted !== 0 && (evenIfNamed.has(control) || this.#namedLeads(binding, control));
    });
    this.#direct.set(binding, controls);
    return controls;
  }

  #rulesOf(binding: Projection): readonly PolicyRule[] {
    const { graph } = this.#access;
    return [...graph.withParts(this.#access.rolesOf(binding))].flatMap(({ rules }) => rules.filter(({ names }) => names.length > 0));
  }

  /** Whether a right on named users, groups or roles leads to a takeover. Service accounts are left to {@link #reachedFrom}. */
  #namedLeads(binding: Projection, control: string): boolean {
    const wide = isClusterWide(binding);
    if (control === 'rbac-impersonate')
      return this.#rulesOf(binding).some(
        (rule) => wide && hasVerb(rule, 'impersonate') && hasGroup(rule, '') && (hasResource(rule, 'users') || hasResource(rule, 'groups')),
      );
    if (control !== 'rbac-bind-escalate') return false;
    return this.#rulesOf(binding).some((rule) => {
      const escalates = hasVerb(rule, 'escalate') && hasGroup(rule, rbac);
      if (escalates && (hasResource(rule, 'roles') || (wide && hasResource(rule, 'clusterroles')))) return true;
      return rule.names.some((name) => this.#mayBindPowerful(rule, name, binding.reference.namespace ?? ''));
    });
  }

  /** Whether a rule allows binding a role that grants takeover rights, or that is not among the objects. */
  #mayBindPowerful(rule: PolicyRule, name: string, namespace: string): boolean {
    return ['roles', 'clusterroles'].some((resource) => {
      if (!allowsResource(rule, { verb: 'bind', group: rbac, resource, name })) return false;
      const nodes = this.#access.graph.find(resource === 'roles' ? 'Role' : 'ClusterRole', resource === 'roles' ? namespace : '', name);
      return nodes.length === 0 || nodes.some((node) => takeoverControls.some((control) => this.#access.bitsOf(node, control) !== 0));
    });
  }

  /** The service accounts that a binding allows acting as, by a token or by impersonation, if the right is limited to names. */
  #reachedFrom(binding: Projection): readonly Reached[] {
    const rights = [
      { control: 'rbac-token-request', verb: 'create', resource: 'serviceaccounts/token' },
      { control: 'rbac-impersonate', verb: 'impersonate', resource: 'serviceaccounts' },
    ].filter(({ control }) => this.#access.bitsOfBinding(binding, control) !== 0);
    if (rights.length === 0) return [];
    const rules = this.#rulesOf(binding);
    return rights.flatMap(({ control, verb, resource }) => {
      const names = new Set(
        rules.flatMap((rule) => rule.names.filter((name) => allowsResource(rule, { verb, group: '', resource, name }))),
      );
      return [...names].flatMap((account) => this.#placesOf(binding, account).map((namespace) => ({ control, namespace, account })));
    });
  }

  #placesOf(binding: Projection, account: string): readonly string[] {
    return isClusterWide(binding) ? [...this.#access.namespacesOfAccount(account)] : [binding.reference.namespace ?? ''];
  }

  /** Whether an account, or one that it can act as in turn, has rights that lead to a takeover. */
  #leadsOn(start: Reached): boolean {
    const targets = new Map([[`${start.namespace}/${start.account}`, start]]);
    for (const { namespace, account } of targets.values()) {
      const bindings = this.#access.bindingsOfAccount(namespace, account);
      if (bindings.some((binding) => this.#directly(binding).length > 0)) return true;
      for (const next of bindings.flatMap((binding) => this.#reachedFrom(binding))) {
        // A key that is set again keeps its place, so that every account is visited once.
        targets.set(`${next.namespace}/${next.account}`, next);
      }
    }
    return false;
  }
}

const known = new WeakMap<Snapshot, Takeovers>();

/** Returns the takeovers of a snapshot. Computed once. */
export function takeoversOf(snapshot: Snapshot): Takeovers {
  const cached = known.get(snapshot);
  if (cached !== undefined) return cached;
  const takeovers = new Takeovers(accessOf(snapshot));
  known.set(snapshot, takeovers);
  return takeovers;
}
