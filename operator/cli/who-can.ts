import { definedEntries } from '../api/defined-entries.ts';
import { whoCan } from '../engine/rbac/who-can.ts';
import { type AccessObjects, accessOfCluster, accessOfFiles } from './access/access-objects.ts';
import { type QuestionArguments, questionArguments, targetOf, verbWarning, whoCanUsage } from './access/question-arguments.ts';
import { writeJson, writeTable } from './access/who-can-output.ts';
import { cliCommand } from './input/cli-command.ts';
import type { Io } from './input/io.ts';
import { exitCodes, UsageError } from './input/usage-error.ts';

async function ofCluster({ context, namespace }: QuestionArguments): Promise<AccessObjects> {
  const { connectCluster, ClusterConnectionError } = await import('./cluster-scan.ts');
  try {
    const cluster = await connectCluster(context);
    const objects = await accessOfCluster(cluster, namespace);
    await cluster.client.credentials.close();
    return objects;
  } catch (failure) {
    if (!(failure instanceof ClusterConnectionError)) throw failure;
    throw new UsageError(`--cluster: ${failure.message}`);
  }
}

async function answer(args: QuestionArguments, io: Io): Promise<number> {
  const { verb, namespace, name, paths } = args;
  const { snapshot, resources, errors } = args.cluster ? await ofCluster(args) : await accessOfFiles(paths, io);
  const question = { verb, target: targetOf(args.resource, resources), ...definedEntries({ namespace, name }) };
  const warning = verbWarning(verb);
  if (warning !== undefined) io.error(`vigil who-can: warning: ${warning}\n`);
  const result = { question, ...whoCan(snapshot, question), errors };
  if (args.output === 'json') writeJson(result, io.out);
  else writeTable(result, io.out);
  return errors.length > 0 ? exitCodes.failed : exitCodes.clean;
}

/** Runs `vigil who-can`. Resolves to the exit code. */
export const run = cliCommand({ name: 'who-can', usage: whoCanUsage, parse: questionArguments, run: answer });
