import { type Fields, isFields } from '../objects/kubernetes-object.ts';
import { type ContainerList, type CheckInput, isUnset } from './check-input.ts';

/** Visits the values at a path. {@link TreePosition} gives the position of each value. */
export interface TreeVisitor {
  /** A path such as `spec.volumes[].hostPath`. The prefixes `C*.`, `AM.` and `M.` start it at each container. */
  readonly pathPattern: string;
  /** Whether {@link unset} is called if the path has no value. */
  readonly visitsUnset: boolean;
  /** Called for each value at the path. */
  value(item: unknown, position: TreePosition): void;
  /** Called if the path has no value. */
  unset(position: TreePosition): void;
  /** Called if a value on the path is not a map, or not a list, although the path continues. */
  broken(problem: string, path: string, position: TreePosition): void;
}

interface Leaf {
  readonly visitor: TreeVisitor;
  readonly steps: readonly Step[];
  /** Whether an empty map or list at the end of the path counts as unset. */
  readonly unsetWhenEmpty: boolean;
}

interface Step {
  readonly name: string;
  readonly each: boolean;
}

interface Branch extends Step {
  readonly leaves: Leaf[];
  readonly branches: Branch[];
  /** The leaves at or below this branch: those that visit unset paths, and all. */
  readonly asking: Leaf[];
  readonly below: Leaf[];
}

type Root = 'object' | 'C*' | 'AM' | 'M';
const containerRoots = ['C*', 'AM', 'M'] as const;
const listsOf: Readonly<Record<(typeof containerRoots)[number], ReadonlySet<string>>> = {
  'C*': new Set(['spec.initContainers', 'spec.containers', 'spec.ephemeralContainers']),
  AM: new Set(['spec.initContainers', 'spec.containers']),
  M: new Set(['spec.containers']),
};

const newBranch = (name: string, each: boolean): Branch => ({ name, each, leaves: [], branches: [], asking: [], below: [] });

function isContainerRoot(head: string): head is Exclude<Root, 'object'> {
  return head === 'C*' || head === 'AM' || head === 'M';
}

function stepsOf(names: readonly string[]): readonly Step[] {
  return names.map((name) => (name.endsWith('[]') ? { name: name.slice(0, -2), each: true } : { name, each: false }));
}

/** Adds a leaf to the tree. Paths with the same beginning share branches. */
function addLeaf(root: Branch, leaf: Leaf): void {
  let branch = root;
  for (const { name, each } of leaf.steps) {
    branch.below.push(leaf);
    if (leaf.visitor.visitsUnset) branch.asking.push(leaf);
    let next = branch.branches.find((candidate) => candidate.name === name && candidate.each === each);
    if (next === undefined) {
      next = newBranch(name, each);
      branch.branches.push(next);
    }
    branch = next;
  }
  branch.below.push(leaf);
  if (leaf.visitor.visitsUnset) branch.asking.push(leaf);
  branch.leaves.push(leaf);
}

/** The current position of a walk. */
export interface TreePosition {
  /** The current container. Undefined outside of containers. */
  readonly container: unknown;
  /** Returns the path of the current value from the object. For a workload, from its pod. */
  path(): string;
}

/**
 * The paths of many checks as one tree. An object is walked once, and a missing field skips everything below it. The tree itself holds the
 * position, so that a walk allocates nothing. Only one walk can run at a time.
 */
export class CheckTree implements TreePosition {
  readonly #object = newBranch('', false);
  readonly #containers: readonly { readonly lists: ReadonlySet<string>; readonly root: Branch }[];
  readonly #indices: number[] = [];
  container: unknown;
  #list = '';
  #index = 0;
  #leaf: Leaf | undefined;

