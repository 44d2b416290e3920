import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES, type ApiResource } from './api/api-resource.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY } from './api/group.ts';
import type { ConditionUpdate } from './api/condition.ts';
import type { KubeObject } from './api/metadata.ts';
import type { ScanSchedule } from './api/scan-schedule.ts';
import type { Scan } from './api/scan.ts';
import type { SecurityPolicy } from './api/security-policy.ts';
import type { Controller, ControllerOptions } from './controller/controller.ts';
import { EventRecorder } from './controller/event-recorder.ts';
import { Lifecycle, type Part } from './controller/lifecycle.ts';
import { specChanges } from './controller/spec-changes.ts';
import type { ChangeType } from './kube/list-watch.ts';
import { Credentials } from './kube/credentials.ts';
import { KubeClient, type CallObserver } from './kube/kube-client.ts';
import { Lease } from './kube/lease.ts';
import { RateLimit } from './kube/rate-limit.ts';
import { Reflector, type ReflectorOptions } from './kube/reflector.ts';
import { WatchHub } from './kube/watch-hub.ts';
import type { OperatorConfig } from './operator-config.ts';
import { clusterInfoReader } from './kube/cluster-info.ts';
import { serverVersion } from './kube/discovery.ts';
import { GENERATIONS_KEY, generationScanController } from './reconcilers/generation-scan.ts';
import { GonePolicies } from './reconcilers/gone-policies.ts';
import { IMAGES_KEY, ImageScan } from './reconcilers/image-scan.ts';
import { CrdCheck } from './manager/crd-check.ts';
import { onChangeDependencies } from './reconcilers/on-change-dependencies.ts';
import { OnChange } from './reconcilers/on-change.ts';
import { policyGauges } from './reconcilers/policy-gauges.ts';
import { PolicyRevisions } from './reconcilers/policy-revisions.ts';
import { scanScheduleController } from './reconcilers/scan-schedule.ts';
import { scanCleanup, scanController } from './reconcilers/scan.ts';
import { securityPolicyController } from './reconcilers/security-policy.ts';
import { upkeepController } from './reconcilers/upkeep.ts';
import { DEFAULT_SCHEDULE } from './schedule/default-schedule.ts';
import { jobPodOf, type JobPod } from './jobs/job-pod.ts';
import type { JobObject } from './jobs/job-state.ts';
import { scanWatchKeys } from './scans/scan-watch-keys.ts';
import { ReportPublisher } from './publish/report-publisher.ts';
import { conflictEvent } from './reports/conflict-event.ts';
import { findingEvent } from './report/finding-event.ts';
import { HealthServer } from './telemetry/health-server.ts';
import type { Logger } from './telemetry/logger.ts';
import { workerSettings } from './jobs/worker-settings.ts';
import { Metrics } from './telemetry/metrics.ts';

/** What whoever runs the operator may set. */
export interface OperatorOverrides {
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly clock?: () => number;
  /** Default: what the configuration and the environment say. */
  readonly credentials?: Credentials;
}

/**
 * Runs the operator until the signal is given or leadership is lost. Resolves to whether it ended as asked; a lost lease
 * ends it too, so that it starts anew as a follower. Rejects when it cannot start.
 */
