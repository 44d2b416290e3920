import { fieldsOf, isFields, type KubernetesObject, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Outcome, skipped } from '../outcomes/outcome.ts';

const faulty = (path: string, problem: string): Outcome => ({ violations: [], faults: [{ path, problem }] });

/** The only object that nodes read before they have a credential: kubeadm join. */
const clusterInfo = '/api/v1/namespaces/kube-public/configmaps/cluster-info';

/** Whether anonymous requests to a path can read objects. The API server compares the whole path. */
const isOfObjects = (path: string): boolean => /^\/apis?(\/|$)/.test(path) && path !== clusterInfo;

function judgeConditions(conditions: readonly unknown[]): Outcome {
  const path = 'anonymous.conditions';
  const broken = conditions.findIndex((condition) => typeof fieldsOf(condition)['path'] !== 'string');
  if (broken >= 0) return faulty(`${path}[${broken}]`, 'expected a path');
  const violations = conditions.flatMap((condition, index) =>
    isOfObjects(textOf(fieldsOf(condition)['path']) ?? '') ? [{ path: `${path}[${index}].path` }] : [],
  );
  return violations.length === 0 ? clean : { violations, faults: [], message: 'anonymous requests can reach objects at' };
}

function judgeAnonymous({ enabled, conditions }: Readonly<Record<string, unknown>>): Outcome {
  const listed = conditions ?? [];
  if (typeof (enabled ?? false) !== 'boolean') return faulty('anonymous.enabled', 'expected true or false');
  if (!Array.isArray(listed)) return faulty('anonymous.conditions', 'expected a list');
  if (enabled !== true) return clean;
  return listed.length === 0 ? { violations: [{ path: 'anonymous.enabled' }], faults: [] } : judgeConditions(listed);
}

/** Fails if anonymous requests are allowed to all paths, or to paths of objects. Skipped if --anonymous-auth decides. */
export function anonymousRequests(object: KubernetesObject): Outcome {
  const anonymous = object['anonymous'] ?? undefined;
  if (anonymous === undefined) return skipped('anonymous is not set: the argument --anonymous-auth decides');
  return isFields(anonymous) ? judgeAnonymous(anonymous) : faulty('anonymous', 'expected a map');
}
