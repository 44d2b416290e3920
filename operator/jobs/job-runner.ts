import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import { isConflict } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listAll } from '../kube/list.ts';
import type { JobPod } from './job-pod.ts';
import type { JobObject } from './job-state.ts';

/** A Job by its name. `uid`: the one that is meant, if it is known; another of the same name is not it. */
export interface JobKey {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string | undefined;
}

/** What came of making a Job. */
export type MakeJobResult =
  /** The Job is there, and does what the manifest says. `adopted`: it was there already. */
  | { readonly kind: 'made' | 'adopted'; readonly uid: string }
  /** A Job of this name with other work is being deleted: the next try makes the Job. */
  | { readonly kind: 'leaving' }
  /** A Job of this name is somebody else's. */
  | { readonly kind: 'taken'; readonly message: string };

/**
 * The Jobs that Vigil makes, as the API server has them. A Job is known by its labels (whose it is) and by its annotation
 * `vigil.dev/job-inputs` (what it works on), never by its template. Every method throws what the server answers unless it says otherwise.
 */
export class JobRunner {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /**
   * Makes a Job, or adopts the one of its name that works on the same. A Job of Vigil's that works on something else is deleted; one that
   * Vigil did not make is left alone.
   */
  async make(manifest: KubeObject): Promise<MakeJobResult> {
    const { namespace = '', name } = manifest.metadata;
    try {
      const { metadata } = await this.#client.create<KubeObject>(RESOURCES.jobs, manifest);
      return { kind: 'made', uid: metadata.uid ?? '' };
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    const there = await this.find({ namespace, name });
    if (!there || there.metadata.deletionTimestamp !== undefined) return { kind: 'leaving' };
    const { uid = '' } = there.metadata;
    if (!hasLabels(there, manifest))
      return { kind: 'taken', message: `Job ${namespace}/${name} exists and was not created by Vigil: delete it` };
    if (inputsOf(there) === inputsOf(manifest)) return { kind: 'adopted', uid };
    await this.remove({ namespace, name, uid });
    return { kind: 'leaving' };
  }

  /** The Job as the server has it; undefined if it is not there, or is another of the same name. Needs no more than the right to list Jobs. */
  async find({ namespace, name, uid }: JobKey): Promise<JobObject | undefined> {
    const found = await listAll<JobObject>(this.#client, RESOURCES.jobs, { namespace, fieldSelector: `metadata.name=${name}` });
    return found.find(({ metadata }) => metadata.name === name && (uid === undefined || metadata.uid === uid));
  }

  /** The Jobs with these labels that are not being deleted. */
  async list(namespace: string, labelSelector: string): Promise<JobObject[]> {
    const found = await listAll<JobObject>(this.#client, RESOURCES.jobs, { namespace, labelSelector });
    return found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** The pods of a Job: its own alone, not those of an earlier Job of its name. */
  async podsOf({ metadata: { namespace = '', name, uid } }: KubeObject): Promise<JobPod[]> {
    const labelSelector = `batch.kubernetes.io/job-name=${name}`;
    return (await listAll<JobPod>(this.#client, RESOURCES.pods, { namespace, labelSelector })).filter((pod) => isOfJob(pod, uid));
  }

  /** Deletes a Job, its pods after it. Does nothing if it is gone, or is another of the same name. */
  async remove({ namespace, name, uid }: JobKey): Promise<void> {
    try {
      await this.#client.delete(RESOURCES.jobs, { namespace, name }, { uid });
    } catch (error) {
      if (uid === undefined || !isConflict(error)) throw error;
    }
  }
}

/** Whether a pod belongs to the Job with this uid. Pure. */
export const isOfJob = ({ metadata }: JobPod, uid: string | undefined): boolean =>
  (metadata.ownerReferences ?? []).some(({ kind, uid: owner }) => kind === 'Job' && owner === uid);

const inputsOf = ({ metadata: { annotations } }: KubeObject): string | undefined => annotations?.[ANNOTATIONS.jobInputs];

/** Whether a Job has all labels of a manifest, with the same values. */
const hasLabels = ({ metadata: { labels = {} } }: KubeObject, manifest: KubeObject): boolean =>
  Object.entries(manifest.metadata.labels ?? {}).every(([key, value]) => labels[key] === value);
