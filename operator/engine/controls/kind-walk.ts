import { CheckTree } from './check-tree.ts';
import type { ControlCheck } from './control-check.ts';
import { CheckProgram } from './control-program.ts';
import type { Subject } from './subject.ts';

/** Walks each object of one kind once for the value checks of all policies. */
export class KindWalk {
  readonly #programs: readonly CheckProgram[];
  readonly #tree: CheckTree;

  constructor(groupKind: string, checks: readonly ControlCheck[]) {
    const programs = new Set(checks.flatMap((check) => check.programs));
    this.#programs = [...programs].filter((program) => program instanceof CheckProgram);
    this.#tree = new CheckTree(this.#programs.flatMap((program) => program.visitorsFor(groupKind)));
  }

  /** Walks a subject with all programs. Their outcomes are read afterwards. */
  through(subject: Subject): void {
    if (subject.fault !== undefined || subject.skip !== undefined) return;
    for (const program of this.#programs) program.begin(subject);
    this.#tree.walk(subject.input);
  }
}
