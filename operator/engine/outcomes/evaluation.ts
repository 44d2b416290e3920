import type { ObjectFinding } from '../../findings/finding.ts';

/** The results of one object under all policies. */
export interface Evaluation {
  /** Failures, errors and skips, and passes if the policy lists them. Sorted by policy, then in the order of its checks. */
  readonly results: readonly ObjectFinding[];
  /** The number of passes by policy, whether they are listed or not. */
  readonly passes: ReadonlyMap<string, number>;
  /** The policies that count the object as a target: the object is in scope and its kind has a check. */
  readonly policies: readonly string[];
}

/** The evaluation of an object that no policy covers. */
export const emptyEvaluation: Evaluation = { results: [], passes: new Map(), policies: [] };

/** Receives one check of a policy. */
export type CheckObserver = (policy: string, check: string) => void;

/** Receive the outcomes that are not among the results. Used to count by check. */
export interface EvaluationObservers {
  /** Called for each pass, listed or not. */
  readonly onPass?: CheckObserver | undefined;
  /** Called for each rule that does not match the object, although it matches the object's kind. */
  readonly onUnmatched?: CheckObserver | undefined;
}

/** Builds the evaluation of one object. */
export class EvaluationBuilder {
  readonly #results: ObjectFinding[] = [];
  readonly #passes = new Map<string, number>();
  readonly #policies: string[] = [];
  readonly #observers: EvaluationObservers;
  #policy = '';
  #count = 0;

  constructor(observers: EvaluationObservers = {}) {
    this.#observers = observers;
  }

  /** Adds a policy that counts the object as a target. */
  inScope(policy: string): void {
    this.#policies.push(policy);
  }

  /** Counts a pass. */
  addPass(policy: string, check: string): void {
    this.#observers.onPass?.(policy, check);
    if (policy !== this.#policy) this.#settle(policy);
    this.#count += 1;
  }

  /** Passes a rule that does not match the object to the observer. */
  addUnmatched(policy: string, rule: string): void {
    this.#observers.onUnmatched?.(policy, rule);
  }

  /** Adds a listed result. */
  add(result: ObjectFinding): void {
    this.#results.push(result);
  }

  build(): Evaluation {
    this.#settle('');
    if (this.#policies.length === 0 && this.#results.length === 0) return emptyEvaluation;
    return { results: this.#results, passes: this.#passes, policies: this.#policies };
  }

  /** Stores the passes of the current policy and starts counting for another. */
  #settle(policy: string): void {
    if (this.#count > 0) this.#passes.set(this.#policy, (this.#passes.get(this.#policy) ?? 0) + this.#count);
    this.#policy = policy;
    this.#count = 0;
  }
}
