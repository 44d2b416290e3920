import type { ComponentName } from '../../catalogue/controls/components/argument-check.ts';
import { type Fields, listOf, textOf } from '../objects/kubernetes-object.ts';
import { withEtcdVariables } from './etcd-variables.ts';
import { type ProgramArguments, readArguments, type Word } from './program-arguments.ts';
import { Expansion, writtenVariables } from './variable-references.ts';

/** The programs that run as containers. */
const programs: ReadonlySet<string> = new Set<ComponentName>([
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'etcd',
  'kube-proxy',
]);
/** Programs that start another one, whose name and arguments follow their own. */
const wrappers = /^(go-runner|hyperkube|tini|dumb-init|nice|env|exec|ionice|setpriv|catatonit)$/;
const shells = /^(ba|da|a|z|k)?sh$/;
/** A program in a script, followed by its arguments or by the end of the line. */
const inScript = /(?:^|[\s;&|(/"'])(kube-apiserver|kube-controller-manager|kube-scheduler|etcd|kube-proxy)(?=\s+(?:-|\\|"?\$)|\s*$)/m;

/** A program that a container runs. */
export interface ContainerProgram {
  readonly component: ComponentName;
  readonly arguments: ProgramArguments;
  /** Why its arguments are not known. */
  readonly unknown?: string;
  /** A value that is not as the program expects it. */
  readonly fault?: { readonly path: string; readonly problem: string };
}

const baseName = (text: string): string => text.slice(text.lastIndexOf('/') + 1);
const asProgram = (text: string): ComponentName | undefined => {
  const name = baseName(text);
  return programs.has(name) ? (name as ComponentName) : undefined;
};

/** The name of an image without registry, tag, digest and architecture. */
const imageName = (image: string): string => {
  const [named = ''] = image.split('@', 1);
  const [name = ''] = baseName(named).split(':', 1);
  return name.replace(/-(amd64|arm64|arm|ppc64le|s390x)$/, '');
};

const nothing: ProgramArguments = new Map();
const hidden = (component: ComponentName, unknown: string): ContainerProgram => ({ component, arguments: nothing, unknown });

/** The words of a list, with references to variables of the container replaced by their values. */
function wordsOf(list: unknown, path: string, values: ReadonlyMap<string, string>): readonly Word[] {
  const expansion = new Expansion(values);
  return listOf(list).map((item, index) => {
    const expanded = typeof item === 'string' ? expansion.of(item) : { text: JSON.stringify(item) };
    return { ...expanded, path: `${path}[${index}]` };
  });
}

function programIn(
  words: readonly Word[],
  image: string,
): { readonly component: ComponentName; readonly words: readonly Word[] } | undefined {
  const at = words.findIndex(({ text }) => asProgram(text) !== undefined);
  const before = words.slice(0, Math.max(at, 0));
  const [first] = words;
  if (
    at >= 0 &&
    before.every(({ text }, index) =>
      index === 0 ? wrappers.test(baseName(text)) : text.startsWith('-') || text.includes('=') || wrappers.test(text),
    )
  ) {
    const component = asProgram(words[at]?.text ?? '');
    return component === undefined ? undefined : { component, words: words.slice(at + 1) };
  }
  const named = asProgram(imageName(image));
  return named !== undefined && first?.text.startsWith('-') === true ? { component: named, words } : undefined;
}

/** A container that is named after a program by its image, but has no words: they are in the image, or not a list. */
function programOfImage(container: Fields, path: string): ContainerProgram | undefined {
  const component = asProgram(imageName(textOf(container['image']) ?? ''));
  if (component === undefined) return undefined;
  const broken = ['command', 'args'].find((field) => (container[field] ?? null) !== null && !Array.isArray(container[field]));
  if (broken === undefined) return hidden(component, 'its arguments are in the image');
  return { component, arguments: nothing, fault: { path: `${path}.${broken}`, problem: 'expected a list' } };
}

/** The program in the script of a shell. */
function programInScript(words: readonly Word[]): ContainerProgram | undefined {
  const found = words.map(({ text }) => inScript.exec(text)?.[1]).find((name) => name !== undefined);
  return found === undefined ? undefined : hidden(found as ComponentName, 'its arguments are in a script');
}

/**
 * Returns the program of the control plane or of nodes that a container runs, with its arguments. Undefined for other containers. `path`: of
 * the container.
 */
export function containerProgram(container: Fields, path: string): ContainerProgram | undefined {
  const { command, args, image } = container;
  const values = writtenVariables(container);
  const words = [...wordsOf(command, `${path}.command`, values), ...wordsOf(args, `${path}.args`, values)];
  if (words.length === 0) return programOfImage(container, path);
  if (shells.test(baseName(words[0]?.text ?? ''))) return programInScript(words);
  const found = programIn(words, textOf(image) ?? '');
  if (found === undefined) return undefined;
  return programWith(found, container, path);
}

/** Reads the words of a program as its arguments. */
function programWith(
  { component, words }: { readonly component: ComponentName; readonly words: readonly Word[] },
  container: Fields,
  path: string,
): ContainerProgram {
  const { arguments: read, stray } = readArguments(words, component);
  if (stray?.known !== undefined) return hidden(component, 'some of its arguments are in a variable that the object does not show');
  if (stray !== undefined) {
    const problem = `${component} takes no word '${stray.text}': the value of a switch follows =`;
    return { component, arguments: nothing, fault: { path: stray.path, problem } };
  }
  if (component !== 'etcd') return { component, arguments: read };
  const all = withEtcdVariables(read, container['env'], `${path}.env`);
  return all.has('config-file') ? hidden('etcd', 'its configuration is in the file of --config-file') : { component, arguments: all };
}

/** Whether a container can be one of the programs: a quick look at its first words and its image. */
export function seemsProgram({ command, args, image }: Fields): boolean {
  const [first] = Array.isArray(command) && command.length > 0 ? (command as unknown[]) : listOf(args);
  if (typeof first === 'string' && !first.startsWith('-')) {
    const name = baseName(first);
    return programs.has(name) || wrappers.test(name) || shells.test(name);
  }
  return typeof image === 'string' && programs.has(imageName(image));
}
