import type { ObjectFinding } from '../../findings/finding.ts';

/** What one object came to under every policy that looks at it. */
export interface Evaluation {
  /** Failures, errors and skips; passes too where they are listed. Sorted by policy, then in the order of its checks. */
  readonly results: readonly ObjectFinding[];
  /** Passes by policy, listed or not. */
  readonly passes: ReadonlyMap<string, number>;
  /** The policies that count the object as a target: some check of theirs could judge it. */
  readonly policies: readonly string[];
}

/** The evaluation of an object that no policy looks at. */
export const emptyEvaluation: Evaluation = { results: [], passes: new Map(), policies: [] };

/** Told of each pass, listed or not: what counts them by check. */
export type PassObserver = (policy: string, check: string) => void;

/** Gathers one object's evaluation. */
export class EvaluationBuilder {
  readonly #results: ObjectFinding[] = [];
  readonly #passes = new Map<string, number>();
  readonly #policies: string[] = [];
  readonly #observe: PassObserver | undefined;
  #policy = '';
  #count = 0;

  constructor(observe?: PassObserver) {
    this.#observe = observe;
  }

  /** The policy counts the object as a target. */
  inScope(policy: string): void {
    this.#policies.push(policy);
  }

  /** A pass that is only counted. */
  addPass(policy: string, check: string): void {
    this.#observe?.(policy, check);
    if (policy !== this.#policy) this.#settle(policy);
    this.#count += 1;
  }

  /** A result that is listed. */
  add(result: ObjectFinding): void {
    this.#results.push(result);
  }

  build(): Evaluation {
    this.#settle('');
    if (this.#policies.length === 0 && this.#results.length === 0) return emptyEvaluation;
    return { results: this.#results, passes: this.#passes, policies: this.#policies };
  }

  /** Books the passes of one policy, and goes on with another. */
  #settle(policy: string): void {
    if (this.#count > 0) this.#passes.set(this.#policy, (this.#passes.get(this.#policy) ?? 0) + this.#count);
    this.#policy = policy;
    this.#count = 0;
  }
}
