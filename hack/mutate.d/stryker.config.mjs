import { existsSync } from 'node:fs';

/** The mutated files and their tests, from the environment that hack/mutate sets. */
const { VIGIL_MUTATE_ROOM = 'schedules', VIGIL_MUTATE_SAMPLE = '', VIGIL_MUTATE_FILES = '' } = process.env;
const room = VIGIL_MUTATE_ROOM;
const spec = existsSync(`test/${room}`) ? [`test/${room}/**/*.test.ts`] : ['test/**/*.test.ts', '!test/integration/**', '!test/e2e/**'];

export default {
  mutate: [VIGIL_MUTATE_FILES || `operator/${room}/**/*.ts`],
  testRunner: 'mocha',
  mochaOptions: { spec },
  plugins: [import.meta.resolve('@stryker-mutator/mocha-runner').replace('file://', ''), `${import.meta.dirname}/sample-checker.mjs`],
  checkers: VIGIL_MUTATE_SAMPLE === '' ? [] : ['sample'],
  coverageAnalysis: 'perTest',
  testRunnerNodeArgs: ['--import', `${import.meta.dirname}/mocha-paths.mjs`],
  concurrency: 2,
  timeoutMS: 20_000,
  disableTypeChecks: false,
  tempDirName: 'dist/mutate/sandbox',
  ignorePatterns: ['dist', 'hack', 'docs', 'config', '.git'],
  reporters: ['json', 'clear-text'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
  jsonReporter: { fileName: `dist/mutate/${room}.json` },
  allowConsoleColors: false,
  thresholds: { high: 85, low: 85, break: null },
};
