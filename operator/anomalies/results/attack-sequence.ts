import { atLeast, type Severity } from '../../catalogue/controls/severity.ts';
import type { AnomalyFinding } from './anomaly-finding.ts';

const hour = 3_600_000;
const enough = 3;
const mostSubjects = 2000;
const mostParts = 50;

/** What software that is installed or updated raises. All of these together are one step of an attack, not several. */
const installation: ReadonlySet<string> = new Set(
  (
    'new-image-source new-exposure system-namespace-newcomer job-by-new-actor daemonset-by-new-actor unowned-pod new-principal unused-binding-used ' +
    'new-api-use changed-by-new-actor resource-jump unknown-node audit-gap static-pod'
  ).split(' '),
);

/** A finding as a step of a sequence. */
export interface Step {
  readonly finding: AnomalyFinding;
  readonly at: number;
  /** What was done: findings of one request or of one change are one step. */
  readonly act: string;
  /** An established user installed it as a part of a release. */
  readonly isInstalled: boolean;
}

/** A sequence that is complete. */
export interface Sequence {
  readonly steps: readonly Step[];
  readonly severity: Severity;
}

/** Finds several different findings about one user or one workload within an hour. */
export class AttackSequences {
  readonly #steps = new Map<string, Step[]>();

  /** Adds a step of a subject (the key of a user or of a workload). Returns the sequence if there are enough steps. */
  add(subject: string, step: Step): Sequence | undefined {
    const steps = (this.#steps.get(subject) ?? []).filter(({ at }) => at > step.at - hour);
    steps.push(step);
    this.#steps.delete(subject);
    this.#steps.set(subject, steps.slice(-mostParts));
    if (this.#steps.size > mostSubjects) {
      const [oldest] = this.#steps.keys();
      if (oldest !== undefined) this.#steps.delete(oldest);
    }
    return sequenceOf(steps);
  }
}

function sequenceOf(steps: readonly Step[]): Sequence | undefined {
  const parts = new Map<string, Step>();
  const acts = new Set<string>();
  // The worst finding of an act stands for it.
  for (const step of steps.toSorted((left, right) => (atLeast(left.finding.severity, right.finding.severity) ? -1 : 1))) {
    const part = installation.has(step.finding.detection) || step.isInstalled ? 'installation' : step.finding.detection;
    if (parts.has(part) || acts.has(step.act)) continue;
    parts.set(part, step);
    acts.add(step.act);
  }
  const chosen = [...parts.values()].toSorted((left, right) => left.at - right.at);
  const severe = chosen.filter(({ finding }) => atLeast(finding.severity, 'high')).length;
  const medium = chosen.filter(({ finding }) => atLeast(finding.severity, 'medium')).length;
  if (chosen.length < enough || severe === 0 || medium < 2) return undefined;
  return { steps: chosen, severity: 'critical' };
}
