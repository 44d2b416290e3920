import { parseArgs } from 'node:util';
import { didYouMean } from '../catalogue/suggestion.ts';
import type { Manifest } from '../manifests/manifest.ts';
import type { Io } from './input/io.ts';
import { readManifestFiles } from './input/manifest-files.ts';
import { dottedPath } from './input/policy-files.ts';
import { policyTest, testCase, type TestCase } from './testing/policy-test.ts';
import { jsonTestOutput, junitTestOutput, type TestOutput, textOutput } from './testing/test-output.ts';
import { TestRunner } from './testing/test-runner.ts';
import { exitCodes, flagProblem, UsageError } from './input/usage-error.ts';

const testUsage = `vigil test FILE… runs PolicyTest documents: policies against objects, with the verdicts that are expected.

  --run PATTERN       only cases whose name matches the regular expression
  -o, --output FORM   text, json, junit

Exit code 0: every case is ok; 1: one is not; 2: a test could not be read.
`;

const outputs: Readonly<Record<string, (write: (text: string) => void) => TestOutput>> = {
  text: textOutput,
  json: jsonTestOutput,
  junit: junitTestOutput,
};

interface TestArguments {
  readonly files: readonly string[];
  readonly wanted: (name: string) => boolean;
  readonly output: (write: (text: string) => void) => TestOutput;
  readonly help: boolean;
}

function patternOf(text: string | undefined): (name: string) => boolean {
  if (text === undefined) return () => true;
  try {
    const pattern = new RegExp(text);
    return (name) => pattern.test(name);
  } catch (failure) {
    throw new UsageError(`--run: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
}

function testArguments(args: readonly string[]): TestArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { run: { type: 'string' }, output: { type: 'string', short: 'o', default: 'text' }, help: { type: 'boolean', short: 'h' } },
    });
    const output = Object.hasOwn(outputs, values.output) ? outputs[values.output] : undefined;
    if (output === undefined)
      throw new UsageError(`--output: '${values.output}' is none of text, json, junit${didYouMean(values.output, Object.keys(outputs))}`);
    if (positionals.length === 0 && values.help !== true)
      throw new UsageError('which tests? Name files or folders with PolicyTest documents');
    return { files: positionals, wanted: patternOf(values.run), output, help: values.help === true };
  } catch (failure) {
    if (failure instanceof UsageError) throw failure;
    throw new UsageError(flagProblem(failure));
  }
}

const place = (manifest: Manifest, path: string): string =>
  `${manifest.file}:${manifest.lineOf(path)}${manifest.document > 0 ? ` (document ${manifest.document})` : ''}`;

/** The cases of a document that can be run; the others are told. */
function casesOf(manifest: Manifest, unread: string[]): readonly TestCase[] {
  const document = policyTest.safeParse(manifest.object);
  if (!document.success) {
    for (const { path, message } of document.error.issues)
      unread.push(`${place(manifest, dottedPath(path))}: ${dottedPath(path)}: ${message}`);
    return [];
  }
  return document.data.cases.flatMap((entry, index) => {
    const parsed = testCase.safeParse(entry);
    if (parsed.success) return [parsed.data];
    for (const { path, message } of parsed.error.issues) {
      const at = dottedPath(['cases', index, ...path]);
      unread.push(`${place(manifest, at)}: ${at}: ${message}`);
    }
    return [];
  });
}

async function runTests({ files, wanted, output: outputOf }: TestArguments, io: Io): Promise<number> {
  const { manifests, errors } = await readManifestFiles(files, io);
  const unread = errors.map(({ source, message }) => `${source.file}${source.line === undefined ? '' : `:${source.line}`}: ${message}`);
  const output = outputOf(io.out);
  const runner = new TestRunner(io);
  let allOk = true;
  output.begin();
  for (const manifest of manifests) {
    for (const test of casesOf(manifest, unread)) {
      if (!wanted(test.name)) continue;
      const outcome = await runner.run(test, manifest.file);
      allOk &&= outcome.ok;
      output.case(outcome);
    }
  }
  output.end(unread);
  if (unread.length > 0) {
    for (const message of unread) io.error(`vigil test: ${message}\n`);
    return exitCodes.failed;
  }
  return allOk ? exitCodes.clean : exitCodes.findings;
}

/** `vigil test`: runs policy unit tests. Resolves to the exit code. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    const parsed = testArguments(args);
    if (!parsed.help) return await runTests(parsed, io);
    io.out(testUsage);
    return exitCodes.clean;
  } catch (failure) {
    if (!(failure instanceof UsageError)) throw failure;
    io.error(`vigil test: ${failure.message}\nvigil test --help tells more.\n`);
    return exitCodes.failed;
  }
}
