import type { ControlParameters } from '../../catalogue/controls/control.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import type { Projection, Snapshot } from './snapshot.ts';

/** The inputs of a cross-object check: the id and the parameters of the control, and the other objects. */
export interface CrossObjectQuery {
  readonly control: string;
  readonly parameters: ControlParameters;
  readonly snapshot: Snapshot;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Evaluates one object together with the other objects of a snapshot. The verdict must not depend on the order of objects. */
export type CrossObjectCheck = (subject: Projection, query: CrossObjectQuery) => Outcome;
