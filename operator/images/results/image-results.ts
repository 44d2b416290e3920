import { NO_DATABASE } from '../matching/image-database.ts';
import type { SecurityPolicySpec } from '../../api/kinds/security-policy.ts';
import { STALE, type Finding } from '../../findings/finding.ts';
import type { ImageData } from '../statements/image-data.ts';
import { findingSeverity, type FindingSeverity, type ImageFindings, type Vulnerability } from '../matching/image-finding.ts';
import { keyOf } from '../targets/image-key.ts';
import type { ImageEntry } from '../ledger/image-ledger.ts';
import type { RunningImage } from '../targets/image-reference.ts';
import type { ContainerImage, ImageTarget } from '../targets/image-targets.ts';
import { joinPlatforms, unknownInAll, type PlatformResults, type Unknown } from './platform-results.ts';
import { vulnerabilityResult } from './vulnerability-result.ts';

type ImagesSpec = NonNullable<SecurityPolicySpec['images']>;

/** A policy's name and its `spec.images`. */
export interface ImagesPolicy {
  readonly name: string;
  readonly images: ImagesSpec;
}

/** The scan state of images by key. */
export interface ImageKnowledge {
  readonly entry: (image: string) => ImageEntry | undefined;
  /** Undefined if the image was never scanned. */
  readonly findings: (image: string) => ImageFindings | undefined;
  /** Whether a vulnerability database is configured. */
  readonly database: boolean;
  /** The vulnerability documents, if there are any. */
  readonly data?: ImageData;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The results of a policy for one workload's images. */
export interface TargetResults {
  readonly results: readonly Finding[];
  /** The number of images without findings. */
  readonly passes: number;
  /** Whether an image has been scanned or has failed. A report is written only then. */
  readonly known: boolean;
  /** The containers whose images are not completely scanned. Their previous results are carried over. */
  readonly pending: ReadonlyMap<string, Unknown>;
}

/** The rule of results about an image scan itself. */
export const IMAGE_SCAN = 'image-scan';
/** The category of results about secrets. */
export const SECRET = 'Secret in image';
/** Milliseconds after which a database is reported as old. A new one is published several times a day. */
const maxDatabaseAge = 7 * 24 * 3_600_000;
const order: readonly FindingSeverity[] = ['info', 'low', 'medium', 'high', 'critical'];

/** Returns the results of a policy for the images of a workload. Pure. */
export function imageResults(policy: ImagesPolicy, target: ImageTarget, knowledge: ImageKnowledge): TargetResults {
  const parts = joinPlatforms(target.containers.map((container) => containerResults(policy, container, knowledge)));
  const pending = [...Map.groupBy(parts, ({ container: { container } }) => container)].flatMap(([container, own]) => {
    const unknown = unknownInAll(own);
    return unknown ? [[container, unknown] as const] : [];
  });
  return {
    pending: new Map(pending),
    results: distinct(parts.flatMap(({ results }) => results)),
    passes: parts.filter(({ passed }) => passed).length,
    known: parts.some(({ known }) => known),
  };
}

function containerResults(policy: ImagesPolicy, container: ContainerImage, knowledge: ImageKnowledge): PlatformResults {
  return container.image ? runningResults(policy, { ...container, image: container.image }, knowledge) : idleResults(policy, container);
}

function idleResults(policy: ImagesPolicy, container: ContainerImage): PlatformResults {
  return { container, results: [notRunning(policy, container)], passed: false, known: true, unknown: { secrets: true, failed: false } };
}

function runningResults(
  policy: ImagesPolicy,
  container: ContainerImage & { readonly image: RunningImage },
  knowledge: ImageKnowledge,
): PlatformResults {
  const key = keyOf(container.image);
  const { failure, findings, waiting } = knowledge.entry(key) ?? {};
  const found = knowledge.findings(key);
  const unmatched = policy.images.vulnerabilities !== undefined && findings?.database === '';
  const results = [
    ...findingResults(policy, container, { found, stale: failure !== undefined, data: knowledge.data }),
    ...failureResults(policy, container, { failure, waiting, found }),
    ...unreadableResults(policy, container, found),
    ...unidentifiedResults(policy, container, found),
    ...databaseResults(policy, container, { unmatched, databaseBuilt: findings?.databaseBuilt, knowledge }),
  ];
  const known = [found, failure, waiting].some((each) => each !== undefined);
  const part = { container, results, passed: known && !unmatched && results.length === 0, known };
  return found && !unmatched ? part : { ...part, unknown: unknownOf(found, failure, knowledge.database) };
}

/** Returns the missing results of an image that is not scanned or not matched. */
function unknownOf(found: ImageFindings | undefined, failure: ImageEntry['failure'], database: boolean): Unknown {
  return { secrets: !found, failed: failure !== undefined || (found !== undefined && !database) };
}

function failureResults(
  policy: ImagesPolicy,
  container: ContainerImage,
  {
    failure,
    waiting,
    found,
  }: {
    readonly failure: ImageEntry['failure'] | undefined;
    readonly waiting: string | undefined;
    readonly found: ImageFindings | undefined;
  },
): Finding[] {
  const kept = found ? '; the previous findings are kept' : '';
  return [
    ...(failure ? [failedResult(policy, container, `${failure.reason}${kept}`)] : []),
    ...(waiting === undefined ? [] : [waitingResult(policy, container, waiting)]),
  ];
}

/** Whether `spec.images.vulnerabilities` of a policy includes a vulnerability. */
export function isShown(
  { minSeverity, ignoreUnfixed = false }: NonNullable<ImagesSpec['vulnerabilities']>,
  { severity, fixed }: { readonly severity: FindingSeverity; readonly fixed?: string | undefined },
): boolean {
  return order.indexOf(severity) >= order.indexOf(minSeverity ?? 'info') && (!ignoreUnfixed || fixed !== undefined);
}

function findingResults(
  policy: ImagesPolicy,
  container: ContainerImage,
  { found, stale, data }: { readonly found: ImageFindings | undefined; readonly stale: boolean; readonly data: ImageData | undefined },
): Finding[] {
  if (!found) return [];
  const { vulnerabilities, secrets } = policy.images;
  return [
    ...(vulnerabilities
      ? found.vulnerabilities
          .filter((item) => isShown(vulnerabilities, item))
          .map((item) => marked(vulnerability(policy, container, { item, data }), stale))
      : []),
    ...(secrets ? found.secrets.map((secret) => secretResult(policy, container, secret)) : []),
  ];
}

const marked = (result: Finding, stale: boolean): Finding =>
  stale ? { ...result, properties: { ...result.properties, ...STALE } } : result;

function unreadableResults(policy: ImagesPolicy, container: ContainerImage, found?: ImageFindings): Finding[] {
  if (!found?.unreadable) return [];
  const { count, examples } = found.unreadable;
  const message = `some files or folders of the image could not be read and were not scanned: ${examples.join(', ')}`;
  return [{ ...counted(failedResult(policy, container, message), count), verdict: 'warn', severity: 'low' }];
}

/** The count is a property, so that the message does not change with the count. */
const counted = (finding: Finding, count: number): Finding => ({ ...finding, properties: { ...finding.properties, count: String(count) } });

function unidentifiedResults(policy: ImagesPolicy, container: ContainerImage, found?: ImageFindings): Finding[] {
  if (!policy.images.vulnerabilities || !found?.unidentified) return [];
  const { count, examples } = found.unidentified;
  const message = `some Java archives have no Maven metadata and cannot be identified without an index (--java-index-image): ${examples.join(', ')}`;
  return [{ ...counted(failedResult(policy, container, message), count), verdict: 'warn', severity: 'low' }];
}

/** Returns a result if there is no database, or if it is old. */
function databaseResults(
  policy: ImagesPolicy,
  container: ContainerImage,
  {
    unmatched,
    databaseBuilt,
    knowledge,
  }: { readonly unmatched: boolean; readonly databaseBuilt: string | undefined; readonly knowledge: ImageKnowledge },
): Finding[] {
  if (unmatched && !knowledge.database) return [noDatabase(policy, container)];
  const age = knowledge.now - Date.parse(databaseBuilt ?? '');
  // A database without a build time has no age.
  if (!policy.images.vulnerabilities || databaseBuilt === undefined || !(age > maxDatabaseAge)) return [];
  const message = `the vulnerability database was built on ${databaseBuilt.slice(0, 10)}: it does not contain newer vulnerabilities`;
  return [{ ...failedResult(policy, container, message), verdict: 'warn' }];
}

function vulnerability(
  policy: ImagesPolicy,
  container: ContainerImage,
  { item, data }: { readonly item: Vulnerability; readonly data: ImageData | undefined },
): Finding {
  const { properties, ...verdict } = vulnerabilityResult(item, container, data);
  return { ...base(policy, container, properties), ...verdict };
}

function secretResult(policy: ImagesPolicy, container: ContainerImage, secret: ImageFindings['secrets'][number]): Finding {
  return {
    ...base(policy, container, { file: secret.path, line: String(secret.line) }),
    check: secret.rule,
    verdict: 'fail',
    severity: findingSeverity(secret.severity),
    category: SECRET,
    message: `${secret.title} in ${secret.path}, line ${secret.line}: anyone who can pull the image can read it`,
  };
}

const failedResult = (policy: ImagesPolicy, container: ContainerImage, message: string): Finding => ({
  ...base(policy, container),
  check: IMAGE_SCAN,
  verdict: 'error',
  severity: 'medium',
  category: 'Image scan',
  message,
});

/** The result of an image whose Job waits for too long. Nothing has failed yet, but the report gives the reason of the delay. */
const waitingResult = (policy: ImagesPolicy, container: ContainerImage, waiting: string): Finding => ({
  ...failedResult(policy, container, `the image is not scanned yet: ${waiting}`),
  verdict: 'warn',
  severity: 'low',
});

const noDatabase = (policy: ImagesPolicy, container: ContainerImage): Finding => failedResult(policy, container, NO_DATABASE);

const notRunning = (policy: ImagesPolicy, container: ContainerImage): Finding => ({
  ...base(policy, container),
  check: IMAGE_SCAN,
  verdict: 'skip',
  severity: 'info',
  category: 'Image scan',
  message: `no pod has run ${container.reference} yet: it is scanned after its first pod starts`,
});

function base(
  { name }: ImagesPolicy,
  { container, reference, image }: ContainerImage,
  more: Readonly<Record<string, string | undefined>> = {},
): Pick<Finding, 'policy' | 'frameworks' | 'properties'> {
  const known: [string, string | undefined][] = Object.entries({ container, image: image?.reference ?? reference, ...more });
  const properties = Object.fromEntries(known.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
  return { policy: name, frameworks: [], properties };
}

/** Removes duplicates. One advisory may come from several sources, and one package from several records. */
function distinct(results: readonly Finding[]): Finding[] {
  return [...new Map(results.map((result) => [JSON.stringify([result.check, result.verdict, result.properties]), result])).values()];
}
