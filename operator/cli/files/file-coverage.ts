import { catalogue } from '../../catalogue/controls/catalogue.ts';
import type { Manifest } from '../../manifests/manifest.ts';
import type { Evaluation } from '../../engine/outcomes/evaluation.ts';
import { groupKindOf, nameOf } from '../../engine/objects/kubernetes-object.ts';
import type { PolicySet } from '../../engine/policy-set.ts';
import { unevaluatedPods } from '../../engine/objects/unevaluated-pods.ts';
import { isBuiltinWorkloadKind, workloadRoleOf } from '../../engine/objects/workload-kind.ts';
import type { CustomWorkloads, ScanResult } from '../../output/scan-result.ts';
import { isConfiguration, isEvaluatedConfiguration, isProgramConfiguration } from './manifest-problems.ts';
import type { ResourceIndex } from '../../engine/objects/resource-index.ts';

const nameOfObject = ({ object }: Manifest): string => {
  const metadata = object['metadata'] as { namespace?: unknown } | undefined;
  const namespace = typeof metadata?.namespace === 'string' ? `${metadata.namespace}/` : '';
  return `${String(object['kind'])} ${namespace}${nameOf(object) ?? ''}`;
};

const placeOf = (manifest: Manifest): string => `${manifest.file}:${manifest.lineOf()}`;

/** The name of the policy from the flags. Results do not have it. */
export const flagsPolicy = 'command line';

/** Returns `EncryptionConfiguration (enc.yaml:1)`, with the number of further manifests. */
function manifestTexts([first, ...others]: readonly Manifest[]): string {
  if (first === undefined) return '';
  const rest = others.length === 0 ? '' : ` and ${others.length} more ${others.length === 1 ? 'object' : 'objects'}`;
  return `${String(first.object['kind'])} (${placeOf(first)})${rest}`;
}

/** Whether the framework cis has a control about a kind, given as `Kind.group`. */
const isInCis = (kind: string): boolean =>
  catalogue.some(({ kinds, placement }) => typeof kinds !== 'string' && kinds.includes(kind) && placement.cis !== undefined);

const policiesIn = (results: Evaluation['results']): readonly string[] => results.map(({ policy }) => policy ?? flagsPolicy);

/** What {@link FileCoverage.warnings} reads. */
export interface CoverageInput {
  readonly set: PolicySet;
  readonly manifests: readonly Manifest[];
  readonly index: ResourceIndex;
  /** The names of the checks from the flags, such as `pss-restricted and vigil`. */
  readonly flagsChecks: string;
}

/** Follows which objects of files a scan evaluates, to tell what it did not evaluate. A skip is no evaluation. */
export class FileCoverage {
  readonly #evaluating = new Set<string>();
  /** The policies with a result about an object. */
  readonly #concluding = new Set<string>();
  readonly #targeting = new Set<string>();
  readonly #checked = new Set<Manifest>();

  /** Adds the evaluation of an object, or of the cluster as a whole if there is no manifest. */
  add({ policies, results, passes }: Evaluation, manifest: Manifest | undefined): void {
    for (const policy of passes.keys()) this.#evaluating.add(policy);
    for (const policy of policiesIn(results.filter(({ verdict }) => verdict !== 'skip'))) this.#evaluating.add(policy);
    if (manifest === undefined) return;
    for (const policy of policiesIn(results)) this.#concluding.add(policy);
    for (const policy of policies) this.#targeting.add(policy);
    if (results.length > 0 || passes.size > 0) this.#checked.add(manifest);
  }

  /** Returns the number of objects about which no check says anything. Vigil's own kinds are read as what they are, and not counted. */
  unchecked(manifests: readonly Manifest[]): number {
    return manifests.filter((manifest) => !this.#checked.has(manifest) && !groupKindOf(manifest.object).endsWith('.vigil.dev')).length;
  }

  /** Returns a message for each policy that evaluated nothing. */
  warnings({ set, manifests, index, flagsChecks }: CoverageInput): readonly string[] {
    if (manifests.length === 0) return [];
    return set.policies
      .filter((policy) => !this.#evaluating.has(policy))
      .map((policy) => {
        const isOfFlags = policy === flagsPolicy;
        const checks = isOfFlags ? `no check of ${flagsChecks}` : 'none of its checks';
        return `${isOfFlags ? '' : `SecurityPolicy/${policy}: `}nothing was evaluated: ${this.#reason(policy, checks, { set, manifests, index })}`;
      });
  }

  #reason(policy: string, checks: string, { set, manifests, index }: Omit<CoverageInput, 'flagsChecks'>): string {
    if (this.#concluding.has(policy)) return 'every check was skipped (reasons: --passing)';
    const scoped = manifests.filter(({ object }) => set.policiesForResource(index.of(object)).includes(policy));
    if (scoped.length > 0 && !this.#targeting.has(policy)) {
      const objects = scoped.length === 1 ? 'the only object' : `all ${scoped.length} objects`;
      return `its scope leaves out ${objects} that its checks are about: ${manifestTexts(scoped)}`;
    }
    const isOfCis =
      policy === flagsPolicy && manifests.every(({ object }) => isEvaluatedConfiguration(object) && isInCis(groupKindOf(object)));
    return `${checks} applies to ${manifestTexts(manifests)}${isOfCis ? '; --framework cis has checks of it' : ''}`;
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

/** Returns a message if only configurations of tools are among the files: they are no objects of a cluster. */
export function toolWarnings(manifests: readonly Manifest[]): readonly string[] {
  const [first] = manifests;
  if (first === undefined || !manifests.every(({ object }) => isConfiguration(object) && !isProgramConfiguration(object))) return [];
  const isKustomization = groupKindOf(first.object) === 'Kustomization.kustomize.config.k8s.io';
  const hint = isKustomization ? '; scan the output of kustomize build' : '';
  return [`nothing was evaluated: no object of a cluster is among the files, only ${manifestTexts(manifests)}${hint}`];
}
