import type { KubeObject } from '../api/metadata.ts';

interface NodePreference {
  readonly preference?: { readonly matchFields?: readonly { readonly values?: readonly string[] }[] };
}

interface TemplateSpec {
  readonly affinity?: { readonly nodeAffinity?: { readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly NodePreference[] } };
  readonly initContainers?: readonly { readonly name: string; readonly image?: string; readonly args?: readonly string[] }[];
  readonly containers?: readonly { readonly args?: readonly string[] }[];
  readonly volumes?: readonly { readonly name: string; readonly image?: { readonly reference?: string } }[];
}

function templateOf(job: KubeObject): TemplateSpec {
  const { spec } = job as KubeObject & { readonly spec?: { readonly template?: { readonly spec?: TemplateSpec } } };
  return spec?.template?.spec ?? {};
}

/** The image that a Job mounts as a volume. */
export const volumeImage = (job: KubeObject, volume: string): string | undefined =>
  templateOf(job).volumes?.find(({ name }) => name === volume)?.image?.reference;

/** The arguments of the container that prints the stream. */
export const matchArguments = (job: KubeObject): readonly string[] => templateOf(job).containers?.[0]?.args ?? [];

/** The arguments of a scanner that pulls the image by itself; undefined where none does. */
const pullArguments = (job: KubeObject): readonly string[] | undefined =>
  templateOf(job).initContainers?.find(({ args }) => args?.[0] === 'image')?.args;

/** Whether the scanner of a Job pulls the image by itself. */
export const isPull = (job: KubeObject): boolean => pullArguments(job) !== undefined;

/** By which an image is to be had: by the scanner that pulls it, or by a volume. */
export const wantedReference = (job: KubeObject): string | undefined => pullArguments(job)?.at(-1) ?? volumeImage(job, 'target');

/** The scanner's image that a Job runs. */
export const scannerOf = (job: KubeObject): string | undefined =>
  templateOf(job).initContainers?.find(({ name }) => name === 'trivy')?.image ?? volumeImage(job, 'trivy');

/** The node that a Job would best run on. */
export const preferredNode = (job: KubeObject): string | undefined =>
  templateOf(job).affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.[0]?.preference?.matchFields?.[0]?.values?.[0];
