/** The due times of a schedule, in milliseconds since the epoch. */
export interface Recurrence {
  /** The first due time after the given one; undefined if there is none. */
  next(after: number): number | undefined;
  /** The last due time at or before the given one; undefined if there is none. */
  previous(before: number): number | undefined;
}
