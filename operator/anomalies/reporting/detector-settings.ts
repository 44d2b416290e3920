import type { AnomalySettings } from '../../engine/controls/detection-settings.ts';
import type { DetectorSettings } from '../anomaly-detector.ts';

/**
 * The settings of the one detector for all policies, of which there is at least one: the longest learning period and the longest time that
 * results are kept; of each parameter the most watchful value, so that a policy with a lower limit misses nothing. Each policy then reports by
 * its own.
 */
export const detectorSettings = (policies: readonly AnomalySettings[], ownUser: string): DetectorSettings => {
  const parameters: Record<string, Record<string, number>> = {};
  for (const [id, { parameters: values }] of policies.flatMap(({ detections }) => [...detections])) {
    const known = (parameters[id] ??= {});
    for (const [name, value] of Object.entries(values))
      if (typeof value === 'number') known[name] = Math.min(known[name] ?? Number.POSITIVE_INFINITY, value);
  }
  return {
    learningPeriod: Math.max(...policies.map(({ learningPeriod }) => learningPeriod)),
    keepFor: Math.max(...policies.map(({ keepFor }) => keepFor)),
    parameters,
    ownUser,
  };
};
