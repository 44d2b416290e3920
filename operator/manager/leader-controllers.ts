import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../api/group.ts';
import type { ConditionUpdate } from '../api/condition.ts';
import type { ScanSchedule } from '../api/kinds/scan-schedule.ts';
import type { Scan } from '../api/kinds/scan.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { Controller, ControllerOptions } from '../controller/controller.ts';
import { EventRecorder } from '../controller/event-recorder.ts';
import type { Runnable } from '../controller/lifecycle.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Reflector } from '../kube/watch/reflector.ts';
import type { OperatorConfig } from './operator-config.ts';
import { Enforcement } from '../admission/enforcement.ts';
import { SelectedAdmissionPolicies } from '../admission/existing/selected-admission-policies.ts';
import type { ReadWaiversInForce } from '../admission/parameters-in-force.ts';
import { clusterInfoReader } from '../kube/cluster-info.ts';
import { GENERATIONS_KEY, generationScanController } from '../scans/generation-scan.ts';
import { PolicyCleanup } from '../policies/policy-cleanup.ts';
import { ImageScan } from '../images/image-scan.ts';
import { Anomalies } from '../anomalies/anomalies.ts';
import { ANOMALIES_SOURCE } from '../anomalies/results/report-content.ts';
import { auditReceiver } from './audit-receiving.ts';
import { CrdCheck } from './crd-check.ts';
import { onChangeDependencies } from '../changes/on-change-dependencies.ts';
import { OnChange } from '../changes/on-change.ts';
import { policyGauges } from '../policies/policy-gauges.ts';
import { PolicyRevisions } from '../policies/policy-revisions.ts';
import { scanScheduleController } from '../schedules/scan-schedule.ts';
import { scanCleanup, scanController } from '../scans/scan.ts';
import { securityPolicyController } from '../policies/security-policy.ts';
import { maintenanceController } from './maintenance.ts';
import { jobPodOf, type JobPod } from '../jobs/job-pod.ts';
import type { JobObject } from '../jobs/job-state.ts';
import { Approvals } from '../approvals/approvals.ts';
import { ApprovalStore } from '../approvals/approval-store.ts';
import { approvalGauges } from '../approvals/approval-gauges.ts';
import { Exceptions } from '../exceptions/exceptions.ts';
import { secondsToNextEnd } from '../exceptions/exception-status.ts';
import { ExceptionStore } from '../exceptions/exception-store.ts';
import { exceptionWatches } from './exception-watches.ts';
import { WatchSet } from './watch-set.ts';
import { ReportPublisher, type PublishObservers } from '../reports/publishing/report-publisher.ts';
import { conflictEvent } from '../reports/publishing/conflict-event.ts';
import { findingEvent } from '../reports/building/finding-event.ts';
import type { Logger } from '../telemetry/logger.ts';
import { workerSettings } from '../jobs/template/worker-settings.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** The dependencies of the leader, and what it read from the cluster at its start. */
export interface LeaderContext {
  readonly config: OperatorConfig;
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The identity of this process in the leader election; Events name it. */
  readonly identity: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** The uid of the namespace kube-system: it identifies the cluster. */
  readonly clusterIdentity: string;
  readonly kubernetesVersion: string;
}

/** The watches and controllers of the leader. */
export interface Controllers {
  /** In start order: the watches, then the controllers. */
  readonly runnables: readonly Runnable[];
  /** Returns the reasons why the leader is not ready. */
  readonly problems: () => readonly string[];
}

