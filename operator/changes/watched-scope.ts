import type { ApiResource } from '../api/api-resource.ts';
import { durationMilliseconds } from '../api/field.ts';
import type { Scan } from '../api/kinds/scan.ts';
import type { ScanSchedule } from '../api/kinds/scan-schedule.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { ChangeWatch } from './watch/change-watch.ts';
import type { GenerationTracker } from './watch/generation-tracker.ts';
import { labelMatch } from '../api/label-match.ts';
import type { SelectedRulesOf } from '../engine/admission-policies/selected-rules.ts';
import { compilePolicies, type PolicySet } from '../engine/policy-set.ts';
import { failedScanOf } from '../policies/attempts/generation-tries.ts';
import { neverScanned } from '../worker/never-scanned.ts';
import type { ChangeEvaluator } from './change-evaluation.ts';
import { reportingPolicy, snapshotOf } from '../worker/policy-snapshot.ts';
import type { ReadClusterInfo } from '../kube/cluster-info.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { RevisionOf } from '../policies/policy-revisions.ts';

/** The watched resources, and the compiled policies by which changes are evaluated. */
export interface WatchedScope {
  /** The same as long as no input has changed. */
  readonly fingerprint: string;
  readonly evaluator: ChangeEvaluator;
  /** Milliseconds for which changes are collected. */
  readonly debounce: number;
  /** The revisions of the policies. */
  readonly revisions: ReadonlySet<string>;
}

/** The dependencies of {@link renewWatchedScope}. */
export interface WatchedScopeDependencies {
  readonly clusterInfo: ReadClusterInfo;
  readonly systemNamespaces: readonly string[];
  readonly revisionOf: RevisionOf;
  /** Default: policies select no ValidatingAdmissionPolicies. */
  readonly selectedRules?: SelectedRulesOf;
  readonly policies: Pick<Lister<SecurityPolicy>, 'list'>;
  readonly schedules: Pick<Lister<ScanSchedule>, 'list'>;
  readonly scans: Pick<Lister<Scan>, 'list'>;
}

const identityOf = ({ revisionOf }: Pick<WatchedScopeDependencies, 'revisionOf'>, policy: SecurityPolicy): string =>
  `${policy.metadata.uid ?? ''}/${revisionOf(policy)}`;

const defaultDebounce = 2000;
/** The most milliseconds between the start of a scan and the `lastScanTime` of its policies. */
const scanSlack = 900_000;
/** The server writes times in whole seconds. */
const clockGrain = 1000;

const identity = ({ group, version, resource }: ApiResource): string => `${group}/${version}/${resource}`;

/**
 * Watches the resources that the current policies need. Returns the known scope if nothing has changed. Returns undefined, and watches
 * nothing, if no schedule has `spec.onChange` or no policy was scanned yet.
 */
export async function renewWatchedScope(
  deps: WatchedScopeDependencies,
  watch: ChangeWatch,
  { known, generations }: { readonly known: WatchedScope | undefined; readonly generations: GenerationTracker },
): Promise<WatchedScope | undefined> {
  const { schedules, policies, renewing } = choose(deps);
  if (schedules.length === 0 || policies.length === 0) {
    await (renewing ? watch.pause() : watch.stop());
    return undefined;
  }
  const debounce = Math.min(...schedules.map(({ spec }) => durationMilliseconds(spec.onChange?.debounce ?? '') ?? defaultDebounce));
  const { kubernetesVersion, resources, unavailable } = await deps.clusterInfo();
  const revisions = new Set(policies.map((policy) => identityOf(deps, policy)));
  const fingerprint = JSON.stringify([debounce, kubernetesVersion, resources.map(identity), renewing, ...revisions]);
  if (known?.fingerprint === fingerprint) return known;
  // While an added policy was scanned, changes were evaluated for the other policies only, and only in their scopes.
  const joining = policies.filter((policy) => known?.revisions.has(identityOf(deps, policy)) !== true);
  const joined = generations.firstObserved(joining.map(({ metadata }) => metadata));
  const evaluator = await follow(deps, watch, { policies, kubernetesVersion, resources, joined, renewing });
  return { fingerprint, debounce, revisions, evaluator: { ...evaluator, ...(unavailable ? { unavailable } : {}) } };
}

