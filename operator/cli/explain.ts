import { catalogue, controlById } from '../catalogue/controls/catalogue.ts';
import type { CatalogueEntry, ControlKinds } from '../catalogue/controls/control.ts';
import type { Detection } from '../catalogue/detections/detection.ts';
import { detectionById, detections } from '../catalogue/detections/detections.ts';
import { didYouMean } from '../catalogue/suggestion.ts';
import { controlFields, coveredRequirements } from './control-fields.ts';
import { detectionExplanation, detectionFields } from './detection-fields.ts';
import { cliCommand } from './input/cli-command.ts';
import type { Io } from './input/io.ts';
import { exitCodes, parseFlags, UsageError } from './input/usage-error.ts';

const explainUsage = `vigil explain ID… describes controls and detections: what they check, why, and what to do.

  -o, --output FORM   text, json
`;

const kindTexts: Readonly<Record<string, string>> = {
  workloads: 'Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob, PodTemplate',
  longRunning: 'Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, PodTemplate',
  namespaced: 'all namespaced objects',
  manifests: 'all kinds of Kubernetes, in files only: the API server checks the objects of a cluster itself',
};
const kindsText = (kinds: ControlKinds): string =>
  typeof kinds === 'string' ? (kindTexts[kinds] ?? kinds) : kinds.map((kind) => kindTexts[kind] ?? kind.split('.', 1)[0]).join(', ');

const indented = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');

function parametersText({ parameters = {} }: Pick<CatalogueEntry | Detection, 'parameters'>): string {
  const lines = Object.entries(parameters).map(([name, { description, type, default: value, values }]) => {
    const allowed = values === undefined ? '' : ` One of ${values.join(', ')}.`;
    const fallback =
      value === undefined
        ? 'No default. If it is not set, the control is skipped.'
        : `Default: ${Array.isArray(value) ? value.join(', ') : String(value)}`;
    return `  ${name} (${type === 'strings' ? 'list of strings' : type}): ${description}${allowed}\n    ${fallback}`;
  });
  return lines.length === 0 ? '' : `\nParameters:\n${lines.join('\n')}\n`;
}

function explanation(control: CatalogueEntry): string {
  const { id, title, severity, category, why, fix, example } = control;
  const frameworks = coveredRequirements(control).map(({ framework, requirements }) => `  ${framework}: ${requirements.join(', ')}`);
  return [
    `${id}: ${title}\n`,
    `Severity: ${severity}\nCategory: ${category}\nKinds:    ${kindsText(control.kinds)}\n`,
    `Why:  ${why}\n`,
    `Fix:  ${fix}\n`,
    `Before:\n${indented(example.before)}\n\nAfter:\n${indented(example.after)}`,
    parametersText(control),
    frameworks.length === 0 ? '' : `Frameworks:\n${frameworks.join('\n')}\n`,
  ].join('\n');
}

interface ExplainArguments {
  readonly ids: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
}

function explainArguments(args: readonly string[]): ExplainArguments {
  const { values, positionals } = parseFlags(args, {
    allowPositionals: true,
    options: { output: { type: 'string', short: 'o', default: 'text' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.output !== 'text' && values.output !== 'json') throw new UsageError(`--output: '${values.output}' is not one of text, json`);
  if (positionals.length === 0 && values.help !== true) throw new UsageError('name at least one control; vigil controls lists them');
  return { ids: positionals, json: values.output === 'json', help: values.help === true };
}

/** An entry of the catalogue, as text and as JSON. */
interface Explained {
  readonly text: () => string;
  readonly fields: () => Record<string, unknown>;
}

function explained(id: string): Explained | undefined {
  const control = controlById(id);
  if (control) return { text: () => explanation(control), fields: () => controlFields(control) };
  const detection = detectionById(id);
  return detection && { text: () => detectionExplanation(detection, parametersText(detection)), fields: () => detectionFields(detection) };
}

function explain({ ids, json }: ExplainArguments, io: Io): number {
  const entries: Explained[] = [];
  for (const id of ids) {
    const entry = explained(id);
    if (entry === undefined) {
      const known = [...catalogue, ...detections].map((other) => other.id);
      io.error(`vigil explain: no control '${id}'${didYouMean(id, known)}; vigil controls lists them\n`);
      return exitCodes.failed;
    }
    entries.push(entry);
  }
  const [first] = entries;
  if (json)
    io.out(
      `${JSON.stringify(entries.length === 1 && first !== undefined ? first.fields() : entries.map(({ fields }) => fields()), null, 1)}\n`,
    );
  else io.out(entries.map(({ text }) => text()).join('\n'));
  return exitCodes.clean;
}

/** Runs `vigil explain`. Resolves to the exit code. */
export const run = cliCommand({ name: 'explain', usage: explainUsage, parse: explainArguments, run: explain });
