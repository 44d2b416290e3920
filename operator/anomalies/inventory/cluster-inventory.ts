import { definedEntries } from '../../api/defined-entries.ts';
import type { ChangeActivity } from '../activity/activity.ts';
import type { ObjectFacts } from '../facts/object-facts.ts';
import type { PodFacts } from '../facts/pod-facts.ts';
import type { Power } from '../facts/rbac-facts.ts';
import { cronJobOf, nameTemplate, podTemplate } from '../facts/template-names.ts';
import { NodeAddresses } from './node-addresses.ts';

/** What is known of a pod. */
export interface KnownPod {
  readonly workload: string;
  readonly addresses: readonly string[];
  readonly node?: string;
  readonly privileged: boolean;
}

interface KnownBinding {
  readonly role: string;
  readonly subjects: readonly string[];
  readonly namespace: string;
  readonly cut: number;
}

interface Named {
  readonly namespace: string;
  readonly name: string;
  readonly at: number;
}

const keyOf = ({ namespace, name }: Named): string => `${namespace}/${name}`;
const most = 200_000;

/**
 * What detections need to know about the objects of the cluster: pods with their addresses, nodes, owners, roles and bindings. It is built from
 * changes and is not saved: the first lists after a start build it again.
 */
export class ClusterInventory {
  readonly nodes = new NodeAddresses();
  readonly #pods = new Map<string, KnownPod>();
  readonly #podsByAddress = new Map<string, string>();
  /** The owner of each ReplicaSet and Job, by kind, namespace and name. */
  readonly #owners = new Map<string, string>();
  /** When each service account was made. */
  readonly #accounts = new Map<string, number>();
  readonly #roles = new Map<string, readonly Power[]>();
  readonly #bindings = new Map<string, KnownBinding>();
  readonly #bindingsBySubject = new Map<string, Set<string>>();
  /** The directions that policies of a namespace deny for all pods, by namespace and policy. */
  readonly #denied = new Map<string, Map<string, readonly string[]>>();
  /** When a namespace was last seen to be deleted. */
  readonly #deletedNamespaces = new Map<string, number>();

  /** Takes a change, before detections judge it. */
  apply({ object: { kind, namespace = '', name }, operation, after, at }: ChangeActivity): void {
    const facts = operation === 'delete' ? undefined : after;
    this.#takers[kind]?.({ namespace, name, at }, facts);
  }

