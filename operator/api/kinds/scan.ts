import { z } from 'zod';
import { conditions } from '../condition.ts';
import { anyObject, count, field, labelSelector, listMap, namePatterns, timestamp } from '../field.ts';
import type { Resource } from '../metadata.ts';
import { coverage, severityCounts, summary } from './policy-status.ts';

const quantities = z.record(z.string(), z.union([z.string(), z.int()]).meta({ 'x-kubernetes-int-or-string': true }));

/** The settings for the pods of a scan's Jobs. */
export const scanTemplate = z.strictObject({
  parallelism: field(z.int().min(1).max(100).optional(), 'The maximum number of pods that run at the same time. Omitted: 4.'),
  activeDeadlineSeconds: field(
    z.int().min(30).max(86_400).optional(),
    'How many seconds one pod may evaluate its shard, and how many seconds it may wait to be created and scheduled. Omitted: 3600.',
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
          "Node labels that the pods require. Vigil adds kubernetes.io/os: linux. Omitted: the node selector of the operator's pod.",
        ),
        tolerations: field(
          z.array(anyObject()).max(32).optional(),
          "Tolerations, as in a Pod. Omitted: the tolerations of the operator's pod.",
        ),
        affinity: field(anyObject().optional(), "Affinity, as in a Pod. Omitted: the node affinity of the operator's pod."),
        topologySpreadConstraints: field(
          z.array(anyObject()).max(16).optional(),
          "Topology spread constraints, as in a Pod. Omitted: the constraints of the operator's pod, applied to the pods of the Job.",
        ),
        priorityClassName: field(
          z.string().max(253).optional(),
          "Priority class, as in a Pod. Omitted: the priority class of the operator's pod.",
        ),
        labels: field(z.record(z.string(), z.string()).optional(), 'Additional labels for the pods.'),
        annotations: field(z.record(z.string(), z.string()).optional(), 'Additional annotations for the pods.'),
      })
      .optional(),
    'The pod template of the Job.',
  ),
});
export type ScanTemplate = z.infer<typeof scanTemplate>;

/** The maximum number of SecurityPolicies in one Scan. The status of the Scan lists each of them. */
export const MOST_SCAN_POLICIES = 2000;

/** The spec of a Scan. */
export const scanSpec = z.strictObject({
  policies: field(
    z.array(z.string().min(1).max(253)).max(MOST_SCAN_POLICIES).optional(),
    'Names of SecurityPolicies. If policySelector is omitted too: all.',
  ),
  policySelector: field(labelSelector.optional(), 'Selects SecurityPolicies by label.'),
  namespaces: field(
    z
      .strictObject({
        include: field(namePatterns.optional(), 'Namespaces to scan. * matches any characters. Omitted: all.'),
        exclude: field(namePatterns.optional(), 'Namespaces to exclude.'),
      })
      .optional(),
    'Limits the scan to these namespaces within the scopes of the policies. The results for all other namespaces do not change.',
  ),
  full: field(
    z.boolean().optional(),
    'true: evaluate every object again. Omitted or false: a namespace without changes since its last scan is not scanned again, and its results are kept.',
  ),
  scan: field(scanTemplate.optional(), 'Settings for the pods of the scan.'),
  ttlSecondsAfterFinished: field(
    z.int().min(0).max(31_536_000).optional(),
    'How many seconds a finished Scan is kept. Omitted: 604800 (one week). For a Scan of a ScanSchedule, the history limits of the schedule apply instead.',
  ),
});
export type ScanSpec = z.infer<typeof scanSpec>;

const shardProblem = z.strictObject({
  shard: field(z.int(), 'The number of the shard.'),
  attempts: field(count, 'The number of attempts.'),
  reason: field(z.string(), 'The reason of the failure, as one CamelCase word.'),
  message: field(z.string(), 'The reason of the failure, in plain words.'),
});
export type ShardProblem = z.infer<typeof shardProblem>;

/** The status of a Scan. */
export const scanStatus = z.strictObject({
  observedGeneration: field(z.int().meta({ format: 'int64' }).optional(), 'The metadata.generation that the conditions describe.'),
  conditions,
  phase: field(z.enum(['Pending', 'Running', 'Complete', 'Failed']).optional(), 'The phase of the scan.'),
  progress: field(z.string().optional(), 'Completed shards of all shards, such as 2/7.'),
  startTime: field(timestamp.optional(), 'The time at which the scan started.'),
  completionTime: field(timestamp.optional(), 'The time at which the scan ended.'),
  jobs: field(z.array(z.string()).max(64).optional(), 'The names of the Jobs of all attempts, in order.'),
  policies: field(
    listMap(
      z.strictObject({
        name: field(z.string(), 'The name of the SecurityPolicy.'),
        generation: field(z.int().meta({ format: 'int64' }), 'The generation that was evaluated.'),
        revision: field(
          z.string().max(64).optional(),
          'The revision that was evaluated: identifies the generation, the controls and the framework versions.',
        ),
      }),
      ['name'],
      MOST_SCAN_POLICIES,
    ).optional(),
    'The policies that were evaluated.',
  ),
  summary: field(summary.optional(), 'Counts of verdicts for all targets, before exceptions.'),
  failing: field(severityCounts.optional(), 'Counts of failures by severity.'),
  coverage: field(coverage.optional(), 'Counts of targets.'),
  carriedOver: field(
    count.optional(),
    'Targets whose results of an earlier Scan are still valid, because nothing that they depend on has changed. They count as scanned.',
  ),
  new: field(severityCounts.optional(), 'Counts of failures that the last scan did not find.'),
  fixed: field(severityCounts.optional(), 'Counts of earlier failures that no longer exist.'),
  excepted: field(
    severityCounts.optional(),
    'Counts of failures that an exception has covered since the last Scan started, in reports about configuration. They are not fixed. Omitted: no earlier Scan is known.',
  ),
  unexcepted: field(
    severityCounts.optional(),
    'Counts of failures that an exception no longer covers since the last Scan started. They are not new.',
  ),
  images: field(
    z
      .strictObject({
        since: field(
          timestamp.optional(),
          'The start of the counted period: the end of the period of the last Scan. Omitted if there is no such Scan; then nothing is counted.',
        ),
        until: field(timestamp, 'The end of the counted period.'),
        new: field(severityCounts, 'Counts of new failures in images.'),
        fixed: field(severityCounts, 'Counts of fixed failures in images.'),
      })
      .optional(),
    'New and fixed failures in the reports about images since the last Scan. Set if a policy has spec.images. Images are scanned continuously, not by Scans.',
  ),
  shards: field(z.array(shardProblem).max(100).optional(), 'Shards that failed.'),
});
export type ScanStatus = z.infer<typeof scanStatus>;
/** The new and fixed failures in images between two Scans. */
export type ScanImages = NonNullable<ScanStatus['images']>;

/** The failures that became excepted, and that are no longer, between two Scans. */
export type ScanExceptions = Pick<ScanStatus, 'excepted' | 'unexcepted'>;

/** One evaluation of policies against a set of targets. */
export type Scan = Resource<ScanSpec, ScanStatus>;

/** Whether a Scan has ended. Its phase is then Complete or Failed and does not change again. */
export const isFinished = ({ status }: Pick<Scan, 'status'>): boolean => status?.phase === 'Complete' || status?.phase === 'Failed';
