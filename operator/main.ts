#!/usr/bin/env node
/** The entry point of the program: runs the verb that the command line names. Only this file calls `process.exit`. */

import { cliCommands } from './cli/cli-commands.ts';

/** Runs a verb with its arguments until it ends or the signal is aborted. Resolves to the exit code. */
type Verb = (args: readonly string[], signal: AbortSignal) => Promise<number>;

/** The verbs. Each is imported only when it is called, so that small verbs start fast. */
const verbs: Readonly<Record<string, { readonly text: string; readonly load: () => Promise<Verb> }>> = {
  worker: { text: 'scan one shard (runs in a Job)', load: async () => (await import('./worker/worker-verb.ts')).workerVerb },
  prepare: {
    text: "prepare the scanner's cache (runs in a Job)",
    load: async () => (await import('./images/matching/prepare-verb.ts')).prepareVerb,
  },
  normalize: {
    text: "convert a scanner's report into an inventory (runs in a Job)",
    load: async () => (await import('./images/inventory/normalize-verb.ts')).normalizeVerb,
  },
  match: {
    text: 'match inventories against a vulnerability database (runs in a Job)',
    load: async () => (await import('./images/matching/match-verb.ts')).matchVerb,
  },
  ...cliCommands,
  operator: { text: 'run the operator', load: async () => (await import('./manager/operator-verb.ts')).operatorVerb },
};

function usage(): string {
  const lines = Object.entries(verbs).map(([name, { text }]) => `  vigil ${name.padEnd(12)}${text}`);
  return `Vigil continuously checks the security of a Kubernetes cluster.\n\n${lines.join('\n')}\n`;
}

async function main(): Promise<number> {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage());
    return name === undefined ? 2 : 0;
  }
  const verb = verbs[name];
  if (!verb) {
    process.stderr.write(`vigil: unknown verb ${JSON.stringify(name)}\n\n${usage()}`);
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
