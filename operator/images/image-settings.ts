/** The settings of the operator for image scanning. */
export interface ImageSettings {
  readonly scannerImage: string;
  readonly databaseImage?: string | undefined;
  readonly databaseRepository?: string | undefined;
  readonly javaIndexImage?: string | undefined;
  /** The maximum number of inventory Jobs at the same time. */
  readonly imageJobs: number;
  /** The maximum number of inventory Jobs on one node at the same time. */
  readonly imageJobsPerNode: number;
  /** Seconds between two listings of all workloads and pods. */
  readonly imageInterval: number;
}
