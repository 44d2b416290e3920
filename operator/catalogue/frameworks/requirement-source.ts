/** One requirement of a framework as its text has it; which controls serve it stands with the controls. */
export interface RequirementSource {
  readonly id: string;
  readonly title: string;
  /** What a person has to look at: for what no control covers, or covers only in part. */
  readonly manual?: string;
}
