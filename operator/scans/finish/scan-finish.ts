import { ownEntry } from '../../api/own-entry.ts';
import type { ListClient } from '../../kube/list.ts';
import type { Scan, ScanExceptions, ScanImages } from '../../api/kinds/scan.ts';
import { frameworkRow, requirementOutcomes, type ControlTally } from '../../catalogue/frameworks/framework-rows.ts';
import { compilePolicies, type PolicySet } from '../../engine/policy-set.ts';
import { unevaluatedRules } from '../../engine/rules/unevaluated-rules.ts';
import { configurationOf, evaluatedNothing, type PolicyFindings } from '../../policies/configuration-part.ts';
import { noTotals, type PolicyTotals } from '../../findings/policy-totals.ts';
import { failuresInReports, type FailuresInReports } from '../../reports/sweeping/kept-failures.ts';
import { sweepReports, type ReportReader, type SweepRequest, type SweepResult } from '../../reports/sweeping/report-sweeper.ts';
import type { ReportTracker } from '../../reports/sweeping/report-tracker.ts';
import { policyCoverage, policyFailure, uncoveredOf, type Ledger, type LedgerPolicy } from '../ledger/ledger.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import { namespacesOf, TargetScope } from '../plan/planner.ts';
import type { RescanDraft } from '../rescan/rescan-draft.ts';
import type { RescanStore } from '../rescan/rescan-store.ts';
import { updateConfiguration, type PolicyStatusDependencies } from '../../policies/policy-parts.ts';
import { isCurrent, type KnownPolicies } from '../../policies/policy-presence.ts';
import { exceptionSpans, scanExceptions } from './scan-exceptions.ts';
import { scanImages, type ScanImagesDependencies } from './scan-images.ts';
import type { ScanVerifier } from './scan-verify.ts';
import type { ScanInput } from '../../worker/scan-input.ts';
import type { Lister } from '../../kube/watch/lister.ts';
import type { ReportPublisher } from '../../reports/publishing/report-publisher.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import type { SecurityPolicyStatus, Summary } from '../../api/kinds/policy-status.ts';
import { timestampOf } from '../../api/timestamp.ts';

/** The dependencies of {@link finishScan}. */
export interface FinishDependencies extends PolicyStatusDependencies, ScanImagesDependencies, KnownPolicies {
  readonly client: ReportReader & ScanImagesDependencies['client'] & PolicyStatusDependencies['client'];
  readonly log: Logger;
  readonly publisher: ReportPublisher;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
  readonly scans: Pick<Lister<Scan>, 'list'>;
  readonly revisionOf: KnownPolicies['revisionOf'];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Removes the results of a policy from the reports, once the API server confirms its deletion. */
  readonly enqueuePolicyCleanup: (name: string) => void;
}

/** A scan whose shards are all settled. */
export interface SettledScan {
  readonly scan: Scan;
  readonly ledger: Ledger;
  readonly seen: ReportTracker;
  readonly store: LedgerStore;
  readonly verifier: ScanVerifier;
  /** The results to carry over to the next scan; undefined if another process planned this scan. */
  readonly rescan: RescanDraft | undefined;
  readonly rescans: Pick<RescanStore, 'update'>;
  readonly signal: AbortSignal;
}

/** What happened between two Scans, outside of them. */
export interface ChangesBetweenScans {
  /** Undefined if no policy selects images. */
  readonly images: ScanImages | undefined;
  readonly exceptions: ScanExceptions;
}

/**
 * Removes the reports that the scan did not find again, and updates the status of each policy. It can be repeated. Returns the image
 * findings that appeared and disappeared since the last scan, and the changes of exceptions.
 */
