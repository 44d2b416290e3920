import type { ApiResource } from '../api/api-resource.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { ScanSchedule } from '../api/kinds/scan-schedule.ts';
import type { Scan } from '../api/kinds/scan.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { ChangeWatch, type ChangeWatchObserver } from './watch/change-watch.ts';
import type { GenerationTracker } from './watch/generation-tracker.ts';
import type { ChangeBatch } from './changed-targets.ts';
import type { ObjectIndex } from './watch/object-index.ts';
import type { ControllerBasics } from '../controller/controller.ts';
import { configurationOf } from '../policies/configuration-part.ts';
import { noTotals, type PolicyTotals } from '../findings/policy-totals.ts';
import { readReports } from '../reports/sweeping/report-sweeper.ts';
import type { ReportingPolicy } from '../worker/policy-snapshot.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ChangeBurstDependencies } from './change-burst.ts';
import { evaluateChanges, type ChangeEvaluator, type ChangeResult } from './change-evaluation.ts';
import { renewWatchedScope, type WatchedScope, type WatchedScopeDependencies } from './watched-scope.ts';
import { updateConfiguration, type PolicyStatusDependencies } from '../policies/policy-parts.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';

/** The part of a {@link ChangeWatch} that {@link OnChange} uses. */
export interface WatchedResources {
  readonly indexes: ReadonlyMap<ApiResource, ObjectIndex>;
  readonly size: number;
  readonly problems: readonly (readonly [resource: ApiResource, error: unknown])[];
  readonly ready: boolean;
  /** The counts of each policy over all configuration reports; undefined while they are not known. */
  readonly totals: ReadonlyMap<string, PolicyTotals> | undefined;
  /** Emits the changes that were held back until the first lists were complete. */
  release(): void;
  /** Watches the resources that the current policies need; see {@link renewWatchedScope}. */
  renew(known: { readonly known: WatchedScope | undefined; readonly generations: GenerationTracker }): Promise<WatchedScope | undefined>;
  stop(): Promise<void>;
}

/** The totals of all policies as the report watch has them. */
export interface KnownTotals {
  readonly totals: ReadonlyMap<string, PolicyTotals> | undefined;
  readonly signal: AbortSignal;
}

/** The dependencies of {@link OnChange}. */
export interface OnChangeDependencies extends ChangeBurstDependencies, ControllerBasics {
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'changes' | 'changeSeconds'>;
  /** The number of waiting targets past which a Scan evaluates them. */
  readonly changeBurst: number;
  readonly policies: Lister<SecurityPolicy>;
  /** The current evaluation revision of a policy. */
  readonly revisionOf: (policy: SecurityPolicy) => string;
  readonly schedules: Pick<Lister<ScanSchedule>, 'list'>;
  readonly scans: Lister<Scan>;
  /** Enqueues a ScanSchedule. */
  readonly enqueueSchedule: (name: string) => void;
  /** Creates the watch that reports changes to the observer. */
  readonly watch: (observer: ChangeWatchObserver) => WatchedResources;
  /** Evaluates the targets of a batch and updates their reports. */
  readonly evaluate: (
    evaluator: ChangeEvaluator,
    work: { readonly batch: ChangeBatch; readonly now: number; readonly signal: AbortSignal },
  ) => Promise<ChangeResult>;
  /** Updates the counts of these policies, from the known totals or else by reading every report. */
  readonly updateTotals: (policies: readonly ReportingPolicy[], known: KnownTotals) => Promise<void>;
}

/** The inputs of {@link onChangeDependencies}. */
export interface OnChangeParts
  extends
    PolicyStatusDependencies,
    WatchedScopeDependencies,
    Pick<OnChangeDependencies, 'log' | 'observe' | 'changeBurst' | 'enqueueSchedule'> {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: PolicyStatusDependencies['metrics'] & OnChangeDependencies['metrics'];
  readonly publisher: ReportPublisher;
  readonly policies: Lister<SecurityPolicy>;
  readonly schedules: Pick<Lister<ScanSchedule>, 'list'>;
  readonly scans: Lister<Scan>;
  readonly clusterInfo: WatchedScopeDependencies['clusterInfo'];
  readonly systemNamespaces: readonly string[];
  readonly revisionOf: WatchedScopeDependencies['revisionOf'];
  /** Milliseconds without data after which a watch counts as broken. */
  readonly watchSilence: number;
}

/** The dependencies of {@link OnChange} in the operator. */
export function onChangeDependencies(deps: OnChangeParts): OnChangeDependencies {
  const { client, log, clock, metrics, observe, changeBurst, policies, schedules, scans, enqueueSchedule, watchSilence, revisionOf } = deps;
  return {
    ...{ client, log, clock, metrics, observe, changeBurst, enqueueSchedule, revisionOf },
    policies: { get: (name) => policies.get(name), list: () => policies.list() },
    schedules: { list: () => schedules.list() },
    scans: { get: (name) => scans.get(name), list: () => scans.list() },
    watch: (observer) => watchedResources(deps, new ChangeWatch(client, observer, { silence: watchSilence })),
    evaluate: (evaluator, work) => evaluateChanges(deps, evaluator, work),
    updateTotals: (evaluated, known) => updateTotals(deps, evaluated, known),
  };
}

function watchedResources(deps: OnChangeParts, watch: ChangeWatch): WatchedResources {
  return {
    get indexes() {
      return watch.indexes;
    },
    get size() {
      return watch.size;
    },
    get problems() {
      return watch.problems;
    },
    get ready() {
      return watch.ready;
    },
    get totals() {
      return watch.totals;
    },
    release: () => watch.release(),
    renew: (known) => renewWatchedScope(deps, watch, known),
    stop: () => watch.stop(),
  };
}

async function updateTotals(
  deps: OnChangeParts,
  evaluated: readonly ReportingPolicy[],
  { totals: known, signal }: KnownTotals,
): Promise<void> {
  const totals = known ?? (await readReports(deps.client, signal)).totals;
  for (const policy of evaluated) {
    const configuration = configurationOf(deps.policies.get(policy.name)?.status);
    const { summary, failing, excepted } = totals.get(policy.name) ?? noTotals;
    const known = [configuration?.summary, configuration?.failing, configuration?.excepted];
    if (JSON.stringify(known) === JSON.stringify([summary, failing, excepted])) continue;
    await updateConfiguration(deps, policy, { summary, failing, ...(excepted ? { excepted } : {}) });
  }
}
