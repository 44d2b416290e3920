import { z } from 'zod';
import { conditions } from './condition.ts';
import { anyObject, count, field, labelSelector, listMap, namePatterns, timestamp } from './field.ts';
import type { Resource } from './metadata.ts';
import { coverage, severityCounts, summary } from './security-policy.ts';

const quantities = z.record(z.string(), z.union([z.string(), z.int()]).meta({ 'x-kubernetes-int-or-string': true }));

/** How the pods of a scan's Jobs run. */
export const scanTemplate = z.strictObject({
  parallelism: field(z.int().min(1).max(100).optional(), 'How many pods work at the same time. Omitted: 4.'),
  activeDeadlineSeconds: field(
    z.int().min(30).max(86_400).optional(),
    'How long one pod may work on its shard, and how long it may wait to be made and placed. Omitted: 3600.',
  ),
  job: field(
    z
      .strictObject({
        resources: field(
          z
            .strictObject({
              requests: field(quantities.optional(), 'Requests, such as cpu and memory.'),
              limits: field(quantities.optional(), 'Limits, such as memory.'),
            })
            .optional(),
          'Resources of a pod. Omitted: requests 50m and 128Mi, limit 256Mi of memory.',
        ),
        nodeSelector: field(
          z.record(z.string(), z.string()).optional(),
          "Nodes with these labels; kubernetes.io/os: linux is added. Omitted: the operator's own.",
        ),
        tolerations: field(
          z.array(anyObject()).max(32).optional(),
          "Tolerations, as in a Pod. Omitted: those of the operator's own pod, as with all that says where pods run.",
        ),
        affinity: field(anyObject().optional(), "Affinity, as in a Pod. Omitted: the operator's own to nodes."),
        topologySpreadConstraints: field(
          z.array(anyObject()).max(16).optional(),
          "Topology spread constraints, as in a Pod. Omitted: the operator's own, over the pods of Jobs.",
        ),
        priorityClassName: field(z.string().max(253).optional(), "Priority class. Omitted: the operator's own."),
        labels: field(z.record(z.string(), z.string()).optional(), 'Labels on the pods.'),
        annotations: field(z.record(z.string(), z.string()).optional(), 'Annotations on the pods.'),
      })
      .optional(),
    'The pods of the Job.',
  ),
});
export type ScanTemplate = z.infer<typeof scanTemplate>;

/** The most SecurityPolicies that one Scan evaluates: its status names each. */
export const MOST_SCAN_POLICIES = 2000;

/** The spec of a Scan. */
export const scanSpec = z.strictObject({
  policies: field(
    z.array(z.string().min(1).max(253)).max(MOST_SCAN_POLICIES).optional(),
    'SecurityPolicies by name. Omitted, without policySelector: all.',
  ),
  policySelector: field(labelSelector.optional(), 'SecurityPolicies by label.'),
  namespaces: field(
    z
      .strictObject({
        include: field(namePatterns.optional(), 'Namespaces to scan, with * for any characters. Omitted: all.'),
        exclude: field(namePatterns.optional(), 'Namespaces to leave out.'),
      })
      .optional(),
    "Only these of the namespaces in the policies' scopes. A scan of some namespaces leaves the results of the others as they are.",
  ),
  full: field(
    z.boolean().optional(),
    'true evaluates everything anew. Omitted or false: a namespace in which nothing has changed since it was scanned last is not scanned again, and its results stay.',
  ),
  scan: field(scanTemplate.optional(), 'How the pods run.'),
  ttlSecondsAfterFinished: field(
    z.int().min(0).max(31_536_000).optional(),
    'How long a finished Scan is kept. Omitted: 604800, a week; one that a ScanSchedule made is kept by the history limits of that.',
  ),
});
export type ScanSpec = z.infer<typeof scanSpec>;

const shardProblem = z.strictObject({
  shard: field(z.int(), 'The number of the shard.'),
  attempts: field(count, 'How often it was tried.'),
  reason: field(z.string(), 'Why it did not succeed, as one word.'),
  message: field(z.string(), 'Why, for people.'),
});
export type ShardProblem = z.infer<typeof shardProblem>;

/** The status of a Scan. */
export const scanStatus = z.strictObject({
  observedGeneration: field(z.int().meta({ format: 'int64' }).optional(), 'The generation that the conditions speak of.'),
  conditions,
  phase: field(z.enum(['Pending', 'Running', 'Complete', 'Failed']).optional(), 'Where the run stands.'),
  progress: field(z.string().optional(), 'Shards done of all, such as 2/7.'),
  startTime: field(timestamp.optional(), 'When it began.'),
  completionTime: field(timestamp.optional(), 'When it ended.'),
  jobs: field(z.array(z.string()).max(64).optional(), 'The Jobs of its attempts, in order.'),
  policies: field(
    listMap(
      z.strictObject({
        name: field(z.string(), 'The SecurityPolicy.'),
        generation: field(z.int().meta({ format: 'int64' }), 'The generation that was evaluated.'),
        revision: field(z.string().max(64).optional(), 'What it was judged by: generation, controls and frameworks, as one word.'),
      }),
      ['name'],
      MOST_SCAN_POLICIES,
    ).optional(),
    'What was evaluated.',
  ),
  summary: field(summary.optional(), 'Verdicts of checks on targets.'),
  failing: field(severityCounts.optional(), 'Failures by severity.'),
  coverage: field(coverage.optional(), 'Targets.'),
  carriedOver: field(
    count.optional(),
    'Targets whose results of an earlier Scan hold, since nothing has changed that they depend on. They count as scanned.',
  ),
  new: field(severityCounts.optional(), 'Failures that were not there before.'),
  fixed: field(severityCounts.optional(), 'Failures that are gone.'),
  images: field(
    z
      .strictObject({
        since: field(timestamp.optional(), 'From when on: when the Scan before counted. Omitted where none did: then nothing is counted.'),
        until: field(timestamp, 'Until when.'),
        new: field(severityCounts, 'Failures in images that came.'),
        fixed: field(severityCounts, 'Failures in images that went.'),
      })
      .optional(),
    'What changed in the reports about images since the Scan before, where a policy asks about images: they are looked into all the time.',
  ),
  shards: field(z.array(shardProblem).max(100).optional(), 'Shards that did not succeed.'),
});
export type ScanStatus = z.infer<typeof scanStatus>;
/** What came and went in images between two Scans. */
export type ScanImages = NonNullable<ScanStatus['images']>;

/** One run over a set of targets. */
export type Scan = Resource<ScanSpec, ScanStatus>;

/** Whether a Scan has ended: its phase is terminal, and never changes again. */
export const isFinished = ({ status }: Pick<Scan, 'status'>): boolean => status?.phase === 'Complete' || status?.phase === 'Failed';
