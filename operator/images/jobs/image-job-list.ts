import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import { namespaceOf } from '../targets/image-key.ts';
import type { JobRunner } from '../../jobs/job-runner.ts';
import type { JobObject } from '../../jobs/job-state.ts';
import { inventoryJobName, PARTS } from '../targets/image-names.ts';

/** A Job for images that was found. */
export interface ImageJob {
  readonly job: JobObject;
  readonly part: string;
  readonly images: readonly string[];
  /** Where it is at work, or will best be, once it was looked at. */
  readonly node?: string | undefined;
}

/** Vigil's Jobs for images in a namespace; outside of Vigil's own those alone that take an inventory for that namespace. */
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

/** Whether a Job in another namespace is what Vigil makes there; others may make what looks alike for images that are not theirs. */
function isOwn({ job, images: [key = '', ...more] }: ImageJob, namespace: string): boolean {
  return more.length === 0 && namespaceOf(key) === namespace && job.metadata.name === inventoryJobName(key);
}
