/** The number of paths in an image with the same problem, and some of these paths. */
export interface Examples {
  readonly count: number;
  readonly examples: readonly string[];
}

/** The maximum number of example paths. */
const maxExamples = 5;

/** Counts paths and keeps the first ones, since an image may have very many. */
export class ExampleCount {
  #count = 0;
  readonly #examples: string[] = [];

  add(paths: readonly string[]): void {
    this.#count += paths.length;
    this.#examples.push(...paths.slice(0, Math.max(0, maxExamples - this.#examples.length)));
  }

  value(): Examples {
    return { count: this.#count, examples: this.#examples };
  }
}
