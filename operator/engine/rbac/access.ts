import { fieldsOf, listOf, textOf } from '../objects/kubernetes-object.ts';
import type { Projection, Snapshot } from '../snapshot/snapshot.ts';
import { grantedBy } from './control-rights.ts';
import { RoleGraph, type RoleNode } from './role-graph.ts';
import { accountKeys, subjectKey } from './subject.ts';

const group = 'rbac.authorization.k8s.io';

/** What a role grants of a control's rights, as bits: in namespaces or on cluster-scoped resources, for all names or for some. */
export const bits = { inNamespaces: 1, named: 2, clusterScoped: 4, clusterScopedNamed: 8 } as const;

/** Whether a binding gives the rights of its role in all namespaces. */
export const isClusterWide = ({ reference }: Projection): boolean => reference.kind === 'ClusterRoleBinding';

/** The roles, bindings and subjects of a snapshot. */
export class Access {
  readonly graph: RoleGraph;
  /** All bindings. */
  readonly bindings: readonly Projection[];
  readonly #bySubject = new Map<string, Set<Projection>>();
  /** The namespaces of the service accounts that bindings name, by account. */
  readonly #namespaces = new Map<string, Set<string>>();
  readonly #bitsOf = new Map<string, (node: RoleNode) => number>();
  /** The service accounts whose token is not mounted by default, and those whose token is. */
  readonly #automounts = new Map<string, boolean>();
  #bound: ReadonlySet<RoleNode> | undefined;

  constructor(snapshot: Snapshot) {
    this.graph = new RoleGraph(snapshot);
    this.bindings = ['RoleBinding', 'ClusterRoleBinding'].flatMap((kind) => snapshot.all(`${kind}.${group}`));
    for (const binding of this.bindings) for (const subject of listOf(binding.body['subjects'])) this.#addSubject(subject, binding);
    for (const { body, reference } of snapshot.all('ServiceAccount')) {
      const key = `${reference.namespace ?? ''}/${reference.name}`;
      this.#automounts.set(key, this.#automounts.get(key) === true || body['automountServiceAccountToken'] !== false);
    }
  }

  /** Whether a service account has its token mounted by default. True for one that does not exist. */
  automounts(namespace: string, account: string): boolean {
    return this.#automounts.get(`${namespace}/${account}`) ?? true;
  }

  /** Returns the roles that a binding refers to. None if there is no such role. */
  rolesOf({ body, reference }: Projection): readonly RoleNode[] {
    const { kind, name } = fieldsOf(body['roleRef']);
    const role = textOf(name) ?? '';
    if (kind === 'Role') return reference.kind === 'RoleBinding' ? this.graph.find('Role', reference.namespace ?? '', role) : [];
    return kind === 'ClusterRole' ? this.graph.find('ClusterRole', '', role) : [];
  }

  /** Returns what a role, with all that it gathers, grants of a control's rights, as {@link bits}. */
  bitsOf(node: RoleNode, control: string): number {
    let known = this.#bitsOf.get(control);
    if (known === undefined) {
      known = this.graph.combined((role) => ownBits(role, control));
      this.#bitsOf.set(control, known);
    }
    return known(node);
  }

  /** Returns what a binding grants of a control's rights where it applies, as {@link bits}. */
  bitsOfBinding(binding: Projection, control: string): number {
    const granted = this.rolesOf(binding).reduce((sum, node) => sum | this.bitsOf(node, control), 0);
    return isClusterWide(binding) ? granted : granted & (bits.inNamespaces | bits.named);
  }

  /** Whether a binding with subjects refers to a role, or to a role that gathers it. */
  isBound(node: RoleNode): boolean {
    this.#bound ??= this.graph.withParts(
      this.bindings.filter(({ body }) => listOf(body['subjects']).length > 0).flatMap((binding) => this.rolesOf(binding)),
    );
    return this.#bound.has(node);
  }

  /** Returns the bindings that grant rights to a service account in any namespace, by its name, its user name or its groups. */
  bindingsOfAccount(namespace: string, account: string): readonly Projection[] {
    return [...new Set(accountKeys(namespace, account).flatMap((key) => [...(this.#bySubject.get(key) ?? [])]))];
  }

  /** Returns the namespaces of the accounts with a name that a binding names. */
  namespacesOfAccount(account: string): Iterable<string> {
    return this.#namespaces.get(account) ?? [];
  }

  #addSubject(subject: unknown, binding: Projection): void {
    const key = subjectKey(subject, binding.reference.namespace ?? '');
    const list = this.#bySubject.get(key);
    if (list === undefined) this.#bySubject.set(key, new Set([binding]));
    else list.add(binding);
    const [kind, namespace = '', ...name] = key.split('/');
    if (kind !== 'ServiceAccount') return;
    const account = name.join('/');
    const namespaces = this.#namespaces.get(account);
    if (namespaces === undefined) this.#namespaces.set(account, new Set([namespace]));
    else namespaces.add(namespace);
  }
}

function ownBits({ rules }: RoleNode, control: string): number {
  let sum = 0;
  for (const rule of rules) {
    const granted = grantedBy(rule, control);
    if (granted === undefined) continue;
    if (granted.clusterScoped) sum |= granted.named ? bits.clusterScopedNamed : bits.clusterScoped;
    else sum |= granted.named ? bits.named : bits.inNamespaces;
  }
  return sum;
}

const known = new WeakMap<Snapshot, Access>();

/** Returns the access of a snapshot. Computed once. */
export function accessOf(snapshot: Snapshot): Access {
  const cached = known.get(snapshot);
  if (cached !== undefined) return cached;
  const access = new Access(snapshot);
  known.set(snapshot, access);
  return access;
}
