import type { ComponentName } from '../../catalogue/controls/components/argument-check.ts';

/** The values of an argument in the order in which they are given, and the path of the last one. */
export interface ProgramArgument {
  readonly values: readonly unknown[];
  readonly path: string;
}

/** The arguments of a program by name, without dashes. */
export type ProgramArguments = ReadonlyMap<string, ProgramArgument>;

/** One word of a command line, and its path. */
export interface Word {
  readonly text: string;
  readonly path: string;
}

/** The result of reading a command line. */
export interface ReadArguments {
  readonly arguments: ProgramArguments;
  /** The first word that is no argument and no value. The programs of Kubernetes refuse to start with one. */
  readonly stray?: Word;
}

/** The arguments without a value of their own: `--profiling` is true, and its value can only follow `=`. */
const switches: ReadonlySet<string> = new Set([
  ...['allow-privileged', 'anonymous-auth', 'contention-profiling', 'enable-aggregator-routing', 'enable-bootstrap-token-auth'],
  ...['enable-garbage-collector', 'leader-elect', 'profiling', 'service-account-extend-token-expiration', 'service-account-lookup'],
  ...['use-service-account-credentials', 'allocate-node-cidrs', 'configure-cloud-routes', 'enable-priority-and-fairness'],
  ...['auto-tls', 'client-cert-auth', 'peer-auto-tls', 'peer-client-cert-auth', 'pre-vote', 'force-new-cluster', 'logtostderr'],
]);

/** Returns the name of an argument as the program knows it. Kubernetes reads `_` as `-`. */
function nameOf(text: string, component: ComponentName): string {
  const name = text.replace(/^--?/, '');
  return component === 'etcd' ? name : name.replaceAll('_', '-');
}

/** Whether a word begins an argument. Only etcd knows arguments with one dash; those of Kubernetes, such as -v=2, have a single letter. */
const isArgument = ({ text }: Word): boolean => /^--?[A-Za-z]/.test(text);

/** The words of an argument: its name, its value, and how many words it takes. */
function argumentAt(
  words: readonly Word[],
  index: number,
  component: ComponentName,
): { name: string; value: Word; taken: number } | undefined {
  const word = words[index];
  if (word === undefined || !isArgument(word)) return undefined;
  const { text, path } = word;
  const equals = text.indexOf('=');
  const name = nameOf(equals < 0 ? text : text.slice(0, equals), component);
  if (equals >= 0) return { name, value: { text: text.slice(equals + 1), path }, taken: 1 };
  const next = words[index + 1];
  if (switches.has(name) || next === undefined || isArgument(next)) return { name, value: { text: 'true', path }, taken: 1 };
  return { name, value: next, taken: 2 };
}

/**
 * Reads a command line as the program does: `--name=value`, `--name value`, and `--name` alone, which is true for a switch. Several values of
 * one argument are all returned. Words after `--` are no arguments.
 */
export function readArguments(words: readonly Word[], component: ComponentName): ReadArguments {
  const found = new Map<string, ProgramArgument>();
  const strays: Word[] = [];
  const end = words.findIndex(({ text }) => text === '--');
  const given = end < 0 ? words : words.slice(0, end);
  for (let index = 0; index < given.length;) {
    const read = argumentAt(given, index, component);
    if (read === undefined) strays.push(...given.slice(index, index + 1));
    else found.set(read.name, { values: [...(found.get(read.name)?.values ?? []), read.value.text], path: read.value.path });
    index += read?.taken ?? 1;
  }
  const [stray] = strays;
  return { arguments: found, ...(stray === undefined ? {} : { stray }) };
}
