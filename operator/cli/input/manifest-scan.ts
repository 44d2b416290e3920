import { apiVersionOf, type ApiResource } from '../../api/api-resource.ts';
import { ANNOTATIONS } from '../../api/group.ts';
import { newestMinor } from '../../catalogue/frameworks/framework.ts';
import type { Evaluation } from '../../engine/outcomes/evaluation.ts';
import {
  controllerOf,
  fieldsOf,
  groupKindOf,
  isFields,
  type KubernetesObject,
  nameOf,
  namespaceOf,
  textMapOf,
  textOf,
} from '../../engine/objects/kubernetes-object.ts';
import { LivePods, workloadReference } from '../../engine/pods/live-pods.ts';
import { applyManifestDefaults } from '../../engine/pods/manifest-defaults.ts';
import { bareNamespace, type NamespaceFacts, type PolicySet, type SnapshotEvaluation } from '../../engine/policy-set.ts';
import { checkBySchema, customSchemas } from '../../engine/validation/custom-schema.ts';
import { ResourceIndex } from '../../engine/objects/resource-index.ts';
import { Snapshot } from '../../engine/snapshot/snapshot.ts';
import type { ResourceReference, ObjectFinding } from '../../findings/finding.ts';
import { applyWaivers, isExcepted } from '../../findings/waivers/apply-waivers.ts';
import { inlineOf } from '../../findings/waivers/inline-exceptions.ts';
import type { NamespaceLabels } from '../../findings/waivers/waiver.ts';
import { isWorkloadKind } from '../../engine/objects/workload-kind.ts';
import { errorAt, sourceAt, type Manifest, type ManifestError } from '../../manifests/manifest.ts';
import { definedBy, definitionsIn, resourcesOf } from '../files/defined-resources.ts';
import type { AppliedExceptions } from './exception-files.ts';
import { customWorkloadsIn, configurationWarnings, duplicateWarnings, FileCoverage, toolWarnings } from '../files/file-coverage.ts';
import {
  hasMisreadName,
  isConfiguration,
  type ManifestProblem,
  nameAsFile,
  nameAsText,
  problemOf,
  unservedKind,
} from '../files/manifest-problems.ts';
import { joinUnsetNamespaces, type UnsetNamespace, withoutUnknown } from '../files/unset-namespaces.ts';
import { RuleCounts } from './rule-counts.ts';
import type { LocatedResult, ScanResult, VerdictCounts } from '../../output/scan-result.ts';