async function follow(
  { systemNamespaces, scans, revisionOf, selectedRules }: WatchedScopeDependencies,
  watch: ChangeWatch,
  {
    policies,
    kubernetesVersion,
    resources,
    joined,
    renewing,
  }: {
    readonly policies: readonly SecurityPolicy[];
    readonly kubernetesVersion: string;
    readonly resources: readonly ApiResource[];
    readonly joined: number;
    readonly renewing: boolean;
  },
): Promise<ChangeEvaluator> {
  const snapshots = policies.map((policy) => snapshotOf(policy, kubernetesVersion, selectedRules?.(policy)));
  const compiled = (served: readonly ApiResource[]): PolicySet =>
    compilePolicies(snapshots, { kubernetesVersion, resources: served, systemNamespaces, converts: true });
  const first = compiled(resources);
  const namespaces = resources.filter(({ group, kind }) => group === '' && kind === 'Namespace');
  const asked = [...first.targets, ...first.context, ...namespaces, ...(renewing ? watch.indexes.keys() : [])];
  const watchedKinds = [...new Map(asked.map((resource) => [identity(resource), resource])).values()].filter(
    ({ group, resource }) => !neverScanned.has(`${group}/${resource}`),
  );
  const kept = scans.list();
  const since = Math.min(...policies.map((policy) => changesSince(policy, kept, revisionOf(policy))));
  // A resource is identified by the same object everywhere, however often discovery is read.
  const followed = new Map((await watch.follow(watchedKinds, since, joined)).map((resource) => [identity(resource), resource]));
  const interned = resources.map((resource) => followed.get(identity(resource)) ?? resource);
  const set = compiled(interned);
  return {
    set,
    input: { kubernetesVersion, systemNamespaces, policies: snapshots, resources: interned },
    policies: snapshots.map(reportingPolicy),
  };
}

/**
 * The time from which changes may not have been evaluated for a policy, in milliseconds since the epoch by the server's clock. It is the
 * creation of the last complete Scan of this revision. Without such a Scan, it is well before `lastScanTime`. If Scans of this revision
 * failed, it is the creation of the first one: earlier changes are left to the next Scan.
 */
export function changesSince(policy: SecurityPolicy, scans: readonly Scan[], revision: string): number {
  const { metadata, status } = policy;
  const { name } = metadata;
  const failed = failedScanOf(policy, scans, revision);
  if (failed) return Date.parse(failed.metadata.creationTimestamp ?? '') - clockGrain;
  const whole = scans.filter(
    (scan) =>
      scan.status?.phase === 'Complete' &&
      scan.spec.namespaces === undefined &&
      scan.status.policies?.some((evaluated) => evaluated.name === name && evaluated.revision === revision),
  );
  const begun = whole.map((scan) => Date.parse(scan.metadata.creationTimestamp ?? '')).filter((time) => !Number.isNaN(time));
  return begun.length > 0 ? Math.max(...begun) - clockGrain : (Date.parse(status?.lastScanTime ?? '') || 0) - scanSlack;
}

/**
 * The schedules with `spec.onChange`, and the policies that they select and whose current revision was scanned everywhere. `renewing`: the
 * scan of a new revision of some policy is still to come; the resources of its previous revision are watched until then.
 */
function choose({ schedules, policies, scans, revisionOf }: WatchedScopeDependencies): {
  readonly schedules: readonly ScanSchedule[];
  readonly policies: readonly SecurityPolicy[];
  readonly renewing: boolean;
} {
  const following = schedules
    .list()
    .filter(({ metadata, spec }) => spec.onChange !== undefined && spec.suspend !== true && metadata.deletionTimestamp === undefined);
  const selected = policies
    .list()
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter(({ metadata }) => following.some(({ spec }) => labelMatch(spec.policySelector)(metadata.labels ?? {})));
  const known = scans.list();
  // A policy that no scan could evaluate is included: its changes are evaluated, and the scan is retried.
  const isSettled = (policy: SecurityPolicy): boolean =>
    policy.status?.evaluatedRevision === revisionOf(policy) || failedScanOf(policy, known, revisionOf(policy)) !== undefined;
  return {
    schedules: following,
    policies: selected.filter(isSettled).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
    renewing: selected.some((policy) => !isSettled(policy) && policy.status?.evaluatedGeneration !== undefined),
  };
}