  constructor(visitors: readonly TreeVisitor[]) {
    const roots = new Map<Root, Branch>([['object', this.#object], ...containerRoots.map((root) => [root, newBranch('', false)] as const)]);
    for (const visitor of visitors) {
      const [head = '', ...rest] = visitor.pathPattern.split('.');
      const steps = stepsOf(isContainerRoot(head) ? rest : [head, ...rest]);
      const leaf = { visitor, steps, unsetWhenEmpty: steps.at(-1)?.each === false };
      addLeaf(roots.get(isContainerRoot(head) ? head : 'object') ?? this.#object, leaf);
    }
    this.#containers = containerRoots
      .map((root) => ({ lists: listsOf[root], root: roots.get(root) ?? newBranch('', false) }))
      .filter(({ root }) => root.below.length > 0);
  }

  /** Walks an object. Calls every visitor with the values at its path. */
  walk({ object, containers }: CheckInput): void {
    this.#indices.length = 0;
    this.container = undefined;
    this.#list = '';
    if (this.#object.below.length > 0) this.#fields(object, this.#object);
    for (const list of containers) this.#walkList(list);
  }

  path(): string {
    return this.#pathOf(this.#leaf?.steps ?? [], this.#leaf?.steps.length ?? 0);
  }

  #walkList({ path, containers, broken }: ContainerList): void {
    this.#list = path;
    for (const { lists, root } of this.#containers) {
      if (!lists.has(path)) continue;
      this.container = undefined;
      if (broken === true) for (const leaf of root.below) leaf.visitor.broken('expected a list', path, this);
      for (let index = 0; index < containers.length; index += 1) this.#container(containers[index], index, root);
    }
  }

  #container(container: unknown, index: number, root: Branch): void {
    this.container = container;
    this.#index = index;
    if (!isFields(container)) {
      for (const leaf of root.below) leaf.visitor.broken('expected a map', this.#pathOf([], 0), this);
      return;
    }
    if (root.leaves.length > 0) this.#show(root.leaves, container);
    this.#fields(container, root);
  }

  #fields(fields: Fields, { branches }: Branch): void {
    for (let at = 0; at < branches.length; at += 1) {
      const branch = branches[at] as Branch;
      const value = fields[branch.name];
      if (value === undefined || value === null) {
        if (branch.asking.length > 0) this.#unset(branch.asking);
      } else if (branch.each) this.#each(value, branch);
      else this.#at(value, branch);
    }
  }

  /** Visits a value that is set. */
  #at(value: unknown, branch: Branch): void {
    if (branch.leaves.length > 0) this.#show(branch.leaves, value);
    if (branch.branches.length === 0) return;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) this.#fields(value as Fields, branch);
    else this.#broken(branch, 'expected a map');
  }

  #each(list: unknown, branch: Branch): void {
    if (!Array.isArray(list)) {
      if (isUnset(list)) this.#unset(branch.asking);
      else for (const leaf of branch.below) leaf.visitor.broken('expected a list', this.#pathTo(leaf, branch), this);
      return;
    }
    if (list.length === 0) {
      this.#unset(branch.asking);
      return;
    }
    const level = this.#indices.length;
    for (let index = 0; index < list.length; index += 1) {
      this.#indices.length = level;
      this.#indices.push(index);
      const item: unknown = list[index];
      if (item === undefined || item === null) this.#absentItem(branch);
      else this.#at(item, branch);
    }
    this.#indices.length = level;
  }

  /** Visits a null item of a list. It is unset for visitors of unset paths, and a null value for all others. */
  #absentItem(branch: Branch): void {
    for (const leaf of branch.leaves) {
      this.#leaf = leaf;
      if (leaf.visitor.visitsUnset) leaf.visitor.unset(this);
      else leaf.visitor.value(null, this);
    }
    this.#broken(branch, 'expected a map');
  }

  #show(leaves: readonly Leaf[], value: unknown): void {
    for (let at = 0; at < leaves.length; at += 1) {
      const leaf = leaves[at] as Leaf;
      this.#leaf = leaf;
      if (!leaf.unsetWhenEmpty || !isUnset(value)) leaf.visitor.value(value, this);
      else if (leaf.visitor.visitsUnset) leaf.visitor.unset(this);
    }
  }

  #unset(leaves: readonly Leaf[]): void {
    for (let at = 0; at < leaves.length; at += 1) {
      const leaf = leaves[at] as Leaf;
      this.#leaf = leaf;
      leaf.visitor.unset(this);
    }
  }

  /** Reports a value that is not a map although paths continue below it. */
  #broken(branch: Branch, problem: string): void {
    for (const next of branch.branches) for (const leaf of next.below) leaf.visitor.broken(problem, this.#pathTo(leaf, branch), this);
  }

  /** Returns the path of a branch of a leaf. */
  #pathTo(leaf: Leaf, branch: Branch): string {
    const depth = leaf.steps.findIndex((_, index) => this.#branchAt(leaf, index + 1) === branch) + 1;
    return this.#pathOf(leaf.steps, depth);
  }

  #branchAt({ visitor, steps }: Leaf, depth: number): Branch | undefined {
    const [head = ''] = visitor.pathPattern.split('.');
    const root = isContainerRoot(head) ? this.#containers.find(({ lists }) => lists === listsOf[head])?.root : this.#object;
    let branch = root;
    for (const { name, each } of steps.slice(0, depth))
      branch = branch?.branches.find((candidate) => candidate.name === name && candidate.each === each);
    return branch;
  }

  #pathOf(steps: readonly Step[], depth: number): string {
    let path = this.#list === '' ? '' : `${this.#list}[${this.#index}]`;
    let taken = 0;
    for (let at = 0; at < depth; at += 1) {
      const { name, each } = steps[at] as Step;
      const index = each && taken < this.#indices.length ? `[${this.#indices[taken++] ?? 0}]` : '';
      path += path === '' ? name + index : `.${name}${index}`;
    }
    return path;
  }
}
