import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { EventRecorder } from '../controller/event-recorder.ts';
import { Lifecycle } from '../controller/lifecycle.ts';
import { Credentials } from '../kube/client/credentials.ts';
import { KubeClient, type CallObserver } from '../kube/client/kube-client.ts';
import { Lease } from '../kube/lease.ts';
import { RateLimit } from '../kube/client/rate-limit.ts';
import { WatchHub } from '../kube/watch/watch-hub.ts';
import type { OperatorConfig } from './operator-config.ts';
import { serverVersion } from '../kube/discovery.ts';
import { HealthServer } from '../telemetry/health-server.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { leaderControllers, type LeaderContext } from './leader-controllers.ts';

/** Dependencies that tests and benchmarks replace. */
export interface OperatorOverrides {
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly clock?: () => number;
  /** Default: the credentials of the configuration and the environment. */
  readonly credentials?: Credentials;
}

/**
 * Runs the operator until the signal is aborted or leadership is lost. Resolves to the reason: after a lost lease the process exits, so that it
 * restarts as a candidate. Rejects if it cannot start.
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
  // The lease has its own client: it never waits behind other calls, and its timeout is short enough to stop before another process leads.
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
    onError: (error) => log.warn({ err: error, refusal: lease.refusal }, 'lease not acquired or renewed; retrying'),
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
  // A process that does not lead is ready: a rolling update stops the leader only then. A process that can never lead is not ready.
  let problems = (): readonly string[] => [];
  log.info({ port: await health.start(), namespace: config.namespace, identity }, 'operator started');
  try {
    await lease.acquire(signal);
    metrics.leader.set(1);
    log.info({ identity }, 'became leader');
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

/** Runs the controllers until the signal is aborted or the lease is lost. Then stops them and releases the lease. */
async function lead(signal: AbortSignal, leading: Leading, setProblems: SetProblems): Promise<void> {
  const { lease, log, client } = leading;
  const [failed, stopping] = [new AbortController(), new AbortController()];
  let lifecycle: Lifecycle | undefined;
  const start = async (): Promise<void> => {
    setProblems(() => ['the namespace kube-system has not been read yet']);
    const controllers = leaderControllers({ ...leading, ...(await clusterFacts(client, log, stopping.signal)) });
    setProblems(controllers.problems);
    lifecycle = new Lifecycle(controllers.runnables, log);
    await lifecycle.start();
  };
  // The lease is renewed during the start: a slow initial list must not lose it.
  const started = start().catch((error: unknown) => {
    if (stopping.signal.aborted) return;
    log.error({ err: error }, 'start failed');
    failed.abort();
  });
  await lease.hold(AbortSignal.any([signal, failed.signal]));
  stopping.abort();
  await releaseWhenStopped(lease, Promise.all([lifecycle?.shutdown(), started]));
}

/** Milliseconds between two attempts to read the cluster's identity and version. */
const startPause = 2000;

/** What the leader reads before it creates the controllers. */
type ClusterFacts = Pick<LeaderContext, 'clusterIdentity' | 'kubernetesVersion'>;

/** Reads the cluster's identity and version, with retries. Rejects only if the signal is aborted. */
async function clusterFacts(client: KubeClient, log: Logger, signal: AbortSignal): Promise<ClusterFacts> {
  for (;;) {
    try {
      const { metadata } = await client.get<KubeObject>(RESOURCES.namespaces, { name: 'kube-system' });
      return { clusterIdentity: metadata.uid ?? '', kubernetesVersion: await serverVersion(client) };
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ err: error }, 'namespace kube-system or server version not read; retrying');
      await sleep(startPause, undefined, { signal });
    }
  }
}

/** Milliseconds that the controllers have to stop: less than the grace period of the pod. */
const stopTimeout = 20_000;

/** Waits until the controllers stopped, at most {@link stopTimeout}, and renews the lease meanwhile. Then releases it: this process writes nothing more. */
async function releaseWhenStopped(lease: Lease, stopped: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const held = lease.closed() === undefined ? lease.hold(done.signal) : Promise.resolve();
  await Promise.race([stopped, sleep(stopTimeout, undefined, { ref: false })]);
  done.abort();
  await held;
  await lease.release();
}
