import type { ControlParameters } from '../../catalogue/controls/control.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import type { Projection, Snapshot } from './snapshot.ts';

/** What a cross-object check is asked: by which control, with which parameters, over what. */
export interface CrossObjectQuery {
  readonly control: string;
  readonly parameters: ControlParameters;
  readonly snapshot: Snapshot;
}

/** Judges one object among all the others. The verdict must not depend on their order. */
export type CrossObjectCheck = (subject: Projection, query: CrossObjectQuery) => Outcome;
