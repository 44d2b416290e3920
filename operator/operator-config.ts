import { z } from 'zod';
import { logLevels } from './telemetry/logger.ts';

const port = z.coerce.number().int().min(0).max(65_535);

/** Every setting of `vigil operator`: the environment variable, and the flag of the same name in lower case. */
const settings = z.strictObject({
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
  /** The image of the scanner that looks into images. */
  scannerImage: z.string().min(1).default('ghcr.io/aquasecurity/trivy:0.70.0'),
  /** An image that holds a vulnerability database in `/db`; without one, images are looked into for secrets alone. */
  databaseImage: z.string().min(1).optional(),
  /** Jobs for inventories of images that may run at once. */
  imageJobs: z.coerce.number().int().min(1).max(100).default(2),
  /** Seconds after which what runs is looked at again for new images. */
  imageInterval: z.coerce.number().int().min(1).max(86_400).default(300),
  logLevel: z.enum(logLevels).default('info'),
});
export type OperatorConfig = z.infer<typeof settings>;

const flags: Readonly<Record<string, keyof OperatorConfig>> = {
  namespace: 'namespace',
  context: 'context',
  'health-port': 'healthPort',
  'health-host': 'healthHost',
  'log-level': 'logLevel',
  'worker-image': 'workerImage',
  'shard-targets': 'shardTargets',
  'change-burst': 'changeBurst',
  'scanner-image': 'scannerImage',
  'database-image': 'databaseImage',
  'image-jobs': 'imageJobs',
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
