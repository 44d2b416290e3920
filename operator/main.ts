#!/usr/bin/env node
/** The program's only entry: reads the verb and hands over to it. The only place that calls `process.exit`. */

import { personVerbs } from './cli/person-verbs.ts';

/** A verb: given its arguments and a signal that says stop, it resolves to the exit code. */
type Verb = (args: readonly string[], signal: AbortSignal) => Promise<number>;

/** The verbs, each loaded only when it is asked for, so that the light ones start fast. */
const verbs: Readonly<Record<string, { readonly text: string; readonly load: () => Promise<Verb> }>> = {
  worker: { text: 'work through a shard of a scan (in a Job)', load: async () => (await import('./worker/worker-verb.ts')).workerVerb },
  prepare: {
    text: "make the scanner's cache ready (in a Job)",
    load: async () => (await import('./images/matching/prepare-verb.ts')).prepareVerb,
  },
  normalize: {
    text: "print a scanner's report as an inventory (in a Job)",
    load: async () => (await import('./images/inventory/normalize-verb.ts')).normalizeVerb,
  },
  match: {
    text: 'match inventories with a database (in a Job)',
    load: async () => (await import('./images/matching/match-verb.ts')).matchVerb,
  },
  ...personVerbs,
  operator: { text: 'run the operator', load: async () => (await import('./manager/operator-verb.ts')).operatorVerb },
};

function usage(): string {
  const lines = Object.entries(verbs).map(([name, { text }]) => `  vigil ${name.padEnd(12)}${text}`);
  return `Vigil keeps a cluster's security continuously checked.\n\n${lines.join('\n')}\n`;
}

async function main(): Promise<number> {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage());
    return name === undefined ? 2 : 0;
  }
  const verb = verbs[name];
  if (!verb) {
    process.stderr.write(`vigil: no verb ${JSON.stringify(name)}\n\n${usage()}`);
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
