import { CheckTree } from './check-tree.ts';
import type { ControlCheck } from './control-check.ts';
import { CheckProgram } from './control-program.ts';
import type { Subject } from './subject.ts';

/** Walks objects of one kind once for all checks of single objects, however many policies ask for them. */
export class KindWalk {
  readonly #programs: readonly CheckProgram[];
  readonly #tree: CheckTree;

  constructor(groupKind: string, checks: readonly ControlCheck[]) {
    const programs = new Set(checks.flatMap((check) => check.programs));
    this.#programs = [...programs].filter((program) => program instanceof CheckProgram);
    this.#tree = new CheckTree(this.#programs.flatMap((program) => program.visitorsFor(groupKind)));
  }

  /** Lets every program see the subject; what they found is asked of them afterwards. */
  through(subject: Subject): void {
    if (subject.fault !== undefined) return;
    for (const program of this.#programs) program.begin(subject);
    this.#tree.walk(subject.input);
  }
}
