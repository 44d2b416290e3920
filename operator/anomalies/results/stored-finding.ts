import { severityOrder } from '../../catalogue/controls/severity.ts';
import { isFields } from '../../engine/objects/kubernetes-object.ts';
import type { StoredFinding } from './finding-store.ts';

const texts = ['id', 'detection', 'seen', 'normal', 'actor', 'next'] as const;
const numbers = ['count', 'firstSeen', 'lastSeen'] as const;

const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every((each) => typeof each === 'string');

/** Whether a value of a document is a finding as the store saves it. */
export function isStoredFinding(value: unknown): value is StoredFinding {
  if (!isFields(value) || !isFields(value['finding'])) return false;
  const { finding, principal, workload, baseline, state } = value;
  if (typeof principal !== 'string' || typeof workload !== 'string' || !Array.isArray(baseline)) return false;
  if (state !== undefined && typeof state !== 'string') return false;
  return isFinding(finding);
}

function isFinding(finding: Readonly<Record<string, unknown>>): boolean {
  const { about, severity, audit, techniques } = finding;
  if (!isFields(about) || typeof about['kind'] !== 'string' || typeof about['name'] !== 'string') return false;
  if (!texts.every((name) => typeof finding[name] === 'string') || !numbers.every((name) => typeof finding[name] === 'number'))
    return false;
  return severityOrder.some((each) => each === severity) && areTexts(audit) && areTexts(techniques);
}
