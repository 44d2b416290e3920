import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import { namespaceOf } from '../targets/image-key.ts';
import type { JobRunner } from '../../jobs/job-runner.ts';
import type { JobObject } from '../../jobs/job-state.ts';
import { inventoryJobName, PARTS } from '../targets/image-names.ts';

/** An image Job in the cluster. */
export interface ImageJob {
  readonly job: JobObject;
  /** The value of the label `vigil.dev/part`. */
  readonly part: string;
  /** The keys of its images. */
  readonly images: readonly string[];
  /** The node of its pod, or the preferred node; undefined until the Job has been collected. */
  readonly node?: string | undefined;
}

/** Lists Vigil's image Jobs in a namespace. In other namespaces than Vigil's own, returns only inventory Jobs for that namespace. */
export async function listImageJobs(runner: JobRunner, namespace: string, { home }: { readonly home: string }): Promise<ImageJob[]> {
  const parts = namespace === home ? Object.values(PARTS) : [PARTS.inventory];
  const labelSelector = `${LABELS.managedBy}=${MANAGED_BY},${LABELS.part} in (${parts.join(',')})`;
  return (await runner.list(namespace, labelSelector))
    .map((job) => ({
      job,
      part: job.metadata.labels?.[LABELS.part] ?? '',
      images: (job.metadata.annotations?.[ANNOTATIONS.images] ?? '').split(' ').filter((key) => key !== ''),
    }))
    .filter((found) => namespace === home || isOwn(found, namespace));
}

/**
 * Whether Vigil created a Job in another namespace. Other users may create similar Jobs, for images that do not belong to the namespace.
 */
function isOwn({ job, images: [key = '', ...more] }: ImageJob, namespace: string): boolean {
  return more.length === 0 && namespaceOf(key) === namespace && job.metadata.name === inventoryJobName(key);
}
