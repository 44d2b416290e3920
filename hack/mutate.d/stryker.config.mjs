import { existsSync, globSync, readdirSync, rmSync } from 'node:fs';

/** The mutated files and their tests, from the environment that hack/mutate sets. */
const { VIGIL_MUTATE_ROOM = 'schedules', VIGIL_MUTATE_SAMPLE = '', VIGIL_MUTATE_SEED = '1', VIGIL_MUTATE_FILES = '' } = process.env;
const { VIGIL_MUTATE_CONCURRENCY = '1', VIGIL_MUTATE_WITH = '' } = process.env;
/** Whether this run tries what survived before, with the tests of other rooms. */
const isSecond = VIGIL_MUTATE_WITH !== '';
const room = VIGIL_MUTATE_ROOM;
/** Which mutants of the room are tried: those of some files, all, or the sample of a seed. */
const selection = VIGIL_MUTATE_FILES !== '' ? 'files' : VIGIL_MUTATE_SAMPLE === '' ? 'all' : VIGIL_MUTATE_SEED;
const report = `dist/mutate/${room}.${selection}`;
const others = VIGIL_MUTATE_WITH === 'all' ? readdirSync('operator') : VIGIL_MUTATE_WITH.split(',');
const rooms = isSecond ? others.filter((name) => existsSync(`test/${name}`)) : [room];
/** The suites of a room that take seconds. They run after the others, because the first failure ends the run of a mutant. */
const slow = { cel: ['hostile', 'conformance', 'admission-budget', 'fuzz'], admission: ['translator/control-expression'] };
const suites = (name) => {
  const paths = (slow[name] ?? []).map((suite) => `test/${name}/${suite}.test.ts`);
  const others = globSync(`test/${name}/**/*.test.ts`).filter((path) => !paths.includes(path));
  return [...others.toSorted(), ...paths];
};
if (isSecond) process.env.VIGIL_MUTATE_AGAIN = `${report}.json`;
else rmSync(`${report}.second.json`, { force: true });

export default {
  mutate: [VIGIL_MUTATE_FILES || `operator/${room}/**/*.ts`],
  testRunner: 'mocha',
  mochaOptions: { spec: rooms.flatMap(suites) },
  plugins: [
    import.meta.resolve('@stryker-mutator/mocha-runner').replace('file://', ''),
    `${import.meta.dirname}/sample-checker.mjs`,
    `${import.meta.dirname}/text-ignorer.mjs`,
  ],
  ignorers: ['texts'],
  checkers: VIGIL_MUTATE_SAMPLE === '' && !isSecond ? [] : ['sample'],
  // The room cel has thousands of short tests: which mutants each of them runs takes more memory and time than it saves.
  coverageAnalysis: room === 'cel' ? 'all' : 'perTest',
  testRunnerNodeArgs: ['--import', `${import.meta.dirname}/test-hooks.mjs`],
  concurrency: Number(VIGIL_MUTATE_CONCURRENCY),
  timeoutMS: 20_000,
  // On a busy machine the first run of all tests takes long.
  dryRunTimeoutMinutes: 60,
  disableTypeChecks: false,
  tempDirName: 'dist/mutate/sandbox',
  ignorePatterns: ['dist', 'hack/mutate.d', '.git'],
  reporters: ['json', 'clear-text'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
  jsonReporter: { fileName: `${report}${isSecond ? '.second' : ''}.json` },
  allowConsoleColors: false,
  thresholds: { high: 85, low: 85, break: null },
};
