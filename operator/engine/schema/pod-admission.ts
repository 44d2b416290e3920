import { ownEntry } from '../../api/own-entry.ts';
import { type Draft, draftsOf } from './server-defaults.ts';

/** The priorities of the classes that every cluster has. */
const builtinPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

const evictions = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

function tolerates(toleration: Draft, key: string): boolean {
  const { effect, key: own = '' } = toleration;
  return (own === key || own === '') && (effect === 'NoExecute' || effect === undefined || effect === '');
}

/** Adds the tolerations of a node that fails, unless the pod has its own. */
function setTolerations(spec: Draft): void {
  const own = draftsOf(spec['tolerations']);
  const missing = evictions.filter((key) => !own.some((toleration) => tolerates(toleration, key)));
  if (missing.length === 0 || (spec['tolerations'] !== undefined && !Array.isArray(spec['tolerations']))) return;
  spec['tolerations'] = [...own, ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }))];
}

function setPriority(spec: Draft): void {
  const name = spec['priorityClassName'];
  const priority = name === undefined || name === '' ? 0 : typeof name === 'string' ? ownEntry(builtinPriorities, name) : undefined;
  if (priority === undefined) return;
  spec['priority'] ??= priority;
  spec['preemptionPolicy'] ??= 'PreemptLowerPriority';
}

/**
 * Sets what the admission plugins of every cluster set in a Pod before policies read it: the service account, tolerations and the priority.
 * The volume of the token is left out, because its name is random. Not for templates, which no plugin changes.
 */
export function setPodAdmission(spec: Draft): void {
  if (spec['serviceAccountName'] === undefined && spec['serviceAccount'] === undefined)
    Object.assign(spec, { serviceAccountName: 'default', serviceAccount: 'default' });
  setTolerations(spec);
  setPriority(spec);
}
