import { type Fields, isFields } from './kubernetes-object.ts';

/** A list of containers of a pod, with its path. */
export interface ContainerList {
  readonly path: string;
  readonly containers: readonly unknown[];
  /** What stands there is no list. */
  readonly broken?: boolean;
}

/** What a walk goes through: the object (of a workload, its synthetic Pod) and its containers. */
export interface Ground {
  readonly object: Fields;
  /** Init, main and ephemeral containers, in this order; empty for objects without. */
  readonly containers: readonly ContainerList[];
}

/** What a walk meets; `walk.path()` tells where while one of these runs. */
export interface Visitor {
  /** A value; `container` is the one that it belongs to. */
  value(item: unknown, container: unknown): void;
  /** Nothing at the end of the way: missing, null, `{}` or `[]`. */
  unset(container: unknown): void;
  /** Something that is not a map, or not a list, where the way goes on. */
  broken(problem: string): void;
}

interface Step {
  readonly name: string;
  readonly each: boolean;
}

type Root = 'object' | 'C*' | 'AM' | 'M';

const listsOf: Readonly<Record<Exclude<Root, 'object'>, ReadonlySet<string>>> = {
  'C*': new Set(['spec.initContainers', 'spec.containers', 'spec.ephemeralContainers']),
  AM: new Set(['spec.initContainers', 'spec.containers']),
  M: new Set(['spec.containers']),
};

/** Whether a value counts as unset: missing, null, `{}` or `[]`. */
export function isUnset(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

/**
 * The way of a `ValueCheck.at`, ready to be walked many times. One walk at a time: where it stands is kept in the walk itself, so
 * that nothing is allocated on the way.
 */
export class ValueWalk {
  readonly root: Root;
  readonly #steps: readonly Step[];
  readonly #keepsEmpty: boolean;
  readonly #indices: number[] = [];
  #container: unknown;
  #containerPath = '';
  #containerIndex = 0;
  #depth = 0;

  constructor(at: string) {
    const [head = '', ...rest] = at.split('.');
    this.root = head === 'C*' || head === 'AM' || head === 'M' ? head : 'object';
    const names = this.root === 'object' ? [head, ...rest] : rest;
    this.#steps = names.map((name) => (name.endsWith('[]') ? { name: name.slice(0, -2), each: true } : { name, each: false }));
    this.#keepsEmpty = this.#steps.at(-1)?.each ?? true;
  }

  /** Visits every value at the end of the way. */
  walk(ground: Ground, visitor: Visitor): void {
    this.#indices.length = 0;
    if (this.root === 'object') {
      this.#container = undefined;
      this.#containerPath = '';
      this.#containerIndex = 0;
      this.#from(ground.object, 0, visitor);
      return;
    }
    const wanted = listsOf[this.root];
    for (const { path, containers, broken } of ground.containers) {
      if (!wanted.has(path)) continue;
      this.#containerPath = path;
      if (broken === true) this.#brokenList(visitor);
      for (let index = 0; index < containers.length; index += 1) this.#enter(containers[index], index, visitor);
    }
  }

  /** Where the walk stands, such as `spec.containers[0].image`. */
  path(): string {
    if (this.#containerIndex < 0) return this.#containerPath;
    let path = this.#containerPath === '' ? '' : `${this.#containerPath}[${this.#containerIndex}]`;
    let taken = 0;
    for (const { name, each } of this.#steps.slice(0, this.#depth)) {
      const index = each && taken < this.#indices.length ? `[${this.#indices[taken++] ?? 0}]` : '';
      path += `${path === '' ? '' : '.'}${name}${index}`;
    }
    return path;
  }

  #brokenList(visitor: Visitor): void {
    this.#containerIndex = -1;
    visitor.broken('expected a list');
  }

  #enter(container: unknown, index: number, visitor: Visitor): void {
    this.#container = container;
    this.#containerIndex = index;
    this.#depth = 0;
    if (isFields(container)) this.#from(container, 0, visitor);
    else visitor.broken('expected a map');
  }

  #from(value: unknown, step: number, visitor: Visitor): void {
    const steps = this.#steps;
    let current = value;
    for (let at = step; at < steps.length; at += 1) {
      const { name, each } = steps[at] as Step;
      if (!isFields(current)) {
        this.#broken(at, 'expected a map', visitor);
        return;
      }
      current = Object.hasOwn(current, name) ? current[name] : undefined;
      if (each) {
        this.#each(current, at, visitor);
        return;
      }
      if (current === undefined || current === null) break;
    }
    this.#depth = steps.length;
    if (this.#keepsEmpty ? current === undefined || current === null : isUnset(current)) visitor.unset(this.#container);
    else visitor.value(current, this.#container);
  }

  #each(list: unknown, step: number, visitor: Visitor): void {
    if (isUnset(list)) {
      this.#depth = this.#steps.length;
      visitor.unset(this.#container);
      return;
    }
    if (!Array.isArray(list)) {
      this.#broken(step + 1, 'expected a list', visitor);
      return;
    }
    const level = this.#indices.length;
    for (let index = 0; index < list.length; index += 1) {
      this.#indices.length = level;
      this.#indices.push(index);
      this.#from(list[index], step + 1, visitor);
    }
    this.#indices.length = level;
  }

  #broken(depth: number, problem: string, visitor: Visitor): void {
    this.#depth = depth;
    visitor.broken(problem);
  }
}