export async function finishScan(deps: FinishDependencies, ended: SettledScan): Promise<ChangesBetweenScans> {
  const { scan, ledger, seen, store, signal } = ended;
  const input = await store.input(ledger.input);
  const { kubernetesVersion, systemNamespaces, resources } = input;
  const set = compilePolicies(input.policies, { kubernetesVersion, resources, systemNamespaces, converts: true });
  const current = ledger.policies.filter((policy) => isCurrent(deps, policy));
  const scope = new TargetScope(set, scan.spec, await namespacesOf(deps.client, signal));
  const request: SweepRequest = {
    policies: new Set(current.map(({ name }) => name)),
    resources,
    policiesOf: scope.policiesOf,
    wholeClusterPolicies: set.wholeClusterPolicies,
    includesNamespace: (namespace) => (namespace === undefined ? !ledger.partial : scope.includesNamespace(namespace)),
    seen,
    isCarriedOver: carriedOverBy(ledger),
    signal,
  };
  // This comes before the status of the policies is updated: it may be the only record of the last Scan's time.
  const images = await scanImages(deps, scan, { policies: current, includesNamespace: request.includesNamespace, signal });
  const spans = exceptionSpans(deps, scan, { startTime: ledger.startTime, policies: current });
  const swept = await sweep(deps, ended, request);
  if (swept.changed > 0) deps.log.info({ scan: scan.metadata.name, reports: swept.changed }, 'reports about deleted objects removed');
  for (const name of swept.totals.keys()) if (!deps.policies.get(name)) deps.enqueuePolicyCleanup(name);
  for (const policy of current) {
    const totals = swept.totals.get(policy.name) ?? noTotals;
    const hasExceptions = totals.excepted !== undefined;
    const tallies = await talliesOf(deps.client, ledger, { policy, input, signal, hasExceptions });
    if (replacesEvidence(ledger, policy, deps.policies.get(policy.name)?.status))
      await publishEvidence(deps, ended, { policy, set, tallies });
    await updateConfiguration(deps, policy, findingsOf(deps, ended, { policy, set, totals, tallies }));
  }
  if (current.length === ledger.policies.length) await keepForNext(deps, ended, swept);
  return { images, exceptions: scanExceptions(swept.exceptions, { spans, includesNamespace: request.includesNamespace }) };
}

/** Sweeps until no report was changed meanwhile. If nothing was evaluated, the reports from the planning are still current. */
async function sweep(
  { client, publisher }: Pick<FinishDependencies, 'client' | 'publisher'>,
  { scan, ledger, seen, verifier, rescan, signal }: SettledScan,
  request: SweepRequest,
): Promise<SweepResult> {
  const known = rescan?.takeSwept();
  if (known) return { ...known, changed: 0 };
  const swept = await sweepReports(client, publisher, request);
  return (await verifier.verify(scan, ledger, { seen, signal })) ? sweepReports(client, publisher, request) : swept;
}

/** Whether the verdicts of a namespace are carried over. */
function carriedOverBy({ carriedOver }: Ledger): (namespace: string) => boolean {
  const names = new Set(carriedOver?.namespaces);
  return (namespace) => names.has(namespace);
}

/** Stores the results for the next scan. If this fails, the next scan evaluates more than necessary. */
async function keepForNext(
  { log }: Pick<FinishDependencies, 'log'>,
  { scan, ledger, rescan, rescans }: SettledScan,
  { digests: marks }: SweepResult,
): Promise<void> {
  if (!rescan) return;
  try {
    await rescans.update(ledger.policies, (before) => rescan.next(before, marks));
  } catch (error) {
    log.warn({ err: error, scan: scan.metadata.name }, 'scan results not stored: the next scan evaluates every namespace');
  }
}

/** The verdicts of each check of a policy, and whether every target was evaluated. */
export interface CheckTallies {
  readonly checks: ReadonlyMap<string, ControlTally>;
  readonly complete: boolean;
  /** The rules that evaluated nothing, each with the reason. Empty if the scan is not complete. */
  readonly unevaluated: readonly string[];
}

/** The policy of {@link talliesOf}. `hasExceptions`: whether an exception covers a finding of the policy. */
export interface TallyRequest {
  readonly policy: LedgerPolicy;
  readonly input: ScanInput;
  readonly signal: AbortSignal;
  readonly hasExceptions?: boolean;
}

/**
 * Returns the tallies of a policy's checks. Reports of targets that could not be scanned keep the failures of earlier scans, so these
 * are counted too. A failure that an exception covers is counted as excepted.
 */
export async function talliesOf(
  client: ListClient,
  ledger: Ledger,
  { policy, input, signal, hasExceptions }: TallyRequest,
): Promise<CheckTallies> {
  const { failed } = policyCoverage(ledger, policy);
  const found = new Map(Object.entries(ownEntry(ledger.totals, policy.name)?.checks ?? {}));
  const isMissing = failed > 0 && !ledger.partial;
  const complete = failed === 0 && uncoveredOf(ledger, policy).length === 0;
  const about = { complete, unevaluated: complete ? unevaluatedIn(input, policy, found) : [] };
  if (!isMissing && hasExceptions !== true) return { checks: found, ...about };
  const inReports = await failuresInReports(client, policy.name, signal);
  const kept = isMissing ? withKeptFailures(found, inReports.failing) : found;
  return { checks: withExceptions(kept, inReports), ...about };
}

