import { onProcess, type PersonVerb, rememberCode } from './input/verb.ts';

interface VerbEntry {
  readonly text: string;
  readonly load: () => Promise<(args: readonly string[]) => Promise<number>>;
}

const entry = (text: string, load: () => Promise<{ readonly run: PersonVerb }>): VerbEntry => ({
  text,
  load: async () => {
    rememberCode();
    return onProcess((await load()).run);
  },
});

/** The verbs for people, each loaded only when it is asked for. */
export const personVerbs: Readonly<Record<string, VerbEntry>> = {
  scan: entry('judge manifests, or a cluster', () => import('./scan.ts')),
  test: entry('run tests of policies', () => import('./test.ts')),
  controls: entry('list the built-in controls', () => import('./controls.ts')),
  explain: entry('tell what a control checks, why, and how to fix it', () => import('./explain.ts')),
  completion: entry('print a script for bash, zsh or fish', () => import('./completion.ts')),
};
