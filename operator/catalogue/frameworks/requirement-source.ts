/** One requirement of a framework, as in the text of the framework. Each control lists the requirements that it covers. */
export interface RequirementSource {
  readonly id: string;
  readonly title: string;
  /** The manual check. Set if controls do not cover the requirement, or only a part of it. */
  readonly manual?: string;
  /** The reason if no object in scope shows what the requirement is about. */
  readonly unseen?: string;
}
