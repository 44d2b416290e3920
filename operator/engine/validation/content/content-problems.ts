import type { KubernetesObject } from '../../objects/kubernetes-object.ts';
import type { SchemaProblem } from '../schema-problem.ts';
import { metadataProblems } from './metadata-content.ts';
import { contentJudgeOf } from './object-content.ts';
import { workloadProblems } from './workload-content.ts';

/**
 * Returns what the API server refuses in an object beyond the schema of its kind: forms of names, ranges of numbers, and fields that do not
 * fit each other. The most frequent kinds only. Values of a wrong type are left to the schema.
 */
export function contentProblems(object: KubernetesObject): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const add = (path: string, message: string): void => void problems.push({ type: 'refused', path, message });
  metadataProblems(object, add);
  workloadProblems(object, add);
  contentJudgeOf(object)?.(object, add);
  return problems;
}
