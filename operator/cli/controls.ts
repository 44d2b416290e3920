import { catalogue, controlById } from '../catalogue/controls/catalogue.ts';
import { type Equivalent, equivalents, equivalentsOf, tools } from '../catalogue/equivalents.ts';
import { didYouMean } from '../catalogue/suggestion.ts';
import type { CatalogueEntry } from '../catalogue/controls/control.ts';
import { BEHAVIOUR, type Detection } from '../catalogue/detections/detection.ts';
import { detections } from '../catalogue/detections/detections.ts';
import { isEssential } from '../catalogue/frameworks/essentials.ts';
import { frameworkVersions, resolveFramework } from '../catalogue/frameworks/framework.ts';
import { controlFields } from './control-fields.ts';
import { detectionFields } from './detection-fields.ts';
import { cliCommand } from './input/cli-command.ts';
import type { Io } from './input/io.ts';
import { exitCodes, parseFlags, UsageError } from './input/usage-error.ts';

const controlsUsage = `vigil controls lists the built-in controls, and the detections of spec.anomalies.

  --framework NAME[@VERSION]  list only the controls of a framework
  --essential                 list only the essential controls
  --map TOOL|ID               list which controls answer the checks of trivy, kubescape, kube-linter, polaris or kyverno, or one of their
                              checks, such as KSV-0012 and C-0057, or the checks that a control answers
  -o, --output FORM           table, json
`;

interface ControlsArguments {
  readonly framework: string | undefined;
  readonly essential: boolean;
  readonly map: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

function controlsArguments(args: readonly string[]): ControlsArguments {
  const { values } = parseFlags(args, {
    options: {
      framework: { type: 'string' },
      essential: { type: 'boolean' },
      map: { type: 'string' },
      output: { type: 'string', short: 'o', default: 'table' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.output !== 'table' && values.output !== 'json') throw new UsageError(`--output: '${values.output}' is not one of table, json`);
  return {
    framework: values.framework,
    essential: values.essential === true,
    map: values.map,
    json: values.output === 'json',
    help: values.help === true,
  };
}

function chosenControls({ framework, essential }: ControlsArguments): readonly CatalogueEntry[] {
  const [name = '', version] = framework?.split('@') ?? [];
  const found = framework === undefined ? undefined : resolveFramework(name, version, undefined);
  if (found?.ok === false) throw new UsageError(`--framework: ${found.message}`);
  return (found?.framework.controls ?? catalogue).filter((control) => !essential || isEssential(control));
}

/** Detections belong to no framework and are not essential: both flags leave them out. */
const chosenDetections = ({ framework, essential }: ControlsArguments): readonly Detection[] =>
  framework === undefined && !essential ? detections : [];

function writeDetections(chosen: readonly Detection[], io: Io): void {
  if (chosen.length === 0) return;
  const width = Math.max(...chosen.map(({ id }) => id.length));
  io.out(`\n${BEHAVIOUR} (detections of spec.anomalies)\n`);
  for (const { id, severity, title } of chosen) io.out(`  ${id.padEnd(width)}  ${severity.padEnd(8)}  ${title}\n`);
}

function writeTable(controls: readonly CatalogueEntry[], found: readonly Detection[], io: Io): void {
  const width = Math.max(...controls.map(({ id }) => id.length));
  let category = '';
  for (const control of controls) {
    if (control.category !== category) io.out(`${category === '' ? '' : '\n'}${control.category}\n`);
    category = control.category;
    io.out(`  ${control.id.padEnd(width)}  ${control.severity.padEnd(8)}  ${control.title}\n`);
  }
  writeDetections(found, io);
  const more = found.length === 0 ? '' : ` and ${found.length} detections`;
  io.out(`\n${controls.length} controls${more}. Run vigil explain ID for details.\nFrameworks: `);
  io.out(
    `${frameworkVersions()
      .map(({ name, versions }) => `${name} ${versions.length > 1 ? `${versions[0] ?? ''}–` : ''}${versions.at(-1) ?? ''}`)
      .join(', ')}\n`,
  );
}

/** The checks that --map names: those of a tool, or those with an id or of a control. */
function mapped(name: string): readonly Equivalent[] {
  const tool = tools.find((known) => known === name.toLowerCase());
  const found = tool === undefined ? equivalentsOf(name) : equivalents.filter((item) => item.tool === tool);
  if (found.length > 0 || controlById(name) !== undefined) return found;
  const known = [...tools, ...equivalents.map(({ id }) => id), ...catalogue.map(({ id }) => id)];
  throw new UsageError(`--map: no check, control or tool '${name}' is known${didYouMean(name, known)}`);
}

function writeMap(name: string, json: boolean, io: Io): number {
  const found = mapped(name);
  if (json) {
    io.out(`${JSON.stringify({ equivalents: found }, null, 1)}\n`);
    return exitCodes.clean;
  }
  if (found.length === 0) io.out(`${name} has no equivalent in ${tools.join(', ')}\n`);
  const width = Math.max(...found.map(({ id }) => id.length));
  for (const { tool, id, controls } of found)
    io.out(`${tool.padEnd(11)}  ${id.padEnd(width)}  ${controls.length === 0 ? '(no control)' : controls.join(', ')}\n`);
  return exitCodes.clean;
}

function list(args: ControlsArguments, io: Io): number {
  if (args.map !== undefined) return writeMap(args.map, args.json, io);
  const controls = chosenControls(args);
  const found = chosenDetections(args);
  if (args.json) io.out(`${JSON.stringify({ controls: controls.map(controlFields), detections: found.map(detectionFields) }, null, 1)}\n`);
  else writeTable(controls, found, io);
  return exitCodes.clean;
}

/** Runs `vigil controls`. Resolves to the exit code. */
export const run = cliCommand({ name: 'controls', usage: controlsUsage, parse: controlsArguments, run: list });
