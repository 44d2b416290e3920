import { fieldsOf, listOf, textOf } from '../objects/kubernetes-object.ts';
import type { ProgramArguments } from './program-arguments.ts';
import { writtenVariables } from './variable-references.ts';

/**
 * Adds the arguments of etcd that variables set: ETCD_CERT_FILE is --cert-file. Arguments of the command line override them. `path`: of the list
 * of variables.
 */
export function withEtcdVariables(found: ProgramArguments, env: unknown, path: string): ProgramArguments {
  const all = new Map(found);
  const written = writtenVariables({ env });
  for (const [index, entry] of listOf(env).entries()) {
    const name = textOf(fieldsOf(entry)['name']) ?? '';
    const [, key] = /^ETCD_([A-Z0-9_]+)$/.exec(name) ?? [];
    const argument = key?.toLowerCase().replaceAll('_', '-') ?? '';
    if (key === undefined || found.has(argument)) continue;
    const value = written.get(name);
    const at = `${path}[${index}]`;
    all.set(argument, value === undefined ? { values: [''], path: at, hidden: 'empty' } : { values: [value], path: at });
  }
  return all;
}
