import type { ApiResource } from '../api/api-resource.ts';
import type { CatalogueEntry } from '../catalogue/controls/control.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { clusterKind, kindsInclude, kindsReadBy, nameOfKind } from './controls/control-kinds.ts';
import type { ResourceIndex } from './objects/resource-index.ts';
import { isWorkloadKind } from './objects/workload-kind.ts';

/** The kinds that the cross-object checks of compiled policies read. */
export class CrossObjectKinds {
  readonly #policies: readonly CompiledPolicy[];
  readonly #index: ResourceIndex;

  constructor(policies: readonly CompiledPolicy[], index: ResourceIndex) {
    this.#policies = policies;
    this.#index = index;
  }

  /** Every resource that cross-object checks read, including the resources of their targets. */
  get context(): readonly ApiResource[] {
    return this.#contextOf(() => true);
  }

  /**
   * The part of {@link context} that the cross-object checks for these kinds read, including the kinds themselves. Undefined is the cluster
   * as a whole.
   */
  contextFor(kinds: readonly (ApiResource | undefined)[]): readonly ApiResource[] {
    const selected = kinds.map((resource) => ({
      name: resource ? nameOfKind(resource) : clusterKind,
      namespaced: resource?.namespaced === true,
    }));
    return this.#contextOf((control) => selected.some(({ name, namespaced }) => kindsInclude(control.kinds, name, namespaced)));
  }

  /**
   * The kinds that the cross-object checks for these kinds also read in other namespaces. Kinds of groups with cluster-wide effect are not
   * listed.
   */
  crossNamespaceKinds(kinds: readonly ApiResource[]): readonly string[] {
    const controls = this.#policies.flatMap((policy) => policy.controls.map(({ control }) => control));
    const selected = controls.filter((control) => kinds.some((kind) => kindsInclude(control.kinds, nameOfKind(kind), kind.namespaced)));
    return selected.flatMap(({ crossObject }) => crossObject?.across ?? []);
  }

  /** The resources whose verdicts may change if an object of this resource changes. Undefined is the cluster as a whole. */
  dependentsOf(resource: ApiResource, targets: readonly ApiResource[]): readonly (ApiResource | undefined)[] {
    const name = nameOfKind(resource);
    const reads = ({ crossObject }: CatalogueEntry): boolean =>
      crossObject !== undefined && crossObject.reads.some((kind) => kind === name || (kind === 'workloads' && isWorkloadKind(name)));
    const reading = this.#policies.flatMap((policy) => policy.controls.map(({ control }) => control)).filter(reads);
    const dependents = targets.filter((target) => reading.some(({ kinds }) => kindsInclude(kinds, nameOfKind(target), target.namespaced)));
    return reading.some(({ kinds }) => kindsInclude(kinds, clusterKind, false)) ? [...dependents, undefined] : dependents;
  }

  #contextOf(takes: (control: CatalogueEntry) => boolean): readonly ApiResource[] {
    const controls = this.#policies.flatMap((policy) => policy.controls.map(({ control }) => control)).filter(takes);
    const read = new Set(controls.flatMap(kindsReadBy));
    return this.#index.preferred((resource) => read.has(nameOfKind(resource)));
  }
}
