import { z } from 'zod';
import { logLevels } from './telemetry/logger.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const seconds = z.coerce.number().min(0.1).max(3600);

/** Every setting of `vigil operator`: the environment variable, and the flag of the same name in lower case. */
const plainSettings = z.strictObject({
  namespace: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'is no namespace name')
    .default('vigil-system'),
  context: z.string().min(1).optional(),
  healthPort: port.default(8080),
  healthHost: z.string().min(1).default('0.0.0.0'),
  /** The image of scanning pods; without it, the one of the operator's own pod. */
  workerImage: z.string().min(1).optional(),
  shardTargets: z.coerce.number().int().min(1).max(100_000).default(1000),
  /** So many changed targets at once become a Scan. */
  changeBurst: z.coerce.number().int().min(1).max(100_000).default(1000),
  /** Scans that run at once; others wait for their turn. */
  maxConcurrentScans: z.coerce.number().int().min(1).max(1000).default(4),
  /** The image of the scanner that looks into images. */
  scannerImage: z.string().min(1).default('ghcr.io/aquasecurity/trivy:0.70.0'),
  /** An image that holds a vulnerability database in `/db`; without one, images are looked into for secrets alone. */
  databaseImage: z.string().min(1).optional(),
  /** In its place, where an artifact with a vulnerability database is, as Trivy publishes its own; the pods that match fetch it. */
  databaseRepository: z.string().min(1).optional(),
  /** An image that holds an index of Java archives in `/java-db`; without one, those are known that name themselves. */
  javaIndexImage: z.string().min(1).optional(),
  /** Jobs for inventories of images that may run at once. */
  imageJobs: z.coerce.number().int().min(1).max(100).default(10),
  /** Of these, on one of the nodes that have an image. */
  imageJobsPerNode: z.coerce.number().int().min(1).max(100).default(2),
  /** Seconds after which what runs is looked at again for new images. */
  imageInterval: z.coerce.number().int().min(1).max(86_400).default(300),
  logLevel: z.enum(logLevels).default('info'),
  /** Seconds that a lease lasts without renewal: after them another operator leads. */
  leaseDuration: z.coerce.number().int().min(1).max(3600).default(15),
  /** Seconds without a successful renewal after which the leader stops, and writes nothing more. */
  leaseRenewDeadline: seconds.default(10),
  /** Seconds between tries to get or to renew the lease. */
  leaseRetryPeriod: seconds.default(2),
  /** Seconds until a call that is not answered is given up. */
  requestTimeout: seconds.default(60),
  /** Seconds of silence after which a watch is taken to be dead; the server says something about once a minute. */
  watchSilence: seconds.default(150),
  /** Calls a second in the long run, and how many may come at once. Watches, logs and the lease do not count. */
  kubeApiQps: z.coerce.number().min(1).max(100_000).default(500),
  kubeApiBurst: z.coerce.number().int().min(1).max(100_000).default(1000),
});

/** Lease times must leave the leader time to stop, and to try again before it must: the rules of client-go's leader election. */
const settings = plainSettings.superRefine(
  ({ databaseImage, databaseRepository, leaseDuration, leaseRenewDeadline, leaseRetryPeriod }, context) => {
    const wrong = (key: keyof OperatorConfig, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    if (databaseImage !== undefined && databaseRepository !== undefined)
      wrong('databaseRepository', 'is one place too many for the database beside --database-image');
    if (leaseDuration <= leaseRenewDeadline) wrong('leaseDuration', `must be more than --lease-renew-deadline (${leaseRenewDeadline})`);
    if (leaseRenewDeadline <= leaseRetryPeriod * 1.2)
      wrong('leaseRenewDeadline', `must be more than 1.2 times --lease-retry-period (${leaseRetryPeriod})`);
  },
);
export type OperatorConfig = z.infer<typeof plainSettings>;

const flags: Readonly<Record<string, keyof OperatorConfig>> = {
  namespace: 'namespace',
  context: 'context',
  'health-port': 'healthPort',
  'health-host': 'healthHost',
  'log-level': 'logLevel',
  'worker-image': 'workerImage',
  'shard-targets': 'shardTargets',
  'change-burst': 'changeBurst',
  'max-concurrent-scans': 'maxConcurrentScans',
  'lease-duration': 'leaseDuration',
  'lease-renew-deadline': 'leaseRenewDeadline',
  'lease-retry-period': 'leaseRetryPeriod',
  'request-timeout': 'requestTimeout',
  'watch-silence': 'watchSilence',
  'kube-api-qps': 'kubeApiQps',
  'kube-api-burst': 'kubeApiBurst',
  'scanner-image': 'scannerImage',
  'database-image': 'databaseImage',
  'database-repository': 'databaseRepository',
  'java-index-image': 'javaIndexImage',
  'image-jobs': 'imageJobs',
  'image-jobs-per-node': 'imageJobsPerNode',
  'image-interval': 'imageInterval',
};

/** What is wrong with the flags or the environment: every problem, each with its place. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Reads the flags (`--flag value` or `--flag=value`) and VIGIL_* variables; flags win. Throws {@link ConfigError} with all problems. */
export function readOperatorConfig(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): OperatorConfig {
  const problems: string[] = [];
  const given: Record<string, string> = {};
  for (const [flag, key] of Object.entries(flags)) {
    const value = environment[`VIGIL_${flag.toUpperCase().replaceAll('-', '_')}`];
    if (value !== undefined && value !== '') given[key] = value;
  }
  problems.push(...readFlags(args, given));
  const parsed = settings.safeParse(given);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map(({ path, message }) => `--${flagOf(path[0])}: ${message}`));
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return parsed.data;
}

/** Puts the flags' values into `given`. Returns what is wrong with them. */
function readFlags(args: readonly string[], given: Record<string, string>): string[] {
  const problems: string[] = [];
  const words = args.flatMap((word) => {
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
  });
  for (let index = 0; index < words.length; index += 2) {
    const word = words[index] ?? '';
    const key = word.startsWith('--') ? flags[word.slice(2)] : undefined;
    const value = words[index + 1];
    if (key === undefined)
      problems.push(
        `${word}: no such flag; there are ${Object.keys(flags)
          .map((flag) => `--${flag}`)
          .join(', ')}`,
      );
    else if (value === undefined) problems.push(`${word}: needs a value`);
    else given[key] = value;
  }
  return problems;
}

function flagOf(key: unknown): string {
  return Object.keys(flags).find((flag) => flags[flag] === key) ?? String(key);
}
