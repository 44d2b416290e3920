import { readFileSync, writeFileSync } from 'node:fs';
import { groupOf } from '../../engine/objects/kubernetes-object.ts';
import type { ObjectFinding } from '../../findings/finding.ts';
import { fingerprint } from '../../findings/fingerprint.ts';
import { isExcepted } from '../../findings/waivers/apply-waivers.ts';
import { KNOWN, type ScanResult } from '../../output/scan-result.ts';
import { dottedPath } from './dotted-path.ts';
import { UsageError } from './usage-error.ts';

/** One known finding. `kind` is `Kind.group`, without a version. */
interface BaselineEntry {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly policy?: string | undefined;
  readonly check: string;
  readonly container?: string | undefined;
  readonly package?: string | undefined;
  readonly file?: string | undefined;
}

/** A scan after a baseline, and the entries of the baseline that it no longer has. */
export interface BaselineOutcome {
  readonly scan: ScanResult;
  readonly warnings: readonly string[];
}

const kindOf = (apiVersion: string, kind: string): string => (groupOf(apiVersion) === '' ? kind : `${kind}.${groupOf(apiVersion)}`);

function entryOf({ resource, policy, check, properties = {} }: ObjectFinding): BaselineEntry {
  const { container, package: inPackage, file } = properties as Readonly<Record<string, string | undefined>>;
  const { namespace, name } = resource;
  const kind = kindOf(resource.apiVersion, resource.kind);
  return { kind, namespace, name, policy: policy ?? undefined, check, container, package: inPackage, file };
}

/** Returns the identity of a finding: its object and its fingerprint. Lines, messages and severities may change. */
function keyOf({ kind, namespace = '', name, policy, check, container, package: inPackage, file }: BaselineEntry): string {
  const properties = Object.fromEntries(
    Object.entries({ container, package: inPackage, file }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return [kind, namespace, name, fingerprint({ policy: policy ?? null, check, properties })].join('\0');
}

async function entriesOf(path: string): Promise<readonly BaselineEntry[]> {
  const { z } = await import('zod');
  const text = z.string().optional();
  const entry = z.strictObject({
    kind: z.string(),
    namespace: text,
    name: z.string(),
    policy: text,
    check: z.string(),
    container: text,
    package: text,
    file: text,
  });
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, 'utf8'));
  } catch (failure) {
    throw new UsageError(`--baseline: cannot read ${path}: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
  const parsed = z.strictObject({ version: z.literal(1), findings: z.array(entry) }).safeParse(document);
  if (parsed.success) return parsed.data.findings;
  const [issue] = parsed.error.issues;
  throw new UsageError(`--baseline: ${path} is not a baseline: ${dottedPath(issue?.path ?? [])}: ${issue?.message ?? ''}`);
}

/** Returns the name of an entry for a warning. */
const textOf = ({ kind, namespace, name, check }: BaselineEntry): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}: ${check}`;

/**
 * Applies a baseline file to a scan: a failure with an entry becomes a `skip` with the property `known`. Warns about entries without a
 * finding, unless the scan has errors: then a finding may be missing because it was not evaluated. `isInScope` tells whether the scan covers
 * objects of a namespace. Throws {@link UsageError} if the file is no baseline.
 */
export async function applyBaseline(
  scan: ScanResult,
  path: string,
  isInScope: (namespace: string | undefined) => boolean,
): Promise<BaselineOutcome> {
  const entries = await entriesOf(path);
  const known = new Set(entries.map(keyOf));
  const results = scan.results.map((result) =>
    result.verdict === 'fail' && known.has(keyOf(entryOf(result)))
      ? { ...result, verdict: 'skip' as const, properties: { ...result.properties, [KNOWN]: 'true' } }
      : result,
  );
  const count = results.filter((result, index) => result !== scan.results[index]).length;
  const summary = { ...scan.summary, fail: scan.summary.fail - count, skip: scan.summary.skip + count };
  const remaining = new Set(
    scan.results
      .filter(({ verdict, properties }) => verdict === 'fail' || verdict === 'error' || isExcepted(properties))
      .map((result) => keyOf(entryOf(result))),
  );
  const gone = scan.errors.length > 0 ? [] : entries.filter((entry) => isInScope(entry.namespace) && !remaining.has(keyOf(entry)));
  const warnings = gone.map((entry) => `${path}: ${textOf(entry)} is in the baseline, but no longer fails`);
  return { scan: { ...scan, results, summary }, warnings };
}

/** Writes the failures of a scan to a baseline file, sorted, one a line. Throws {@link UsageError} if the scan is incomplete. */
export function writeBaseline({ results, errors, summary }: ScanResult, path: string): void {
  if (errors.length > 0 || summary.error > 0)
    throw new UsageError(`--write-baseline: ${path} is not written, because parts of the scan could not be evaluated`);
  const failures = results.filter(({ verdict }) => verdict === 'fail').map(entryOf);
  const lines = new Map(failures.map((entry) => [keyOf(entry), `  ${JSON.stringify(entry)}`]));
  const sorted = [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  try {
    writeFileSync(path, `{"version": 1, "findings": [\n${sorted.join(',\n')}\n]}\n`);
  } catch (failure) {
    throw new UsageError(`--write-baseline: cannot write ${path}: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
}