export async function runOperator(
  config: OperatorConfig,
  log: Logger,
  signal: AbortSignal,
  { clock = Date.now, credentials = new Credentials({ context: config.context }) }: OperatorOverrides = {},
): Promise<'stopped' | 'lost-leadership'> {
  const metrics = new Metrics();
  const observe: CallObserver = ({ method, status, seconds }) => {
    metrics.apiCalls.inc({ method, status });
    metrics.apiSeconds.observe({ method }, seconds);
  };
  const identity = `${hostname()}_${randomUUID()}`;
  // The lease has a client of its own: it never waits behind other calls, and gives up in time to stop before another leads.
  const { leaseDuration, leaseRenewDeadline, leaseRetryPeriod, requestTimeout } = config;
  const timeout = Math.min(requestTimeout, leaseRenewDeadline / 2) * 1000;
  const leaseClient = new KubeClient(credentials, { observe, timeout, retries: 0, pool: 'lease' });
  const election = new EventRecorder(leaseClient, log, { instance: identity });
  const recordElection = (outcome: string): void =>
    election.record(RESOURCES.leases, lease.object, { type: 'Normal', reason: 'LeaderElection', message: `${identity} ${outcome}` });
  const lease = new Lease(leaseClient, {
    namespace: config.namespace,
    name: 'vigil-operator',
    identity,
    duration: leaseDuration,
    renewDeadline: leaseRenewDeadline,
    retryPeriod: leaseRetryPeriod,
    onError: (error) => log.warn({ err: error, refusal: lease.refusal }, 'could not take or renew the lease; it is tried again'),
  });
  const rateLimit = new RateLimit({ qps: config.kubeApiQps, burst: config.kubeApiBurst });
  const client = new KubeClient(credentials, { observe, timeout: requestTimeout * 1000, rateLimit, fence: lease });
  WatchHub.of(client, { streamsLists: true });
  const health = new HealthServer({
    port: config.healthPort,
    host: config.healthHost,
    metrics: () => metrics.text(),
    healthy: () => [],
    ready: () => [...(lease.refusal === undefined ? [] : [lease.refusal]), ...problems()],
  });
  // One that stands by is ready: a rolling update waits for it before the one that leads is asked to go. One that can never lead is not.
  let problems = (): readonly string[] => [];
  log.info({ port: await health.start(), namespace: config.namespace, identity }, 'the operator is up');
  try {
    await lease.acquire(signal);
    metrics.leader.set(1);
    log.info({ identity }, 'this process leads');
    recordElection('became leader');
    await leadUntil(signal, { config, client, log, metrics, identity, clock, lease }, (ready) => (problems = ready));
    metrics.leader.set(0);
    recordElection('stopped leading');
    return signal.aborted ? 'stopped' : 'lost-leadership';
  } catch (error) {
    if (signal.aborted) return 'stopped';
    throw error;
  } finally {
    await election.settled();
    await health.stop();
    await client.credentials.close();
  }
}

/** Leads until the signal is given or the lease is lost, and gives the lease up, whatever happened. */
async function leadUntil(signal: AbortSignal, leadership: Leadership, setProblems: SetProblems): Promise<void> {
  const { lease, log, client } = leadership;
  const [failed, stopping] = [new AbortController(), new AbortController()];
  let lifecycle: Lifecycle | undefined;
  const start = async (): Promise<void> => {
    setProblems(() => ['the namespace kube-system could not be read yet']);
    lifecycle = lead({ ...leadership, ...(await clusterFacts(client, log, stopping.signal)) }, setProblems);
    await lifecycle.start();
  };
  // The lease is renewed while the parts still start: a slow first list must not let another lead.
  const started = start().catch((error: unknown) => {
    if (stopping.signal.aborted) return;
    log.error({ err: error }, 'could not start');
    failed.abort();
  });
  await lease.hold(AbortSignal.any([signal, failed.signal]));
  stopping.abort();
  await handOver(lease, Promise.all([lifecycle?.shutdown(), started]));
}

/** Milliseconds between two tries to read what everything else waits for. */
const startPause = 2000;

/** What is read of a cluster before all else. */
interface ClusterFacts {
  /** The uid of kube-system: what tells this cluster from others. */
  readonly clusterIdentity: string;
  readonly kubernetesVersion: string;
}

/** Reads what everything else waits for. Tries until it is read; rejects only when aborted. */
async function clusterFacts(client: KubeClient, log: Logger, signal: AbortSignal): Promise<ClusterFacts> {
  for (;;) {
    try {
      const { metadata } = await client.get<KubeObject>(RESOURCES.namespaces, { name: 'kube-system' });
      return { clusterIdentity: metadata.uid ?? '', kubernetesVersion: await serverVersion(client) };
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ err: error }, 'could not read the namespace kube-system and the version of the server; it is tried again');
      await sleep(startPause, undefined, { signal });
    }
  }
}

