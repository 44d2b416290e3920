import type { ApiResource } from '../../api/api-resource.ts';
import { customRoleOf, hiddenPodsOf } from './custom-kinds.ts';
import { controllerOf, groupKindOf, groupOf, type KubernetesObject, namespaceOf } from './kubernetes-object.ts';
import { isBuiltinWorkloadKind } from './workload-kind.ts';
import { isBuiltinGroup } from './custom-workloads.ts';

/** A custom kind of a cluster whose controller makes pods. */
export interface CustomWorkloadCount {
  /** `Kind.group`. */
  readonly kind: string;
  /** The number of its objects, as far as they are known. */
  readonly objects: number;
  /** Whether its objects are evaluated. */
  readonly evaluated: boolean;
  /** Why they are not. */
  readonly reason?: string;
}

/** The most kinds that are returned. */
const mostKinds = 50;
/** In characters. */
const longestReason = 1000;
/** The most objects of one kind that are counted by their names. */
const mostObjects = 10_000;
const byThemselves = 'what they control is evaluated by itself';

/**
 * Counts the custom kinds of a cluster that have pods, by the objects that a scan lists. A kind that Vigil does not know shows by the
 * workloads that its objects control.
 */
export class CustomWorkloadCounts {
  readonly #evaluated = new Map<string, number>();
  readonly #owners = new Map<string, Set<string>>();
  readonly #unreadable = new Map<string, string>();

  /** Adds an object that is a target. Its metadata is enough. */
  add(object: KubernetesObject): void {
    const kind = groupKindOf(object);
    if (customRoleOf(kind) !== undefined) this.#evaluated.set(kind, (this.#evaluated.get(kind) ?? 0) + 1);
    if (!isBuiltinWorkloadKind(kind)) return;
    const owner = controllerOf(object);
    if (owner === undefined || isBuiltinGroup(groupOf(owner.apiVersion))) return;
    const owners = this.#owners.get(groupKindOf(owner as unknown as KubernetesObject)) ?? new Set<string>();
    this.#owners.set(groupKindOf(owner as unknown as KubernetesObject), owners);
    if (owners.size < mostObjects) owners.add(owner.uid ?? `${namespaceOf(object)}/${owner.name}`);
  }

  /** Adds a kind whose objects cannot be listed. */
  addUnreadable({ kind, group }: Pick<ApiResource, 'kind' | 'group'>, message: string): void {
    const name = `${kind}.${group}`;
    if (customRoleOf(name) !== undefined) this.#unreadable.set(name, message.slice(0, longestReason));
  }

  /** Returns the kinds, sorted by name. At most 50. */
  list(): readonly CustomWorkloadCount[] {
    const evaluated = [...this.#evaluated].map(([kind, objects]) => ({ kind, objects, evaluated: true }));
    const unreadable = [...this.#unreadable].map(([kind, reason]) => ({
      kind,
      objects: this.#owners.get(kind)?.size ?? 0,
      evaluated: false,
      reason,
    }));
    const others = [...this.#owners]
      .filter(([kind]) => customRoleOf(kind) === undefined)
      .map(([kind, { size }]) => ({
        kind,
        objects: size,
        evaluated: false,
        reason: `${hiddenPodsOf(kind) ?? 'Vigil does not know how its objects describe pods'}: ${byThemselves}`,
      }));
    const byKind = new Map([...evaluated, ...unreadable, ...others].map((count) => [count.kind, count]));
    return [...byKind.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1)).slice(0, mostKinds);
  }
}
