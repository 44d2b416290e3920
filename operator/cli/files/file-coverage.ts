import type { Manifest } from '../../manifests/manifest.ts';
import type { Evaluation } from '../../engine/outcomes/evaluation.ts';
import { groupKindOf, nameOf } from '../../engine/objects/kubernetes-object.ts';
import type { PolicySet } from '../../engine/policy-set.ts';
import { unevaluatedPods } from '../../engine/objects/unevaluated-pods.ts';
import { isBuiltinWorkloadKind, workloadRoleOf } from '../../engine/objects/workload-kind.ts';
import type { CustomWorkloads, ScanResult } from '../../output/scan-result.ts';
import { isEvaluatedConfiguration, isProgramConfiguration } from './manifest-problems.ts';
import type { ResourceIndex } from '../../engine/objects/resource-index.ts';

const nameOfObject = ({ object }: Manifest): string => {
  const metadata = object['metadata'] as { namespace?: unknown } | undefined;
  const namespace = typeof metadata?.namespace === 'string' ? `${metadata.namespace}/` : '';
  return `${String(object['kind'])} ${namespace}${nameOf(object) ?? ''}`;
};

const placeOf = (manifest: Manifest): string => `${manifest.file}:${manifest.lineOf()}`;

/** Follows which objects of files a scan evaluates, to tell what it did not evaluate. */
export class FileCoverage {
  readonly #evaluating = new Set<string>();
  #evaluated = 0;

  /** Adds the evaluation of an object. */
  add({ policies }: Evaluation): void {
    if (policies.length > 0) this.#evaluated += 1;
    for (const policy of policies) this.#evaluating.add(policy);
  }

  /** The number of evaluated objects. */
  get evaluated(): number {
    return this.#evaluated;
  }

  /** Returns a message for each policy that evaluated nothing. */
  warnings(set: PolicySet, manifests: readonly Manifest[], index: ResourceIndex): readonly string[] {
    if (manifests.length === 0) return [];
    return set.policies
      .filter((policy) => !this.#evaluating.has(policy))
      .map((policy) => {
        const scoped = manifests.filter(({ object }) => set.policiesForResource(index.of(object)).includes(policy)).length;
        const reason =
          scoped > 0
            ? `its scope leaves out all ${scoped} objects that its checks are about`
            : `none of the ${manifests.length} objects is of a kind that its checks are about`;
        return `${policy === 'command line' ? 'the checks' : `SecurityPolicy/${policy}`}: nothing was evaluated: ${reason}`;
      });
  }
}

/** Returns the custom kinds whose controllers make pods, sorted. Empty if none is among the files. */
export function customWorkloadsIn(manifests: readonly Manifest[]): Pick<ScanResult, 'customWorkloads'> {
  const counts = new Map<string, CustomWorkloads>();
  for (const { object } of manifests) {
    const kind = groupKindOf(object);
    const reason = unevaluatedPods(object);
    if (reason === undefined && (isBuiltinWorkloadKind(kind) || workloadRoleOf(object) === undefined)) continue;
    const key = `${kind} ${reason ?? ''}`;
    const objects = (counts.get(key)?.objects ?? 0) + 1;
    counts.set(key, { kind, objects, evaluated: reason === undefined, ...(reason === undefined ? {} : { reason }) });
  }
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found);
  return sorted.length === 0 ? {} : { customWorkloads: sorted };
}

/** The number of objects that are named. A folder of alternatives has many. */
const mostDuplicates = 5;

/** Returns a message for each object that is several times in the files: only the last one that is applied counts in a cluster. */
export function duplicateWarnings(manifests: readonly Manifest[]): readonly string[] {
  const objects = manifests.filter(({ object }) => !isEvaluatedConfiguration(object));
  const named = objects.filter(({ object }) => (object['metadata'] as { name?: unknown } | undefined)?.name !== undefined);
  const groups = Map.groupBy(named, (manifest) => `${groupKindOf(manifest.object)} ${nameOfObject(manifest)}`);
  const repeated = [...groups.values()].filter((group) => group.length > 1);
  const more = repeated.length - mostDuplicates;
  const summary = more <= 0 ? [] : [`${more} more ${more === 1 ? 'object is' : 'objects are'} several times in the files`];
  return repeated
    .slice(0, mostDuplicates)
    .map(([first, ...others]) => {
      const places = [first, ...others].filter((manifest) => manifest !== undefined).map(placeOf);
      return `${first === undefined ? '' : nameOfObject(first)} is ${places.length} times in the files (${places.join(', ')}): each is evaluated, but a cluster keeps only one`;
    })
    .concat(summary);
}

/** Returns a message about the configurations of programs of Kubernetes that no control is about. */
export function configurationWarnings(manifests: readonly Manifest[]): readonly string[] {
  const [first, ...others] = manifests.filter(({ object }) => isProgramConfiguration(object));
  if (first === undefined) return [];
  const rest = others.length === 0 ? '' : ` and ${others.length} more`;
  return [`passed over, because no control is about its kind: ${String(first.object['kind'])} (${placeOf(first)})${rest}`];
}
