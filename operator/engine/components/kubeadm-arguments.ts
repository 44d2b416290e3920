import { fieldsOf, isFields, textOf } from '../objects/kubernetes-object.ts';
import type { Fault } from '../outcomes/outcome.ts';
import type { ProgramArgument, ProgramArguments } from './program-arguments.ts';
import { expandReferences, writtenVariables } from './variable-references.ts';

/** One entry of extraArgs. */
interface ExtraArgument {
  readonly name: string;
  readonly argument: ProgramArgument;
  /** How it joins the value that kubeadm sets: undefined replaces it. From kubeadm.k8s.io/v1. */
  readonly merge?: 'Append' | 'Prepend';
}

/** Whether extraArgs is a list of names and values. Until v1beta3 it is a map. Undefined if the version is not known. */
function isListIn(apiVersion: unknown): boolean | undefined {
  const [, version] = /^kubeadm\.k8s\.io\/(v1(?:(?:alpha|beta)\d+)?)$/.exec(textOf(apiVersion) ?? '') ?? [];
  if (version === undefined) return undefined;
  return version === 'v1' || (/^v1beta(\d+)$/.test(version) && Number(version.slice('v1beta'.length)) >= 4);
}

function oneArgument(value: unknown, path: string, variables: ReadonlyMap<string, string>): ProgramArgument {
  if (typeof value !== 'string') return { values: [value], path };
  const { text, known } = expandReferences(value, variables);
  return { values: [text], path, ...(known === undefined ? {} : { hidden: known === '' ? 'empty' : 'partly' }) };
}

function entriesOf(extraArgs: unknown, path: string, variables: ReadonlyMap<string, string>): readonly ExtraArgument[] {
  if (!Array.isArray(extraArgs))
    return Object.entries(fieldsOf(extraArgs)).map(([name, value]) => ({
      name,
      argument: oneArgument(value, `${path}['${name}']`, variables),
    }));
  return extraArgs.map((entry, index) => {
    const { name, value, mergeMethod } = fieldsOf(entry);
    const argument = oneArgument(value, `${path}[${index}]`, variables);
    return {
      name: textOf(name) ?? '',
      argument,
      ...(mergeMethod === 'Append' || mergeMethod === 'Prepend' ? { merge: mergeMethod } : {}),
    };
  });
}

/** The value of kubeadm with that of an entry after or before it. Empty if kubeadm sets none. */
function mergedValue(before: unknown, { argument, merge }: ExtraArgument): readonly ProgramArgument[] {
  const [added] = argument.values;
  if (typeof before !== 'string') return [];
  if (typeof added !== 'string') return [argument];
  return [{ ...argument, values: [merge === 'Append' ? before + added : added + before] }];
}

/** Joins entries of one name with the value that kubeadm sets (ArgumentsToCommand of kubeadm). The last entry decides how. */
function joined(base: ProgramArgument | undefined, given: readonly ExtraArgument[]): ProgramArgument | undefined {
  const last = given.at(-1);
  if (last === undefined) return base;
  const merged = last.merge === undefined ? [] : mergedValue(base?.values[0], last);
  const others = [...merged, ...given.filter(({ merge }) => merge === undefined).map(({ argument }) => argument)];
  const hidden = others.findLast((argument) => argument.hidden !== undefined)?.hidden;
  if (others.length === 0) return undefined;
  return { values: others.flatMap(({ values }) => values), path: last.argument.path, ...(hidden === undefined ? {} : { hidden }) };
}

/** The component of a ClusterConfiguration, or the registration of a node, with its extra arguments. */
export interface ExtraSource {
  readonly extraArgs: unknown;
  /** The path of extraArgs. */
  readonly path: string;
  /** The variables of the static pod. */
  readonly extraEnvs?: unknown;
}

/** Returns the arguments that kubeadm sets by itself, replaced by or joined with extra arguments. */
export function withExtraArguments(
  defaults: Readonly<Record<string, unknown>>,
  { extraArgs, path, extraEnvs }: ExtraSource,
): ProgramArguments {
  const extra = entriesOf(extraArgs, path, writtenVariables({ env: extraEnvs }));
  const all = new Map<string, ProgramArgument>();
  for (const [name, value] of Object.entries(defaults)) if (value !== undefined) all.set(name, { values: [value], path });
  for (const [name, given] of Map.groupBy(extra, (entry) => entry.name.replaceAll('_', '-'))) {
    const argument = joined(all.get(name), given);
    if (argument !== undefined) all.set(name, argument);
  }
  return all;
}

/** Returns the fault of extra arguments that are not in the form of the version of kubeadm. `field`: of the parent of extraArgs. */
export function extraArgumentFaults(parent: unknown, field: string, name: string, apiVersion: unknown): readonly Fault[] {
  const value = parent ?? {};
  if (!isFields(value)) return [{ path: field, problem: 'expected a map' }];
  const extraArgs = value[name] ?? undefined;
  if (extraArgs === undefined) return [];
  const path = `${field}.${name}`;
  const isList = isListIn(apiVersion) ?? Array.isArray(extraArgs);
  if (isList)
    return Array.isArray(extraArgs) && extraArgs.every(isFields) ? [] : [{ path, problem: 'expected a list of names and values' }];
  return isFields(extraArgs) ? [] : [{ path, problem: 'expected a map of names and values' }];
}
