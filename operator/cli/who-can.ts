import { definedEntries } from '../api/defined-entries.ts';
import { whoCan } from '../engine/rbac/who-can.ts';
import { type AccessObjects, accessOfCluster, accessOfFiles } from './access/access-objects.ts';
import { type QuestionArguments, questionArguments, targetOf, verbWarning, whoCanUsage } from './access/question-arguments.ts';
import { writeJson, writeTable } from './access/who-can-output.ts';
import { cliCommand } from './input/cli-command.ts';
import type { Io } from './input/io.ts';
import { exitCodes } from './input/usage-error.ts';
import { onCluster } from './on-cluster.ts';

function accessOf({ cluster, context, namespace, paths }: QuestionArguments, io: Io): Promise<AccessObjects> {
  return cluster ? onCluster(context, (connected) => accessOfCluster(connected, namespace)) : accessOfFiles(paths, io);
}

async function answer(args: QuestionArguments, io: Io): Promise<number> {
  const { verb, namespace, name } = args;
  const { snapshot, resources, errors } = await accessOf(args, io);
  const question = { verb, target: targetOf(args.resource, resources), ...definedEntries({ namespace, name }) };
  const warning = verbWarning(verb);
  if (warning !== undefined) io.error(`vigil who-can: warning: ${warning}\n`);
  const result = { question, ...whoCan(snapshot, question), errors };
  if (args.output === 'json') writeJson(result, io.out);
  else writeTable(result, io.out);
  return errors.length > 0 || result.bindings === 0 ? exitCodes.failed : exitCodes.clean;
}

/** Runs `vigil who-can`. Resolves to the exit code. */
export const run = cliCommand({ name: 'who-can', usage: whoCanUsage, parse: questionArguments, run: answer });
