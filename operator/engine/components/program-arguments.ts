import type { ComponentName } from '../../catalogue/controls/components/argument-check.ts';

/** The values of an argument in the order in which they are given, and the path of the last one. */
export interface ProgramArgument {
  readonly values: readonly unknown[];
  readonly path: string;
  /** The values refer to variables that are not known. `empty`: nothing of them is known. */
  readonly hidden?: 'partly' | 'empty';
}

/** The arguments of a program by name, without dashes. */
export type ProgramArguments = ReadonlyMap<string, ProgramArgument>;

/** One word of a command line, and its path. */
export interface Word {
  readonly text: string;
  readonly path: string;
  /** The word without references to variables that are not known. Undefined if it has none. */
  readonly known?: string;
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

/** The part of a word after `=`. */
function valueAfter({ text, path, known }: Word, equals: number): Word {
  const value = { text: text.slice(equals + 1), path };
  if (known === undefined) return value;
  return { ...value, known: known.startsWith(text.slice(0, equals + 1)) ? known.slice(equals + 1) : '' };
}

/** Adds a value to the argument that came before, if there is one. */
function joined(before: ProgramArgument | undefined, { text, path, known }: Word): ProgramArgument {
  const hidden = known === undefined ? before?.hidden : known === '' ? 'empty' : 'partly';
  return { values: [...(before?.values ?? []), text], path, ...(hidden === undefined ? {} : { hidden }) };
}

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
  if (equals >= 0) return { name, value: valueAfter(word, equals), taken: 1 };
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
    else found.set(read.name, joined(found.get(read.name), read.value));
    index += read?.taken ?? 1;
  }
  const [stray] = strays;
  return { arguments: found, ...(stray === undefined ? {} : { stray }) };
}
