#!/usr/bin/env node
/** The entry point of the program: runs the verb that the command line names. Only this file calls `process.exit`. */

import { didYouMean } from './catalogue/suggestion.ts';
import { cliCommands } from './cli/cli-commands.ts';

/** Runs a verb with its arguments until it ends or the signal is aborted. Resolves to the exit code. */
type Verb = (args: readonly string[], signal: AbortSignal) => Promise<number>;

interface VerbEntry {
  readonly text: string;
  readonly load: () => Promise<Verb>;
}

/** The programs of Vigil's own pods. */
const programs: Readonly<Record<string, VerbEntry>> = {
  operator: { text: 'run the operator', load: async () => (await import('./manager/operator-verb.ts')).operatorVerb },
  worker: { text: 'scan one shard', load: async () => (await import('./worker/worker-verb.ts')).workerVerb },
  prepare: { text: "prepare the scanner's cache", load: async () => (await import('./images/matching/prepare-verb.ts')).prepareVerb },
  normalize: {
    text: "convert a scanner's report into an inventory",
    load: async () => (await import('./images/inventory/normalize-verb.ts')).normalizeVerb,
  },
  match: {
    text: 'match inventories against a vulnerability database',
    load: async () => (await import('./images/matching/match-verb.ts')).matchVerb,
  },
};

/** All verbs. Each is imported only when it is called, so that small verbs start fast. */
const verbs: Readonly<Record<string, VerbEntry>> = { ...cliCommands, ...programs };

function usage(): string {
  const lines = (entries: Readonly<Record<string, VerbEntry>>): string =>
    Object.entries(entries)
      .map(([name, { text }]) => `  vigil ${name.padEnd(14)}${text}\n`)
      .join('');
  return `Vigil continuously checks the security of a Kubernetes cluster.

${lines(cliCommands)}
Each command explains itself with --help. Vigil's own pods run:

${lines(programs)}`;
}

async function main(): Promise<number> {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage());
    return name === undefined ? 2 : 0;
  }
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (!verb) {
    process.stderr.write(
      `vigil: no command ${JSON.stringify(name)}${didYouMean(name, Object.keys(verbs))}\nRun vigil --help for the list.\n`,
    );
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  return (await verb.load())(args, stop.signal);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`vigil: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(2);
  },
);
