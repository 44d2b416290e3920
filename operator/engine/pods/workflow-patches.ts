import { readPlainYaml } from '../../manifests/plain-yaml.ts';
import { type Fields, isFields, listOf, textOf } from '../objects/kubernetes-object.ts';
import { mergePodSpec, setsPath } from './pod-spec-patch.ts';

/** The text of a `podSpecPatch`, and its path in the object. */
export interface PatchText {
  readonly path: string;
  readonly value: unknown;
}

/** Why a text is no patch of a pod. */
export interface BrokenPatch {
  readonly path: string;
  readonly problem: string;
}

/** The spec of a pod after the patches of a workflow. */
export interface PatchedSpec {
  readonly spec: Fields;
  /** Returns the path of the patch that sets the value at a path of the spec. */
  readonly patchAt: (path: string) => string | undefined;
  /** Why some values are not known: a patch has parameters. */
  readonly reason?: string;
  /** The paths of the spec whose values are not known. */
  readonly unknown: readonly string[];
  /** What the patches set in the containers that Argo adds to each pod, if they set something. */
  readonly ofExecutor: Fields | undefined;
}

interface Patch {
  readonly path: string;
  readonly fields: Fields;
  readonly reason?: string;
}

/** Stands for a parameter, whose value is known only when the workflow runs. */
const parameterMark = 'vigil.parameter';
/** The most levels of maps and lists in a patch. Pods have fewer than 20. */
const mostLevels = 64;
const executorContainers: ReadonlySet<string> = new Set(['init', 'wait', 'supervisor']);

/** Puts the mark in place of parameters. A regular expression would take quadratic time on braces that are never closed. */
function withMarks(text: string): string {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf('{{', at);
    const end = start < 0 ? -1 : text.indexOf('}}', start + 2);
    if (end < 0) return parts.join('') + text.slice(at);
    parts.push(text.slice(at, start), parameterMark);
    at = end + 2;
  }
}

/** Returns a text in flow style as one line. */
const onOneLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    if (!/^\s*[{[]/.test(text)) return readPlainYaml(text.split('\n'), 1)?.value;
    const line = readPlainYaml([`patch: ${onOneLine(text)}`], 1);
    return isFields(line?.value) ? line.value['patch'] : undefined;
  }
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' && value !== null && (levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1)));

function patchOf({ path, value }: PatchText): Patch | BrokenPatch {
  const text = textOf(value);
  if (text === undefined) return { path, problem: 'expected a string with the patch of a pod' };
  const marked = withMarks(text);
  const isStatic = marked === text;
  const fields = valueOf(marked);
  if (isDeeper(fields, mostLevels)) return { path, problem: `expected a map of at most ${mostLevels} levels` };
  if (isFields(fields))
    return isStatic ? { path, fields } : { path, fields, reason: `${path} has parameters, which are known only when the workflow runs` };
  if (fields !== undefined && isStatic) return { path, problem: 'expected the patch of a pod: a map in YAML or JSON' };
  return { path, fields: {}, reason: `${path} cannot be read: write it as JSON or as plain YAML, without parameters outside of values` };
}

const hasParameter = (value: unknown): boolean => JSON.stringify(value ?? null).includes(parameterMark);

/** Whether a value of a map is unknown as a whole. Lists of maps and maps are searched for parameters. */
function isUnknown(name: string, value: unknown): boolean {
  if (name.includes(parameterMark)) return true;
  return hasParameter(value) && (Array.isArray(value) ? !value.some(isFields) : !isFields(value));
}

/** Removes the values with parameters, and adds their paths to `found`. */
function withoutParameters(value: unknown, path: string, found: string[]): unknown {
  if (!hasParameter(value)) return value;
  if (Array.isArray(value)) return value.map((item, index) => withoutParameters(item, `${path}[${index}]`, found));
  if (!isFields(value)) return value;
  const known: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (isUnknown(name, field)) found.push(at);
    else known[name] = withoutParameters(field, at, found);
  }
  return known;
}

const isExecutor = (entry: unknown): boolean => isFields(entry) && executorContainers.has(textOf(entry['name']) ?? '');

/** Separates what a patch sets in the containers of Argo, which no template has, from the rest. */
function withoutExecutor(patch: Fields): readonly [others: Fields, ofExecutor: Fields | undefined] {
  const lists = Object.entries(patch).filter(([name, list]) => /^(initContainers|containers)$/.test(name) && Array.isArray(list));
  const select = (wanted: boolean): Fields =>
    Object.fromEntries(lists.map(([name, list]) => [name, listOf(list).filter((entry) => isExecutor(entry) === wanted)] as const));
  const own = select(true);
  return [{ ...patch, ...select(false) }, Object.values(own).some((list) => listOf(list).length > 0) ? own : undefined];
}

/** Applies the patches of a workflow and of its template to the spec of a pod, as Argo does, the first one first. */
export function patchedSpec(spec: Fields, texts: readonly PatchText[]): PatchedSpec | BrokenPatch {
  const patches = texts.map(patchOf);
  const broken = patches.find((patch): patch is BrokenPatch => 'problem' in patch);
  if (broken !== undefined) return broken;
  const read = patches as readonly Patch[];
  const merged = read.reduce((before, { fields }) => mergePodSpec(before, withoutExecutor(fields)[0]), spec);
  const ofExecutor = read.map(({ fields }) => withoutExecutor(fields)[1]).filter((own) => own !== undefined);
  const unknown: string[] = [];
  const known = withoutParameters(merged, '', unknown) as Fields;
  const reason = read.find((patch) => patch.reason !== undefined)?.reason;
  return {
    spec: known,
    patchAt: (path) => read.findLast(({ fields }) => setsPath(fields, merged, path))?.path,
    ...(reason === undefined ? {} : { reason }),
    unknown,
    ofExecutor: ofExecutor.length === 0 ? undefined : (withoutParameters(ofExecutor.reduce(mergePodSpec), '', []) as Fields),
  };
}
