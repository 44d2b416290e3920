import type { ApiResource } from '../api/api-resource.ts';
import { durationMilliseconds } from '../api/field.ts';
import type { Scan } from '../api/scan.ts';
import type { ScanSchedule } from '../api/scan-schedule.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import type { ChangeWatch } from '../change/change-watch.ts';
import { labelMatch } from '../engine/label-selector.ts';
import { compilePolicies, type PolicySet } from '../engine/policy-set.ts';
import { ledgerPolicy, neverListed } from '../scan/planner.ts';
import type { ChangeJudge } from './change-evaluation.ts';
import type { World } from './world.ts';

/** What is followed, and by what it is judged. */
export interface FollowedGround {
  /** The same while nothing that matters here changed. */
  readonly fingerprint: string;
  readonly judge: ChangeJudge;
  /** Milliseconds that changes are gathered for. */
  readonly debounce: number;
}

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
export async function renewedGround(
  world: World,
  watch: ChangeWatch,
  known: FollowedGround | undefined,
): Promise<FollowedGround | undefined> {
  const { schedules, policies } = choose(world);
  if (schedules.length === 0 || policies.length === 0) {
    await watch.stop();
    return undefined;
  }
  const debounce = Math.min(...schedules.map(({ spec }) => durationMilliseconds(spec.onChange?.debounce ?? '') ?? defaultDebounce));
  const { kubernetesVersion, resources } = await world.surroundings();
  const generations = policies.map(({ metadata: { uid, generation } }) => [uid, generation]);
  const fingerprint = JSON.stringify([debounce, kubernetesVersion, resources.map(identity), generations]);
  if (known?.fingerprint === fingerprint) return known;
  return { fingerprint, debounce, judge: await follow(world, watch, { policies, kubernetesVersion, resources }) };
}

async function follow(
  { systemNamespaces, scans }: World,
  watch: ChangeWatch,
  {
    policies,
    kubernetesVersion,
    resources,
  }: { readonly policies: readonly SecurityPolicy[]; readonly kubernetesVersion: string; readonly resources: readonly ApiResource[] },
): Promise<ChangeJudge> {
  const snapshots = policies.map(({ metadata: { name, uid = '', generation = 0 }, spec }) => ({ name, uid, generation, spec }));
  const compiled = (served: readonly ApiResource[]): PolicySet =>
    compilePolicies(snapshots, { kubernetesVersion, resources: served, systemNamespaces });
  const first = compiled(resources);
  const namespaces = resources.filter(({ group, kind }) => group === '' && kind === 'Namespace');
  const wanted = [...new Set([...first.targets, ...first.context, ...namespaces])].filter(
    ({ group, resource }) => !neverListed.has(`${group}/${resource}`),
  );
  const kept = scans.list();
  const since = Math.min(...policies.map((policy) => judgedSince(policy, kept)));
  // The same objects stand for resources everywhere, however often discovery is read.
  const followed = new Map((await watch.follow(wanted, since)).map((resource) => [identity(resource), resource]));
  const interned = resources.map((resource) => followed.get(identity(resource)) ?? resource);
  const set = compiled(interned);
  return {
    set,
    input: { kubernetesVersion, systemNamespaces, policies: snapshots, resources: interned },
    policies: snapshots.map((snapshot) => ledgerPolicy(snapshot, set, new Map())),
  };
}

/**
 * From when on nobody may have judged what changed, in milliseconds since the epoch by the server's clock: from the making of the last Scan that
 * judged all by this generation; where none is kept, from well before its end was noted.
 */
export function judgedSince({ metadata, status }: SecurityPolicy, scans: readonly Scan[]): number {
  const { name, generation } = metadata;
  const whole = scans.filter(
    (scan) =>
      scan.status?.phase === 'Complete' &&
      scan.spec.namespaces === undefined &&
      scan.status.policies?.some((evaluated) => evaluated.name === name && evaluated.generation === generation),
  );
  const begun = whole.map((scan) => Date.parse(scan.metadata.creationTimestamp ?? '')).filter((time) => !Number.isNaN(time));
  return begun.length > 0 ? Math.max(...begun) - clockGrain : (Date.parse(status?.lastScanTime ?? '') || 0) - scanSlack;
}

/** The schedules that follow changes, and the policies that they take: those whose present generation was scanned as a whole. */
function choose({ schedules, policies }: World): {
  readonly schedules: readonly ScanSchedule[];
  readonly policies: readonly SecurityPolicy[];
} {
  const following = schedules
    .list()
    .filter(({ metadata, spec }) => spec.onChange !== undefined && spec.suspend !== true && metadata.deletionTimestamp === undefined);
  const taken = policies.list().filter(({ metadata, status }) => {
    const settled = metadata.deletionTimestamp === undefined && status?.evaluatedGeneration === metadata.generation;
    return settled && following.some(({ spec }) => labelMatch(spec.policySelector)(metadata.labels ?? {}));
  });
  return { schedules: following, policies: taken.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)) };
}
