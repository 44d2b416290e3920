import type { AccessAnswer, AccessQuestion, Holder } from '../../engine/rbac/who-can.ts';
import type { ManifestError } from '../../manifests/manifest.ts';
import { placeOf, safe, type Write } from '../../output/scan-result.ts';

/** The answer to a question, with what could not be read. */
export interface WhoCanResult extends AccessAnswer {
  readonly question: AccessQuestion;
  readonly errors: readonly ManifestError[];
}

/** Prints one JSON document: `{apiVersion, kind: WhoCan, question, bindings, holders, unresolved, errors}`. */
export function writeJson({ question, bindings, holders, unresolved, errors }: WhoCanResult, write: Write): void {
  const head = { apiVersion: 'vigil.dev/v1alpha1', kind: 'WhoCan' };
  write(`${JSON.stringify({ ...head, question, bindings, holders, unresolved, errors }, null, 1)}\n`);
}

const named = ({ kind, namespace, name }: Holder['binding']): string => `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

function rowOf({ subject, binding, role, namespace, names }: Holder): readonly string[] {
  const scope = namespace === undefined ? 'cluster' : `namespace ${namespace}`;
  return [
    named(subject),
    names === undefined ? scope : `${scope}, only ${names.join(', ')}`,
    named(binding),
    `${role.kind} ${role.name}`,
  ].map(safe);
}

function writeRows(rows: readonly (readonly string[])[], write: Write): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
}

function questionText({ verb, target, namespace, name }: AccessQuestion): string {
  if ('url' in target) return `${verb} ${target.url}`;
  const { group, resource } = target;
  const of = group === '' ? '' : ` of ${group}`;
  return `${verb} ${resource}${of}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

function nobody({ question, bindings }: WhoCanResult): string {
  const asked = safe(questionText(question));
  if (bindings === 0) return `Who may ${asked} is not known: no RoleBinding or ClusterRoleBinding was read.`;
  return `No binding allows anybody to ${asked} (${bindings} ${bindings === 1 ? 'binding was' : 'bindings were'} read).`;
}

/** Prints a table with a line for each subject and binding, then what could not be evaluated. */
export function writeTable(result: WhoCanResult, write: Write): void {
  const { holders, unresolved, errors } = result;
  if (holders.length === 0) write(`${nobody(result)}\n`);
  else writeRows([['SUBJECT', 'SCOPE', 'BINDING', 'ROLE'], ...holders.map(rowOf)], write);
  if (unresolved.length > 0) write('\nNot evaluated, because the role was not found:\n');
  for (const { binding, role } of unresolved) write(`  ${safe(`${named(binding)}: ${role.kind} ${role.name}`)}\n`);
  if (errors.length > 0) write('\nNot read:\n');
  for (const { source, message } of errors) write(`  ${safe(`${placeOf(source)}: ${message}`)}\n`);
}
