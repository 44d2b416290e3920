import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { AnomalyFinding } from '../../anomalies/results/anomaly-finding.ts';
import type { BaselineDocument } from '../../anomalies/anomaly-detector.ts';
import { durationMilliseconds } from '../../api/field.ts';
import { cliCommand } from '../input/cli-command.ts';
import type { Io } from '../input/io.ts';
import { causeOf } from '../input/manifest-files.ts';
import { exitCodes, parseFlags, UsageError } from '../input/usage-error.ts';
import { Replay, type ReplaySummary } from './replay.ts';

const usage = `vigil audit-replay FILE… reads audit logs and prints what the detections find in them, by the times of the events. FILE is a log of
an API server or of a forwarder for EKS, AKS or GKE, with or without gzip; - reads standard input. Without a cluster, detections that
compare objects see nothing.

  --learn                  learn from the log and print nothing; use it with --write-baseline
  --baseline FILE          what was learned before
  --write-baseline FILE    write what was learned; the next run continues from it
  --learning-period TIME   how long the detector learns before it reports what is new; the default is 168h
  --output, -o FORMAT      text or json; the default is text

It exits with 0 if nothing was found, with 1 if something was, and with 2 if a log cannot be read, or has records but
no event that can be read.
`;

const parse = (args: readonly string[]) => {
  const { values, positionals } = parseFlags(args, {
    allowPositionals: true,
    options: {
      learn: { type: 'boolean', default: false },
      baseline: { type: 'string' },
      'write-baseline': { type: 'string' },
      'learning-period': { type: 'string', default: '168h' },
      output: { type: 'string', short: 'o', default: 'text' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return { ...values, paths: positionals };
};

type Arguments = ReturnType<typeof parse>;

/** A file that cannot be read or written is the user's to correct. */
const replayOrUsage = async (args: Arguments, io: Io): Promise<number> => {
  try {
    return await replay(args, io);
  } catch (failure) {
    if (!(failure instanceof Error && 'code' in failure)) throw failure;
    throw new UsageError(failure.message, { cause: failure });
  }
};

const replay = async ({ paths, ...values }: Arguments, io: Io): Promise<number> => {
  const learningPeriod = checkedPeriod(values['learning-period']);
  if (paths.length === 0) throw new UsageError('name at least one log, or - for standard input');
  const print = printerOf(values.output);
  const run = new Replay({ learningPeriod, learnOnly: values.learn });
  if (values.baseline !== undefined)
    for (const problem of run.load(documentsIn(values.baseline))) io.error(`${values.baseline}: ${problem}\n`);
  for (const path of paths) await readLog(run, path, io);
  const summary = run.end();
  if (values['write-baseline'] !== undefined) writeFileSync(values['write-baseline'], JSON.stringify(run.save()), { mode: 0o600 });
  io.out(print(summary));
  io.error(notesOf(summary));
  return exitCodeOf(summary);
};

async function readLog(run: Replay, path: string, io: Io): Promise<void> {
  if (path === '-') return run.read(Readable.from([await io.input()]));
  try {
    await run.read(createReadStream(path));
  } catch (failure) {
    // Node names no file for a folder.
    if (!(failure instanceof Error && 'code' in failure)) throw failure;
    throw new UsageError(`${path}: ${causeOf(failure)}`, { cause: failure });
  }
}

/** A log of which no event was read is no log without findings. */
const exitCodeOf = ({ events, problems, findings }: ReplaySummary): number => {
  if (events === 0 && problems.length > 0) return exitCodes.failed;
  return findings.length > 0 ? exitCodes.findings : exitCodes.clean;
};

/** How findings are printed. */
const printerOf = (format: string): ((summary: ReplaySummary) => string) => {
  if (format === 'json') return (summary) => `${JSON.stringify(summary, null, 2)}\n`;
  if (format === 'text') return textOf;
  throw new UsageError(`--output: '${format}' is neither text nor json`);
};

const checkedPeriod = (text: string): number => {
  const period = durationMilliseconds(text);
  if (period === undefined) throw new UsageError(`--learning-period: '${text}' is not a time such as 48h`);
  return period;
};

const documentsIn = (path: string): readonly BaselineDocument[] => {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (failure) {
    if (failure instanceof SyntaxError) throw new UsageError(`${path}: is no baseline: ${failure.message}`);
    throw failure;
  }
  if (!Array.isArray(content)) throw new UsageError(`${path}: is no baseline: write one with --write-baseline`);
  return content as readonly BaselineDocument[];
};

/** One line for what happened, one for what was normal. */
const textOf = ({ findings }: ReplaySummary): string => findings.map(lineOf).join('');

const lineOf = ({ firstSeen, severity, detection, actor, source, count, seen, normal }: AnomalyFinding): string => {
  const from = source === undefined ? '' : ` from ${source}`;
  const often = count > 1 ? `, ${count} times` : '';
  return `${new Date(firstSeen).toISOString()} ${severity.toUpperCase()} ${detection}: ${seen}${often}\n  by ${actor}${from}; normal: ${normal}\n`;
};

/** What was read, and what was not: nothing is left out silently. */
const notesOf = ({ events, from, until, problems, other, duplicates, blind, findings }: ReplaySummary): string => {
  const period = from === undefined ? '' : ` from ${from} to ${until ?? from}`;
  const lines = [
    `${findings.length} findings in ${events} events${period}`,
    ...problems.map(({ reason, count, message }) => `${count} records were not read (${reason}): ${message}`),
    ...(other > 0 ? [`${other} records are of other components`] : []),
    ...(duplicates > 0 ? [`${duplicates} events came twice`] : []),
    ...(blind.length > 0 ? [`${blind.length} detections see nothing in a log: ${blind.join(', ')}`] : []),
  ];
  return `${lines.join('\n')}\n`;
};

/** Runs `vigil audit-replay`. Resolves to the exit code. */
export const run = cliCommand({ name: 'audit-replay', usage, parse, run: replayOrUsage });
