import type { Labels } from '../../api/label-match.ts';
import { fieldsOf, listOf, textMapOf, textOf, textsOf } from '../objects/kubernetes-object.ts';
import { selectorMatch } from '../objects/label-selector.ts';
import type { Projection, Snapshot } from '../snapshot/snapshot.ts';
import { defaultClusterRoles, defaultObject, isDefaultRole, selectorsOf } from './default-objects.ts';
import { type PolicyRule, policyRules } from './policy-rule.ts';

const group = 'rbac.authorization.k8s.io';

/** A role among the objects, or a default role that is not among them. */
export interface RoleNode {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  /** The role among the objects. Omitted: a default role that is not among them. */
  readonly given?: Projection;
  /** The role came from a cluster. The API server has its rules in force as they are. */
  readonly live: boolean;
  /** The role is as the API server or kubeadm creates it. Controls do not judge it. */
  readonly isDefault: boolean;
  /** The rules that the role itself has in force. Of an aggregated role from a manifest none: the API server overwrites them. */
  readonly rules: readonly PolicyRule[];
  /** What the selectors of the role gather. */
  readonly gathers: readonly Gathering[];
}

/** The roles that one selector gathers. Roles with equal selectors share it. */
export interface Gathering {
  readonly members: readonly RoleNode[];
}

interface Draft extends RoleNode {
  readonly selectors: readonly unknown[];
  gathers: readonly Gathering[];
}

function draftOf(given: Projection): Draft {
  const { kind, namespace = '', name } = given.reference;
  const selectors = selectorsOf(given);
  const live = given.body['live'] === true;
  const rules = policyRules(given.body['rules']);
  const inForce = selectors.length === 0 || live ? rules : [];
  return {
    kind,
    namespace,
    name,
    labels: given.labels,
    given,
    live,
    isDefault: isDefaultRole(given),
    rules: inForce,
    gathers: [],
    selectors,
  };
}

function absentDraft(kind: string, namespace: string, name: string): Draft | undefined {
  const found = defaultObject(kind, namespace, name);
  if (found === undefined) return undefined;
  const rules = policyRules(found.rules);
  return {
    kind,
    namespace,
    name,
    labels: found.labels ?? {},
    live: false,
    isDefault: true,
    rules,
    gathers: [],
    selectors: found.selectors ?? [],
  };
}

