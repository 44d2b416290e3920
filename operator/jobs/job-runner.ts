import { RESOURCES } from '../api/api-resource.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import { ANNOTATIONS } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import { isConflict } from '../kube/client/kube-api-error.ts';
import { listAll, type ListClient } from '../kube/list.ts';
import type { JobPod } from './job-pod.ts';
import type { JobObject } from './job-state.ts';

/** The part of a client that a {@link JobRunner} uses. */
export type JobClient = ListClient & Pick<KubeClient, 'create' | 'delete'>;

/** Identifies a Job. `uid`: the expected uid, if known; a Job with another uid is not this one. */
export interface JobKey {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string | undefined;
}

/** The result of {@link JobRunner.make}. */
export type MakeJobResult =
  /** The Job exists and matches the manifest. `adopted`: it existed before. */
  | { readonly kind: 'made' | 'adopted'; readonly uid: string }
  /** A Job of this name with other work is being deleted. The next call creates the Job. */
  | { readonly kind: 'leaving' }
  /** Another owner has a Job of this name. */
  | { readonly kind: 'taken'; readonly message: string };

/**
 * Creates, finds and deletes Vigil's Jobs on the API server. A Job is identified by its labels (its owner) and its annotation
 * `vigil.dev/job-inputs` (its work), never by its template. Every method throws the error of the API server unless documented otherwise.
 */
export class JobRunner {
  readonly #client: JobClient;

  constructor(client: JobClient) {
    this.#client = client;
  }

  /**
   * Creates a Job, or adopts the existing one of its name with the same inputs. Deletes a Job that Vigil created with other inputs. Leaves
   * Jobs of other owners alone.
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

  /** The Job from the API server; undefined if it does not exist or has another uid. Needs only the permission to list Jobs. */
  async find({ namespace, name, uid }: JobKey): Promise<JobObject | undefined> {
    const found = await listAll<JobObject>(this.#client, RESOURCES.jobs, { namespace, fieldSelector: `metadata.name=${name}` });
    return found.find(({ metadata }) => metadata.name === name && (uid === undefined || metadata.uid === uid));
  }

  /** The Jobs with these labels that are not being deleted. */
  async list(namespace: string, labelSelector: string): Promise<JobObject[]> {
    const found = await listAll<JobObject>(this.#client, RESOURCES.jobs, { namespace, labelSelector });
    return found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** The pods of a Job, without those of an earlier Job of its name. */
  async podsOf({ metadata: { namespace = '', name, uid } }: KubeObject): Promise<JobPod[]> {
    const labelSelector = `batch.kubernetes.io/job-name=${name}`;
    return (await listAll<JobPod>(this.#client, RESOURCES.pods, { namespace, labelSelector })).filter((pod) => isOfJob(pod, uid));
  }

  /** Deletes a Job and then its pods. Does nothing if the Job does not exist or has another uid. */
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
