/** The settings of the operator for image scanning. */
export interface ImageSettings {
  readonly scannerImage: string;
  readonly databaseImage?: string | undefined;
  readonly databaseRepository?: string | undefined;
  readonly javaIndexImage?: string | undefined;
  /** Jobs for inventories that may run at once. */
  readonly imageJobs: number;
  /** Of these, on one of the nodes that have an image. */
  readonly imageJobsPerNode: number;
  /** Seconds after which what runs is looked at again. */
  readonly imageInterval: number;
}