const identity = (kind: string, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;

/** How the objects of files are read as those of a cluster. */
export interface ManifestStateOptions {
  /** The namespace of objects that name none. Default: `default`. */
  readonly namespace?: string | undefined;
  /** The version of Kubernetes, such as 1.36. Default: the newest. */
  readonly kubernetesVersion?: string | undefined;
}

/** The options of a scan of manifests. */
export interface ManifestScanOptions {
  /** Receives the verdicts of rules. */
  readonly counts?: RuleCounts | undefined;
  readonly exceptions?: AppliedExceptions | undefined;
  /** The time at which approvals of images count, in milliseconds since the epoch. Default: the time of the system. */
  readonly now?: number;
  /** The names of the checks from the flags, for messages, such as `pss-restricted and vigil`. */
  readonly flagsChecks?: string;
}

/** The result of a scan of files. */
export interface FileScan extends ScanResult {
  /** What was not evaluated, although it was given, and objects that are there several times. */
  readonly warnings: readonly string[];
}

const problemAt = (manifest: Manifest, [message, path]: ManifestProblem): ManifestError => errorAt(manifest, path, message);

/** The objects of all files, evaluated as the only objects of a cluster. */
export class ManifestState {
  readonly manifests: readonly Manifest[];
  /** The documents that cannot be evaluated. */
  readonly errors: readonly ManifestError[];
  /** The objects of versions that Kubernetes no longer serves. They are evaluated. */
  readonly outdated: readonly ManifestError[];
  readonly resources: readonly ApiResource[];
  /** What is passed over, although it was given. */
  readonly #passedOver: readonly string[];
  readonly #unset = new Map<Manifest, UnsetNamespace>();
  readonly #index: ResourceIndex;
  readonly #namespaces = new Map<string, NamespaceFacts>();
  readonly #identities = new Set<string>();
  /** Objects that are not evaluated, because YAML reads their name as a number or a boolean. Checks of other objects see them. */
  readonly #neighbours: readonly KubernetesObject[];

  constructor(
    manifests: readonly Manifest[],
    { namespace = 'default', kubernetesVersion = `1.${newestMinor}` }: ManifestStateOptions = {},
  ) {
    const candidates = manifests.filter(({ object }) => !isConfiguration(object));
    this.#passedOver = [...configurationWarnings(manifests), ...toolWarnings(manifests)];
    for (const { object, file } of candidates) nameAsFile(object, file);
    const resources = resourcesOf(candidates);
    const defined = new Set(definedBy(candidates).map((resource) => `${apiVersionOf(resource)} ${resource.kind}`));
    const errors: ManifestError[] = [];
    const outdated: ManifestError[] = [];
    const misnamed: Manifest[] = [];
    this.manifests = candidates.filter((manifest) => {
      const problem = problemOf(manifest.object);
      if (problem !== undefined) {
        if (hasMisreadName(manifest.object, problem)) misnamed.push(manifest);
        return errors.push(problemAt(manifest, problem)) < 0;
      }
      const { apiVersion, kind } = manifest.object;
      const unserved = defined.has(`${String(apiVersion)} ${String(kind)}`) ? undefined : unservedKind(manifest.object, kubernetesVersion);
      if (unserved !== undefined) (unserved.isFormer ? outdated : errors).push(problemAt(manifest, unserved.problem));
      return unserved?.isFormer !== false;
    });
    this.errors = errors;
    this.outdated = outdated;
    this.resources = resources;
    this.#index = new ResourceIndex(resources);
    for (const manifest of this.manifests) this.#prepare(manifest, namespace);
    this.#addSchemas();
    for (const manifest of misnamed) {
      nameAsText(manifest.object);
      this.#prepare(manifest, namespace);
    }
    this.#neighbours = misnamed.map(({ object }) => object);
  }

  /** Objects of custom kinds are checked by the schemas of the CustomResourceDefinitions among the files. */
  #addSchemas(): void {
    const schemas = customSchemas(definitionsIn(this.manifests).map(({ object }) => object));
    if (schemas.size === 0) return;
    for (const { object } of this.manifests) {
      const schema = schemas.get(`${String(object['apiVersion'])} ${String(object['kind'])}`);
      if (schema !== undefined) checkBySchema(object, schema);
    }
  }

  /** Evaluates all checks on all objects, and applies exceptions to the failures. */
  scan(set: PolicySet, options: ManifestScanOptions = {}): FileScan {
    const { counts = new RuleCounts(), exceptions, now = Date.now(), flagsChecks = 'the command line' } = options;
    let passed = 0;
    const errors: ManifestError[] = [];
    const snapshot = new Snapshot(set.snapshotContent(true));
    const byReference = new Map<ResourceReference, Manifest>();
    const found = new Map<Manifest | undefined, ObjectFinding[]>();
    const take = (manifest: Manifest | undefined, { results, passes }: Evaluation): void => {
      counts.add({ results });
      for (const count of passes.values()) passed += count;
      const list = found.get(manifest);
      if (list === undefined) found.set(manifest, [...results]);
      else list.push(...results);
    };
    const coverage = new FileCoverage();
    const live = this.#livePods(set);
    for (const manifest of this.manifests) {
      const { object } = manifest;
      try {
        const own = this.#evaluate(set, object, { live, counts });
        coverage.add({ ...own, results: withoutUnknown(own.results, this.#unset.get(manifest)) }, manifest);
        take(manifest, own);
        const reference = set.needsSnapshot ? snapshot.add(object, set.isOwned(object, this.#ownerExists)) : undefined;
        if (reference !== undefined) byReference.set(reference, manifest);
      } catch (failure) {
        errors.push({ source: sourceAt(manifest), message: String(failure) });
      }
    }
    for (const evaluation of this.#evaluateTogether(set, snapshot, now)) {
      const manifest = byReference.get(evaluation.resource);
      coverage.add(evaluation, manifest);
      take(manifest, evaluation);
    }
    joinUnsetNamespaces(found, this.#unset);
    const results = this.#results(found, exceptions);
    const ofObjects = [
      ...coverage.warnings({ set, manifests: this.manifests, index: this.#index, flagsChecks }),
      ...duplicateWarnings(this.manifests),
    ];
    const warnings = [...ofObjects, ...this.#passedOver];
    const unchecked = coverage.unchecked(this.manifests);
    return { results, summary: countsOf(results, passed), errors, warnings, unchecked, ...customWorkloadsIn(this.manifests) };
  }

  /** Evaluates the checks that compare objects. Objects that are not evaluated take part as neighbours only. */
  #evaluateTogether(set: PolicySet, snapshot: Snapshot, now: number): readonly SnapshotEvaluation[] {
    if (!set.needsSnapshot) return [];
    const neighbours = new Set(this.#neighbours.map((object) => snapshot.add(object)));
    return set.evaluateSnapshot(snapshot, { now }).filter(({ resource }) => !neighbours.has(resource));
  }

  #livePods(set: PolicySet): LivePods {
    const live = new LivePods();
    for (const { object } of this.manifests) if (set.isOwned(object, this.#ownerExists)) live.add(object);
    return live;
  }

  /** Returns all results in the order of the files, after exceptions. Results of the cluster as a whole are last. */
  #results(
    found: ReadonlyMap<Manifest | undefined, readonly ObjectFinding[]>,
    exceptions: AppliedExceptions | undefined,
  ): readonly LocatedResult[] {
    return [...this.manifests, undefined].flatMap((manifest) =>
      excepted(found.get(manifest) ?? [], manifest, exceptions).map((result) => located(result, manifest ?? this.#placeOfCluster(result))),
    );
  }

  /** Returns the labels of a Namespace among the files, or undefined. */
  readonly namespaceLabels: NamespaceLabels = (name) => this.#namespaces.get(name)?.labels;

  /** Evaluates one object, and for a workload also its live Pods. */
  #evaluate(set: PolicySet, object: KubernetesObject, { live, counts }: { live: LivePods; counts: RuleCounts }): Evaluation {
    const namespace = this.#namespace(namespaceOf(object));
    const own = set.evaluate(object, { namespace, ownerExists: this.#ownerExists, onPass: counts.onPass, onUnmatched: counts.onUnmatched });
    if (own.policies.length === 0 || !isWorkloadKind(groupKindOf(object))) return own;
    return live.join(object, own, (pod) => set.evaluate(pod, { namespace, reportAt: workloadReference(object) })).evaluation;
  }

  /** Returns the manifest for a failure of the cluster as a whole: the first Namespace. */
  #placeOfCluster({ verdict, properties }: ObjectFinding): Manifest | undefined {
    return verdict === 'fail' || isExcepted(properties)
      ? this.manifests.find(({ object }) => groupKindOf(object) === 'Namespace')
      : undefined;
  }

  /** Returns whether the controller of an object is in the files. */
  readonly #ownerExists = (object: KubernetesObject): boolean => {
    const owner = controllerOf(object);
    return (
      owner !== undefined &&
      this.#identities.has(identity(groupKindOf(owner as unknown as KubernetesObject), namespaceOf(object), owner.name))
    );
  };

  #namespace(name: string): NamespaceFacts {
    return this.#namespaces.get(name) ?? bareNamespace(name);
  }

  /** Sets the namespace of --namespace in an object that names none. */
  #prepareNamespace(manifest: Manifest, metadata: Record<string, unknown>, defaultNamespace: string): void {
    if ((metadata['namespace'] ?? '') !== '') return;
    if (defaultNamespace !== 'default') metadata['namespace'] = defaultNamespace;
    else this.#unset.set(manifest, this.#index.knows(manifest.object) ? 'chosen-later' : 'unknown-kind');
  }

  #prepare(manifest: Manifest, defaultNamespace: string): void {
    const { object } = manifest;
    const { group, kind, namespaced } = this.#index.of(object);
    if (!isFields(object['metadata'])) object['metadata'] = {};
    if (namespaced) this.#prepareNamespace(manifest, object['metadata'] as Record<string, unknown>, defaultNamespace);
    applyManifestDefaults(object, { namespaced });
    this.#identities.add(identity(groupKindOf(object), namespaced ? namespaceOf(object) : '', nameOf(object) ?? ''));
    if (kind !== 'Namespace' || group !== '') return;
    const name = nameOf(object) ?? '';
    const { labels, annotations } = fieldsOf(object['metadata']);
    const facts = { name, labels: { ...bareNamespace(name).labels, ...textMapOf(labels) }, annotations: textMapOf(annotations) };
    const known = this.#namespaces.get(name);
    // Of two Namespaces with one name, the same one is kept in whatever order they come.
    if (known === undefined || JSON.stringify(facts) < JSON.stringify(known)) this.#namespaces.set(name, facts);
  }
}

/** Counts results by verdict. Only some passes are listed: their number is given. */
function countsOf(results: readonly ObjectFinding[], passed: number): VerdictCounts {
  const counts = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
  for (const { verdict } of results) counts[verdict] += 1;
  return { ...counts, pass: passed };
}

/** Returns the results about one object after exceptions. Exceptions select the results of the cluster as a whole by its reference only. */
function excepted(
  results: readonly ObjectFinding[],
  manifest: Manifest | undefined,
  exceptions: AppliedExceptions | undefined,
): readonly ObjectFinding[] {
  const [first] = results;
  if (exceptions === undefined || first === undefined) return results;
  const { labels, annotations, creationTimestamp } = fieldsOf(manifest?.object['metadata']);
  const inline = inlineOf(textMapOf(annotations)[ANNOTATIONS.except], textOf(creationTimestamp));
  const known = manifest === undefined ? {} : { labels: textMapOf(labels), ...(inline === undefined ? {} : { inline }) };
  return results.flatMap((result) => applyWaivers([result], { ...result.resource, ...known }, exceptions.waivers, exceptions.now));
}

function located(result: ObjectFinding, manifest: Manifest | undefined): LocatedResult {
  if (manifest === undefined) return result;
  return { ...result, source: sourceAt(manifest, result.path) };
}
