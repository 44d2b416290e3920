/** What of an image is not known, in number and by some of the paths in it. */
export interface Examples {
  readonly count: number;
  readonly examples: readonly string[];
}

const most = 5;

/** Counts paths, and keeps the first: an image may have very many. */
export class ExampleCount {
  #count = 0;
  readonly #examples: string[] = [];

  add(paths: readonly string[]): void {
    this.#count += paths.length;
    this.#examples.push(...paths.slice(0, Math.max(0, most - this.#examples.length)));
  }

  value(): Examples {
    return { count: this.#count, examples: this.#examples };
  }
}
