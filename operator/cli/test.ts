import { didYouMean } from '../catalogue/suggestion.ts';
import type { Manifest } from '../manifests/manifest.ts';
import { cliCommand } from './input/cli-command.ts';
import type { Io } from './input/io.ts';
import { readManifestFiles } from './input/manifest-files.ts';
import { dottedPath } from './input/dotted-path.ts';
import { policyTest, testCase, type TestCase } from './testing/policy-test.ts';
import { jsonTestOutput, junitTestOutput, type TestOutput, textOutput } from './testing/test-output.ts';
import { TestRunner } from './testing/test-runner.ts';
import { exitCodes, parseFlags, UsageError } from './input/usage-error.ts';

const testUsage = `vigil test FILE… runs PolicyTest documents. A test evaluates a policy on objects and compares the verdicts with the expected ones.
The SecurityExceptions and ClusterSecurityExceptions among the objects of a case apply.

  --run PATTERN       run only cases with a name that matches the regular expression
  -o, --output FORM   text, json, junit

Exit code 0: all cases passed; 1: at least one case failed; 2: a test could not be read, or no case was run.
`;

const outputs: Readonly<Record<string, (write: (text: string) => void) => TestOutput>> = {
  text: textOutput,
  json: jsonTestOutput,
  junit: junitTestOutput,
};

interface TestArguments {
  readonly files: readonly string[];
  readonly wanted: (name: string) => boolean;
  readonly pattern: string | undefined;
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
  const { values, positionals } = parseFlags(args, {
    allowPositionals: true,
    options: { run: { type: 'string' }, output: { type: 'string', short: 'o', default: 'text' }, help: { type: 'boolean', short: 'h' } },
  });
  const output = Object.hasOwn(outputs, values.output) ? outputs[values.output] : undefined;
  if (output === undefined)
    throw new UsageError(`--output: '${values.output}' is not one of text, json, junit${didYouMean(values.output, Object.keys(outputs))}`);
  if (positionals.length === 0 && values.help !== true) throw new UsageError('name at least one file or folder with PolicyTest documents');
  return { files: positionals, wanted: patternOf(values.run), pattern: values.run, output, help: values.help === true };
}

const place = (manifest: Manifest, path: string): string =>
  `${manifest.file}:${manifest.lineOf(path)}${manifest.document > 0 ? ` (document ${manifest.document})` : ''}`;

const labelled = (path: string, message: string): string => (path === '' ? message : `${path}: ${message}`);

const isTest = ({ object }: Manifest): boolean => object['kind'] === 'PolicyTest' && object['apiVersion'] === 'vigil.dev/v1alpha1';

/** Returns the valid cases of a document. Adds a message to `unread` for each problem of the other cases. */
function casesOf(manifest: Manifest, unread: string[]): readonly TestCase[] {
  if (!isTest(manifest)) {
    const { kind, apiVersion } = manifest.object;
    unread.push(`${place(manifest, 'kind')}: this is ${String(kind)} of ${String(apiVersion)}, expected PolicyTest of vigil.dev/v1alpha1`);
    return [];
  }
  const document = policyTest.safeParse(manifest.object);
  if (!document.success) {
    for (const { path, message } of document.error.issues)
      unread.push(`${place(manifest, dottedPath(path))}: ${labelled(dottedPath(path), message)}`);
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

/** The problem of tests that test nothing. */
const nothingRan = (pattern: string | undefined): string =>
  pattern === undefined ? 'no test case found' : `--run: no test case has a name that matches '${pattern}'`;

async function runTests({ files, wanted, pattern, output: outputOf }: TestArguments, io: Io): Promise<number> {
  const { manifests, errors } = await readManifestFiles(files, io);
  const unread = errors.map(({ source, message }) => `${source.file}${source.line === undefined ? '' : `:${source.line}`}: ${message}`);
  const output = outputOf(io.out);
  const runner = new TestRunner(io);
  let allOk = true;
  let ran = 0;
  output.begin();
  for (const manifest of manifests) {
    for (const test of casesOf(manifest, unread)) {
      if (!wanted(test.name)) continue;
      const outcome = await runner.run(test, manifest.file);
      ran += 1;
      allOk &&= outcome.ok;
      output.case(outcome);
    }
  }
  if (ran === 0 && unread.length === 0) unread.push(nothingRan(pattern));
  output.end(unread);
  for (const message of unread) io.error(`vigil test: ${message}\n`);
  return exitCodeOf(unread, allOk);
}

function exitCodeOf(unread: readonly string[], allOk: boolean): number {
  if (unread.length > 0) return exitCodes.failed;
  return allOk ? exitCodes.clean : exitCodes.findings;
}

/** Runs `vigil test`. Resolves to the exit code. */
export const run = cliCommand({ name: 'test', usage: testUsage, parse: testArguments, run: runTests });
