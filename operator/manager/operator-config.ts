import { parseArgs } from 'node:util';
import { z } from 'zod';
import { didYouMean } from '../catalogue/suggestion.ts';
import { auditProblems } from './audit-settings.ts';
import { logLevels } from '../telemetry/logger.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const seconds = z.coerce.number().min(0.1).max(3600);
const image = z.string().min(1);
const file = z.string().min(1);
const names = z
  .string()
  .min(1)
  .transform((text) =>
    text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );

/**
 * The settings of `vigil operator`. The flags (`--shard-targets`), the environment variables (`VIGIL_SHARD_TARGETS`), the defaults, the limits
 * and the text of `--help` are derived from this schema.
 */
export const operatorSettings = z.strictObject({
  namespace: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'is not a valid namespace name')
    .default('vigil-system')
    .describe('namespace of the operator, its Lease and its Jobs; config/base sets it from the pod'),
  context: z.string().min(1).optional().describe('kubeconfig context to use, if the operator runs outside the cluster'),
  healthPort: port.default(8080).describe('port of /metrics, /healthz and /readyz'),
  healthHost: z.string().min(1).default('0.0.0.0').describe('address that the health port binds to'),
  workerImage: image.optional().describe("image of the scanning pods; default: the image of the operator's pod"),
  shardTargets: z.coerce.number().int().min(1).max(100_000).default(1000).describe('maximum number of targets in a shard of a scan'),
  changeBurst: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(1000)
    .describe('number of pending changed targets above which a Scan is created instead'),
  maxConcurrentScans: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(4)
    .describe('maximum number of Scans that run at the same time; others are queued'),
  scannerImage: image
    .default('ghcr.io/aquasecurity/trivy:0.70.0')
    .describe('image of the scanner that reads the packages and secrets of images'),
  databaseImage: image
    .optional()
    .describe('image with a vulnerability database in /db; without a database, images are scanned for secrets only'),
  databaseRepository: image
    .optional()
    .describe('OCI artifact with a vulnerability database, in the format that Trivy publishes; use it instead of --database-image'),
  javaIndexImage: image.optional().describe('image with an index of Java archives in /java-db'),
  imageJobs: z.coerce.number().int().min(1).max(100).default(10).describe('maximum number of image scan Jobs at the same time'),
  imageJobsPerNode: z.coerce.number().int().min(1).max(100).default(2).describe('maximum number of these Jobs on one node'),
  imageInterval: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(300)
    .describe('seconds between two syncs of the list of running images'),
  auditPort: port.optional().describe('port of the HTTPS endpoint for audit events; without it, Vigil receives none'),
  auditAddress: z
    .string()
    .min(1)
    .optional()
    .describe('IP address that the Service vigil-audit sends API servers to; config/components/audit sets it from the pod'),
  auditTokenFile: file.optional().describe('file with the bearer tokens of senders of audit events, one in a line'),
  auditSeedFile: file
    .optional()
    .describe('file with random bytes, at least 32, from which Vigil makes the certificates of the audit endpoint'),
  auditTlsCert: file.optional().describe('file with the certificate of the audit endpoint (PEM), instead of --audit-seed-file'),
  auditTlsKey: file.optional().describe('file with the key of --audit-tls-cert (PEM)'),
  auditServerNames: names
    .optional()
    .describe(
      'DNS names and IP addresses for certificates that Vigil makes, besides those of the Service vigil-audit; separated by commas',
    ),
  auditClientCa: file
    .optional()
    .describe('file with certificate authorities (PEM): senders may use a client certificate of these instead of a token'),
  auditClientNames: names.optional().describe('common names of client certificates that may send audit events, separated by commas'),
  logLevel: z.enum(logLevels).default('info').describe('minimum level of log lines'),
  leaseDuration: z.coerce
    .number()
    .int()
    .min(1)
    .max(3600)
    .default(11)
    .describe('seconds without a renewal after which another process may take over the Lease'),
  leaseRenewDeadline: seconds.default(8).describe('seconds without a successful renewal after which the leader stops all writes and exits'),
  leaseRetryPeriod: seconds.default(2).describe('seconds between attempts to acquire or renew the Lease'),
  requestTimeout: seconds.default(60).describe('timeout of an API request, in seconds'),
  watchSilence: seconds.default(150).describe('seconds without an event or bookmark after which a watch is reopened'),
  kubeApiQps: z.coerce
    .number()
    .min(1)
    .max(100_000)
    .default(500)
    .describe('average limit of API requests per second; watches, logs and the Lease do not count'),
  kubeApiBurst: z.coerce.number().int().min(1).max(100_000).default(1000).describe('maximum burst of API requests'),
});

