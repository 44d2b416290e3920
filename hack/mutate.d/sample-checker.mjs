import { PluginKind, declareClassPlugin } from '@stryker-mutator/api/plugin';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const { VIGIL_MUTATE_SAMPLE = '', VIGIL_MUTATE_SEED = '1', VIGIL_MUTATE_AGAIN = '' } = process.env;

/** The sort key of a mutant in the random order of a seed. It is the same in every checkout. */
function lot({ fileName, location, replacement, mutatorName }) {
  const file = fileName.slice(fileName.lastIndexOf('/operator/'));
  return createHash('sha256')
    .update(JSON.stringify([VIGIL_MUTATE_SEED, file, location, mutatorName, replacement]))
    .digest('hex');
}

/** The ids of the mutants that survived in a report. Ids are those of the same code only. */
function survivedIn(report) {
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  const mutants = Object.values(files).flatMap((file) => file.mutants);
  return mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage').map(({ id }) => id);
}

/**
 * Selects a random sample of the mutants, or those that survived before. Rejects the others: Stryker counts them as invalid and excludes
 * them from the scores.
 */
class SampleChecker {
  #drawn = new Set();

  init() {
    return Promise.resolve();
  }

  /** Called once with all mutants, since there is one checker process. */
  group(mutants) {
    const sample = () => mutants.toSorted((a, b) => (lot(a) < lot(b) ? -1 : 1)).slice(0, Number(VIGIL_MUTATE_SAMPLE));
    this.#drawn = new Set(VIGIL_MUTATE_AGAIN === '' ? sample().map(({ id }) => id) : survivedIn(VIGIL_MUTATE_AGAIN));
    return Promise.resolve([mutants.map(({ id }) => id)]);
  }

  check(mutants) {
    const verdict = ({ id }) => (this.#drawn.has(id) ? { status: 'passed' } : { status: 'compileError', reason: 'not in the sample' });
    return Promise.resolve(Object.fromEntries(mutants.map((mutant) => [mutant.id, verdict(mutant)])));
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, 'sample', SampleChecker)];