/** Creates the controllers and the watches that they share. Each controller declares the resources that it watches. */
export function leaderControllers(leadership: LeaderContext): Controllers {
  const { config, client, log, metrics, identity, clock, clusterIdentity } = leadership;
  const controllers: Controller[] = [];
  const watches = new WatchSet(client, {
    log,
    silence: config.watchSilence * 1000,
    onChange: (resource, type, object) => {
      if (resource === RESOURCES.imageApprovals) approvalStore.invalidate();
      else if (ofExceptions.has(resource)) exceptions.changed(resource, object, type);
      for (const controller of controllers) controller.changed(resource, object, type);
    },
  });
  const { policies, schedules, scans, jobs, pods } = sharedWatches(watches, config.namespace);
  const waived = exceptionWatches(watches);
  const store: ExceptionStore = new ExceptionStore({
    ...{ exceptions: waived.exceptions, clusterExceptions: waived.clusterExceptions, namespaces: waived.namespaces },
    ...{ isComplete: waived.isComplete, policies, clock },
    selectedNames: (policy) => admissionPolicies.rulesOf(policy)?.rules.map(({ rule }) => rule.name),
  });
  const approvalStore = new ApprovalStore({ approvals: waived.approvals, isComplete: () => waived.approvals.synced });
  const revisions: PolicyRevisions = new PolicyRevisions(leadership.kubernetesVersion, (policy) => admissionPolicies.rulesOf(policy));
  const events = new EventRecorder(client, log, { instance: identity, onDropped: (reason) => metrics.eventsDropped.inc({ reason }) });
  const observers: PublishObservers = {
    onWrite: (operation) => metrics.reportWrites.inc({ operation }),
    // Anomalies have Events of their own.
    onFailures: (target, failures) => {
      const others = failures.filter(({ source }) => source !== ANOMALIES_SOURCE);
      if (others.length > 0) events.recordFor(target, findingEvent(others));
    },
    // A policy that was deleted while its reports were written may have been removed from them before the write.
    onPublished: (names) => {
      for (const name of names) if (policies.get(name) === undefined) policyCleanup.enqueue(name);
    },
    onConflict: (target, conflict) => {
      metrics.reportConflicts.inc({ reason: conflict.reason });
      events.recordFor(target, conflictEvent(conflict));
    },
    onExceptions: (namespace) => exceptions.reportChanged(namespace),
  };
  const publisher = new ReportPublisher(client, observers, { waivers: () => store.current() });
  const basics = { client, log, metrics, events, clock, observe: observer(metrics), namespace: config.namespace };
  const crds: CrdCheck = new CrdCheck({
    ...basics,
    onChange: () => {
      for (const { metadata } of policies.list()) policyController.queue.add(metadata.name);
    },
  });
  const policyCleanup: PolicyCleanup = new PolicyCleanup({ ...basics, publisher, policies });
  const { watchSilence, shardTargets, changeBurst, maxConcurrentScans } = config;
  /** Dependencies that controllers share. Each controller uses those that its own interface names. */
  const shared = {
    ...basics,
    ...{ policies, schedules, scans, jobs, pods, publisher },
    ...{ clusterIdentity, shardTargets, changeBurst, maxConcurrentScans, watchSilence: watchSilence * 1000 },
    clusterInfo: clusterInfoReader(client, (version) => revisions.setKubernetesVersion(version)),
    crdProblems: () => crds.problems,
    checkCrds: () => crds.check(),
    revisionOf: revisions.of,
    selectedRules: (policy: Pick<SecurityPolicy, 'spec'>) => admissionPolicies.rulesOf(policy),
    onSelectionChange: (selecting: readonly string[]): void => {
      for (const name of selecting) policyController.queue.add(name);
      onChange.controller.queue.add('scope');
      exceptions.selectionChanged();
    },
    systemNamespaces: ['kube-system', 'kube-public', 'kube-node-lease', config.namespace],
    worker: workerSettings(client, config),
    images: config,
    enqueueSchedule: (name: string): void => scheduleController.queue.add(name),
    enqueueGenerations: (): void => generationController.queue.addAfter(GENERATIONS_KEY, generationDebounce),
    enqueuePolicyCleanup: (name: string): void => policyCleanup.enqueue(name),
    imageSyncStart: (): number | undefined => images.startedAt,
    existingNamespaces: () =>
      waived.namespaces.synced ? waived.namespaces.list().map(({ metadata: { name, labels = {} } }) => ({ name, labels })) : undefined,
    waiversInForce: (...[policy, checks, now]: Parameters<ReadWaiversInForce>) => store.admissionWaivers(policy, checks, now),
    approvalsInForce: (now: number) => approvalStore.inForce(now),
    endedApprovals: (): readonly string[] => approvalStore.ended(clock()),
    onEnforcementWrite: ({ operation }: { readonly operation: string }): void => metrics.enforcementWrites.inc({ operation }),
    watching: (): ConditionUpdate => onChange.condition(),
  };
  const admissionPolicies: SelectedAdmissionPolicies = new SelectedAdmissionPolicies(shared);
  const policyController: Controller = securityPolicyController(shared);
  const generationController: Controller = generationScanController(shared);
  const scheduleController: Controller = scanScheduleController(shared);
  const images: ImageScan = new ImageScan(shared);
  const enforcement = new Enforcement(shared);
  const onChange: OnChange = new OnChange(onChangeDependencies(shared));
  const exceptions: Exceptions = new Exceptions({ ...shared, store, onIncomplete: (target) => onChange.reevaluate(target) });
  const approvals = new Approvals({
    ...shared,
    store: approvalStore,
    onEnded: () => onChange.reevaluateReaders(RESOURCES.imageApprovals),
  });
  const audit = auditReceiver(leadership, (some) => anomalies.consume(some));
  const anomalies: Anomalies = new Anomalies({
    ...shared,
    kubernetesVersion: leadership.kubernetesVersion,
    namespaceLabels: (name) => waived.namespaces.get(name)?.metadata.labels,
    waivers: () => store.current(),
    audit,
    onFinding: ({ detection, severity }) => metrics.anomalies.inc({ detection, severity }),
  });
  controllers.push(
    approvals.controller,
    ...exceptions.controllers,
    policyController,
    policyCleanup.controller,
    generationController,
    scanController(shared),
    scanCleanup(shared),
    scheduleController,
    crds.controller,
    maintenanceController(shared),
    images.controller,
    onChange.controller,
    enforcement.controller,
    admissionPolicies.controller,
    anomalies.controller,
  );
  metrics.exportPolicies(() => policyGauges(policies.list()));
  metrics.exportApprovals(() => approvalGauges(waived.approvals.list(), clock()));
  metrics.onScrape(() => metrics.exceptionEnd.set(secondsToNextEnd(store.current())));
  metrics.onScrape(() => {
    for (const { name, queue } of controllers) metrics.queueDepth.set({ controller: name }, queue.depth);
    metrics.watchedObjects.set(onChange.size);
  });
  const changes: Runnable = { name: 'watch of changes', start: () => undefined, stop: () => onChange.stop() };
  const podWatch: Runnable = { name: 'watch of new pods', start: () => undefined, stop: () => images.stop() };
  const anomalyWatch: Runnable = { name: 'watch for anomalies', start: () => undefined, stop: () => anomalies.stop() };
  const enforcementWatch: Runnable = { name: 'watch of admission policies', start: () => undefined, stop: () => enforcement.stop() };
  const selectedPolicies: Runnable = {
    name: 'watch of selected admission policies',
    start: (signal) => admissionPolicies.start(signal),
    stop: () => admissionPolicies.stop(),
  };
  return {
    runnables: [
      ...watches.runnables,
      selectedPolicies,
      changes,
      podWatch,
      enforcementWatch,
      anomalyWatch,
      ...audit.runnables,
      ...controllers.map(controllerRunnable),
    ],
    problems: () => watches.problems(),
  };
}