/** The settings of `vigil operator`. */
export type OperatorConfig = z.infer<typeof operatorSettings>;
type Key = keyof OperatorConfig;

const keys = Object.keys(operatorSettings.shape) as Key[];
const words = (key: string): string[] => key.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
const flagOf = (key: string): string => words(key).join('-');
const variableOf = (key: string): string => `VIGIL_${words(key).join('_').toUpperCase()}`;
const keyOfFlag = new Map(keys.map((key) => [flagOf(key), key]));

/** Rules that concern more than one setting. The lease times must leave the leader time to retry and to stop, as in client-go's leader election. */
const settings = operatorSettings.superRefine((config, context) => {
  const { databaseImage, databaseRepository, leaseDuration, leaseRenewDeadline, leaseRetryPeriod } = config;
  const wrong = (key: Key, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
  if (databaseImage !== undefined && databaseRepository !== undefined)
    wrong('databaseRepository', 'cannot be combined with --database-image');
  if (leaseDuration <= leaseRenewDeadline) wrong('leaseDuration', `must be more than --lease-renew-deadline (${leaseRenewDeadline})`);
  if (leaseRenewDeadline <= leaseRetryPeriod * 1.2)
    wrong('leaseRenewDeadline', `must be more than 1.2 times --lease-retry-period (${leaseRetryPeriod})`);
  for (const [key, message] of auditProblems(config)) wrong(key, message);
});

/** Invalid flags or environment variables. `problems` has all of them, each with the name of its flag or variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Settings before they are parsed, each with its flag or variable. */
type Given = Map<Key, { readonly value: string; readonly source: string }>;

/**
 * Reads the flags (`--flag value` or `--flag=value`) and the VIGIL_* variables. A flag overrides its variable; an empty variable is ignored.
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

/** Adds the values of the flags to `given`. Returns the problems. */
function readFlags(args: readonly string[], given: Given): string[] {
  const options = Object.fromEntries([...keyOfFlag.keys()].map((flag) => [flag, { type: 'string' as const }]));
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  return tokens.flatMap((token) => {
    if (token.kind === 'option-terminator') return [];
    if (token.kind === 'positional') return [`${token.value}: unexpected argument; flags begin with --`];
    const { name, rawName, value = '', inlineValue = false } = token;
    const key = rawName.startsWith('--') ? keyOfFlag.get(name) : undefined;
    if (key === undefined) return [`${rawName}: unknown flag${didYouMean(name, keyOfFlag.keys())}; vigil operator --help lists them`];
    if (value === '' || (!inlineValue && value.startsWith('--'))) return [`${rawName}: needs a value`];
    given.set(key, { value, source: rawName });
    return [];
  });
}

/** The text of `vigil operator --help`: each flag with its variable, its description and its default. */
export function operatorHelp(): string {
  const schema = z.toJSONSchema(operatorSettings, { io: 'input' }).properties ?? {};
  const lines = keys.map((key) => {
    const { description = '', default: preset, enum: choices } = schema[key] as JsonProperty;
    const notes = [...(choices === undefined ? [] : [choices.join(', ')]), ...(preset === undefined ? [] : [`default ${String(preset)}`])];
    return `  --${flagOf(key)} (${variableOf(key)})\n      ${description}${notes.length > 0 ? ` [${notes.join('; ')}]` : ''}`;
  });
  return `vigil operator runs the operator. Each flag can also be set by an environment variable; the flag overrides it.\n\n${lines.join('\n')}\n`;
}

interface JsonProperty {
  readonly description?: string;
  readonly default?: string | number;
  readonly enum?: readonly string[];
}
