import type { World } from '../world.ts';

/** One sequence of events: its title, and what happens. The world has learned nothing: a case plays what is usual itself. */
export type Case = readonly [title: string, play: (world: World) => void];

/** The sequences of a detection. */
export interface DetectionTable {
  /** Each makes exactly one kind of finding, with this actor if it is given. */
  readonly fires: readonly (readonly [
    ...Case,
    expected?: { readonly actor?: string; readonly severity?: string; readonly seen?: RegExp },
  ])[];
  /** Near misses: no finding of the detection. */
  readonly quiet: readonly Case[];
}

/** The tables of a family, by detection. */
export type Tables = Readonly<Record<string, DetectionTable>>;
