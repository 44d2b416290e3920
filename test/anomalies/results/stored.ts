import type { AnomalyFinding } from '../../../operator/anomalies/results/anomaly-finding.ts';
import type { StoredFinding } from '../../../operator/anomalies/results/finding-store.ts';

export const day = 86_400_000;
/** A finding of the store about a pod. */
export const stored = (id: string, change: Partial<AnomalyFinding> = {}, more: Partial<StoredFinding> = {}): StoredFinding => ({
  finding: {
    id,
    detection: 'secret-read',
    severity: 'medium',
    about: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: id },
    seen: 'seen',
    normal: 'normal',
    actor: 'eve',
    actorIsCertain: true,
    count: 1,
    firstSeen: 10 * day,
    lastSeen: 10 * day,
    audit: [id],
    techniques: ['T1552.007'],
    next: 'Ask.',
    whileLearning: false,
    ...change,
  },
  principal: 'user:eve',
  workload: id,
  baseline: [],
  ...more,
});
