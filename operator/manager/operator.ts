import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { EventRecorder } from '../controller/event-recorder.ts';
import { Lifecycle } from '../controller/lifecycle.ts';
import { Credentials } from '../kube/credentials.ts';
import { KubeClient, type CallObserver } from '../kube/kube-client.ts';
import { Lease } from '../kube/lease.ts';
import { RateLimit } from '../kube/rate-limit.ts';
import { WatchHub } from '../kube/watch/watch-hub.ts';
import type { OperatorConfig } from './operator-config.ts';
import { serverVersion } from '../kube/discovery.ts';
import { HealthServer } from '../telemetry/health-server.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { leaderControllers, type LeaderContext } from './leader-controllers.ts';

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
    await lead(signal, { config, client, log, metrics, identity, clock, lease }, (ready) => (problems = ready));
    metrics.leader.set(0);
    recordElection('stopped leading');
    return signal.aborted ? 'stopped' : 'lost-leadership';
  } catch (error) {
    if (signal.aborted) return 'stopped';
    throw error;
  } finally {
    await election.flush();
    await health.stop();
    await client.credentials.close();
  }
}

type SetProblems = (problems: () => readonly string[]) => void;
type Leading = Omit<LeaderContext, 'clusterIdentity' | 'kubernetesVersion'> & { readonly lease: Lease };

/** Leads until the signal is given or the lease is lost, and gives the lease up, whatever happened. */
async function lead(signal: AbortSignal, leading: Leading, setProblems: SetProblems): Promise<void> {
  const { lease, log, client } = leading;
  const [failed, stopping] = [new AbortController(), new AbortController()];
  let lifecycle: Lifecycle | undefined;
  const start = async (): Promise<void> => {
    setProblems(() => ['the namespace kube-system could not be read yet']);
    const controllers = leaderControllers({ ...leading, ...(await clusterFacts(client, log, stopping.signal)) });
    setProblems(controllers.problems);
    lifecycle = new Lifecycle(controllers.runnables, log);
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
type ClusterFacts = Pick<LeaderContext, 'clusterIdentity' | 'kubernetesVersion'>;

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
