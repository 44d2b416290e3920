import type { ChangeActivity, RequestActivity } from '../activity/activity.ts';
import type { Actor } from '../activity/actor.ts';
import type { Observation } from '../baseline/observation.ts';
import type { KnownKeys } from '../baseline/known-keys.ts';
import type { ClusterInventory } from '../inventory/cluster-inventory.ts';

export type { Observation } from '../baseline/observation.ts';

/** What judges can look up. */
export interface JudgeContext {
  readonly inventory: ClusterInventory;
  readonly known: KnownKeys;
  /** Whether an input is still learned at the time of the activity. */
  readonly learning: { readonly watch: boolean; readonly audit: boolean };
  /** The values of parameters, by detection and name. */
  readonly parameter: (detection: string, name: string) => number;
}

/** A change with who made it. */
export interface JudgedChange extends ChangeActivity {
  /** The user of the audit event, or the field manager. */
  readonly actor: Actor;
}

/** Judges a request. Pure but for what it looks up. */
export type RequestJudge = (activity: RequestActivity, context: JudgeContext) => readonly Observation[];
/** Judges a change of an object. Pure but for what it looks up. */
export type ChangeJudge = (change: JudgedChange, context: JudgeContext) => readonly Observation[];

/** Nothing was seen. */
export const nothing: readonly Observation[] = [];
