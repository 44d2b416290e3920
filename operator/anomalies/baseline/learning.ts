import type { LearningStatus } from '../anomaly-detector.ts';

/** The inputs that are learned separately: one may start later than the other. */
export type LearnedInput = 'watch' | 'audit';

const day = 86_400_000;
/** Learning needs activity on so many days. */
const activeDays = 3;

/** The state of learning in a document. */
export interface SavedLearning {
  readonly input: LearnedInput;
  readonly since: number;
  readonly days: readonly number[];
  readonly last: number;
}

interface State {
  since: number;
  readonly days: Set<number>;
  last: number;
}

/** Says whether an input is still learned: for the learning period, and until there was activity on three days. */
export class Learning {
  readonly #states = new Map<LearnedInput, State>();
  #period: number;

  /** `period` in milliseconds. */
  constructor(period: number) {
    this.#period = period;
  }

  /** Changes the period. */
  configure(period: number): void {
    this.#period = period;
  }

  /** Something was seen. A time far before the last one, as in a replayed log, moves the start back. */
  saw(input: LearnedInput, at: number): void {
    const state = this.#states.get(input) ?? { since: at, days: new Set<number>(), last: at };
    this.#states.set(input, state);
    if (at < state.since) state.since = at;
    if (at > state.last) state.last = at;
    if (state.days.size < activeDays) state.days.add(Math.floor(at / day));
  }

  /** Whether an input is learned at a time. Without any activity it is. */
  isLearning(input: LearnedInput, at: number): boolean {
    const state = this.#states.get(input);
    return state === undefined || at < state.since + this.#period || state.days.size < this.#daysNeeded();
  }

  /** Whether learning is long enough to tell what is done once from what is done on several days. */
  get isLong(): boolean {
    return this.#daysNeeded() === activeDays;
  }

  /** When the input was last seen. */
  last(input: LearnedInput): number | undefined {
    return this.#states.get(input)?.last;
  }

  status(input: LearnedInput, now: number): LearningStatus {
    const state = this.#states.get(input);
    if (state === undefined) return { input, progress: 0, learning: true };
    const time = this.#period === 0 ? 1 : (now - state.since) / this.#period;
    const needed = this.#daysNeeded();
    const progress = Math.max(0, Math.min(1, time, needed === 0 ? 1 : state.days.size / needed));
    return { input, since: state.since, until: state.since + this.#period, progress, learning: this.isLearning(input, now) };
  }

  /** A period below three days, as in a trial, needs as many days as it has. */
  #daysNeeded(): number {
    return Math.min(activeDays, Math.floor(this.#period / day));
  }

  /** The clock was set back: what was seen after `now` was seen now. */
  setBack(now: number): void {
    for (const state of this.#states.values()) {
      state.since = Math.min(state.since, now);
      state.last = Math.min(state.last, now);
      for (const each of state.days) if (each > Math.floor(now / day)) state.days.delete(each);
    }
  }

  /** What was learned is lost: learning starts again. */
  restart(): void {
    this.#states.clear();
  }

  save(): readonly SavedLearning[] {
    return [...this.#states].map(([input, { since, days, last }]) => ({ input, since, days: [...days], last }));
  }

  /** Adds a state that {@link save} returned. Returns false, and adds nothing, if it has another form. */
  load(saved: unknown): boolean {
    const { input, since, days, last } = (saved ?? {}) as Partial<Record<keyof SavedLearning, unknown>>;
    if ((input !== 'watch' && input !== 'audit') || typeof since !== 'number' || typeof last !== 'number') return false;
    if (!Array.isArray(days) || !days.every((each): each is number => typeof each === 'number')) return false;
    this.#states.set(input, { since, days: new Set(days), last });
    return true;
  }
}