const keyOf = (kind: string, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;

/** The ClusterRoles by label, so that a selector with a positive requirement need not be compared with every role. */
class LabelIndex {
  readonly #roles: readonly Draft[];
  readonly #byLabel = new Map<string, Draft[]>();
  readonly #byKey = new Map<string, Draft[]>();

  constructor(roles: readonly Draft[]) {
    this.#roles = roles;
    for (const role of roles) {
      for (const [key, value] of Object.entries(role.labels)) {
        push(this.#byLabel, `${key}=${value}`, role);
        push(this.#byKey, key, role);
      }
    }
  }

  /**
   * Returns the roles that a selector matches. `givenOnly`: without the default roles that are not among the objects, because the rules of a
   * role from a cluster have those already.
   */
  matching(selector: unknown, givenOnly: boolean): readonly RoleNode[] {
    const match = selectorMatch(selector);
    return this.#candidates(selector).filter((role) => (role.given !== undefined || !givenOnly) && match(role.labels));
  }

  /** The roles that may match a selector. */
  #candidates(selector: unknown): readonly Draft[] {
    const { matchLabels, matchExpressions } = fieldsOf(selector);
    const [first] = Object.entries(textMapOf(matchLabels));
    if (first !== undefined) return this.#byLabel.get(first.join('=')) ?? [];
    for (const { key, operator, values } of listOf(matchExpressions).map(fieldsOf)) {
      if (operator === 'Exists') return this.#byKey.get(textOf(key) ?? '') ?? [];
      if (operator === 'In')
        return [...new Set(textsOf(values).flatMap((value) => this.#byLabel.get(`${textOf(key) ?? ''}=${value}`) ?? []))];
    }
    return this.#roles;
  }
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** The gathering of one selector, with the roles that have the selector. */
interface SharedGathering extends Gathering {
  readonly gatherers: RoleNode[];
}

/** All roles of a snapshot with the default ones that it does not have, and which roles aggregated ones gather. */
export class RoleGraph {
  readonly nodes: readonly RoleNode[];
  readonly #byKey = new Map<string, RoleNode[]>();
  readonly #gatherings = new Map<string, SharedGathering>();
  /** The gatherings that an aggregated role is a member of. */
  readonly #gatheringsOf = new Map<RoleNode, SharedGathering[]>();
  readonly #nodeOf = new Map<Projection, RoleNode>();

  constructor(snapshot: Snapshot) {
    const given = ['Role', 'ClusterRole'].flatMap((kind) => snapshot.all(`${kind}.${group}`).map(draftOf));
    const names = new Set(given.map(({ kind, namespace, name }) => keyOf(kind, namespace, name)));
    const absent = defaultClusterRoles
      .filter(({ kind, name }) => !names.has(keyOf(kind, '', name)))
      .flatMap(({ kind, name }) => absentDraft(kind, '', name) ?? []);
    const drafts = [...given, ...absent];
    for (const node of drafts) {
      push(this.#byKey, keyOf(node.kind, node.namespace, node.name), node);
      if (node.given !== undefined) this.#nodeOf.set(node.given, node);
    }
    this.#gather(drafts);
    this.nodes = drafts;
  }

  /** Returns the roles of a kind with a name. Several if files have it several times, none if there is no such role. */
  find(kind: string, namespace: string, name: string): readonly RoleNode[] {
    const key = keyOf(kind, namespace, name);
    const found = this.#byKey.get(key);
    if (found !== undefined) return found;
    const absent = kind === 'Role' ? absentDraft(kind, namespace, name) : undefined;
    const nodes = absent === undefined ? [] : [absent];
    this.#byKey.set(key, nodes);
    return nodes;
  }

  /** Returns the node of a role. The snapshot need not have the role. */
  of(role: Projection): RoleNode {
    return this.#nodeOf.get(role) ?? this.#sameObject(role) ?? draftOf(role);
  }

  /**
   * Combines a value of each role, as a set of bits, with those of all roles that it gathers, also through other aggregated roles. Ends for
   * roles that gather each other.
   */
  combined(valueOf: (node: RoleNode) => number): (node: RoleNode) => number {
    const values = new Map<RoleNode, number>();
    const valueAt = (node: RoleNode): number => {
      const known = values.get(node);
      if (known !== undefined) return known;
      const own = valueOf(node);
      values.set(node, own);
      return own;
    };
    const sums = new Map<SharedGathering, number>();
    const pending: SharedGathering[] = [];
    const add = (gathering: SharedGathering, bits: number): void => {
      const before = sums.get(gathering) ?? 0;
      if ((before | bits) === before) return;
      sums.set(gathering, before | bits);
      pending.push(gathering);
    };
    for (const gathering of this.#gatherings.values()) for (const member of gathering.members) add(gathering, valueAt(member));
    for (let gathering = pending.pop(); gathering !== undefined; gathering = pending.pop()) {
      const bits = sums.get(gathering) ?? 0;
      for (const node of gathering.gatherers) {
        const before = valueAt(node);
        if ((before | bits) === before) continue;
        values.set(node, before | bits);
        for (const outer of this.#gatheringsOf.get(node) ?? []) add(outer, bits);
      }
    }
    return valueAt;
  }

  /** Returns the given roles and all roles that they gather, also through other aggregated roles. */
  withParts(roles: Iterable<RoleNode>): ReadonlySet<RoleNode> {
    const found = new Set<RoleNode>(roles);
    const seen = new Set<Gathering>();
    for (const node of found) {
      for (const gathering of node.gathers) {
        if (seen.has(gathering)) continue;
        seen.add(gathering);
        for (const member of gathering.members) found.add(member);
      }
    }
    return found;
  }

  /** An object that is evaluated alone is not the one of the snapshot, but has the same name. */
  #sameObject({ reference: { kind, namespace = '', name }, body }: Projection): RoleNode | undefined {
    const text = JSON.stringify(body);
    return this.find(kind, namespace, name).find(({ given }) => given !== undefined && JSON.stringify(given.body) === text);
  }

  #gather(drafts: readonly Draft[]): void {
    const index = new LabelIndex(drafts.filter(({ kind }) => kind === 'ClusterRole'));
    for (const node of drafts) node.gathers = node.selectors.map((selector) => this.#gatheringFor(selector, node, index));
  }

  #gatheringFor(selector: unknown, node: Draft, index: LabelIndex): SharedGathering {
    const key = `${String(node.live)} ${JSON.stringify(selector)}`;
    const known = this.#gatherings.get(key);
    if (known !== undefined) {
      known.gatherers.push(node);
      return known;
    }
    const gathering: SharedGathering = { members: index.matching(selector, node.live), gatherers: [node] };
    this.#gatherings.set(key, gathering);
    for (const member of gathering.members) {
      if ((member as Draft).selectors.length === 0) continue;
      const list = this.#gatheringsOf.get(member);
      if (list === undefined) this.#gatheringsOf.set(member, [gathering]);
      else list.push(gathering);
    }
    return gathering;
  }
}
