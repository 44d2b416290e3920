import { RESOURCES } from '../api/api-resource.ts';
import type { ReportReader } from '../reports/sweeping/report-sweeper.ts';
import { ANNOTATIONS, LABELS } from '../api/group.ts';
import { MOST_SCAN_POLICIES, type Scan } from '../api/kinds/scan.ts';
import { MarkCollector } from './rescan/mark-collector.ts';
import type { WorkerSettings } from '../jobs/template/worker-settings.ts';
import type { RescanStore } from './rescan/rescan-store.ts';
import type { ScanMemory } from './attempts/scan-memory.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { labelMatch } from '../api/label-match.ts';
import { noSelectedRules, type SelectedRulesOf } from '../engine/admission-policies/selected-rules.ts';
import { catalogueVersion } from '../engine/evaluation-revision.ts';
import { snapshotOf } from '../worker/policy-snapshot.ts';
import { compilePolicies, type PolicyProblem } from '../engine/policy-set.ts';
import { listAll } from '../kube/list.ts';
import type { LedgerStore, StoredLedger } from './ledger/ledger-store.ts';
import { newLedger, type Uncovered } from './ledger/ledger.ts';
import { jobName } from './ledger/names.ts';
import { planScan } from './plan/planner.ts';
import type { PolicySnapshot } from '../worker/scan-input.ts';
import { problemText } from '../engine/outcomes/policy-problem.ts';
import type { CrdProblem } from '../api/crds/crd-skew.ts';
import type { ClusterInfo, ReadClusterInfo } from '../kube/cluster-info.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ScanHold } from '../api/kinds/scan-hold.ts';

/** Why a scan is refused. */
export interface RefusedScan {
  readonly refused: ScanHold;
}

/** The result of {@link beginScan}: the ledger of the started scan, a refusal, or the reason to wait. */
export type BeginResult = StoredLedger | RefusedScan | { readonly hold: ScanHold };

/** Plans a scan and stores the plan. The ledger is written last: with it, the scan has started. A failed try leaves no documents behind. */
export async function beginScan(
  deps: PlanDependencies,
  store: Pick<LedgerStore, 'begin'>,
  scan: Scan,
  { startTime, signal, rescans, memory }: BeginScanContext,
): Promise<BeginResult> {
  const { name, uid = '' } = scan.metadata;
  const [crd] = await deps.checkCrds();
  if (crd) return { hold: { reason: crd.reason, message: crd.message } };
  // Discovery is read again, so that kinds which were added a moment ago are scanned.
  const cluster = await deps.clusterInfo(true);
  const chosen = await choosePolicies(deps, scan, { ...cluster, signal });
  if (!('policies' in chosen)) return chosen;
  const carryOver = await collectorFor(deps, scan, { rescans, isWhole: chosen.isWhole });
  const plan = await planScan(deps.client, {
    carryOver,
    scan: { name, uid },
    spec: scan.spec,
    policies: chosen.policies,
    ...cluster,
    systemNamespaces: deps.systemNamespaces,
    shardTargets: deps.shardTargets,
    signal,
  });
  const partial = scan.spec.namespaces !== undefined;
  const start = {
    startTime,
    catalogue: catalogueVersion,
    partial,
    policies: plan.policies,
    ...(plan.customWorkloads.length === 0 ? {} : { customWorkloads: plan.customWorkloads }),
    ...carryOver?.totals,
  };
  const carriedOver = start.carriedOver?.targets ?? 0;
  deps.log.info({ scan: name, shards: plan.shards.length, policies: plan.policies.length, carriedOver }, 'scan planned');
  const begun = await store.begin({ name, uid }, { input: plan.input, shards: { shards: plan.shards } }, ({ input, configMaps }) =>
    newLedger(
      { ...start, input, uncovered: [...chosen.uncovered, ...plan.uncovered], excludedNamespaces: plan.excludedNamespaces },
      { name: jobName(uid, 1), shards: plan.shards, configMaps },
    ),
  );
  if (memory) memory.rescan = carryOver?.draft;
  return begun;
}

/** The context of {@link beginScan}. */
export interface BeginScanContext {
  readonly startTime: string;
  /** The results of earlier scans. Default: everything is evaluated. */
  readonly rescans?: Pick<RescanStore, 'read'>;
  /** Receives the draft of the results for the next scan. */
  readonly memory?: Pick<ScanMemory, 'rescan'>;
  readonly signal: AbortSignal;
}

const isOfGenerations = ({ metadata: { annotations } }: Scan): boolean => annotations?.[ANNOTATIONS.generations] !== undefined;

/**
 * Scans of new generations carry nothing over: every verdict is new. They store their results if they include all policies, since the next
 * scan of a schedule probably does, too. Otherwise they store nothing: few sets of policies have a stored index.
 */
async function collectorFor(
  deps: Pick<PlanDependencies, 'worker' | 'endedApprovals'>,
  scan: Scan,
  { rescans, isWhole }: { readonly rescans: BeginScanContext['rescans'] } & Pick<Chosen, 'isWhole'>,
): Promise<MarkCollector | undefined> {
  const isNew = isOfGenerations(scan);
  if (!rescans || (isNew && !isWhole)) return undefined;
  const { image } = await deps.worker();
  const endedApprovals = deps.endedApprovals?.() ?? [];
  const { full = false, namespaces } = scan.spec;
  return new MarkCollector({ store: rescans, program: image, endedApprovals, full: full || isNew, partial: namespaces !== undefined });
}

