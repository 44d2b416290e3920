import type { ObjectFinding, Verdict } from '../../findings/finding.ts';
import type { Evaluation, EvaluationObservers } from './evaluation.ts';

const worst: readonly Verdict[] = ['fail', 'error', 'warn', 'skip', 'pass'];
const keyOf = (policy: string | null, check: string): string => `${policy ?? ''}/${check}`;
const isWorse = (a: ObjectFinding, b: ObjectFinding): boolean => worst.indexOf(a.verdict) < worst.indexOf(b.verdict);

const pathsOf = ({ path, paths }: ObjectFinding): readonly string[] => paths ?? (path === undefined ? [] : [path]);

/** Joins two results of one check: the worse one, or if both are alike, the paths and containers of both. */
function joined(first: ObjectFinding, second: ObjectFinding): ObjectFinding {
  if (isWorse(second, first)) return second;
  if (isWorse(first, second) || second.path === undefined) return first;
  const paths = [...pathsOf(first), ...pathsOf(second)];
  const containers = [...new Set([...(first.containers ?? []), ...(second.containers ?? [])])];
  return {
    ...first,
    path: paths[0] ?? second.path,
    ...(paths.length > 1 ? { paths } : {}),
    ...(containers.length > 0 ? { containers } : {}),
  };
}

/** Joins the results of each check about one object. The order of the first results stays. */
export function joinFindings(results: readonly ObjectFinding[]): readonly ObjectFinding[] {
  const found = new Map<string, ObjectFinding>();
  for (const result of results) {
    const key = keyOf(result.policy, result.check);
    const before = found.get(key);
    found.set(key, before === undefined ? result : joined(before, result));
  }
  return [...found.values()];
}

/**
 * Evaluates an object with several pod templates: a check passes if it passes for all of them, and fails if it fails for one. `evaluate`
 * evaluates one of its subjects.
 */
export function evaluateTogether<Part>(
  parts: readonly Part[],
  evaluate: (part: Part, observers: EvaluationObservers) => Evaluation,
  observers: EvaluationObservers,
): Evaluation {
  const passed = new Map<string, readonly [policy: string, check: string]>();
  const onPass = (policy: string, check: string): void => void passed.set(`${policy}/${check}`, [policy, check]);
  const evaluations = parts.map((part, index) =>
    evaluate(part, { onPass, ...(index === 0 ? { onUnmatched: observers.onUnmatched } : {}) }),
  );
  const results = joinFindings(evaluations.flatMap((evaluation) => evaluation.results));
  const policies = [...new Set(evaluations.flatMap((evaluation) => evaluation.policies))];
  // Results of a policy without a name have its check only.
  const others = new Set(results.filter(({ verdict }) => verdict !== 'pass').map(({ policy, check }) => keyOf(policy, check)));
  const passes = new Map<string, number>();
  for (const [policy, check] of passed.values()) {
    if (others.has(keyOf(policy, check)) || others.has(keyOf(null, check))) continue;
    passes.set(policy, (passes.get(policy) ?? 0) + 1);
    observers.onPass?.(policy, check);
  }
  return { results, passes, policies };
}
