import { RESOURCES } from '../api/api-resource.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { AuditEvent } from '../audit/audit-event.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import { specChanges } from '../controller/object-changes.ts';
import { watches } from '../controller/watched-resource.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Lister } from '../kube/watch/lister.ts';
import { updateAnomalies, type PolicyStatusDependencies } from '../policies/policy-parts.ts';
import type { AppliedWaivers } from '../reports/building/waived-results.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';
import type { Logger } from '../telemetry/logger.ts';
import { BaselineStore } from './baseline-store.ts';
import { anomalyEvent } from './reporting/anomaly-event.ts';
import { desiredReports, publishAnomalies, type AnomaliesPublished } from './reporting/anomaly-reports.ts';
import { anomaliesStatus, isWorthWriting } from './reporting/anomalies-status.ts';
import { detectorSettings } from './reporting/detector-settings.ts';
import { acceptedFindings } from './reporting/accepted-findings.ts';
import { observedPolicies, type ObservedPolicy } from './reporting/observed-policy.ts';
import type { AnomalyFinding } from './results/anomaly-finding.ts';
import { RunningDetector } from './running-detector.ts';

/** The only key of the controller: one detector serves all policies. */
const KEY = 'cluster';
/** Milliseconds after which counts of open findings are written again. A new finding is written at once. */
const COUNT_INTERVAL = 60_000;
/** Audit events that are kept between the start of the process and that of the detector. */
const MOST_EARLY = 10_000;

/** The dependencies of {@link Anomalies}. */
export interface AnomaliesDependencies extends Pick<ControllerBasics, 'observe'>, PolicyStatusDependencies {
  readonly log: Logger;
  readonly client: KubeClient;
  /** The namespace of the operator. */
  readonly namespace: string;
  readonly kubernetesVersion: string;
  readonly systemNamespaces: readonly string[];
  readonly publisher: Pick<ReportPublisher, 'publish' | 'withdraw'>;
  readonly events: Pick<EventRecorder, 'record' | 'recordFor'>;
  readonly policies: Pick<Lister<SecurityPolicy>, 'list' | 'get'>;
  /** The labels of a namespace. Undefined: it does not exist, or is not known yet. */
  readonly namespaceLabels: (name: string) => Readonly<Record<string, string>> | undefined;
  /** Milliseconds without a word after which a watch is taken to be dead. */
  readonly watchSilence: number;
  /** What the audit endpoint says: the events that were lost, and why none can come. */
  readonly audit: { readonly dropped: () => number; readonly problem: () => string | undefined };
  /** The exceptions in force. Undefined: they are not known yet. */
  readonly waivers: () => AppliedWaivers | undefined;
  /** Called with each new finding, for the metric. */
  readonly onFinding: (finding: AnomalyFinding) => void;
}

/**
 * Watches the cluster for behaviour that is not normal while a policy has `spec.anomalies`: feeds the detector with changes and audit events,
 * writes its findings to reports and its state to the status of the policies, and stores what it has learned.
 */
export class Anomalies {
  readonly controller: Controller;
  readonly #deps: AnomaliesDependencies;
  readonly #store: BaselineStore;
  #running: RunningDetector | undefined;
  #early: AuditEvent[] = [];
  /** Whether a policy asks for anomalies. Until the policies are read, one may. */
  #isWanted = true;
  #announced: Set<string> | undefined;
  #published: { readonly state: string; readonly at: number; readonly outcome: AnomaliesPublished } | undefined;
  #withdrawn = false;

  constructor(deps: AnomaliesDependencies) {
    const { client, namespace, log, observe } = deps;
    const isAnotherSpec = specChanges();
    this.#deps = deps;
    this.#store = new BaselineStore(client, namespace, (error) => log.warn({ err: error }, 'an old piece of the baseline was not removed'));
    this.controller = new Controller({
      name: 'anomalies',
      log,
      observe,
      watches: [watches(RESOURCES.policies, (policy, type) => (isAnotherSpec(policy, type) ? [KEY] : []))],
      reconcile: () => this.#reconcile(),
    });
    this.controller.queue.add(KEY);
  }