/** Returns the tallies with the failures that exceptions cover as excepted. Pure. */
export function withExceptions(
  tallies: ReadonlyMap<string, ControlTally>,
  { failing, excepted, isIncomplete }: FailuresInReports,
): ReadonlyMap<string, ControlTally> {
  const merged = new Map(tallies);
  for (const [check, count] of excepted) {
    const { pass = 0, fail = 0, error = 0, skip = 0 } = tallies.get(check) ?? {};
    // A report that does not list all its results may have further failures.
    const left = isIncomplete ? Math.max(fail - count, failing.get(check) ?? 0) : (failing.get(check) ?? 0);
    merged.set(check, { pass, fail: left, error, skip, excepted: count });
  }
  return merged;
}

/** Returns the rules of a policy that evaluated nothing, each with the reason. */
function unevaluatedIn({ policies }: ScanInput, { name }: LedgerPolicy, checks: ReadonlyMap<string, Summary>): readonly string[] {
  const { spec, boundRules = [] } = policies.find((policy) => policy.name === name) ?? {};
  const rules = [...(spec?.rules ?? []), ...boundRules.map(({ rule }) => rule)];
  const distinct = new Map(rules.map((rule) => [rule.name, rule]));
  return unevaluatedRules([...distinct.values()], Object.fromEntries(checks));
}

/** Returns the tallies of a scan with at least as many failures of each check as the reports have. Pure. */
export function withKeptFailures(
  tallies: ReadonlyMap<string, ControlTally>,
  failures: ReadonlyMap<string, number>,
): ReadonlyMap<string, ControlTally> {
  const merged = new Map(tallies);
  for (const [check, count] of failures) {
    const { pass = 0, fail = 0, error = 0, skip = 0, ...rest } = tallies.get(check) ?? {};
    merged.set(check, { ...rest, pass, fail: Math.max(fail, count), error, skip });
  }
  return merged;
}

/**
 * Returns whether a scan writes the evidence of a policy. A scan of some namespaces does not. A scan that evaluated no target of the policy
 * does not if the policy was evaluated before: the older evidence stays. Pure.
 */
export function replacesEvidence(ledger: Ledger, policy: LedgerPolicy, status: SecurityPolicyStatus | undefined): boolean {
  const isOlderKept = evaluatedNothing(policyCoverage(ledger, policy)) && configurationOf(status)?.evaluatedGeneration !== undefined;
  return !ledger.partial && !isOlderKept;
}

async function publishEvidence(
  deps: Pick<FinishDependencies, 'publisher'>,
  { ledger }: SettledScan,
  { policy, set, tallies }: { readonly policy: LedgerPolicy; readonly set: PolicySet; readonly tallies: CheckTallies },
): Promise<void> {
  const { checks, complete } = tallies;
  const seconds = Math.floor(Date.parse(ledger.startTime) / 1000);
  const desired = set
    .frameworksOf(policy.name)
    .map((framework) => ({ framework, outcomes: requirementOutcomes(framework, checks, complete), seconds }));
  await deps.publisher.publishEvidence(policy, desired);
}

function findingsOf(
  deps: Pick<FinishDependencies, 'clock' | 'policies'>,
  { scan, ledger }: SettledScan,
  {
    policy,
    set,
    totals,
    tallies: { checks, complete, unevaluated },
  }: {
    readonly policy: LedgerPolicy;
    readonly set: PolicySet;
    readonly totals: PolicyTotals;
    readonly tallies: CheckTallies;
  },
): PolicyFindings {
  if (ledger.partial) return totals;
  const time = Date.parse(ledger.endTime ?? timestampOf(deps.clock()));
  // A scan that ended later has already updated the policy: its result is kept.
  if (Date.parse(deps.policies.get(policy.name)?.status?.lastScanTime ?? '') > time) return totals;
  const frameworks = set
    .frameworksOf(policy.name)
    .map((framework) => ({ ...frameworkRow(framework, checks, complete), lastEvaluatedTime: timestampOf(time) }));
  return {
    ...totals,
    whole: {
      scan: scan.metadata.name,
      generation: policy.generation,
      revision: policy.revision,
      time,
      coverage: policyCoverage(ledger, policy),
      frameworks,
      uncovered: uncoveredOf(ledger, policy),
      failure: policyFailure(ledger, policy),
      excludedNamespaces: policy.excludedNames ?? [],
      unmatchedNamespaces: policy.unmatchedNamespaces ?? [],
      unevaluatedRules: unevaluated,
    },
  };
}
