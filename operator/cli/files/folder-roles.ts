import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fieldsOf, listOf, textOf } from '../../engine/objects/kubernetes-object.ts';
import { readPlainYaml } from '../../manifests/plain-yaml.ts';

/** The names of the file that makes a folder a kustomization. */
const kustomizations: ReadonlySet<string> = new Set(['kustomization.yaml', 'kustomization.yml', 'Kustomization']);

/** Whether a file of a folder is its kustomization. */
export const isKustomization = (name: string): boolean => kustomizations.has(name);

async function parsed(text: string): Promise<unknown> {
  const plain = readPlainYaml(text.replace(/^---.*\n/, '').split('\n'), 1);
  if (plain !== undefined) return plain.value;
  const { readFullYaml } = await import('../../manifests/full-yaml.ts');
  try {
    return readFullYaml(text, 1).value;
  } catch {
    // The file itself is reported as unreadable.
    return undefined;
  }
}

/** A text in place of a file has several lines, or is a map. */
const isFileName = (entry: unknown): entry is string => typeof entry === 'string' && entry !== '' && !/[\n{]/.test(entry);

/**
 * Returns the files that a kustomization uses as patches and settings: they change or make objects, and are none by themselves. Absolute
 * paths. Empty if the file cannot be read.
 */
export async function patchFilesOf(path: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  const fields = fieldsOf(await parsed(text));
  const named = ['patches', 'patchesJson6902', 'replacements'].flatMap((field) =>
    listOf(fields[field]).map((entry) => fieldsOf(entry)['path']),
  );
  // The first version of kustomize had the names of files in `patches` itself.
  const listed = ['patches', 'patchesStrategicMerge', 'transformers', 'generators', 'validators', 'configurations'].flatMap((field) =>
    listOf(fields[field]),
  );
  return [...named, ...listed].filter(isFileName).map((file) => resolve(dirname(path), file));
}

/** Returns the folder of the Helm chart whose templates are in a folder. Undefined for other folders. */
export function chartOfTemplates(folder: string): string | undefined {
  const match = /^(.*?)\/?templates(\/.*)?$/.exec(folder);
  const chart = match?.[1] === '' ? '.' : match?.[1];
  return chart !== undefined && existsSync(join(chart, 'Chart.yaml')) ? chart : undefined;
}

/** Whether the text of a file has actions of a Helm template. */
export const isTemplated = (text: string): boolean => text.includes('{{');

/** The objects of files that are patches of a kustomization. */
export interface PatchFile {
  readonly file: string;
  readonly kustomization: string;
}

/** Returns a message about patches that were passed over. */
export function patchWarnings(patches: readonly PatchFile[]): readonly string[] {
  const [first, ...others] = patches;
  if (first === undefined) return [];
  const rest = others.length === 0 ? '' : ` and ${others.length} more`;
  return [
    `not evaluated, because they are patches of a kustomization: ${first.file} (${first.kustomization})${rest}; scan the output of kustomize build`,
  ];
}

/** The message about a chart whose templates were not read. */
export const chartMessage = (chart: string, templates: number): string =>
  `${templates === 1 ? '1 template' : `${templates} templates`} of a Helm chart: not evaluated; scan the output of helm template ${textOf(chart) ?? ''}`;