/** The dependencies of {@link beginScan}. */
export interface PlanDependencies {
  readonly client: ReportReader;
  readonly log: Pick<Logger, 'info'>;
  /** Checks the CRDs now. Returns the problems. */
  readonly checkCrds: () => Promise<readonly CrdProblem[]>;
  readonly clusterInfo: ReadClusterInfo;
  /** Includes Vigil's own namespace. */
  readonly systemNamespaces: readonly string[];
  /** The most targets in a shard. */
  readonly shardTargets: number;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
  /** Default: policies select no ValidatingAdmissionPolicies. */
  readonly selectedRules?: SelectedRulesOf;
  /** Returns the ImageApprovals that have ended. Default: none. */
  readonly endedApprovals?: () => readonly string[];
  /** The image of the workers. With another image, nothing is carried over. */
  readonly worker: () => Promise<WorkerSettings>;
}

const selectsNothing: SelectedRulesOf = () => noSelectedRules;

interface Chosen {
  readonly policies: readonly PolicySnapshot[];
  /** Policies of the scan that cannot be evaluated. */
  readonly uncovered: readonly Uncovered[];
  /** Whether the scan includes every policy of the cluster that can be evaluated. */
  readonly isWhole: boolean;
}

/** The most invalid policies that a message names; the others are counted. */
const mostBroken = 10;

/**
 * The policies of a scan, from the API server and not from a cache. A policy that does not compile is left out and reported as not covered:
 * its last good verdicts are kept. The scan waits until the cache has all of them, because results are only written for policies in the
 * cache.
 */
async function choosePolicies(
  deps: PlanDependencies,
  scan: Scan,
  { kubernetesVersion, resources, signal }: ClusterInfo & { readonly signal: AbortSignal },
): Promise<Chosen | Exclude<BeginResult, StoredLedger>> {
  const there = await listAll<SecurityPolicy>(deps.client, RESOURCES.policies, { signal });
  const live = there.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const missing = missingOf(scan, live);
  if (missing) return { refused: missing };
  const selects = labelMatch(scan.spec.policySelector);
  const isNamed = ({ metadata: { name } }: SecurityPolicy): boolean => scan.spec.policies?.includes(name) ?? true;
  const chosen = live.filter((policy) => isNamed(policy) && selects(policy.metadata.labels ?? {}));
  const unheard = chosen.find((policy) => isBehind(deps.policies.get(policy.metadata.name), policy));
  if (unheard)
    return { hold: { reason: 'WatchBehind', message: `the cache does not contain SecurityPolicy ${unheard.metadata.name} yet` } };
  const selections = chosen.map((policy) => ({ policy, selected: (deps.selectedRules ?? selectsNothing)(policy) }));
  const unread = selections.find(({ selected }) => selected === undefined)?.policy;
  if (unread)
    return {
      hold: {
        reason: 'WatchBehind',
        message: `the ValidatingAdmissionPolicies that SecurityPolicy ${unread.metadata.name} selects were not read yet`,
      },
    };
  const snapshots = selections
    .map(({ policy, selected }) => snapshotOf(policy, kubernetesVersion, selected))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const { problems } = compilePolicies(snapshots, { kubernetesVersion, resources, systemNamespaces: deps.systemNamespaces });
  const found = evaluable(snapshots, problems);
  return 'refused' in found ? found : { ...found, isWhole: chosen.length === live.length };
}

/** Separates the policies that can be evaluated from the others. */
function evaluable(snapshots: readonly PolicySnapshot[], problems: readonly PolicyProblem[]): Omit<Chosen, 'isWhole'> | RefusedScan {
  const broken = new Map(problems.toReversed().map((problem) => [problem.policy, problem]));
  const policies = snapshots.filter(({ name }) => !broken.has(name));
  if (policies.length > MOST_SCAN_POLICIES)
    return {
      refused: {
        reason: 'TooManyPolicies',
        message: `${policies.length} policies exceed the limit of ${MOST_SCAN_POLICIES} per Scan: label them in groups, and create a Scan or ScanSchedule with spec.policySelector for each group`,
      },
    };
  if (broken.size === 0) return { policies, uncovered: [] };
  const text = brokenText([...broken.values()]);
  if (policies.length === 0) return { refused: { reason: 'PolicyStalled', message: `no policy of this scan can be evaluated: ${text}` } };
  return { policies, uncovered: [{ message: `not evaluated: ${text}`, policies: [] }] };
}

/** Why a scan is refused because of policies that do not exist. A policy that Vigil itself named may have been deleted meanwhile. */
function missingOf({ spec: { policies = [] }, metadata }: Scan, live: readonly SecurityPolicy[]): ScanHold | undefined {
  const missing = policies.filter((name) => !live.some(({ metadata }) => metadata.name === name));
  const mayMiss = isNamedByVigil(metadata) && missing.length < policies.length;
  if (missing.length === 0 || mayMiss) return undefined;
  return { reason: 'PolicyNotFound', message: `spec.policies: no SecurityPolicy ${missing.join(', ')}` };
}

/** Whether Vigil named the policies: for new generations, or for the default schedule. */
const isNamedByVigil = ({ annotations, labels }: Scan['metadata']): boolean =>
  annotations?.[ANNOTATIONS.generations] !== undefined || labels?.[LABELS.schedule] !== undefined;

/** Whether the cache has an older generation of a policy, another policy of this name, or none. */
const isBehind = (cached: SecurityPolicy | undefined, { metadata: { uid, generation = 0 } }: SecurityPolicy): boolean =>
  cached?.metadata.uid !== uid || (cached?.metadata.generation ?? 0) < generation;

/** The invalid policies by name, each with its first problem. */
function brokenText(problems: readonly PolicyProblem[]): string {
  const named = problems
    .toSorted((a, b) => (a.policy < b.policy ? -1 : 1))
    .slice(0, mostBroken)
    .map((problem) => `SecurityPolicy ${problem.policy}: ${problemText(problem)}`);
  const rest = problems.length - named.length;
  return [...named, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
}