  /** How each kind is taken. `facts` is undefined for a deletion. */
  readonly #takers: Readonly<Record<string, (object: Named, facts: ObjectFacts | undefined) => void>> = {
    Pod: (object, facts) => this.#pod(object, facts),
    Node: ({ name, at }, facts) => this.nodes.set(name, facts?.node, at),
    ReplicaSet: (object, facts) => this.#owner(`ReplicaSet/${keyOf(object)}`, facts),
    Job: (object, facts) => this.#owner(`Job/${keyOf(object)}`, facts),
    ServiceAccount: (object, facts) => {
      if (facts === undefined) this.#accounts.delete(keyOf(object));
      else this.#accounts.set(keyOf(object), facts.created === 0 ? object.at : facts.created);
    },
    Role: (object, facts) => this.#role(`Role/${keyOf(object)}`, facts),
    ClusterRole: ({ name }, facts) => this.#role(`ClusterRole/${name}`, facts),
    RoleBinding: (object, facts) => this.#binding(`RoleBinding/${keyOf(object)}`, object.namespace, facts),
    ClusterRoleBinding: (object, facts) => this.#binding(`ClusterRoleBinding/${keyOf(object)}`, '', facts),
    NetworkPolicy: ({ namespace, name }, facts) => {
      const denied = Object.keys(facts?.guardrail?.parts ?? {});
      const policies = this.#denied.get(namespace) ?? new Map<string, readonly string[]>();
      if (denied.length > 0) this.#denied.set(namespace, policies.set(name, denied));
      else if (policies.delete(name) && policies.size === 0) this.#denied.delete(namespace);
    },
    Namespace: ({ name, at }, facts) => {
      if (facts === undefined) this.namespaceEnding(name, at);
    },
  };

  /** The pod of a name, or undefined. */
  pod(namespace: string, name: string): KnownPod | undefined {
    return this.#pods.get(`${namespace}/${name}`);
  }

  /** The `NAMESPACE/NAME` of the pod with an address of its own. */
  podAt(address: string): string | undefined {
    return this.#podsByAddress.get(address);
  }

  /** The stable key of the workload of a pod, also of a pod that is not known. */
  workloadOfPod(namespace: string, name: string): string {
    return this.pod(namespace, name)?.workload ?? `Pod/${nameTemplate(namespace)}/${podTemplate(name)}`;
  }

  /** The stable key of the workload that an object is or belongs to: `Deployment/shop/web`, or with a template for what comes and goes. */
  workload(kind: string, namespace: string, name: string, facts: Pick<ObjectFacts, 'owner'> | undefined): string {
    const owner = facts?.owner;
    if (owner === undefined) return `${kind}/${nameTemplate(namespace)}/${kind === 'Pod' ? podTemplate(name) : nameTemplate(name)}`;
    return this.#topOwner(owner.kind, namespace, owner.name);
  }

  /** Whether a service account was made in the hour before a time: it comes with its workloads. */
  isYoungAccount(namespace: string, name: string, at: number): boolean {
    const created = this.#accounts.get(`${namespace}/${name}`);
    return created !== undefined && at - created < 3_600_000;
  }

  /** The powers of a service account in its own namespace or in all, by all bindings that name it or its groups. */
  accountPowers(namespace: string, name: string): ReadonlySet<Power> {
    const subjects = [`ServiceAccount/${namespace}/${name}`, 'Group/system:serviceaccounts', `Group/system:serviceaccounts:${namespace}`];
    const powers = new Set<Power>();
    for (const subject of subjects)
      for (const key of this.#bindingsBySubject.get(subject) ?? []) {
        const binding = this.#bindings.get(key);
        for (const power of (binding && this.rolePowers(binding.role, binding.namespace)) ?? []) powers.add(power);
      }
    return powers;
  }

  /** The powers of a role that a binding in a namespace names as `Role/NAME` or `ClusterRole/NAME`. */
  rolePowers(role: string, namespace: string): readonly Power[] {
    if (role === 'ClusterRole/cluster-admin') return ['everything'];
    return this.#roles.get(role.startsWith('Role/') ? `Role/${namespace}/${role.slice(5)}` : role) ?? [];
  }

  /** Whether a subject is bound to a role with all rights by another binding than the one with this key. */
  isAdmin(subject: string, besides: string): boolean {
    for (const key of this.#bindingsBySubject.get(subject) ?? []) {
      const binding = this.#bindings.get(key);
      if (key !== besides && binding && this.rolePowers(binding.role, binding.namespace).includes('everything')) return true;
    }
    return false;
  }

  /** What is known only in part, as sentences. */
  problems(): readonly string[] {
    let cut = 0;
    for (const binding of this.#bindings.values()) cut += binding.cut;
    if (cut === 0) return [];
    return [
      `${cut === 1 ? '1 name of a subject' : `${cut} names of subjects`} in bindings ${cut === 1 ? 'is' : 'are'} too long or ${cut === 1 ? 'has' : 'have'} control characters: a part and a hash stand for ${cut === 1 ? 'it' : 'them'}`,
    ];
  }

  /** The directions of traffic (`ingress`, `egress`) that policies of a namespace deny for all pods, besides one policy. */
  deniedDirections(namespace: string, besides: string): ReadonlySet<string> {
    const denied = new Set<string>();
    for (const [name, directions] of this.#denied.get(namespace) ?? [])
      if (name !== besides) for (const direction of directions) denied.add(direction);
    return denied;
  }

  /** Whether a namespace was deleted in the ten minutes before or after a time. */
  namespaceEnds(namespace: string, at: number): boolean {
    const deleted = this.#deletedNamespaces.get(namespace);
    return deleted !== undefined && Math.abs(at - deleted) < 600_000;
  }

  #pod(object: Named, facts: ObjectFacts | undefined): void {
    const key = keyOf(object);
    const before = this.#pods.get(key);
    for (const address of before?.addresses ?? []) if (this.#podsByAddress.get(address) === key) this.#podsByAddress.delete(address);
    if (facts?.pod === undefined) this.#pods.delete(key);
    else if (before !== undefined || this.#pods.size < most) this.#addPod(object, facts, facts.pod);
  }

  #addPod(object: Named, facts: ObjectFacts, { addresses = [], node, host }: PodFacts): void {
    const key = keyOf(object);
    const workload = this.workload('Pod', object.namespace, object.name, facts);
    const privileged = host.some((feature) => feature === 'privileged' || feature === 'hostPID' || feature.startsWith('path '));
    this.#pods.set(key, { workload, addresses, privileged, ...definedEntries({ node }) });
    if (!host.includes('hostNetwork')) for (const address of addresses) this.#podsByAddress.set(address, key);
  }

  #owner(key: string, facts: ObjectFacts | undefined): void {
    if (facts?.owner === undefined) this.#owners.delete(key);
    else if (this.#owners.size < most) this.#owners.set(key, `${facts.owner.kind}/${facts.owner.name}`);
  }

  #role(key: string, facts: ObjectFacts | undefined): void {
    if (facts?.role === undefined) this.#roles.delete(key);
    else this.#roles.set(key, facts.role.powers);
  }

  #binding(key: string, namespace: string, facts: ObjectFacts | undefined): void {
    for (const subject of this.#bindings.get(key)?.subjects ?? []) this.#unlink(subject, key);
    this.#bindings.delete(key);
    if (facts?.binding === undefined) return;
    const { role, subjects, cut = 0 } = facts.binding;
    this.#bindings.set(key, { role, subjects, namespace, cut });
    for (const subject of subjects) this.#bindingsBySubject.set(subject, (this.#bindingsBySubject.get(subject) ?? new Set()).add(key));
  }

  #unlink(subject: string, binding: string): void {
    const keys = this.#bindingsBySubject.get(subject);
    keys?.delete(binding);
    if (keys?.size === 0) this.#bindingsBySubject.delete(subject);
  }

  /** A namespace is being deleted: its contents go before it does. */
  namespaceEnding(name: string, at: number): void {
    this.#deletedNamespaces.delete(name);
    this.#deletedNamespaces.set(name, at);
    if (this.#deletedNamespaces.size <= 2000) return;
    const [oldest] = this.#deletedNamespaces.keys();
    if (oldest !== undefined) this.#deletedNamespaces.delete(oldest);
  }

  /** The workload above a ReplicaSet or a Job. If the owner is not known, its name says enough: a hash or a number at its end. */
  #topOwner(kind: string, namespace: string, name: string): string {
    const above = this.#owners.get(`${kind}/${namespace}/${name}`);
    const place = nameTemplate(namespace);
    if (above !== undefined) {
      const [aboveKind = '', aboveName = ''] = above.split('/');
      return `${aboveKind}/${place}/${nameTemplate(aboveName)}`;
    }
    if (kind === 'ReplicaSet') return `Deployment/${place}/${nameTemplate(name.replace(/-[a-z0-9]{6,10}$/, ''))}`;
    const cronJob = kind === 'Job' ? cronJobOf(name) : undefined;
    return cronJob === undefined ? `${kind}/${place}/${nameTemplate(name)}` : `CronJob/${place}/${nameTemplate(cronJob)}`;
  }
}
