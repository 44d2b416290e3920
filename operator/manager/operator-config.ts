import { parseArgs } from 'node:util';
import { z } from 'zod';
import { didYouMean } from '../catalogue/suggestion.ts';
import { logLevels } from '../telemetry/logger.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const seconds = z.coerce.number().min(0.1).max(3600);
const image = z.string().min(1);

/**
 * Every setting of `vigil operator`, and the only list of them: the flag (`--shard-targets`), the environment variable
 * (`VIGIL_SHARD_TARGETS`), the default, the limits and the text of `--help` all come from here.
 */
export const operatorSettings = z.strictObject({
  namespace: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'is no namespace name')
    .default('vigil-system')
    .describe('the namespace of the operator, its lease and its Jobs; config/base sets it from the pod'),
  context: z.string().min(1).optional().describe('the context of the kubeconfig; outside of a cluster only'),
  healthPort: port.default(8080).describe('the port of /metrics, /healthz and /readyz'),
  healthHost: z.string().min(1).default('0.0.0.0').describe('the address that this port is opened on'),
  workerImage: image.optional().describe("the image of scanning pods; default: that of the operator's own pod"),
  shardTargets: z.coerce.number().int().min(1).max(100_000).default(1000).describe('the most targets in a shard of a scan'),
  changeBurst: z.coerce.number().int().min(1).max(100_000).default(1000).describe('more changed targets than this at once become a Scan'),
  maxConcurrentScans: z.coerce.number().int().min(1).max(1000).default(4).describe('Scans that run at once; others wait for their turn'),
  scannerImage: image.default('ghcr.io/aquasecurity/trivy:0.70.0').describe('the image of the scanner that takes inventories of images'),
  databaseImage: image
    .optional()
    .describe('an image that holds a vulnerability database in /db; without one, images are looked into for secrets alone'),
  databaseRepository: image
    .optional()
    .describe('in its place, an artifact with a vulnerability database, as Trivy publishes its own; the pods that match fetch it'),
  javaIndexImage: image.optional().describe('an image that holds an index of Java archives in /java-db'),
  imageJobs: z.coerce.number().int().min(1).max(100).default(10).describe('inventories of images that may be taken at once'),
  imageJobsPerNode: z.coerce.number().int().min(1).max(100).default(2).describe('of these, on one node'),
  imageInterval: z.coerce.number().int().min(1).max(86_400).default(300).describe('seconds after which what runs is looked at again'),
  logLevel: z.enum(logLevels).default('info').describe('what is logged'),
  leaseDuration: z.coerce
    .number()
    .int()
    .min(1)
    .max(3600)
    .default(11)
    .describe('seconds that a lease lasts without renewal; after them another operator leads'),
  leaseRenewDeadline: seconds.default(8).describe('seconds without a renewal after which the leader stops, and writes nothing more'),
  leaseRetryPeriod: seconds.default(2).describe('seconds between tries to get or to renew the lease'),
  requestTimeout: seconds.default(60).describe('seconds until a call that is not answered is given up'),
  watchSilence: seconds.default(150).describe('seconds of silence after which a watch is taken to be dead'),
  kubeApiQps: z.coerce
    .number()
    .min(1)
    .max(100_000)
    .default(500)
    .describe('calls a second in the long run; watches, logs and the lease do not count'),
  kubeApiBurst: z.coerce.number().int().min(1).max(100_000).default(1000).describe('calls that may come at once'),
});

/** The settings of `vigil operator`. */
export type OperatorConfig = z.infer<typeof operatorSettings>;
type Key = keyof OperatorConfig;

const keys = Object.keys(operatorSettings.shape) as Key[];
const words = (key: string): string[] => key.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
const flagOf = (key: string): string => words(key).join('-');
const variableOf = (key: string): string => `VIGIL_${words(key).join('_').toUpperCase()}`;
const keyOfFlag = new Map(keys.map((key) => [flagOf(key), key]));

/** The rules between settings. Lease times must leave the leader time to stop, and to try again before it must: as client-go's leader election. */
const settings = operatorSettings.superRefine(
  ({ databaseImage, databaseRepository, leaseDuration, leaseRenewDeadline, leaseRetryPeriod }, context) => {
    const wrong = (key: Key, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    if (databaseImage !== undefined && databaseRepository !== undefined)
      wrong('databaseRepository', 'is one place too many for the database beside --database-image');
    if (leaseDuration <= leaseRenewDeadline) wrong('leaseDuration', `must be more than --lease-renew-deadline (${leaseRenewDeadline})`);
    if (leaseRenewDeadline <= leaseRetryPeriod * 1.2)
      wrong('leaseRenewDeadline', `must be more than 1.2 times --lease-retry-period (${leaseRetryPeriod})`);
  },
);

/** What is wrong with the flags or the environment: every problem, each with its place. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Settings as they were given, before they are parsed, and the name under which each was. */
type Given = Map<Key, { readonly value: string; readonly source: string }>;

/**
 * Reads the flags (`--flag value` or `--flag=value`) and VIGIL_* variables; flags win, and an empty variable counts as none.
 * Throws {@link ConfigError} with all problems.
 */
export function readOperatorConfig(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): OperatorConfig {
  const given: Given = new Map();
  for (const key of keys) {
    const value = environment[variableOf(key)] ?? '';
    if (value !== '') given.set(key, { value, source: variableOf(key) });
  }
  const problems = readFlags(args, given);
  const parsed = settings.safeParse(Object.fromEntries([...given].map(([key, { value }]) => [key, value])));
  if (!parsed.success)
    problems.push(
      ...parsed.error.issues.map(({ path, message }) => {
        const key = String(path[0]);
        return `${given.get(key as Key)?.source ?? `--${flagOf(key)}`}: ${message}`;
      }),
    );
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return parsed.data;
}

/** Puts the flags' values into `given`. Returns what is wrong with them. */
function readFlags(args: readonly string[], given: Given): string[] {
  const options = Object.fromEntries([...keyOfFlag.keys()].map((flag) => [flag, { type: 'string' as const }]));
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  return tokens.flatMap((token) => {
    if (token.kind === 'option-terminator') return [];
    if (token.kind === 'positional') return [`${token.value}: is no flag; flags begin with --`];
    const { name, rawName, value = '', inlineValue = false } = token;
    const key = rawName.startsWith('--') ? keyOfFlag.get(name) : undefined;
    if (key === undefined) return [`${rawName}: no such flag${didYouMean(name, keyOfFlag.keys())}; vigil operator --help lists them`];
    if (value === '' || (!inlineValue && value.startsWith('--'))) return [`${rawName}: needs a value`];
    given.set(key, { value, source: rawName });
    return [];
  });
}

/** The text of `vigil operator --help`: every flag with its variable, what it says, and its default. */
export function operatorHelp(): string {
  const schema = z.toJSONSchema(operatorSettings, { io: 'input' }).properties ?? {};
  const lines = keys.map((key) => {
    const { description = '', default: preset, enum: choices } = schema[key] as JsonProperty;
    const notes = [...(choices === undefined ? [] : [choices.join(', ')]), ...(preset === undefined ? [] : [`default ${String(preset)}`])];
    return `  --${flagOf(key)} (${variableOf(key)})\n      ${description}${notes.length > 0 ? ` [${notes.join('; ')}]` : ''}`;
  });
  return `vigil operator runs the operator. Each flag is also an environment variable; the flag wins.\n\n${lines.join('\n')}\n`;
}

interface JsonProperty {
  readonly description?: string;
  readonly default?: string | number;
  readonly enum?: readonly string[];
}