/** The resources whose changes concern exceptions. */
const ofExceptions: ReadonlySet<ApiResource> = new Set([
  RESOURCES.policies,
  RESOURCES.exceptions,
  RESOURCES.clusterExceptions,
  RESOURCES.namespaces,
]);

/** Adds the watches that controllers share. */
function sharedWatches(
  watches: WatchSet,
  namespace: string,
): {
  readonly policies: Reflector<SecurityPolicy>;
  readonly schedules: Reflector<ScanSchedule>;
  readonly scans: Reflector<Scan>;
  /** The Jobs of scans in Vigil's namespace, and their pods. */
  readonly jobs: Reflector<JobObject>;
  readonly pods: Reflector<JobPod>;
} {
  const ofScans = { namespace, labelSelector: `${LABELS.managedBy}=${MANAGED_BY},${LABELS.scan}` };
  return {
    policies: watches.add(RESOURCES.policies),
    schedules: watches.add(RESOURCES.schedules),
    scans: watches.add(RESOURCES.scans),
    jobs: watches.add(RESOURCES.jobs, ofScans),
    pods: watches.add(RESOURCES.pods, { ...ofScans, transform: jobPodOf }),
  };
}

/** Milliseconds to wait for more new generations before they are scanned together. */
const generationDebounce = 300;

function controllerRunnable(controller: Controller): Runnable {
  return { name: `controller ${controller.name}`, start: () => controller.start(), stop: () => controller.stop() };
}

function observer(metrics: Metrics): NonNullable<ControllerOptions['observe']> {
  return ({ controller, result, seconds, waited }) => {
    metrics.reconciles.inc({ controller, result });
    metrics.reconcileSeconds.observe({ controller }, seconds);
    metrics.queueSeconds.observe({ controller }, waited);
  };
}
