import { kubernetesSupport } from '../../catalogue/controls/cluster/known-versions.ts';
import { textOf } from '../objects/kubernetes-object.ts';
import { clean, type Outcome, skipped } from '../outcomes/outcome.ts';

const day = 24 * 60 * 60 * 1000;
/** For how long after the project clouds give their own builds patches: the extended support of EKS and GKE. */
const extended = 365 * day;

/** Returns the minor version of Kubernetes 1, such as 34 for v1.34.2-eks-1234. Undefined for other texts. */
function minorOf(version: unknown): number | undefined {
  const [, minor] = /^v?1\.(\d+)(?:[.+-].*)?$/.exec(textOf(version) ?? '') ?? [];
  return minor === undefined ? undefined : Number(minor);
}

/** The end of the day on which the support of a version ends. Undefined if it is not known. */
function endOf(minor: number): number | undefined {
  const [first] = kubernetesSupport;
  const found = first !== undefined && minor < first.minor ? first : kubernetesSupport.find((entry) => entry.minor === minor);
  return found === undefined ? undefined : Date.parse(found.ends) + day;
}

/** Judges a version of Kubernetes at a time. `now`: milliseconds since the epoch. `path`: of the version. */
export function supportOf(version: unknown, path: string, now: number): Outcome {
  if (version === undefined || version === null || version === '') return skipped(`${path} is not set`);
  if (typeof version !== 'string') return { ...clean, faults: [{ path, problem: 'expected a string' }] };
  const minor = minorOf(version);
  if (minor === undefined) return skipped(`${path} is no version of Kubernetes 1`);
  const end = endOf(minor);
  if (end === undefined) return skipped(`the end of support of Kubernetes 1.${minor} is not known`);
  return now < end ? clean : ended({ version, minor, end }, path, now);
}

function ended({ version, minor, end }: { version: string; minor: number; end: number }, path: string, now: number): Outcome {
  const date = new Date(end - day).toISOString().slice(0, 10);
  const isOfCloud = /-(eks|gke)[.-]/.test(version);
  if (isOfCloud && now < end + extended) return skipped(`Kubernetes 1.${minor} ended on ${date}; the cloud may still give it patches`);
  return { violations: [{ path }], faults: [], message: `Kubernetes 1.${minor} gets no more patches since ${date}` };
}
