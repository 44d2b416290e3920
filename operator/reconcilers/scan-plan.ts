import { ANNOTATIONS } from '../api/group.ts';
import { MOST_SCAN_POLICIES, type Scan } from '../api/scan.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import { labelMatch } from '../engine/label-selector.ts';
import { compilePolicies } from '../engine/policy-set.ts';
import type { LedgerStore, StoredLedger } from '../scan/ledger-store.ts';
import { newLedger } from '../scan/ledger.ts';
import { jobName } from '../scan/names.ts';
import { planScan } from '../scan/planner.ts';
import type { AttemptInput, PolicySnapshot } from '../scan/scan-input.ts';
import { timestampOf } from '../scan/scan-status.ts';
import type { Surroundings, World } from './world.ts';

/** Why a scan cannot be made at all. */
export interface Refused {
  readonly refused: { readonly reason: string; readonly message: string };
}

/**
 * Plans a scan and keeps the plan; the ledger is written last, and with it the scan has begun. What a plan before it left
 * behind when it was cut off is removed with the scan.
 */
export async function beginScan(world: World, store: LedgerStore, scan: Scan, signal: AbortSignal): Promise<StoredLedger | Refused> {
  const { name, uid = '' } = scan.metadata;
  const startTime = timestampOf(world.clock());
  // A kind that was made a moment ago is scanned as well.
  const surroundings = await world.surroundings(true);
  const chosen = choosePolicies(world, scan, surroundings);
  if ('refused' in chosen) return chosen;
  const plan = await planScan(world.client, {
    scan: { name, uid },
    spec: scan.spec,
    policies: chosen.policies,
    ...surroundings,
    systemNamespaces: world.systemNamespaces,
    shardTargets: world.shardTargets,
    signal,
  });
  const input = await store.keep({ name, uid }, 'input', plan.input);
  const configMaps = await store.keep({ name, uid }, 'shards', { shards: plan.shards } satisfies AttemptInput);
  const start = { startTime, partial: scan.spec.namespaces !== undefined, policies: plan.policies, input };
  const ledger = newLedger(
    { ...start, uncovered: plan.uncovered, excludedNamespaces: plan.excludedNamespaces },
    { name: jobName(uid, 1), shards: plan.shards, configMaps },
  );
  world.log.info({ scan: name, shards: plan.shards.length, policies: plan.policies.length }, 'the scan is planned');
  return store.create({ name, uid }, ledger);
}

/** The policies that a scan is about, as they are now. One that does not compile takes no part: its last good verdicts stay. */
function choosePolicies(
  world: World,
  { spec, metadata: { annotations } }: Scan,
  { kubernetesVersion, resources }: Surroundings,
): { readonly policies: readonly PolicySnapshot[] } | Refused {
  const live = world.policies.list().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const missing = (spec.policies ?? []).filter((name) => !live.some(({ metadata }) => metadata.name === name));
  // Where new generations of several are scanned, one may be gone by now.
  if (missing.length > 0 && (annotations?.[ANNOTATIONS.generations] === undefined || missing.length === spec.policies?.length))
    return { refused: { reason: 'PolicyNotFound', message: `spec.policies: no SecurityPolicy ${missing.join(', ')}` } };
  const selects = labelMatch(spec.policySelector);
  const chosen = live.filter(
    ({ metadata }) => (spec.policies === undefined || spec.policies.includes(metadata.name)) && selects(metadata.labels ?? {}),
  );
  const snapshots = chosen.map(snapshotOf).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const { problems } = compilePolicies(snapshots, { kubernetesVersion, resources, systemNamespaces: world.systemNamespaces });
  const broken = new Set(problems.map(({ policy }) => policy));
  const policies = snapshots.filter(({ name }) => !broken.has(name));
  if (policies.length === 0 && broken.size > 0)
    return {
      refused: {
        reason: 'PolicyStalled',
        message: `no policy of this scan can be evaluated: ${[...broken].join(', ')}; see their Ready condition`,
      },
    };
  if (policies.length > MOST_SCAN_POLICIES)
    return {
      refused: {
        reason: 'TooManyPolicies',
        message: `${policies.length} policies are more than the ${MOST_SCAN_POLICIES} of one Scan: give them labels, and each group of them a Scan or ScanSchedule by spec.policySelector`,
      },
    };
  return { policies };
}

function snapshotOf({ metadata, spec }: SecurityPolicy): PolicySnapshot {
  return { name: metadata.name, uid: metadata.uid ?? '', generation: metadata.generation ?? 0, spec };
}