  /** Takes audit events in order. Before the detector starts they are kept for it, a bounded number, unless no policy wants it. Never throws. */
  consume(events: readonly AuditEvent[]): void {
    if (this.#running) this.#running.observe(events);
    else if (this.#isWanted) this.#early.push(...events.slice(0, MOST_EARLY - this.#early.length));
  }

  /** Stops the detector and stores what it has learned. */
  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async #reconcile(): Promise<ReconcileResult> {
    const policies = observedPolicies(this.#deps.policies.list(), this.#deps);
    this.#isWanted = policies.length > 0;
    if (!this.#isWanted) return this.#idle();
    const ownUser = `system:serviceaccount:${this.#deps.namespace}:vigil-operator`;
    const settings = detectorSettings(
      policies.map(({ reporting }) => reporting.settings),
      ownUser,
    );
    const running = this.#running ?? (await this.#start(settings));
    running.detector.configure(settings);
    await this.#publish(running, policies);
    await running.save();
    return {};
  }

  /** No policy asks for anomalies: stops the detector, keeps what it has learned, and removes its results. */
  async #idle(): Promise<ReconcileResult> {
    this.#early = [];
    await this.stop();
    if (this.#withdrawn) return {};
    const { client, publisher, clock } = this.#deps;
    await publishAnomalies({ client, publisher, policies: [], findings: [], now: clock() });
    this.#withdrawn = true;
    this.#published = undefined;
    this.#announced = undefined;
    return {};
  }

  async #start(settings: RunningDetectorSettings): Promise<RunningDetector> {
    const { client, log, clock, kubernetesVersion, watchSilence: silence } = this.#deps;
    const onTick = (): void => this.controller.queue.add(KEY);
    const running = await RunningDetector.start({ client, store: this.#store, log, settings, kubernetesVersion, silence, clock, onTick });
    this.#running = running;
    this.#withdrawn = false;
    // Findings that were open before were announced by an earlier process.
    this.#announced = new Set(running.detector.findings().map(({ id }) => id));
    running.observe(this.#early);
    this.#early = [];
    log.info({ baselineKeys: running.detector.status(clock()).baselineKeys }, 'watching for anomalies');
    return running;
  }

  async #publish(running: RunningDetector, policies: readonly ObservedPolicy[]): Promise<void> {
    const { client, publisher, clock, waivers } = this.#deps;
    const now = clock();
    const inForce = waivers();
    if (inForce)
      running.detector.accept(acceptedFindings(desiredReports({ policies, findings: running.detector.findings(), now }), inForce), now);
    const findings = running.detector.findings();
    const state = stateOf(policies, findings);
    const last = this.#published;
    if (last?.state !== state || now - last.at >= COUNT_INTERVAL || now < last.at) {
      const outcome = await publishAnomalies({ client, publisher, policies, findings, now });
      this.#published = { state, at: now, outcome };
    }
    this.#announce(findings);
    await this.#updateStatuses(running, policies, now);
  }

  /** Records an Event for each finding that is new. */
  #announce(findings: readonly AnomalyFinding[]): void {
    const { events, onFinding } = this.#deps;
    for (const finding of findings) {
      if (this.#announced?.has(finding.id) === true) continue;
      events.recordFor(finding.about, anomalyEvent(finding));
      onFinding(finding);
    }
    this.#announced = new Set(findings.map(({ id }) => id));
  }

  async #updateStatuses(running: RunningDetector, policies: readonly ObservedPolicy[], now: number): Promise<void> {
    const { audit, policies: lister } = this.#deps;
    const detector = running.detector.status(now);
    const { totals, refused = [] } = this.#published?.outcome ?? {};
    const problems = [...running.problems, ...[audit.problem()].filter((problem) => problem !== undefined), ...refused];
    for (const { policy } of policies) {
      const { name, uid = '' } = policy.metadata;
      const status = anomaliesStatus({ policy, detector, totals: totals?.get(name), dropped: audit.dropped(), problems, now });
      if (!isWorthWriting(lister.get(name)?.status?.anomalies, status)) continue;
      await updateAnomalies(this.#deps, { name, uid }, status);
    }
  }
}

type RunningDetectorSettings = Parameters<typeof RunningDetector.start>[0]['settings'];

/** What is written at once if it changes: which findings there are, and what the policies report of them. Counts and times can wait. */
const stateOf = (policies: readonly ObservedPolicy[], findings: readonly AnomalyFinding[]): string =>
  JSON.stringify([
    policies.map(({ policy: { metadata } }) => [metadata.name, metadata.uid, metadata.generation]),
    findings.map(({ id, severity, about }) => [id, severity, about]),
  ]);
