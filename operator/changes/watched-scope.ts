import type { ApiResource } from '../api/api-resource.ts';
import { durationMilliseconds } from '../api/field.ts';
import type { Scan } from '../api/scan.ts';
import type { ScanSchedule } from '../api/scan-schedule.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import type { ChangeWatch } from './watch/change-watch.ts';
import type { GenerationTracker } from './watch/generation-tracker.ts';
import { labelMatch } from '../engine/objects/label-selector.ts';
import { compilePolicies, type PolicySet } from '../engine/policy-set.ts';
import { failedScanOf } from '../scans/generation-tries.ts';
import { ledgerPolicy, neverScanned } from '../scans/plan/planner.ts';
import type { ChangeEvaluator } from './change-evaluation.ts';
import { snapshotOf } from '../scans/scan-plan.ts';
import type { ReadClusterInfo } from '../kube/cluster-info.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { RevisionOf } from '../policies/policy-revisions.ts';

/** What is followed, and by what it is judged. */
export interface WatchedScope {
  /** The same while nothing that matters here changed. */
  readonly fingerprint: string;
  readonly evaluator: ChangeEvaluator;
  /** Milliseconds that changes are gathered for. */
  readonly debounce: number;
  /** The revisions of policies that judge. */
  readonly revisions: ReadonlySet<string>;
}

/** What {@link renewWatchedScope} uses. */
export interface WatchedScopeDependencies {
  readonly clusterInfo: ReadClusterInfo;
  readonly systemNamespaces: readonly string[];
  readonly revisionOf: RevisionOf;
  readonly policies: Pick<Lister<SecurityPolicy>, 'list'>;
  readonly schedules: Pick<Lister<ScanSchedule>, 'list'>;
  readonly scans: Pick<Lister<Scan>, 'list'>;
}

const identityOf = ({ revisionOf }: Pick<WatchedScopeDependencies, 'revisionOf'>, policy: SecurityPolicy): string =>
  `${policy.metadata.uid ?? ''}/${revisionOf(policy)}`;

const defaultDebounce = 2000;
/** How long before a policy's last scan was noted its scan may have begun, in milliseconds. */
const scanSlack = 900_000;
/** The server notes times by the second. */
const clockGrain = 1000;

const identity = ({ group, version, resource }: ApiResource): string => `${group}/${version}/${resource}`;

/**
 * Has the watch follow what the policies of today look at. Returns by what it is judged: the ground that is known, while nothing
 * changed; undefined, and nothing is followed, where no schedule asks for it or no policy was scanned yet.
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
  const { kubernetesVersion, resources } = await deps.clusterInfo();
  const revisions = new Set(policies.map((policy) => identityOf(deps, policy)));
  const fingerprint = JSON.stringify([debounce, kubernetesVersion, resources.map(identity), renewing, ...revisions]);
  if (known?.fingerprint === fingerprint) return known;
  // While one that joins was scanned, changes were judged by the others alone, and nowhere but in their scopes.
  const joining = policies.filter((policy) => known?.revisions.has(identityOf(deps, policy)) !== true);
  const joined = generations.firstObserved(joining.map(({ metadata }) => metadata));
  const evaluator = await follow(deps, watch, { policies, kubernetesVersion, resources, joined, renewing });
  return { fingerprint, debounce, revisions, evaluator };
}

async function follow(
  { systemNamespaces, scans, revisionOf }: WatchedScopeDependencies,
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
  const snapshots = policies.map((policy) => snapshotOf(policy, kubernetesVersion));
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
  // The same objects stand for resources everywhere, however often discovery is read.
  const followed = new Map((await watch.follow(watchedKinds, since, joined)).map((resource) => [identity(resource), resource]));
  const interned = resources.map((resource) => followed.get(identity(resource)) ?? resource);
  const set = compiled(interned);
  return {
    set,
    input: { kubernetesVersion, systemNamespaces, policies: snapshots, resources: interned },
    policies: snapshots.map((snapshot) => ledgerPolicy(snapshot)),
  };
}

/**
 * From when on nobody may have judged what changed, in milliseconds since the epoch by the server's clock: from the making of the last Scan that
 * judged all by this revision; where none is kept, from well before its end was noted. Where no scan could, from when the first one tried:
 * what changed before is left to the next try.
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
 * The schedules that follow changes, and the policies that they take: those whose present revision was scanned as a whole. Where an
 * earlier one was, the present one is soon, and most likely asks about the same: what is followed for it goes on.
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
  // One that no scan could evaluate is followed as well: what changes is judged, and the rest is tried again.
  const isSettled = (policy: SecurityPolicy): boolean =>
    policy.status?.evaluatedRevision === revisionOf(policy) || failedScanOf(policy, known, revisionOf(policy)) !== undefined;
  return {
    schedules: following,
    policies: selected.filter(isSettled).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
    renewing: selected.some((policy) => !isSettled(policy) && policy.status?.evaluatedGeneration !== undefined),
  };
}