/** How long what is under way may take to end, in milliseconds: less than a pod's grace period. */
const handOverPatience = 20_000;

/** Keeps the lease, where it is still held, while the parts end, but not for ever; then another may lead at once, and nothing more is written here. */
async function handOver(lease: Lease, ended: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const held = lease.closed() === undefined ? lease.hold(over.signal) : Promise.resolve();
  await Promise.race([ended, sleep(handOverPatience, undefined, { ref: false })]);
  over.abort();
  await held;
  await lease.release();
}

type SetProblems = (problems: () => readonly string[]) => void;

interface Leadership {
  readonly lease: Lease;
  readonly config: OperatorConfig;
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly identity: string;
  readonly clock: () => number;
}

/** What the leader watches and reconciles, ready to start. */
function lead(leadership: Leadership & ClusterFacts, setProblems: SetProblems): Lifecycle {
  const { config, client, log, metrics, identity, clock, clusterIdentity } = leadership;
  const revisions = new PolicyRevisions(leadership.kubernetesVersion);
  const controllers: Record<string, Controller> = {};
  const watch = <T extends KubeObject>(
    resource: ApiResource,
    keys: (object: T, type: ChangeType) => readonly (readonly [controller: string, key: string])[],
    where: Pick<ReflectorOptions<T>, 'namespace' | 'labelSelector' | 'keep'> = {},
  ): Reflector<T> =>
    new Reflector<T>(client, resource, {
      ...where,
      silence: config.watchSilence * 1000,
      onChange: (type, object) => {
        for (const [controller, key] of keys(object, type)) controllers[controller]?.queue.add(key);
      },
      onError: (error) => log.warn({ err: error, resource: resource.resource }, 'a watch failed; it is tried again'),
    });
  const ofScans = { namespace: config.namespace, labelSelector: `${LABELS.managedBy}=${MANAGED_BY},${LABELS.scan}` };
  const isAnotherSpec = specChanges();
  const scanKeys = ({ metadata }: KubeObject): (readonly ['scan', string])[] => {
    const scan = metadata.annotations?.[ANNOTATIONS.scan];
    return scan === undefined ? [] : [['scan', scan]];
  };
  const events = new EventRecorder(client, log, { instance: identity, onDropped: (reason) => metrics.eventsDropped.inc({ reason }) });
  const policies = watch<SecurityPolicy>(RESOURCES.policies, (policy, type) => {
    onChange.heardOf(policy, type);
    return [
      ['securitypolicy', policy.metadata.name],
      ['onchange', 'ground'],
      ['scanschedule', DEFAULT_SCHEDULE],
      ...(isAnotherSpec(policy, type) ? [['images', IMAGES_KEY] as const] : []),
    ];
  });
  const schedules = watch<ScanSchedule>(RESOURCES.schedules, ({ metadata }) => [
    ['scanschedule', metadata.name],
    ['scanschedule', DEFAULT_SCHEDULE],
    ['onchange', 'ground'],
    ...policies.list().map((policy) => ['securitypolicy', policy.metadata.name] as const),
  ]);
  const scans = watch<Scan>(RESOURCES.scans, scanWatchKeys());
  const jobs = watch<JobObject>(RESOURCES.jobs, scanKeys, ofScans);
  const pods = watch<JobPod>(RESOURCES.pods, scanKeys, { ...ofScans, keep: jobPodOf });
  const reflectors = [policies, schedules, scans, jobs, pods];
  const publisher = new ReportPublisher(client, {
    onWrite: (operation) => metrics.reportWrites.inc({ operation }),
    onFailures: (target, failures) => events.about(target, findingEvent(failures)),
    onConflict: (target, conflict) => {
      metrics.reportConflicts.inc({ reason: conflict.reason });
      events.about(target, conflictEvent(conflict));
    },
  });
  const basics = { client, log, metrics, events, clock, observe: observer(metrics), namespace: config.namespace };
  const crds: CrdCheck = new CrdCheck({
    ...basics,
    onChange: () => {
      for (const { metadata } of policies.list()) controllers['securitypolicy']?.queue.add(metadata.name);
    },
  });
  const gonePolicies = new GonePolicies({ ...basics, publisher, policies });
  const { watchSilence, shardTargets, changeBurst, maxConcurrentScans } = config;
  /** What controllers share. Each takes of it what its own dependencies name. */
  const shared = {
    ...basics,
    ...{ policies, schedules, scans, jobs, pods, publisher },
    ...{ clusterIdentity, shardTargets, changeBurst, maxConcurrentScans, watchSilence: watchSilence * 1000 },
    clusterInfo: clusterInfoReader(client, (version) => revisions.servedBy(version)),
    crdProblems: () => crds.problems,
    lookAtCrds: () => crds.look(),
    revisionOf: revisions.of,
    systemNamespaces: ['kube-system', 'kube-public', 'kube-node-lease', config.namespace],
    worker: workerSettings(client, config),
    images: config,
    enqueueSchedule: (name: string): void => controllers['scanschedule']?.queue.add(name),
    enqueueGenerations: (): void => controllers['generation']?.queue.addAfter(GENERATIONS_KEY, generationDebounce),
    policyGone: (name: string): void => gonePolicies.add(name),
    imagesBegan: (): number | undefined => images.began,
    watching: (): ConditionUpdate => onChange.condition(),
  };
  controllers['securitypolicy'] = securityPolicyController(shared);
  controllers['gone-policies'] = gonePolicies.controller;
  controllers['generation'] = generationScanController(shared);
  controllers['scan'] = scanController(shared);
  controllers['scan-cleanup'] = scanCleanup(shared);
  controllers['scanschedule'] = scanScheduleController(shared);
  setProblems(() =>
    reflectors.flatMap((reflector) => (reflector.synced ? [] : [`${reflector.resource.resource}: the first list is not in yet`])),
  );
  controllers['crds'] = crds.controller;
  controllers['upkeep'] = upkeepController(shared);
  const images: ImageScan = new ImageScan(shared);
  controllers['images'] = images.controller;
  const onChange: OnChange = new OnChange(onChangeDependencies(shared));
  controllers['onchange'] = onChange.controller;
  metrics.follow(() => policyGauges(policies.list()));
  metrics.collect(() => {
    for (const { name, queue } of Object.values(controllers)) metrics.queueDepth.set({ controller: name }, queue.depth);
    metrics.watchedObjects.set(onChange.size);
  });
  const changes: Part = { name: 'watch of changes', start: () => undefined, stop: () => onChange.stop() };
  const podNews: Part = { name: 'watch of new pods', start: () => undefined, stop: () => images.stop() };
  return new Lifecycle([...reflectors.map(watchPart), changes, podNews, ...Object.values(controllers).map(controllerPart)], log);
}

/** Milliseconds that more new generations may come in before they are scanned. */
const generationDebounce = 300;

/** A reflector as a part: its start ends when the first list is in, so that no reconcile sees a part of the list. */
function watchPart(reflector: Pick<Reflector<KubeObject>, 'resource' | 'start' | 'stop' | 'whenSynced'>): Part {
  return {
    name: `watch ${reflector.resource.resource}`,
    start: (signal) => {
      reflector.start();
      return reflector.whenSynced(signal);
    },
    stop: () => reflector.stop(),
  };
}

function controllerPart(controller: Controller): Part {
  return { name: `controller ${controller.name}`, start: () => controller.start(), stop: () => controller.stop() };
}

function observer(metrics: Metrics): NonNullable<ControllerOptions['observe']> {
  return ({ controller, result, seconds, waited }) => {
    metrics.reconciles.inc({ controller, result });
    metrics.reconcileSeconds.observe({ controller }, seconds);
    metrics.queueSeconds.observe({ controller }, waited);
  };
}
