import { definedEntries } from '../api/defined-entries.ts';
import type { AuditEvent } from '../audit/audit-event.ts';
import { AuditReceiver } from '../audit/audit-receiver.ts';
import { LOSSES } from '../audit/receiving/audit-counts.ts';
import type { Runnable } from '../controller/lifecycle.ts';
import { auditFilePaths } from './audit-settings.ts';
import type { OperatorConfig } from './operator-config.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** The audit endpoint as the other controllers see it. */
export interface AuditReceiving {
  readonly runnables: readonly Runnable[];
  /** The audit events that were lost since the start. */
  readonly dropped: () => number;
  /** Why no events can come, and how to mend it. Undefined: they can, or none are wanted. */
  readonly problem: () => string | undefined;
}

/** What {@link auditReceiver} needs. */
export interface AuditReceivingContext {
  readonly config: OperatorConfig;
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Creates the audit endpoint, if the configuration has a port for it. `consume` takes the events in order. */
export function auditReceiver(
  { config, client, log, metrics, clock }: AuditReceivingContext,
  consume: (events: readonly AuditEvent[]) => void,
): AuditReceiving {
  const { auditPort: port, auditAddress: address, namespace } = config;
  if (port === undefined) return { runnables: [], dropped: () => 0, problem: () => undefined };
  let lost = 0;
  const receiver = new AuditReceiver({
    client,
    log,
    namespace,
    port,
    clock,
    consume,
    files: auditFilePaths(config),
    observer: {
      received: (events) => metrics.auditEvents.inc(events),
      dropped: (reason, count) => {
        metrics.auditDropped.inc({ reason }, count);
        if (LOSSES.has(reason)) lost += count;
      },
      refused: (reason) => metrics.auditRefused.inc({ reason }),
    },
    ...definedEntries({ address }),
  });
  const problem = (): string | undefined =>
    receiver.problem === undefined ? undefined : `no audit events are received: ${receiver.problem}`;
  return { runnables: [receiver], dropped: () => lost, problem };
}
