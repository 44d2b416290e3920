import { type Fields, isFields } from '../objects/kubernetes-object.ts';
import { type ContainerList, type CheckInput, isUnset } from './check-input.ts';

/** Something that looks at the values at the end of a way. Where they stand is told by {@link TreePosition}. */
export interface TreeVisitor {
  /** The way: `spec.volumes[].hostPath`, or below each container with `C*.`, `AM.` or `M.`. */
  readonly pathPattern: string;
  /** Whether it wants to know of ways that lead nowhere. */
  readonly visitsUnset: boolean;
  value(item: unknown, position: TreePosition): void;
  unset(position: TreePosition): void;
  /** Something that is no map, or no list, where the way goes on. */
  broken(problem: string, path: string, position: TreePosition): void;
}

interface Leaf {
  readonly visitor: TreeVisitor;
  readonly steps: readonly Step[];
  /** An empty map or list at the end counts as unset. */
  readonly unsetWhenEmpty: boolean;
}

interface Step {
  readonly name: string;
  readonly each: boolean;
}

interface Branch extends Step {
  readonly leaves: Leaf[];
  readonly branches: Branch[];
  /** All leaves at or below that ask for what is unset, and all that there are. */
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

/** Hangs a leaf into a tree; ways that begin alike share branches. */
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

/** Where a walk stands: the container that it is in, and how to write the path. */
export interface TreePosition {
  /** The container that is being looked at; undefined outside of containers. */
  readonly container: unknown;
  /** The path of the visitor's way from the object (of a workload: its pod). */
  path(): string;
}

/**
 * All ways of many checks as one tree, so that an object is walked once, and what is not there is passed over with everything below it.
 * One walk at a time: where it stands is kept in the tree itself, so that nothing is allocated on the way.
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

  /** Shows every visitor what stands at the end of its way. */
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

  /** A value that is there, at a branch. */
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

  /** An item of a list that is null: unset for who asks for that, and no value for all others. */
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

  /** The value at a branch is no map, and ways go on below it. */
  #broken(branch: Branch, problem: string): void {
    for (const next of branch.branches) for (const leaf of next.below) leaf.visitor.broken(problem, this.#pathTo(leaf, branch), this);
  }

  /** The path of a branch, which lies on the way of a leaf. */
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
