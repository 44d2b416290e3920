import { runOnProcess, type CliCommand, enableCodeCache } from './input/cli-command.ts';

interface CommandEntry {
  readonly text: string;
  readonly load: () => Promise<(args: readonly string[]) => Promise<number>>;
}

const entry = (text: string, load: () => Promise<{ readonly run: CliCommand }>): CommandEntry => ({
  text,
  load: async () => {
    enableCodeCache();
    return runOnProcess((await load()).run);
  },
});

/** The commands for users. The module of a command is loaded when the command runs. */
export const cliCommands: Readonly<Record<string, CommandEntry>> = {
  scan: entry('scan manifests or a cluster', () => import('./scan.ts')),
  test: entry('run tests of policies', () => import('./test.ts')),
  except: entry('print the YAML of an exception for findings that are accepted', () => import('./except.ts')),
  approve: entry('print the YAML of an approval for reviewed images', () => import('./approve.ts')),
  'who-can': entry('list who may do something, by the roles and bindings of files or of a cluster', () => import('./who-can.ts')),
  controls: entry('list the built-in controls', () => import('./controls.ts')),
  explain: entry('describe a control: what it checks, why, and how to fix failures', () => import('./explain.ts')),
  'audit-replay': entry('find what is not normal in a log of audit events', () => import('./audit/audit-replay.ts')),
  'audit-setup': entry('write the files with which API servers send audit events', () => import('./audit/audit-setup.ts')),
  completion: entry('print a completion script for bash, zsh or fish', () => import('./completion.ts')),
};
